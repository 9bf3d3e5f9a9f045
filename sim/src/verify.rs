//! `verify`: Hub, transport and reader as the queues of theory, run by run, and held against what theory says.
//!
//! A run has one stream of arrivals and a subscriber for every load: where nothing is shared, they do not touch each
//! other. Nothing is tuned: the only constants are how much is run.

mod convergence;

use std::ops::Range;
use std::time::Duration;

use hubbub::{Capacity, Overflow};

use crate::plan::queue::{Queues, ServiceTime, Traffic};
use crate::plan::{HubChoice, Plan, Reading};
use crate::pool;
use crate::record::ObservationKind;
use crate::runs::Progress;
use crate::scenario::ScenarioError;
use crate::theory::document::{QueueCase, SCHEMA, Verify};
use crate::theory::interval::{CONFIDENCE, family_wise};
use crate::theory::judge::{Measurement, Sample};
use crate::theory::{Model, recursion};
use crate::world::{self, WorldError};

pub use convergence::converge;

/// Mean size of a batch.
const BATCH_FRAMES: f64 = 4.0;

/// Mean service at the smallest load: 50 ticks, so that what a tick does to a service is small (field of `Service`).
const SHORTEST_SERVICE: Duration = Duration::from_millis(50);

/// How much is run.
#[derive(Debug, Clone, Copy)]
pub struct VerifyExtent {
    /// Slots of the mailboxes.
    pub mailboxes: &'static [usize],
    /// Loads, smallest first.
    pub loads: &'static [f64],
    /// Runs of each queue where chance has a part.
    pub replications: u64,
    /// Seed of the first of them, and of the first run of the scenario; each further run has the next seed.
    pub first_seed: u64,
    /// Frames counted in each run.
    pub frames: usize,
    /// Runs of the scenario at each time scale.
    pub convergence_replications: u64,
}

impl VerifyExtent {
    /// All of it: some minutes on two cores.
    pub const FULL: Self = Self {
        mailboxes: &[1, 4, 16, 64],
        loads: &[0.3, 0.6, 0.9, 1.0, 1.2, 2.0],
        replications: 20,
        first_seed: 0,
        frames: 3000,
        convergence_replications: 20,
    };

    /// Some seconds: small mailboxes, fewer and shorter runs.
    pub const QUICK: Self =
        Self { mailboxes: &[1, 4], replications: 10, frames: 300, convergence_replications: 8, ..Self::FULL };

    /// The seeds of that many runs.
    fn seeds(&self, runs: u64) -> Range<u64> {
        self.first_seed..self.first_seed + runs
    }

    fn gap(&self) -> Duration {
        SHORTEST_SERVICE.div_f64(self.loads.first().copied().unwrap_or(1.0))
    }

    /// Frames left out at the beginning of a run, which begins empty. The slowest to forget that is M/D/1/K at load 1: as
    /// a diffusion between two walls it has an e-th of a deviation left after 2 (K + 2)² / π² services, and less than a
    /// hundredth after these.
    fn warm_up(mailbox: usize) -> usize {
        100 + (mailbox + 2).pow(2)
    }
}

const TRAFFIC: [Traffic; 3] = [Traffic::Constant, Traffic::Poisson, Traffic::Batches { mean_frames: BATCH_FRAMES }];

/// A run to do.
#[derive(Debug, Clone, Copy)]
struct Job {
    traffic: Traffic,
    mailbox: usize,
    seed: u64,
    /// Frames counted, and those before them.
    frames: usize,
    warm_up: usize,
}

/// What a run counted of one queue.
#[derive(Debug, Clone, Copy)]
struct Counted {
    sample: Sample,
    by_recursion: Sample,
    other_fates: u64,
}

/// Why nothing was verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// A world failed.
    #[error(transparent)]
    World(#[from] WorldError),
    /// The scenario of the convergence is not what it must be.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
}

/// Runs everything and judges it. The same arguments but for `threads` give the same document.
///
/// # Errors
/// The first failure of a world, or a scenario that cannot be changed as it must.
pub fn verify(extent: &VerifyExtent, threads: usize, progress: &dyn Progress) -> Result<Verify, VerifyError> {
    let queues = measure(extent, threads, progress)?;
    // The system has a place more than the mailbox: the frame in service holds no slot.
    let cases: Vec<QueueCase> = queues.iter().filter_map(|queue| queue.judge(queue.mailbox + 1)).collect();
    let convergence = converge(extent.seeds(extent.convergence_replications), threads, progress)?;
    // One more for the convergence: it can raise a false alarm as well.
    let intervals = cases.iter().map(QueueCase::intervals).sum::<usize>() + 1;
    Ok(Verify {
        schema: SCHEMA.to_owned(),
        // Left to the caller, which knows the options that were given.
        command: String::new(),
        gap_ms: extent.gap().as_secs_f64() * 1e3,
        batch_frames: BATCH_FRAMES,
        confidence: CONFIDENCE,
        intervals: intervals as u64,
        family_wise_false_alarm: family_wise(intervals, CONFIDENCE),
        inside_all: cases.iter().all(QueueCase::holds) && convergence.inside,
        cases,
        convergence,
    })
}

/// Runs every queue, and judges none.
///
/// # Errors
/// The first failure of a world.
pub fn measure(extent: &VerifyExtent, threads: usize, progress: &dyn Progress) -> Result<Vec<Measurement>, WorldError> {
    let jobs = jobs(extent);
    let units = |job: &Job| (job.frames + job.warm_up) as u64;
    progress.begin("queues", jobs.iter().map(units).sum());
    let work = |job: &Job| {
        let counted = run(extent, job)?;
        progress.advance(units(job));
        Ok::<_, WorldError>(Some(counted))
    };
    let mut results = vec![Vec::new(); jobs.len()];
    // By the index of the job, since threads finish in any order.
    pool::each(&jobs, threads, work, |index, counted| results[index] = counted)?;
    progress.end();
    let mut measured = Vec::new();
    for traffic in TRAFFIC {
        for (place, (model, load)) in queues(traffic, extent).into_iter().enumerate() {
            for mailbox in extent.mailboxes.iter().copied() {
                let runs =
                    jobs.iter().zip(&results).filter(|(job, _)| (job.traffic, job.mailbox) == (traffic, mailbox));
                let (jobs, counted): (Vec<&Job>, Vec<Counted>) =
                    runs.map(|(job, counted)| (job, counted[place])).unzip();
                measured.push(Measurement {
                    model,
                    load,
                    mailbox,
                    service: service(extent, load),
                    warm_up: jobs.first().map_or(0, |job| job.warm_up),
                    samples: counted.iter().map(|counted| counted.sample).collect(),
                    by_recursion: counted.iter().map(|counted| counted.by_recursion).collect(),
                    other_fates: counted.iter().map(|counted| counted.other_fates).sum(),
                });
            }
        }
    }
    Ok(measured)
}

/// The long ones first, so that no core is left with one at the end.
fn jobs(extent: &VerifyExtent) -> Vec<Job> {
    let mut jobs = Vec::new();
    for mailbox in extent.mailboxes.iter().copied().rev() {
        for traffic in TRAFFIC {
            let job = Job { traffic, mailbox, seed: 0, frames: extent.frames, warm_up: VerifyExtent::warm_up(mailbox) };
            match traffic {
                // Nothing is left to chance, and each frame is compared.
                Traffic::Constant => jobs.push(Job { frames: extent.frames.min(1000), warm_up: 0, ..job }),
                Traffic::Poisson | Traffic::Batches { .. } => {
                    jobs.extend(extent.seeds(extent.replications).map(|seed| Job { seed, ..job }));
                }
            }
        }
    }
    jobs
}

/// The queues that one run has, each with a subscriber of its own.
fn queues(traffic: Traffic, extent: &VerifyExtent) -> Vec<(Model, f64)> {
    let models = match traffic {
        Traffic::Constant => vec![Model::Dd1k],
        Traffic::Poisson => vec![Model::Mm1k, Model::Md1k],
        Traffic::Batches { mean_frames } => vec![Model::Mxm1k { mean_frames }],
    };
    models.into_iter().flat_map(|model| extent.loads.iter().map(move |load| (model, *load))).collect()
}

/// Mean service time at a load: all loads see the same arrivals.
fn service(extent: &VerifyExtent, load: f64) -> Duration {
    extent.gap().mul_f64(load)
}

fn run(extent: &VerifyExtent, job: &Job) -> Result<Vec<Counted>, WorldError> {
    let services = queues(job.traffic, extent).into_iter().map(|(model, load)| match model {
        Model::Dd1k | Model::Md1k => ServiceTime::Constant(service(extent, load)),
        Model::Mm1k | Model::Mxm1k { .. } => ServiceTime::Exponential(service(extent, load)),
    });
    let frames = job.warm_up + job.frames;
    let queues = Queues { traffic: job.traffic, gap: extent.gap(), frames, services: services.collect() };
    let plan = Plan::of_queues(&queues, job.seed);
    let capacity = Capacity::new(job.mailbox).unwrap_or(Capacity::UNBOUNDED);
    let arrivals: Vec<Duration> = plan.arrivals.iter().map(|arrival| arrival.at).collect();
    // Under this policy a frame that finds no room never enters, as theory has it.
    let counted = ends(&plan, HubChoice { capacity, overflow: Overflow::DropNewest })?;
    let counted = counted.iter().zip(&plan.subscribers).map(|(ends, subscriber)| {
        let expected = recursion::fates(arrivals.iter().copied(), time(&subscriber.reading), job.mailbox + 1);
        let differ = ends.iter().zip(&expected).filter(|(end, expected)| end.is_some() != expected.is_some());
        Counted {
            sample: Sample::count(&arrivals, ends, job.warm_up),
            by_recursion: Sample::count(&arrivals, &expected, job.warm_up),
            other_fates: differ.count() as u64,
        }
    });
    Ok(counted.collect())
}

/// When each subscriber's socket had accepted all of each event, by its index; `None` for those that it lost.
///
/// # Errors
/// The failure of the world.
pub fn ends(plan: &Plan, choice: HubChoice) -> Result<Vec<Vec<Option<Duration>>>, WorldError> {
    let (_, observations) = world::run_observed(plan, choice)?;
    let mut ends = vec![vec![None; plan.arrivals.len()]; plan.subscribers.len()];
    for observation in observations {
        if let ObservationKind::Flushed { sequence } = observation.what {
            let index = usize::try_from(sequence - 1).unwrap_or(usize::MAX);
            ends[observation.subscriber][index] = Some(observation.at);
        }
    }
    Ok(ends)
}

/// The service time of an arrival.
pub fn time(reading: &Reading) -> impl Fn(usize) -> Duration {
    let times = match reading {
        Reading::Serves { times } => times.as_slice(),
        Reading::AsItArrives
        | Reading::Rate { .. }
        | Reading::Stalls { .. }
        | Reading::RateWithStalls { .. }
        | Reading::Never => &[],
    };
    |arrival| times.get(arrival).or(times.last()).copied().unwrap_or_default()
}
