//! What is good enough, and what came of it: cells held against limits, and the sizes that keep all of them.

mod digits;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A figure that an objective may limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// The part of the wanted events that was never read.
    Missed,
    /// The age on receipt that 99 % of the events that were read had at most, in milliseconds.
    AgeP99Ms,
    /// Memory of a subscriber, in bytes.
    MemoryBytesPerSubscriber,
}

/// The most that a figure may be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Limit {
    /// The class, or null for all subscribers together.
    pub class: Option<String>,
    /// Which figure.
    pub figure: Measure,
    /// What it may be at most.
    #[serde(serialize_with = "digits::all")]
    #[schemars(with = "f64")]
    pub at_most: f64,
}

/// A limit with the value that a run or a cell had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Judgement {
    /// The class, or null for all subscribers together.
    pub class: Option<String>,
    /// Which figure.
    pub figure: Measure,
    /// What it was; null where there was no such class, or nothing was wanted or read.
    #[serde(serialize_with = "digits::of_any")]
    #[schemars(with = "Option<f64>")]
    pub value: Option<f64>,
    /// What it may be at most.
    #[serde(serialize_with = "digits::all")]
    #[schemars(with = "f64")]
    pub at_most: f64,
    /// Whether the value is known and within the limit. Parts and ages are compared with six digits, memory to the byte.
    pub is_met: bool,
}

/// An objective, and what was held against it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ObjectiveResult {
    /// The limits, those for all subscribers first.
    pub limits: Vec<Limit>,
    /// The cells that had to keep the limits, in the order of the cells; left out where sizes were searched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub judged: Vec<JudgedCell>,
    /// The smallest sizes that keep all limits: one for each policy and N; left out where cells were judged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sizes: Vec<ObjectiveSize>,
    /// One size for all N, for each policy that was searched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub for_all_n: Vec<SizeForAllN>,
}

/// A cell that had to keep the limits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JudgedCell {
    /// Overflow policy.
    pub policy: String,
    /// N.
    pub subscribers: usize,
    /// K; 0 where a foreign server does not say.
    pub buffer: u64,
    /// One for each limit, but for those of classes without members at this N.
    pub judgements: Vec<Judgement>,
}

/// The smallest buffer that keeps all limits, for one policy and N.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ObjectiveSize {
    /// Overflow policy.
    pub policy: String,
    /// N.
    pub subscribers: usize,
    /// The smallest size that keeps all limits, of those that were tried; null where none does. One frame less was tried
    /// and does not.
    pub buffer: Option<u64>,
    /// The largest size up to which every one that was tried keeps them, from `buffer` on.
    pub up_to: Option<u64>,
    /// The fullest mailbox of runs without a limit in frames. From this size on runs stay the same, and only the memory of
    /// the slots grows, unless somebody comes back or a limit in bytes or age drops frames. Then larger sizes are run, too.
    pub never_full: u64,
    /// The judgements at `buffer`; where no size keeps all limits, at the size that comes nearest.
    pub at: SizeTried,
    /// The judgements one frame below `buffer`; null where that is 1 frame, or where there is none.
    pub one_less: Option<SizeTried>,
    /// Every size that was tried, in ascending order, with the value of each limit in the order of the limits.
    pub tried: Vec<ValuesAt>,
}

/// A size that was tried, with its judgements.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SizeTried {
    /// K.
    pub buffer: u64,
    /// One for each limit, but for those of classes without members at this N.
    pub judgements: Vec<Judgement>,
}

/// A size that was tried, with the values alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ValuesAt {
    /// K.
    pub buffer: u64,
    /// One for each limit; null also for those of classes without members at this N.
    #[serde(serialize_with = "digits::of_each")]
    #[schemars(with = "Vec<Option<f64>>")]
    pub values: Vec<Option<f64>>,
    /// How many of the limits are not kept.
    pub unmet: u64,
    /// Of the scenario's seeds, how many were run until it was certain that the size does not keep all limits. The values are
    /// those of these runs, and more limits may not be kept. Left out where every seed was run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seeds_run: Option<u64>,
}

/// The buffer of one policy that keeps all limits at every N.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SizeForAllN {
    /// Overflow policy.
    pub policy: String,
    /// The largest over N of the smallest sizes, where it keeps the limits at every N; else null.
    pub buffer: Option<u64>,
}

impl Measure {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 3] = [Self::Missed, Self::AgeP99Ms, Self::MemoryBytesPerSubscriber];

    /// The name, as keys and options have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Missed => "missed",
            Self::AgeP99Ms => "age_p99_ms",
            Self::MemoryBytesPerSubscriber => "memory_bytes_per_subscriber",
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Judgement {
    /// The class, or `all subscribers`.
    #[must_use]
    pub fn whom(&self) -> &str {
        self.class.as_deref().unwrap_or("all subscribers")
    }
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { figure, at_most, .. } = self;
        let whom = self.whom();
        match self.value {
            Some(value) => write!(f, "{whom}: {figure} = {value}, and the objective is at most {at_most}"),
            None => write!(f, "{whom}: {figure} has no value, and the objective is at most {at_most}"),
        }
    }
}

impl JudgedCell {
    /// What was judged, in words: N, buffer and policy.
    #[must_use]
    pub fn in_words(&self) -> String {
        place(self.subscribers, self.buffer, &self.policy)
    }
}

impl ObjectiveSize {
    /// What was judged, in words: N, buffer and policy.
    #[must_use]
    pub fn in_words(&self) -> String {
        place(self.subscribers, self.at.buffer, &self.policy)
    }
}

fn place(subscribers: usize, buffer: u64, policy: &str) -> String {
    match buffer {
        0 => format!("N = {subscribers}, its own buffers"),
        _ => format!("N = {subscribers}, {}, {policy}", crate::summary::format::plural(buffer, "frame")),
    }
}

impl ObjectiveResult {
    /// Cells that had to keep limits.
    #[must_use]
    pub fn of_cells(limits: &[Limit], judged: Vec<JudgedCell>) -> Self {
        Self { limits: limits.to_vec(), judged, sizes: Vec::new(), for_all_n: Vec::new() }
    }

    /// Every judgement that decides, with what was judged: of the cells, or of the sizes under the policies that answer.
    pub fn deciding(&self) -> Vec<(String, &Judgement)> {
        let of_cells = self.judged.iter().map(|cell| (cell.in_words(), &cell.judgements));
        let of_sizes = self.answers().into_iter().map(|size| (size.in_words(), &size.at.judgements));
        let all = of_cells.chain(of_sizes);
        all.flat_map(|(place, judgements)| judgements.iter().map(move |one| (place.clone(), one))).collect()
    }

    /// Of every N the size that answers: the smallest that keeps all limits, or where none does the one that comes
    /// nearest. Of equals the first policy.
    #[must_use]
    pub fn answers(&self) -> Vec<&ObjectiveSize> {
        let mut answers: Vec<&ObjectiveSize> = Vec::new();
        for size in &self.sizes {
            match answers.iter_mut().find(|answer| answer.subscribers == size.subscribers) {
                None => answers.push(size),
                Some(answer) if size.is_better_than(answer) => *answer = size,
                Some(_) => {}
            }
        }
        answers
    }

    /// Whether everything that decides is met.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.deciding().iter().all(|(_, judgement)| judgement.is_met)
    }
}

impl ObjectiveSize {
    fn is_better_than(&self, other: &Self) -> bool {
        match (self.buffer, other.buffer) {
            (Some(own), Some(others)) => own < others,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => self.at.distance() < other.at.distance(),
        }
    }
}

impl SizeTried {
    /// How far from kept: the number of limits that are not, and the largest multiple of a limit.
    #[must_use]
    pub fn distance(&self) -> (usize, f64) {
        let unmet = self.judgements.iter().filter(|judgement| !judgement.is_met);
        (unmet.clone().count(), unmet.map(Judgement::excess).fold(0.0, f64::max))
    }

    /// The limit that is exceeded by the largest factor, the first of equals; none where all are kept.
    #[must_use]
    pub fn binding(&self) -> Option<&Judgement> {
        let unmet = self.judgements.iter().filter(|judgement| !judgement.is_met);
        unmet.reduce(|first, next| if next.excess() > first.excess() { next } else { first })
    }
}

impl Judgement {
    /// The value as a multiple of its limit.
    fn excess(&self) -> f64 {
        // A limit of 0 has no multiples: among such, the larger value is the farther one.
        const ABOVE_ALL: f64 = 1e12;
        match self.value {
            None => f64::INFINITY,
            Some(value) if self.at_most > 0.0 => value / self.at_most,
            Some(value) => value * ABOVE_ALL,
        }
    }
}
