//! What the specification says nothing of.

use crate::plan::Plan;
use crate::transport::Transport;

/// Why a plan can only be run by the full stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OutsideScope {
    /// WebSockets are not specified.
    #[error("the specification has no WebSockets")]
    WebSocket,
}

/// Why there is no record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecifiedError {
    /// The specification says nothing of the plan.
    #[error(transparent)]
    Outside(#[from] OutsideScope),
    /// What was recorded contradicts the mailboxes' own accounts: a fault in the specification.
    #[error("record and mailboxes disagree: {0}")]
    Disagreement(String),
}

/// # Errors
/// With what the specification says nothing of.
pub(super) fn check(plan: &Plan) -> Result<(), OutsideScope> {
    match plan.server.transport {
        Transport::Sse => Ok(()),
        Transport::Ws => Err(OutsideScope::WebSocket),
    }
}
