//! Why the testbed has no result.

use std::fmt;
use std::io;
use std::process::ExitCode;

use super::incident::ServerIncident;
use crate::scenario::ScenarioError;
use crate::world::{ServerFault, ServerFaultKind, WorldError};

/// Why the testbed has no result. It prints as one line, also where a test unwraps it: `Debug` and `Display` are the same.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum TestbedError {
    /// The server did what ends its run.
    #[error("{}: {fault}", incident.of_what())]
    Server {
        /// What it did, to whom and when.
        fault: Box<ServerFault>,
        /// The run, to be stored and run again.
        incident: Box<ServerIncident>,
    },
    /// The world could not do its work.
    #[error("{0}")]
    World(String),
    /// The scenario is not valid.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// A result does not meet its objective.
    #[error("{server}: {unmet}")]
    Unmet {
        /// The name of the server.
        server: String,
        /// What is not met, with its value.
        unmet: String,
    },
    /// The specification was asked for another server than this project's.
    #[error("{server}: the specification is that of hubbub's own server and knows no other; use the full stack")]
    NotSpecified {
        /// The name of the server.
        server: String,
    },
    /// The plan has several tables, or classes that ask for a pattern of topics.
    #[error("{server}: {}", WorldError::Tables)]
    Tables {
        /// The name of the server.
        server: String,
    },
    /// A file could not be written or read.
    #[error("{path}: {why}")]
    File {
        /// The file.
        path: String,
        /// Why not.
        why: io::Error,
    },
    /// A stored incident is not one.
    #[error("{path}: no incident of a server: {why}")]
    Incident {
        /// The file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
}

/// The line, and not the plan that an incident has in it: this is what `unwrap` prints.
impl fmt::Debug for TestbedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TestbedError {
    /// The exit code of a program that ends with this error: 1, or 2 for bad input, or 3 for a server that is not
    /// deterministic.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        // The codes of the command line.
        let code: u8 = match self {
            Self::Server { fault, .. } if matches!(fault.kind, ServerFaultKind::NotDeterministic(_)) => 3,
            Self::Server { .. } | Self::World(_) | Self::Unmet { .. } => 1,
            Self::Scenario(_)
            | Self::NotSpecified { .. }
            | Self::Tables { .. }
            | Self::File { .. }
            | Self::Incident { .. } => 2,
        };
        code.into()
    }
}
