//! The testbed for a server of one's own: runs, sweeps and sizes of any [`Server`] in the simulated world.
//!
//! A server is an application that brings streams of events to its subscribers. The testbed starts it in virtual time,
//! lets a scenario's subscribers read from it, and says what they missed. `docs/your-own-server.md` walks through it.

mod compared;
mod error;
mod hidden;
mod incident;
mod objective;
mod size;
mod stored;
mod sweep;
mod swept;

use std::sync::Arc;

use crate::plan::Plan;
use crate::record::{Observation, exact_ms};
use crate::runs::RunWorld;
use crate::world::{self, Server, ServerFault, ServerFaultKind, ServerRun, WorldError};
pub use compared::Comparison;
pub use error::TestbedError;
pub use incident::ServerIncident;
pub use objective::{Judgement, Measure, Objective};
pub use size::ServerSize;
pub use swept::ServerSweep;

/// A server under test, by name, and how its runs are done.
#[derive(Clone)]
pub struct Testbed {
    name: String,
    server: Arc<dyn Server>,
    threads: usize,
}

impl std::fmt::Debug for Testbed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Testbed").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Testbed {
    /// A testbed for a server. The name stands in results and messages.
    #[must_use]
    pub fn new(name: impl Into<String>, server: impl Server + 'static) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { name: name.into(), server: Arc::new(server), threads }
    }

    /// The same testbed, which makes its runs on so many threads at most, at least one. Results do not depend on it.
    #[must_use]
    pub fn on_threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// The name of the server.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same testbed, by another world.
    ///
    /// # Errors
    /// For the specification, which is that of this project's server and knows no other.
    pub fn by_world(self, world: RunWorld) -> Result<Self, TestbedError> {
        match world {
            RunWorld::Simulated => Ok(self),
            RunWorld::Specified => Err(TestbedError::NotSpecified { server: self.name }),
        }
    }

    /// Runs a plan at a buffer of `frames` frames for each subscriber, or of the next size that the server can have.
    ///
    /// # Errors
    /// When the server breaks a law, panics, blocks or does not answer: the error is one line, and has the incident.
    pub fn run(&self, plan: &Plan, frames: usize) -> Result<ServerRun, TestbedError> {
        world::run_server(plan, &self.server, frames).map_err(|why| self.failed(plan, frames, why))
    }

    /// Runs a plan twice and compares everything that happened. The same plan must give the same run.
    ///
    /// # Errors
    /// With the subscriber and the moment of the first difference, and as [`Testbed::run`].
    pub fn check_determinism(&self, plan: &Plan, frames: usize) -> Result<ServerRun, TestbedError> {
        let observed = || {
            let run = world::run_server_observed(plan, &self.server, frames);
            run.map_err(|why| self.failed(plan, frames, why))
        };
        let (run, first) = observed()?;
        let (again, second) = observed()?;
        match difference(plan, &first, &second) {
            Some(fault) => Err(self.failed(plan, frames, WorldError::Server(Box::new(fault)))),
            // The order in which different subscribers are served within a moment is no part of a digest.
            None if run.record.digest == again.record.digest => Ok(run),
            None => {
                let kind = ServerFaultKind::NotDeterministic("the digests of two runs differ".to_owned());
                let fault = ServerFault::without_subscriber(plan.duration, kind);
                Err(self.failed(plan, frames, WorldError::Server(Box::new(fault))))
            }
        }
    }

    fn failed(&self, plan: &Plan, frames: usize, why: WorldError) -> TestbedError {
        match why {
            WorldError::Server(fault) => {
                let incident = ServerIncident::new(&self.name, frames, plan, &fault);
                TestbedError::Server { fault, incident: Box::new(incident) }
            }
            WorldError::Tables => TestbedError::Tables { server: self.name.clone() },
            why => TestbedError::World(why.to_string()),
        }
    }
}

/// The first observation in which two runs of a plan differ, subscriber by subscriber.
fn difference(plan: &Plan, first: &[Observation], second: &[Observation]) -> Option<ServerFault> {
    let of = |all: &[Observation], index: usize| -> Vec<Observation> {
        all.iter().filter(|observation| observation.subscriber == index).copied().collect()
    };
    let mut found: Option<(std::time::Duration, usize, String)> = None;
    for index in 0..plan.subscribers.len() {
        let (one, other) = (of(first, index), of(second, index));
        let longest = one.len().max(other.len());
        let Some(place) = (0..longest).find(|place| one.get(*place) != other.get(*place)) else { continue };
        let at = [one.get(place), other.get(place)].into_iter().flatten().map(|observation| observation.at).min();
        let told = |observation: Option<&Observation>| {
            observation.map_or("nothing more".to_owned(), |o| format!("\"{}\" at {}", o.what, exact_ms(o.at)))
        };
        let what = format!("{} in one run, {} in the next", told(one.get(place)), told(other.get(place)));
        let at = at.unwrap_or_default();
        if found.as_ref().is_none_or(|(earliest, _, _)| at < *earliest) {
            found = Some((at, index, what));
        }
    }
    let (at, index, what) = found?;
    let class = plan.subscribers.get(index).and_then(|subscriber| plan.classes.get(subscriber.class));
    Some(ServerFault::of_subscriber(index, class.map(|class| class.name.clone()), at, what))
}
