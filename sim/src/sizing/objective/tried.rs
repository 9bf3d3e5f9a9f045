//! A size that a search tries: its seeds are run one after the other, and no further than the search has to know.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::seeds::{Run, Seeds};
use crate::runs::{self, Job, RunError, RunLog, Workers};
use crate::scenario::Scenario;
use crate::sizing::bounded;
use crate::summary::cell::{CellKey, cell};
use crate::summary::document::{Judgement, Limit, SizeTried, ValuesAt};
use crate::summary::objective::{Objective, SoFar};
use crate::summary::run::{Latencies, RunSummary};

/// What is run at each size, and what it has to keep.
pub(super) struct Setup<'a, 'b> {
    pub(super) scenario: &'a Scenario,
    pub(super) subscribers: usize,
    pub(super) objective: Objective,
    pub(super) class_names: Vec<String>,
    pub(super) seeds: Seeds,
    pub(super) workers: Workers<'b>,
}

/// A size, and what the runs of it so far say.
pub(super) struct Tried {
    buffer: u64,
    runs: Vec<RunSummary>,
    latencies: Latencies,
    /// Seeds whose runs are not among those, in the order in which they are run.
    open: VecDeque<u64>,
    /// Runs of open seeds that were under way when enough was known.
    early: BTreeMap<u64, Run>,
    /// Every limit with the value of the runs so far.
    judgements: Vec<Judgement>,
    /// Every limit with the least value that all runs together can have; with that value itself once all are made.
    least: Vec<Judgement>,
}

impl<'a, 'b> Setup<'a, 'b> {
    pub(super) fn new(
        (scenario, subscribers): (&'a Scenario, usize),
        objective: &Objective,
        seeds: Seeds,
        workers: Workers<'b>,
    ) -> Self {
        let class_names: Vec<_> = scenario.settings().classes.iter().map(|class| class.name.clone()).collect();
        let has_members = |limit: &&Limit| {
            let place = class_names.iter().position(|name| Some(name) == limit.class.as_ref());
            let members = place.and_then(|place| Some(seeds.unbounded.first()?.0.classes.get(place)?.subscribers));
            members != Some(0)
        };
        let objective = Objective::new(objective.limits().iter().filter(has_members).cloned().collect());
        Self { scenario, subscribers, objective, class_names, seeds, workers }
    }

    /// A size, with the seeds whose unbounded runs would be the same.
    pub(super) fn tried(&self, buffer: u64) -> Tried {
        let (fit, mut open): (Vec<&Run>, Vec<&Run>) =
            self.seeds.unbounded.iter().partition(|(run, _)| run.fits(buffer));
        // The fullest first: if one seed makes it certain that the size is too small, it is likely this one.
        open.sort_by_key(|(run, _)| Reverse(run.high_water.map(|highest| highest.frames)));
        let mut tried = Tried {
            buffer,
            runs: Vec::new(),
            latencies: Latencies(Vec::new()),
            open: open.into_iter().map(|(run, _)| run.seed).collect(),
            early: BTreeMap::new(),
            judgements: Vec::new(),
            least: Vec::new(),
        };
        fit.into_iter().for_each(|run| tried.take(run.clone()));
        tried.judge(self);
        tried
    }

    /// Runs further seeds of a size until enough is known, or all are run.
    ///
    /// What counts does not depend on the number of threads: the runs are those of the shortest beginning of the open seeds
    /// with which enough is known. A thread may have begun a later one by then. That is kept for when more has to be known.
    pub(super) fn run(
        &self,
        tried: &mut Tried,
        is_enough: impl Fn(&Tried) -> bool + Sync,
        log: &mut RunLog<'a>,
    ) -> Result<(), RunError> {
        tried.count(self, &is_enough, log);
        if is_enough(tried) {
            return Ok(());
        }
        let open = tried.open.iter().filter(|seed| !tried.early.contains_key(seed));
        let jobs: Vec<_> = open.map(|seed| self.job(tried.buffer, *seed)).collect();
        runs::until(&jobs, self.workers, |index, run| {
            tried.early.insert(jobs[index].seed, run);
            tried.count(self, &is_enough, log);
            is_enough(tried)
        })
    }

    fn job(&self, buffer: u64, seed: u64) -> Job<'a> {
        let Self { scenario, subscribers, .. } = *self;
        Job { scenario, subscribers, choice: bounded(scenario, buffer), seed }
    }
}

impl Tried {
    /// The places of the limits that the size exceeds for certain: of all that it exceeds, once all seeds are run.
    pub(super) fn exceeded(&self) -> BTreeSet<usize> {
        let places = self.least.iter().enumerate();
        places.filter(|(_, judgement)| !judgement.is_met).map(|(place, _)| place).collect()
    }

    /// Whether the size exceeds one of the objective's limits at these places, whatever its open seeds will give.
    pub(super) fn exceeds_any(&self, places: &BTreeSet<usize>) -> bool {
        !self.exceeded().is_disjoint(places)
    }

    /// Whether the size exceeds at least one limit of the objective, whatever its open seeds will give.
    pub(super) fn fails(&self) -> bool {
        self.least.iter().any(|judgement| !judgement.is_met)
    }

    /// Whether the runs of this size by all seeds are counted.
    pub(super) fn is_complete(&self) -> bool {
        self.open.is_empty()
    }

    /// The number of seeds whose runs of this size are counted; those that were run early and are not needed are none of
    /// them.
    pub(super) fn seeds_run(&self) -> usize {
        self.runs.len()
    }

    /// How far the size is from keeping the limits at least, as [`SizeTried::distance`] counts it.
    pub(super) fn distance(&self) -> (usize, f64) {
        SizeTried { buffer: self.buffer, judgements: self.least.clone() }.distance()
    }

    /// The judgements of the runs so far.
    pub(super) fn judged(&self) -> SizeTried {
        SizeTried { buffer: self.buffer, judgements: self.judgements.clone() }
    }

    /// The values of the runs so far, in the order of the limits.
    pub(super) fn values(&self, limits: &[Limit]) -> ValuesAt {
        // A class without members has no judgement, and so no value.
        let value_of = |limit: &Limit| {
            let is_of = |one: &&Judgement| one.class == limit.class && one.figure == limit.figure;
            self.judgements.iter().find(is_of)?.value
        };
        ValuesAt {
            buffer: self.buffer,
            values: limits.iter().map(value_of).collect(),
            unmet: self.exceeded().len() as u64,
            seeds_run: (!self.is_complete()).then_some(self.seeds_run() as u64),
        }
    }

    /// Counts runs that there are, in the order of the open seeds, until enough is known.
    fn count<'a>(&mut self, setup: &Setup<'a, '_>, is_enough: impl Fn(&Self) -> bool, log: &mut RunLog<'a>) {
        while !is_enough(self)
            && let Some(seed) = self.open.front().copied()
            && let Some(run) = self.early.remove(&seed)
        {
            self.open.pop_front();
            log.add(setup.job(self.buffer, seed), &run.0);
            self.take(run);
            self.judge(setup);
        }
    }

    fn take(&mut self, (run, latencies): Run) {
        self.runs.push(run);
        self.latencies.merge(latencies);
    }

    /// Judges the runs so far. Limits are about sums and the largest of all runs, so the order of the runs is none of them.
    fn judge(&mut self, setup: &Setup<'_, '_>) {
        let (policy, seconds) =
            (setup.scenario.settings().server.policy.name(), setup.scenario.duration().as_secs_f64());
        let (subscribers, buffer, class_names) = (setup.subscribers, self.buffer, &*setup.class_names);
        let cell = cell(CellKey { policy, subscribers, buffer, class_names, seconds }, &self.runs, &self.latencies);
        self.judgements = setup.objective.measure(&cell);
        self.least = match self.is_complete() {
            true => self.judgements.clone(),
            false => {
                let mut ahead = vec![0; class_names.len()];
                let open = self.open.iter().filter_map(|seed| setup.seeds.most_wanted.get(seed));
                open.flat_map(|wanted| wanted.iter().enumerate()).for_each(|(class, wanted)| ahead[class] += wanted);
                setup.objective.at_least(&SoFar { cell: &cell, latencies: &self.latencies, class_names, ahead: &ahead })
            }
        };
        if self.is_complete() {
            // The judgements are all that is asked for from now on.
            self.latencies = Latencies(Vec::new());
        }
    }
}
