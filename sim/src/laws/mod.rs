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
mod violation;
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
pub use violation::{Broken, Violation};

use crate::record::{Observation, Record};

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
            Self::Room => case.plan.server.cpu.is_none(),
            // At one moment the order of connections is another one. A CPU serves in the order in which it is asked, and ids
            // are given in the order in which streams begin.
            Self::Isolation | Self::PlainPath => case.plan.server.cpu.is_none() && !case.plan.depends_on_ids(),
            Self::SharedWrites => shared_writes::applies(case),
            // Whoever comes back is given what it missed a mailbox full at a time, and what a larger mailbox does then is
            // another thing than holding more.
            Self::FirstLoss => {
                let is_shared = case.plan.server.cpu.is_some() || case.plan.depends_on_ids();
                !is_shared && case.plan.server.recovery.is_none()
            }
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
