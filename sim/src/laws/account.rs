//! The account: no frame is unaccounted for, at any step; what is lost is what the policy says, and in order.

use super::{Broken, Case};
use crate::ledger::{self, LedgerTotals};
use crate::record::{Observation, Record};

/// Checks every observation of a run; returns the sums of all subscribers.
///
/// # Errors
/// The first observation that the law does not allow.
pub fn audit(case: &Case, record: &Record, observations: &[Observation]) -> Result<Vec<LedgerTotals>, Broken> {
    Ok(ledger::audit(&case.plan, record, observations, case.choice())?)
}
