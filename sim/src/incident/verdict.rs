//! A run of an incident, judged: how it compares with what is stored, and who lost what in it.

use std::collections::BTreeMap;
use std::time::Duration;

use hubbub::{LossCounts, LossReason};
use serde::{Serialize, Serializer};

use super::{Expected, Loss, losses};
use crate::laws::Violation;
use crate::plan::Plan;
use crate::record::{Observation, Record};
use crate::summary::document::Judgement;

/// The value of [`Replay::schema`].
pub const REPLAY_SCHEMA: &str = "hubbub.replay/1";

/// How a run compares with what was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The run is the stored one, digest for digest, and the expected laws hold.
    AsExpected,
    /// A law does not hold that should, or one holds that should not.
    Violated,
    /// The version that stored the incident gives another run now: its code or the file is another than then, or it does not repeat.
    NotDeterministic,
    /// A run of a scenario, which nothing is expected of: it keeps the laws and repeats.
    NothingExpected,
}

/// A run of an incident, judged.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Replay {
    /// Always [`REPLAY_SCHEMA`].
    pub schema: &'static str,
    /// The judgement.
    pub verdict: Verdict,
    /// The incident's title, or the title or question of the scenario.
    pub title: String,
    /// Name of the scenario that the plan was drawn from.
    pub scenario: String,
    /// Number of subscribers.
    pub subscribers: usize,
    /// Size of the mailboxes, in frames.
    pub buffer: u64,
    /// What a full mailbox does.
    pub policy: String,
    /// The run's digest.
    pub digest: String,
    /// The plan's seed.
    pub seed: u64,
    /// Frames offered.
    pub offered: u64,
    /// Frames flushed.
    pub delivered: u64,
    /// Frames lost, by reason; every reason is written, 0 included.
    #[serde(serialize_with = "every_reason")]
    pub dropped: LossCounts,
    /// What the incident has in their place; `None` for a run of a scenario.
    pub expected: Option<Expected>,
    /// Laws that do not hold: the first, since what follows it means little. Of a plain run the account and the window
    /// are checked, and of an incident of another law that law too.
    pub violations: Vec<Violation>,
    /// Whether the run is the stored one to the last event. An incident of another version may run otherwise.
    pub same_trajectory: bool,
    /// Everybody who lost something, in the order of the plan.
    pub losses: Vec<LossesOf>,
    /// The run, held against what is good enough; left out where nobody says what is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub objective: Vec<Judgement>,
}

/// What one subscriber lost, for whatever reason.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LossesOf {
    /// Index in the plan.
    pub subscriber: usize,
    /// Name of its class.
    pub class: String,
    /// Frames it was offered.
    pub offered: u64,
    /// Its losses, those of the reason that lost most first.
    pub lost: Vec<LossFor>,
}

/// What one subscriber lost for one reason. Moments are in milliseconds of plan time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LossFor {
    /// Why they were lost.
    pub reason: LossReason,
    /// Frames lost.
    pub frames: u64,
    /// When the first was lost.
    pub first_at_ms: f64,
    /// When the last was lost.
    pub last_at_ms: f64,
    /// Most frames lost in a row, with none accepted between them.
    pub longest_hole: u64,
}

fn every_reason<S: Serializer>(counts: &LossCounts, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(counts.by_reason().map(|(reason, frames)| (reason.name(), frames)))
}

impl Replay {
    /// The judgement of a run that nothing was expected of: its laws hold, or they do not.
    #[must_use]
    pub fn without_expectation(self) -> Self {
        let verdict = match self.verdict {
            // A broken law weighs more than a run that does not repeat.
            _ if !self.violations.is_empty() => Verdict::Violated,
            Verdict::NotDeterministic => Verdict::NotDeterministic,
            Verdict::AsExpected | Verdict::Violated | Verdict::NothingExpected => Verdict::NothingExpected,
        };
        Self { verdict, expected: None, ..self }
    }
}

/// All losses of a run, by subscriber.
pub(super) fn losses_of(plan: &Plan, record: &Record, observations: &[Observation]) -> Vec<LossesOf> {
    let ms = |at: Duration| at.as_secs_f64() * 1000.0;
    // By subscriber, because losses come with the largest first.
    let mut by_subscriber = BTreeMap::<usize, LossesOf>::new();
    for Loss { subscriber, reason, frames, offered, first_at, last_at, longest_hole } in losses(record, observations) {
        let class = plan.subscribers.get(subscriber).and_then(|of| plan.classes.get(of.class));
        let class = class.map_or_else(String::new, |class| class.name.clone());
        let of = LossesOf { subscriber, class, offered, lost: Vec::new() };
        let (first_at_ms, last_at_ms) = (ms(first_at), ms(last_at));
        let loss = LossFor { reason, frames, first_at_ms, last_at_ms, longest_hole };
        by_subscriber.entry(subscriber).or_insert(of).lost.push(loss);
    }
    by_subscriber.into_values().collect()
}

/// An incident, run again.
#[derive(Debug)]
pub struct Rerun {
    /// The judgement.
    pub replay: Replay,
    /// What happened; `None` for a run that did not come to its end.
    pub run: Option<(Record, Vec<Observation>)>,
}
