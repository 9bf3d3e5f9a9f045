//! A law that does not hold: which, where and when.

use serde::{Deserialize, Serialize};

use super::Law;
use crate::ledger::Misfit;
use crate::specified::SpecifiedError;
use crate::world::WorldError;

/// A law that does not hold, where and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Violation {
    /// Which one.
    pub law: Law,
    /// When, in milliseconds of plan time, if it was at a time.
    pub at_ms: Option<f64>,
    /// To whom, as an index in the plan, if it was to one.
    pub subscriber: Option<usize>,
    /// What does not hold.
    pub why: String,
}

impl Violation {
    /// Of a run that did not come to its end.
    pub fn of_failure(failure: &impl std::fmt::Display) -> Self {
        Self { law: Law::Completion, at_ms: None, subscriber: None, why: failure.to_string() }
    }
}

/// In one line.
impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.law.name(), self.why)?;
        self.subscriber.map_or(Ok(()), |subscriber| write!(f, " (subscriber {subscriber})"))?;
        self.at_ms.map_or(Ok(()), |at_ms| write!(f, " at {at_ms:.3} ms"))
    }
}

/// What a law found, before it is known which one it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Broken {
    pub(super) at_ms: Option<f64>,
    pub(super) subscriber: Option<usize>,
    /// Of a run that failed as a whole.
    pub(super) is_failure: bool,
    pub(super) why: String,
}

impl Broken {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self { at_ms: None, subscriber: None, is_failure: false, why: why.into() }
    }

    pub(super) fn of(subscriber: usize, why: impl Into<String>) -> Self {
        Self { subscriber: Some(subscriber), ..Self::new(why) }
    }

    pub(super) fn under(self, law: Law) -> Violation {
        let law = if self.is_failure { Law::Completion } else { law };
        Violation { law, at_ms: self.at_ms, subscriber: self.subscriber, why: self.why }
    }
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.why)?;
        self.subscriber.map_or(Ok(()), |subscriber| write!(f, " (subscriber {subscriber})"))?;
        self.at_ms.map_or(Ok(()), |at_ms| write!(f, " at {at_ms:.3} ms"))
    }
}

impl From<Misfit> for Broken {
    fn from(misfit: Misfit) -> Self {
        let at_ms = misfit.at.map(|at| at.as_secs_f64() * 1000.0);
        Self { at_ms, ..Self::of(misfit.subscriber, misfit.why) }
    }
}

impl From<WorldError> for Broken {
    fn from(failure: WorldError) -> Self {
        Self { is_failure: true, ..Self::new(failure.to_string()) }
    }
}

impl From<SpecifiedError> for Broken {
    fn from(failure: SpecifiedError) -> Self {
        Self { is_failure: true, ..Self::new(failure.to_string()) }
    }
}
