//! The accounts of a whole run: every observation checked, and the sums against those of the record.

use std::time::Duration;

use super::{Ledger, LedgerTotals};
use crate::plan::{HubChoice, Plan};
use crate::record::{Observation, Record};

/// Checks every observation of a plan's run, and returns the sums of each subscriber.
///
/// # Errors
/// When an observation contradicts the account, with the first one.
pub fn audit(
    plan: &Plan,
    record: &Record,
    observations: &[Observation],
    choice: HubChoice,
) -> Result<Vec<LedgerTotals>, Misfit> {
    let frames = choice.capacity.frames();
    let ledger = |subscriber: usize| {
        let wanted = record.wanted_events(plan, subscriber);
        Ledger::new(wanted, frames, plan.server.frames_per_write, choice.overflow)
    };
    let mut ledgers: Vec<_> = (0..record.subscribers.len()).map(ledger).collect();
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
