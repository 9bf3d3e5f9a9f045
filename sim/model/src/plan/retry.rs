//! The `retry:` of a stream: what holds where a plan does not say, and what a plan with it must have.

use std::time::Duration;

use super::{ClassPlan, Plan, ServerPlan};
use crate::transport::Transport;

/// What the streams of a plan ask for that does not say: what the server has asked for since before plans could say it.
// Written out, and not taken from the server: a stored plan keeps its bytes, whatever the server's default becomes.
pub const DEFAULT_RETRY: Option<Duration> = Some(Duration::from_secs(5));

pub(super) fn default_retry() -> Option<Duration> {
    DEFAULT_RETRY
}

pub(super) fn is_default_retry(retry: &Option<Duration>) -> bool {
    *retry == DEFAULT_RETRY
}

impl Plan {
    /// The longest that a member of a class may wait because a `retry:` asks for it; in plan time, as it is written.
    pub fn longest_retry(&self, class: &ClassPlan) -> Option<Duration> {
        self.server.retry.filter(|_| class.obeys_retry)
    }

    /// Whether the id that the server gives a subscriber decides anything: what its `retry:` asks for, and with how many
    /// digits. The default has four digits for all.
    pub fn depends_on_ids(&self) -> bool {
        self.server.retry != DEFAULT_RETRY || self.classes.iter().any(|class| class.obeys_retry)
    }
}

/// Checks how the clients of a class come back.
pub(super) fn check(server: &ServerPlan, class: &ClassPlan) -> Result<(), &'static str> {
    if class.obeys_retry && class.reconnect_after.is_none() {
        return Err("obeys_retry: needs reconnect_after, for a client that has read no retry");
    }
    if class.obeys_retry && server.transport == Transport::Ws {
        return Err("obeys_retry: a WebSocket has no retry");
    }
    Ok(())
}
