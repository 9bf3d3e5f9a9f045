//! A run that a server under test did not survive, stored whole.

use serde::{Deserialize, Serialize};

use crate::plan::Plan;
use crate::world::ServerFault;

/// The value of the field `schema`.
pub(super) const SCHEMA: &str = "hubbub.server-incident/1";

/// The plan and the buffer of a run in which a server did something wrong. The server itself is code, and is not in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerIncident {
    pub(super) schema: String,
    server: String,
    pub(super) frames: usize,
    what: String,
    pub(super) plan: Plan,
}

impl ServerIncident {
    pub(super) fn new(server: &str, frames: usize, plan: &Plan, fault: &ServerFault) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            server: server.to_owned(),
            frames,
            what: fault.to_string(),
            plan: plan.clone(),
        }
    }

    /// The run, in words.
    pub(super) fn of_what(&self) -> String {
        let Self { server, frames, plan, .. } = self;
        let subscribers = plan.subscribers.len();
        format!("{server} on {} with N = {subscribers}, a buffer of {frames}, seed {}", plan.scenario, plan.seed)
    }

    /// What happened, in a line.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }
}
