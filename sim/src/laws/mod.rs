//! Laws: what holds for any plan, checked by running it on the full stack or on the specification.
//!
//! The property tests put them to many drawn cases, the soak to many more, and an incident names the one that failed.
//! A law knows nothing of how a run is done: it compares what runs leave behind. A [`Trial`] does the runs, in the world
//! that it is made for.

mod account;
mod agreement;
mod canary;
mod case;
mod difference;
pub mod draw;
mod exact_history;
mod holes;
mod isolation;
mod liveness;
mod memory;
mod plain_path;
mod probe;
mod reasons;
mod repetition;
mod room;
mod shared_writes;
mod sizes;
mod trial;
mod window;

use serde::{Deserialize, Serialize};

pub use account::audit;
pub use canary::canary;
pub use case::Case;
pub use exact_history::out_of_reach;
pub use isolation::{isolation_of, what_neighbours_cost};
pub use liveness::absence;
pub use probe::with_a_probe;
pub use sizes::{exact_size, no_earlier_loss, no_more_losses};
pub use trial::{Observed, Trial, World};

use crate::ledger::Misfit;
use crate::record::{Observation, Record};
use crate::specified::SpecifiedError;
use crate::world::WorldError;

/// A law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Law {
    /// A run comes to its end, and its record agrees with the Hub's own counters.
    Completion,
    /// No frame is unaccounted for at any step; what is lost is what the policy names; ids come in order and once.
    Account,
    /// What has been delivered and not been read fits into the window.
    Window,
    /// No mailbox is deeper than its size, and payloads take no more memory than all mailboxes hold.
    Memory,
    /// Nobody is counted gone or evicted who has no reason to be.
    Reasons,
    /// With room in every socket nobody waits in a mailbox. Without a CPU to share.
    Room,
    /// The full stack and the specification leave the same record.
    Agreement,
    /// One plan gives one digest.
    Repetition,
    /// The largest high-water mark of the unbounded run is the smallest size without a loss. Without recovery.
    ExactSize,
    /// Every event that a client wants is read or told to be missing before the next one is read, once. With recovery.
    Holes,
    /// The exact size of the history is the smallest from which those who come back in time get everything. With recovery,
    /// and without both a CPU and a restart of the server.
    ExactHistory,
    /// A larger mailbox never loses its first frame earlier. Without a CPU to share, and without recovery.
    FirstLoss,
    /// What happens to anybody does not depend on how many frames share a write. Without a CPU to share, and under a
    /// policy that removes no waiting frames.
    SharedWrites,
    /// A path that limits and loses nothing is a plain window. Without a CPU to share.
    PlainPath,
    /// What happens to a subscriber does not depend on who else is there. Without a CPU to share.
    Isolation,
    /// When sources rest and faults are over, every mailbox drains, and a new event reaches everybody who has no named
    /// reason to miss it.
    Liveness,
}

impl Law {
    /// All of them, cheap ones first.
    pub const ALL: [Self; 16] = [
        Self::Completion,
        Self::Account,
        Self::Window,
        Self::Memory,
        Self::Reasons,
        Self::Room,
        Self::Agreement,
        Self::Repetition,
        Self::Holes,
        Self::ExactSize,
        Self::ExactHistory,
        Self::FirstLoss,
        Self::SharedWrites,
        Self::PlainPath,
        Self::Isolation,
        Self::Liveness,
    ];

    /// As an incident has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Completion => "completion",
            Self::Account => "account",
            Self::Window => "window",
            Self::Memory => "memory",
            Self::Reasons => "reasons",
            Self::Room => "room",
            Self::Agreement => "agreement",
            Self::Repetition => "repetition",
            Self::Holes => "holes",
            Self::ExactSize => "exact-size",
            Self::ExactHistory => "exact-history",
            Self::FirstLoss => "first-loss",
            Self::SharedWrites => "shared-writes",
            Self::PlainPath => "plain-path",
            Self::Isolation => "isolation",
            Self::Liveness => "liveness",
        }
    }

    /// Whether it says anything of a case.
    pub fn applies(self, case: &Case) -> bool {
        match self {
            // At one moment the order of connections is another one, and a CPU serves in the order in which it is asked.
            Self::Isolation | Self::Room | Self::PlainPath => case.plan.server.cpu.is_none(),
            Self::SharedWrites => shared_writes::applies(case),
            // Whoever comes back is given what it missed a mailbox full at a time, and what a larger mailbox does then is
            // another thing than holding more.
            Self::FirstLoss => case.plan.server.cpu.is_none() && case.plan.server.recovery.is_none(),
            Self::ExactHistory => exact_history::applies(case),
            Self::ExactSize => case.plan.server.recovery.is_none(),
            Self::Holes => case.plan.server.recovery.is_some(),
            Self::Completion
            | Self::Account
            | Self::Window
            | Self::Memory
            | Self::Reasons
            | Self::Agreement
            | Self::Repetition
            | Self::Liveness => true,
        }
    }

    /// Whether it says anything of runs in a world. Two laws say nothing of the specification alone.
    pub fn is_about(self, world: World) -> bool {
        match self {
            // Agreement compares the specification with the full stack, and so has to run both.
            Self::Agreement => world == World::Simulated,
            // The specification is one thread without tasks, clocks, random numbers and hash maps: it repeats by
            // construction, and two runs of it would compare a function with itself.
            Self::Repetition => world == World::Simulated,
            Self::Completion
            | Self::Account
            | Self::Window
            | Self::Memory
            | Self::Reasons
            | Self::Room
            | Self::Holes
            | Self::ExactSize
            | Self::ExactHistory
            | Self::FirstLoss
            | Self::SharedWrites
            | Self::PlainPath
            | Self::Isolation
            | Self::Liveness => true,
        }
    }

    /// Puts it to a case on the full stack, on which it must hold.
    ///
    /// A law on a plan of one's own runs the full stack, and holds where it says nothing of the case:
    ///
    /// ```
    /// use hubbub_sim::internals::laws::{Case, Law, Trial, audit};
    /// use hubbub_sim::internals::{plan::Plan, scenario::{Overrides, Scenario}};
    ///
    /// let short = Overrides { duration_seconds: Some(5.0), ..Overrides::default() };
    /// let scenario = Scenario::named("steady-overload").and_then(|named| named.with(short)).expect("it is valid");
    /// let plan = Plan::draw(&scenario, 2, 0);
    /// let case = Case { plan, frames: 3, overflow: hubbub::Overflow::DropNewest };
    /// assert_eq!(Law::Account.judge(&case), Ok(()));
    /// assert!(!Law::Holes.applies(&case) && Law::Holes.judge(&case).is_ok(), "the plan has no recovery");
    /// // The law is broken where the same run is judged as if its mailboxes had one slot less.
    /// let trial = Trial::on_the_full_stack(&case);
    /// let run = trial.own().expect("the run ends");
    /// let misjudged = Case { frames: 2, ..case.clone() };
    /// assert!(audit(&misjudged, &run.record, &run.log).is_err());
    /// ```
    ///
    /// # Errors
    /// With what does not hold.
    pub fn judge(self, case: &Case) -> Result<(), Violation> {
        self.judge_in(&Trial::on_the_full_stack(case))
    }

    /// Puts it to a case in the world of the trial, in which it must hold if it says anything of that world.
    ///
    /// # Errors
    /// With what does not hold.
    pub fn judge_in(self, trial: &Trial<'_>) -> Result<(), Violation> {
        let case = trial.case;
        if !self.applies(case) || !self.is_about(trial.world()) {
            return Ok(());
        }
        let verdict = match self {
            Self::Completion => trial.own().map(drop),
            Self::Account => trial.own().and_then(|run| audit(case, &run.record, &run.log).map(drop)),
            Self::Window => trial.own().and_then(|run| window::fits(&case.plan, &run.log)),
            Self::Memory => trial.own().and_then(|run| memory::within(case, &run.record)),
            Self::Reasons => trial.own().and_then(|run| reasons::are_known(case, &run.record)),
            Self::Room => room::is_used(trial),
            Self::Agreement => agreement::of_both_worlds(trial),
            Self::Repetition => repetition::of_a_run(trial),
            Self::Holes => holes::are_told(trial),
            Self::ExactSize => exact_size(trial),
            Self::ExactHistory => exact_history::is_smallest(trial),
            Self::FirstLoss => sizes::first_loss(trial, 1 + case.frames / 3),
            Self::SharedWrites => shared_writes::change_nothing(trial),
            Self::PlainPath => plain_path::is_a_window(trial),
            // Another witness from case to case, without a draw that would change what a seed stands for.
            Self::Isolation => isolation_of(trial, case.plan.arrivals.len() % case.plan.subscribers.len()),
            Self::Liveness => liveness::drains_and_goes_on(trial),
        };
        verdict.map_err(|broken| broken.under(self))
    }
}

/// The first of `laws` that a case breaks in the world of the trial.
pub fn first_broken(laws: &[Law], trial: &Trial<'_>) -> Option<Violation> {
    laws.iter().find_map(|law| law.judge_in(trial).err())
}

/// What the account and the window say of a run that has been done.
pub fn first_broken_of_run(case: &Case, record: &Record, log: &[Observation]) -> Option<Violation> {
    let account = audit(case, record, log).err().map(|broken| broken.under(Law::Account));
    account.or_else(|| window::fits(&case.plan, log).err().map(|broken| broken.under(Law::Window)))
}

/// A law that does not hold, where and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Violation {
    /// Which one.
    pub law: Law,
    /// When, in milliseconds of plan time, if it was at a time.
    pub at_ms: Option<f64>,
    /// To whom, as an index in the plan, if it was to one.
    pub subscriber: Option<usize>,
    /// What does not hold.
    pub why: String,
}

impl Violation {
    /// Of a run that did not come to its end.
    pub fn of_failure(failure: &impl std::fmt::Display) -> Self {
        Self { law: Law::Completion, at_ms: None, subscriber: None, why: failure.to_string() }
    }
}

/// In one line.
impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.law.name(), self.why)?;
        self.subscriber.map_or(Ok(()), |subscriber| write!(f, " (subscriber {subscriber})"))?;
        self.at_ms.map_or(Ok(()), |at_ms| write!(f, " at {at_ms:.3} ms"))
    }
}

/// What a law found, before it is known which one it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Broken {
    at_ms: Option<f64>,
    subscriber: Option<usize>,
    /// Of a run that failed as a whole.
    is_failure: bool,
    why: String,
}

impl Broken {
    fn new(why: impl Into<String>) -> Self {
        Self { at_ms: None, subscriber: None, is_failure: false, why: why.into() }
    }

    fn of(subscriber: usize, why: impl Into<String>) -> Self {
        Self { subscriber: Some(subscriber), ..Self::new(why) }
    }

    fn under(self, law: Law) -> Violation {
        let law = if self.is_failure { Law::Completion } else { law };
        Violation { law, at_ms: self.at_ms, subscriber: self.subscriber, why: self.why }
    }
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.why)?;
        self.subscriber.map_or(Ok(()), |subscriber| write!(f, " (subscriber {subscriber})"))?;
        self.at_ms.map_or(Ok(()), |at_ms| write!(f, " at {at_ms:.3} ms"))
    }
}

impl From<Misfit> for Broken {
    fn from(misfit: Misfit) -> Self {
        let at_ms = misfit.at.map(|at| at.as_secs_f64() * 1000.0);
        Self { at_ms, ..Self::of(misfit.subscriber, misfit.why) }
    }
}

impl From<WorldError> for Broken {
    fn from(failure: WorldError) -> Self {
        Self { is_failure: true, ..Self::new(failure.to_string()) }
    }
}

impl From<SpecifiedError> for Broken {
    fn from(failure: SpecifiedError) -> Self {
        Self { is_failure: true, ..Self::new(failure.to_string()) }
    }
}
