//! A trial: one case in front of the laws, the world that runs it, and those of its runs that several laws look at.

use std::cell::OnceCell;

use super::probe::with_a_probe;
use super::{Broken, Case};
use crate::plan::{HubChoice, Plan};
use crate::record::{Observation, Record};
use crate::specified::{self, Marks};
use crate::world;

/// Which world leaves the records that laws judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum World {
    /// The specification.
    Specified,
    /// The full stack.
    Simulated,
}

/// A run with all that happened in it.
#[derive(Debug)]
pub struct Observed {
    /// The record.
    pub record: Record,
    /// Every single observation.
    pub log: Vec<Observation>,
    /// The rare states that the specification reached; empty in a run of the full stack.
    pub marks: Marks,
}

/// A case and the world that runs it. The case's own run is done once, however many laws look at it.
#[derive(Debug)]
pub struct Trial<'a> {
    /// What is run.
    pub case: &'a Case,
    world: World,
    // Cells and not locks, because one thread judges a whole trial.
    own: OnceCell<Result<Observed, Broken>>,
    probed: OnceCell<(Case, Result<Observed, Broken>)>,
}

impl<'a> Trial<'a> {
    /// A trial on the full stack. Nothing is run yet.
    pub fn on_the_full_stack(case: &'a Case) -> Self {
        Self { case, world: World::Simulated, own: OnceCell::new(), probed: OnceCell::new() }
    }

    /// A trial on the specification. Nothing is run yet.
    pub fn on_the_specification(case: &'a Case) -> Self {
        Self { case, world: World::Specified, own: OnceCell::new(), probed: OnceCell::new() }
    }

    /// The world that does the runs.
    pub fn world(&self) -> World {
        self.world
    }

    /// The run of the case as it is.
    ///
    /// # Errors
    /// The failure of the run.
    pub fn own(&self) -> Result<&Observed, Broken> {
        self.own.get_or_init(|| self.observed(&self.case.plan, self.case.choice())).as_ref().map_err(Broken::clone)
    }

    /// The run of the case with a probe, and that case: all clients read in the end, and one more event comes when every
    /// mailbox must have been drained.
    pub(super) fn probed(&self) -> Result<(&Case, &Observed), Broken> {
        let (case, run) = self.probed.get_or_init(|| {
            let case = with_a_probe(self.case.clone());
            let run = self.observed(&case.plan, case.choice());
            (case, run)
        });
        Ok((case, run.as_ref().map_err(Broken::clone)?))
    }

    /// Another run, of a plan and at a size that a law derives from the case.
    pub(super) fn run(&self, plan: &Plan, choice: HubChoice) -> Result<Record, Broken> {
        match self.world {
            World::Specified => Ok(specified::run(plan, choice)?),
            World::Simulated => Ok(world::run(plan, choice)?),
        }
    }

    /// Another run with all that happened in it.
    pub(super) fn observed(&self, plan: &Plan, choice: HubChoice) -> Result<Observed, Broken> {
        let (record, log, marks) = match self.world {
            World::Specified => specified::run_with_marks(plan, choice)?,
            World::Simulated => {
                let (record, log) = world::run_observed(plan, choice)?;
                (record, log, Marks::default())
            }
        };
        Ok(Observed { record, log, marks })
    }
}
