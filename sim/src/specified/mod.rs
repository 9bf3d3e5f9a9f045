//! The specification of the simulated world: server, transport, network, CPU and clients as one pure program.
//!
//! It runs a plan as the simulated world does and leaves the same record, digest for digest, without tokio, hyper or
//! turmoil, and without the Hub. Its mailbox, history and holes are its own and as plain as they can be.

mod client;
mod connection;
mod cpu;
mod frames;
mod history;
mod holes;
mod life;
mod links;
mod mailbox;
mod memory;
mod path;
mod publish;
mod run;
mod scope;
mod session;
mod socket;
mod stream;
mod time;
mod travel;

pub use scope::{OutsideScope, SpecifiedError};

use crate::plan::{HubChoice, Plan};
use crate::record::{Observation, Record, Recorder};
use crate::world::scaled;

/// Runs a plan in virtual time, at one buffer size and policy. The same arguments give the same record as the simulated
/// world's.
///
/// # Errors
/// When the specification says nothing of the plan, or the run contradicts itself.
pub fn run(plan: &Plan, choice: HubChoice) -> Result<Record, SpecifiedError> {
    scope::check(plan)?;
    let plan = scaled(plan);
    run_scaled(&plan, choice, &Recorder::new(&plan))
}

/// Runs a plan as [`run`] does, and keeps every single observation: 48 bytes each, several for every frame.
///
/// # Errors
/// The same as those of [`run`].
pub fn run_observed(plan: &Plan, choice: HubChoice) -> Result<(Record, Vec<Observation>), SpecifiedError> {
    scope::check(plan)?;
    let plan = scaled(plan);
    let recorder = Recorder::new(&plan);
    recorder.keep_observations();
    let record = run_scaled(&plan, choice, &recorder)?;
    Ok((record, recorder.take_observations()))
}

fn run_scaled(plan: &Plan, choice: HubChoice, recorder: &Recorder) -> Result<Record, SpecifiedError> {
    let mut run = run::Run::new(plan, choice, recorder.lock());
    run.run();
    let counts = run.counts();
    let most_bytes = run.memory.most_bytes();
    drop(run);
    recorder.finish(counts, most_bytes).map_err(SpecifiedError::Disagreement)
}
