//! The accounts of a whole run: every observation checked, and the sums against those of the record.

use std::time::Duration;

use super::{Ledger, LedgerTotals};
use crate::plan::HubChoice;
use crate::record::{Observation, Record};

/// Checks every observation of a run whose writes carry at most `frames_per_write` frames, and returns the sums of each
/// subscriber.
///
/// # Errors
/// When an observation contradicts the account, with the first one.
pub fn audit(
    record: &Record,
    observations: &[Observation],
    choice: HubChoice,
    frames_per_write: usize,
) -> Result<Vec<LedgerTotals>, Misfit> {
    let frames = choice.capacity.frames();
    let overflow = choice.overflow;
    let mut ledgers: Vec<_> =
        record.subscribers.iter().map(|_| Ledger::new(frames, frames_per_write, overflow)).collect();
    for Observation { at, subscriber, what } in observations {
        let taken = ledgers[*subscriber].take(*what);
        taken.map_err(|why| Misfit { at: Some(*at), subscriber: *subscriber, why })?;
    }
    let closed = ledgers.into_iter().zip(&record.subscribers).enumerate();
    let closed = closed
        .map(|(subscriber, (ledger, record))| ledger.close(record).map_err(|why| Misfit { at: None, subscriber, why }));
    closed.collect()
}

/// What does not fit into an account, where and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// When, in plan time; `None` for a sum at the end.
    pub at: Option<Duration>,
    /// Index in the plan.
    pub subscriber: usize,
    /// What does not fit.
    pub why: String,
}
