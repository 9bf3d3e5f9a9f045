//! Where clients report what they read: to the recorder, which knows the server's account from its probe, or to the
//! sightings, which are all there is of a server without one.

use std::sync::{Arc, OnceLock};

use super::server_fault::ServerFault;
use super::sightings::Sightings;
use crate::record::Recorder;

/// The account of a run.
#[derive(Clone)]
pub(super) struct Account {
    pub(super) recorder: Recorder,
    /// Set when the server's first process turns out to have no probe.
    sightings: Arc<OnceLock<Sightings>>,
}

impl Account {
    pub(super) fn new(recorder: Recorder) -> Self {
        Self { recorder, sightings: Arc::default() }
    }

    /// The server says nothing of itself.
    pub(super) fn relies_on(&self, sightings: Sightings) {
        // Only the first process decides. A server that has a probe in one life and none in the next is caught by the
        // comparison of accounts at the end.
        let _ = self.sightings.set(sightings);
    }

    /// What clients see, where that is all there is.
    pub(super) fn sightings(&self) -> Option<&Sightings> {
        self.sightings.get()
    }

    /// Whether the run may go on.
    ///
    /// # Errors
    /// With what ends it.
    pub(super) fn check(&self) -> Result<(), Box<ServerFault>> {
        match self.sightings().and_then(Sightings::fault) {
            Some(fault) => Err(Box::new(fault)),
            None => Ok(()),
        }
    }
}
