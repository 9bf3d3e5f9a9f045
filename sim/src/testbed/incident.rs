//! A run that a server under test did not survive, stored whole.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Testbed, TestbedError};
use crate::plan::Plan;
use crate::world::ServerFault;

/// The value of the field `schema`.
const SCHEMA: &str = "hubbub.server-incident/1";

/// The plan and the buffer of a run in which a server did something wrong. The server itself is code, and is not in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerIncident {
    schema: String,
    server: String,
    frames: usize,
    what: String,
    plan: Plan,
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

    /// Stores the incident in a file that must not exist yet.
    ///
    /// # Errors
    /// When the file cannot be written, or exists.
    pub fn write(&self, path: &Path) -> Result<(), TestbedError> {
        let failed = |why| TestbedError::File { path: path.display().to_string(), why };
        let text = serde_json::to_string(self).map_err(|why| failed(why.into()))? + "\n";
        let mut file = fs::File::create_new(path).map_err(failed)?;
        std::io::Write::write_all(&mut file, text.as_bytes()).map_err(failed)
    }

    /// Reads a stored incident.
    ///
    /// # Errors
    /// When the file cannot be read, or holds something else.
    pub fn read(path: &Path) -> Result<Self, TestbedError> {
        let name = || path.display().to_string();
        let text = fs::read_to_string(path).map_err(|why| TestbedError::File { path: name(), why })?;
        let bad = |why: String| TestbedError::Incident { path: name(), why };
        let incident: Self = serde_json::from_str(&text).map_err(|why| bad(why.to_string()))?;
        if incident.schema != SCHEMA {
            return Err(bad(format!("schema = {:?}: must be {SCHEMA:?}", incident.schema)));
        }
        incident.plan.check().map_err(bad)?;
        Ok(incident)
    }
}

impl Testbed {
    /// Runs a stored incident again, and checks whether the run repeats itself. It is `Ok` where nothing is wrong any more.
    ///
    /// # Errors
    /// With what is wrong with the run, as [`Testbed::check_determinism`].
    pub fn replay(&self, incident: &ServerIncident) -> Result<(), TestbedError> {
        self.check_determinism(&incident.plan, incident.frames).map(drop)
    }
}
