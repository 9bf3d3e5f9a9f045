//! Incidents of a server in files: stored, read, and run again.

use std::fs;
use std::path::Path;

use super::incident::{SCHEMA, ServerIncident};
use super::{Testbed, TestbedError};

impl ServerIncident {
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
