//! What is good enough: limits that a run or a cell has to keep, for all subscribers and for single classes.
//!
//! The figures are those of a [`Cell`], so they mean the same for a single run, a sweep, a load test and a search.

mod least;
#[cfg(test)]
mod tests;

use std::fmt;

use super::document::{Cell, JudgedCell, Judgement, Limit, Measure};
use super::json::rounded;
use super::statistics::{lowest_alike_ms, rate};
use crate::scenario::{ObjectiveSettings, Scenario};
pub(crate) use least::SoFar;

/// What is good enough. Each limit may be met exactly. Without a limit, everything is good enough.
///
/// - **missed**: of the events that a subscriber wanted, the part that it had not read at the end of the run, for whatever
///   reason. A subscriber wants what is published from its first stream until it leaves for good. An event that the server
///   never published ([`Cell::unpublished`](Cell)) is wanted and missed by every subscriber. Sums over subscribers and seeds
///   are divided.
/// - **age p99**: 99 % of the frames that clients read were at most this old then, in milliseconds, from the planned
///   publish to the receipt. Receipts of all subscribers and seeds count together. They are counted with three digits: of
///   the times that are not told apart, the lowest is taken, so that an age of exactly the limit is kept. What is missed has
///   no age.
/// - **memory**: whole bytes that a subscriber costs: its slots, K × the size of a handle, and an Nth of the most payload
///   that the server held at once, of all seeds the largest ([`Memory::slots`](super::document::Memory) and `payload`). All
///   classes share the payloads, so it is the same for each of them.
///
/// A class without members at some N has no figures there, and its limits are left out.
///
/// ```
/// use hubbub_sim::Objective;
///
/// let objective = Objective::default().missed(0.001).age_p99_ms(2000.0).of_class("phone", |phone| phone.missed(0.01));
/// assert_eq!(objective.to_string(), "missed ≤ 0.1 %, age p99 ≤ 2000 ms; phone: missed ≤ 1 %");
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Objective {
    limits: Vec<Limit>,
}

impl Objective {
    /// The objective of a scenario; `None` where it has no limit.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Option<Self> {
        let settings = scenario.settings();
        let mut objective = Self::for_all(settings.objective);
        for class in &settings.classes {
            let of_class = class.objective;
            objective = objective.of_class(&class.name, |mut limits| {
                limits.set(Measure::Missed, of_class.missed);
                limits.set(Measure::AgeP99Ms, of_class.age_p99_ms);
                limits
            });
        }
        Some(objective).filter(|objective| !objective.limits.is_empty())
    }

    /// These limits for all subscribers, and none for a class.
    pub(crate) fn for_all(limits: ObjectiveSettings) -> Self {
        let mut objective = Self::default();
        objective.set(Measure::Missed, limits.missed);
        objective.set(Measure::AgeP99Ms, limits.age_p99_ms);
        objective.set(Measure::MemoryBytesPerSubscriber, limits.memory_bytes_per_subscriber.map(|bytes| bytes as f64));
        objective
    }

    /// An objective of these limits.
    pub(crate) fn new(limits: Vec<Limit>) -> Self {
        Self { limits }
    }

    /// The limits, those for all subscribers first.
    pub(crate) fn limits(&self) -> &[Limit] {
        &self.limits
    }

    /// Of the events that were published while a subscriber wanted them, at most this part is never read: 0 to 1.
    #[must_use]
    pub fn missed(mut self, part: f64) -> Self {
        self.set(Measure::Missed, Some(part));
        self
    }

    /// Of the events that are read, 99 % are at most this old then, in milliseconds since they were to be published.
    #[must_use]
    pub fn age_p99_ms(mut self, ms: f64) -> Self {
        self.set(Measure::AgeP99Ms, Some(ms));
        self
    }

    /// A subscriber costs at most so many bytes of memory: the slots of its buffer, and its part of the payload that the
    /// server held at the peak. A server without a probe counts payload only if it says how much it holds
    /// ([`Running::holding`](crate::world::Running::holding)). A class has the same memory as all subscribers.
    #[must_use]
    pub fn memory_bytes_per_subscriber(mut self, bytes: f64) -> Self {
        self.set(Measure::MemoryBytesPerSubscriber, Some(bytes));
        self
    }

    /// Limits for a class of the scenario, beside those for all subscribers.
    #[must_use]
    pub fn of_class(mut self, name: impl Into<String>, limits: impl FnOnce(Self) -> Self) -> Self {
        let name = name.into();
        let of_class = limits(Self::default()).limits.into_iter();
        self.limits.extend(of_class.map(|limit| Limit { class: Some(name.clone()), ..limit }));
        self
    }

    /// The same objective without limits of memory: a foreign server does not say what it holds.
    pub(crate) fn without_memory(mut self) -> Self {
        self.limits.retain(|limit| limit.figure != Measure::MemoryBytesPerSubscriber);
        self
    }

    fn set(&mut self, figure: Measure, at_most: Option<f64>) {
        let Some(at_most) = at_most else { return };
        self.limits.retain(|limit| limit.class.is_some() || limit.figure != figure);
        // Before the limits of classes.
        let place = self.limits.iter().take_while(|limit| limit.class.is_none()).count();
        self.limits.insert(place, Limit { class: None, figure, at_most });
    }

    /// Every limit with the value of a cell, but for those of classes without members in it.
    #[must_use]
    pub fn measure(&self, cell: &Cell) -> Vec<Judgement> {
        let members = |limit: &Limit| Some(cell.by_class.get(limit.class.as_ref()?)?.subscribers);
        let limits = self.limits.iter().filter(|limit| members(limit) != Some(0));
        limits.map(|limit| judgement(limit, cell)).collect()
    }

    /// The limits that a cell does not keep, those for all subscribers first.
    #[must_use]
    pub fn judge(&self, cell: &Cell) -> Vec<Judgement> {
        self.measure(cell).into_iter().filter(|judgement| !judgement.is_met).collect()
    }

    /// A cell that has to keep the limits.
    pub(crate) fn judged(&self, cell: &Cell) -> JudgedCell {
        let (policy, subscribers, buffer) = (cell.policy.clone(), cell.subscribers, cell.buffer);
        JudgedCell { policy, subscribers, buffer, judgements: self.measure(cell) }
    }
}

fn judgement(limit: &Limit, cell: &Cell) -> Judgement {
    let value = value(limit, cell).map(|value| written(limit.figure, value));
    // A figure that there is not is not met: nothing was read, or the class has another name.
    let is_met = value.is_some_and(|value| is_within(limit, value));
    let Limit { class, figure, at_most } = limit.clone();
    Judgement { class, figure, value, at_most, is_met }
}

/// A value with the digits that a document has: what is printed must not contradict the verdict.
fn written(figure: Measure, value: f64) -> f64 {
    match figure {
        Measure::Missed | Measure::AgeP99Ms => rounded(value),
        // A part of a byte costs a byte. Whole numbers keep all their digits in a document.
        Measure::MemoryBytesPerSubscriber => value.ceil(),
    }
}

/// Whether a written value keeps a limit. A limit with more digits than a value has is met by the value nearest to it.
fn is_within(limit: &Limit, written: f64) -> bool {
    let at_most = limit.at_most;
    let at_most_with_digits = match limit.figure {
        Measure::Missed | Measure::AgeP99Ms => at_most.max(rounded(at_most)),
        Measure::MemoryBytesPerSubscriber => at_most,
    };
    written <= at_most_with_digits
}

fn value(limit: &Limit, cell: &Cell) -> Option<f64> {
    match limit.figure {
        Measure::Missed => {
            let (missed, wanted) = missed_of_wanted(limit, cell)?;
            rate(missed, wanted)
        }
        Measure::AgeP99Ms => {
            let quantiles = match &limit.class {
                Some(name) => cell.by_class.get(name)?.receipt_latency_ms,
                None => cell.receipt_latency_ms,
            };
            quantiles.p99.map(lowest_alike_ms)
        }
        Measure::MemoryBytesPerSubscriber => {
            let memory = cell.memory_bytes_per_subscriber;
            // 0 stands for the buffer of a server that does not say its own.
            (cell.buffer > 0).then_some(memory.slots as f64 + memory.payload)
        }
    }
}

/// The events that the subscribers of a limit missed in a cell, and all that they wanted, in events; `None` where the cell has
/// no class of the limit's name.
fn missed_of_wanted(limit: &Limit, cell: &Cell) -> Option<(u64, u64)> {
    let (members, wanted, missed) = match &limit.class {
        Some(name) => {
            let class = cell.by_class.get(name)?;
            (class.subscribers, class.wanted, class.missed)
        }
        None => (cell.subscribers, cell.wanted, cell.missed),
    };
    // Nobody can read what was never published.
    let never_published = members as u64 * cell.unpublished;
    Some((missed + never_published, wanted + never_published))
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before: Option<&Limit> = None;
        for limit in &self.limits {
            let is_same = before.is_some_and(|before| before.class == limit.class);
            match (&limit.class, before) {
                (_, Some(_)) if is_same => f.write_str(", ")?,
                (class, before) => {
                    f.write_str(if before.is_some() { "; " } else { "" })?;
                    class.iter().try_for_each(|name| write!(f, "{name}: "))?;
                }
            }
            write!(f, "{limit}")?;
            before = Some(limit);
        }
        Ok(())
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at_most = self.at_most;
        match self.figure {
            // Rounded, since a hundred times a decimal fraction may miss it by a last digit.
            Measure::Missed => write!(f, "missed ≤ {} %", rounded(at_most * 100.0)),
            Measure::AgeP99Ms => write!(f, "age p99 ≤ {at_most} ms"),
            Measure::MemoryBytesPerSubscriber => write!(f, "memory ≤ {at_most} B a subscriber"),
        }
    }
}
