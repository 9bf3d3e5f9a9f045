//! This project's server as a server under test, with a probe: the first implementation of the seam.

use hubbub::hub::Rules;
use hubbub::topic::TopicError;
use hubbub::{Hub, ServerSettings, Topic};

use super::probe::HubProbe;
use super::server::{Running, Server, Start};
use crate::client::Dialect;
use crate::plan::{HubChoice, Plan};

/// This project's server, as a plan has it.
pub(super) struct Hubbub {
    rules: Rules,
    settings: ServerSettings,
    /// The topics of all tables, at least one.
    topics: Vec<Topic>,
    dialect: Dialect,
}

impl Hubbub {
    /// The server of a plan at a buffer size and policy.
    ///
    /// # Errors
    /// When a table of the plan is none.
    pub(super) fn new(plan: &Plan, choice: HubChoice) -> Result<Self, TopicError> {
        let settings = ServerSettings {
            keepalive: plan.server.keepalive,
            retry: plan.server.retry,
            write_deadline: plan.server.write_deadline,
            frames_per_write: plan.server.frames_per_write,
            ws_channel_buffer: choice.capacity,
            // Clients here finish what they ask; a timer more would only be one more thing that a run depends on.
            request_timeout: None,
            max_subscribers: usize::MAX,
            max_connections: usize::MAX,
            ..ServerSettings::default()
        };
        let topics = plan.tables().map(Topic::of_table).collect::<Result<_, _>>()?;
        Ok(Self { rules: choice.rules(plan), settings, topics, dialect: Dialect::of_hubbub(plan, 0) })
    }
}

impl Server for Hubbub {
    fn start(&self, start: &Start) -> Running {
        let hub = Hub::with(start.epoch(), self.rules.clone());
        let (served, settings) = (hub.clone(), self.settings.clone());
        // It dies with its process, and is not asked to stop.
        Running::listening(move |listener, environment| {
            hubbub::serve(listener, served.clone(), settings.clone(), environment, std::future::pending())
        })
        .probed_by_table(self.topics.iter().map(|topic| HubProbe::new(hub.clone(), topic.clone())))
    }

    fn dialect(&self) -> Dialect {
        self.dialect.clone()
    }
}
