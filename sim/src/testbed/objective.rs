//! One run of a server, judged.

use super::{Testbed, TestbedError};
use crate::plan::Plan;
use crate::summary::cell;
pub use crate::summary::document::{Judgement, Measure};
pub use crate::summary::objective::Objective;
use crate::summary::run::RunSummary;
use crate::world::ServerRun;

impl Testbed {
    /// Runs a plan and judges it.
    ///
    /// # Errors
    /// With the first limit that is not kept, by class, figure and value, and as [`Testbed::run`].
    pub fn check(&self, plan: &Plan, frames: usize, objective: &Objective) -> Result<ServerRun, TestbedError> {
        let run = self.run(plan, frames)?;
        let summary = RunSummary::of(plan.seed, run.record.clone());
        let mut measured = cell::of_run(plan, "its own", run.frames as u64, summary);
        self.price(&mut measured);
        match objective.judge(&measured).first() {
            None => Ok(run),
            Some(unmet) => Err(TestbedError::Unmet { server: self.name().to_owned(), unmet: unmet.to_string() }),
        }
    }
}
