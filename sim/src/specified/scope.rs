//! What the specification says nothing of.

use crate::plan::{Plan, Transport};

/// Why a plan can only be run by the full stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OutsideScope {
    /// WebSockets are not specified.
    #[error("the specification has no WebSockets")]
    WebSocket,
}

/// # Errors
/// With what the specification says nothing of.
pub(super) fn check(plan: &Plan) -> Result<(), OutsideScope> {
    match plan.server.transport {
        Transport::Sse => Ok(()),
        Transport::Ws => Err(OutsideScope::WebSocket),
    }
}
