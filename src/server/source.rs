//! Where the events of a server come from.

use std::sync::Arc;

use crate::event_log::EventLog;
use crate::hub::Hub;

/// Where the events of a server come from: a [`Hub`] that gives out the ids itself, or a log that does, and that somebody
/// reads into the Hub.
#[derive(Debug, Clone)]
pub struct Source {
    pub(super) hub: Hub,
    pub(super) log: Option<Arc<dyn EventLog>>,
}

impl Source {
    /// Publishes to `log`. Whoever reads the log publishes its events to `hub`, with [`Hub::publish_at`].
    pub fn log(hub: Hub, log: Arc<dyn EventLog>) -> Self {
        Self { hub, log: Some(log) }
    }
}

impl From<Hub> for Source {
    fn from(hub: Hub) -> Self {
        Self { hub, log: None }
    }
}
