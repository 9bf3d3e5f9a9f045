//! Laws: what holds for any plan, checked by running it through the whole stack.
//!
//! The property tests put them to many drawn cases, the soak to many more, and an incident names the one that failed.
//! A law knows nothing of how a run is done: it compares what runs leave behind.

mod account;
mod agreement;
mod canary;
mod case;
pub mod draw;
mod holes;
mod isolation;
mod liveness;
mod memory;
mod reasons;
mod sizes;
mod window;

use serde::{Deserialize, Serialize};

pub use account::audit;
pub use canary::canary;
pub use case::Case;
pub use isolation::{isolation_of, what_neighbours_cost};
pub use liveness::{absence, with_a_probe};
pub use sizes::{exact_size, no_earlier_loss, no_more_losses};

use crate::ledger::Misfit;
use crate::plan::HubChoice;
use crate::record::{Observation, Record};
use crate::world::{self, WorldError};

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
    /// A larger mailbox never loses its first frame earlier. Without a CPU to share, and without recovery.
    FirstLoss,
    /// What happens to a subscriber does not depend on who else is there. Without a CPU to share.
    Isolation,
    /// When sources rest and faults are over, every mailbox drains, and a new event reaches everybody who has no named
    /// reason to miss it.
    Liveness,
}

impl Law {
    /// All of them, cheap ones first.
    pub const ALL: [Self; 13] = [
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
        Self::FirstLoss,
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
            Self::FirstLoss => "first-loss",
            Self::Isolation => "isolation",
            Self::Liveness => "liveness",
        }
    }

    /// Whether it says anything of a case.
    pub fn applies(self, case: &Case) -> bool {
        match self {
            Self::Isolation | Self::Room => case.plan.server.cpu.is_none(),
            // Whoever comes back is given what it missed a mailbox full at a time, and what a larger mailbox does then is
            // another thing than holding more.
            Self::FirstLoss => case.plan.server.cpu.is_none() && case.plan.server.recovery.is_none(),
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

    /// Puts it to a case, on which it must hold.
    ///
    /// # Errors
    /// With what does not hold.
    pub fn judge(self, case: &Case) -> Result<(), Violation> {
        if !self.applies(case) {
            return Ok(());
        }
        let verdict = match self {
            Self::Completion => run(case, case.choice()).map(drop),
            Self::Account => observed(case).and_then(|(record, log)| audit(case, &record, &log).map(drop)),
            Self::Window => observed(case).and_then(|(_, log)| window::fits(&case.plan, &log)),
            Self::Memory => run(case, case.choice()).and_then(|record| memory::within(case, &record)),
            Self::Reasons => run(case, case.choice()).and_then(|record| reasons::are_known(case, &record)),
            Self::Room => room(case),
            Self::Agreement => agreement::of_both_worlds(case),
            Self::Repetition => repetition(case),
            Self::Holes => holes::are_told(case),
            Self::ExactSize => exact_size(case),
            Self::FirstLoss => sizes::first_loss(case, 1 + case.frames / 3),
            Self::Isolation => isolation_of(case, case.plan.arrivals.len() % case.plan.subscribers.len()),
            Self::Liveness => liveness::drains_and_goes_on(case),
        };
        verdict.map_err(|broken| broken.under(self))
    }
}

/// The first law that a case breaks.
pub fn first_broken(case: &Case) -> Option<Violation> {
    Law::ALL.into_iter().find_map(|law| law.judge(case).err())
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
    pub fn of_failure(failure: &WorldError) -> Self {
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

fn run(case: &Case, choice: HubChoice) -> Result<Record, Broken> {
    Ok(world::run(&case.plan, choice)?)
}

fn observed(case: &Case) -> Result<(Record, Vec<Observation>), Broken> {
    Ok(world::run_observed(&case.plan, case.choice())?)
}

/// Far more than a drawn case sends.
const ENDLESS_WINDOW_BYTES: u64 = 1 << 30;

fn room(case: &Case) -> Result<(), Broken> {
    let mut case = case.clone();
    case.plan.classes.iter_mut().for_each(|class| class.window_bytes = ENDLESS_WINDOW_BYTES);
    let record = run(&case, case.choice())?;
    match record.subscribers.iter().position(|subscriber| subscriber.high_water > 1) {
        Some(waits) => {
            let why = format!("{} wait, with room in the socket", record.subscribers[waits].high_water);
            Err(Broken::of(waits, why))
        }
        None => Ok(()),
    }
}

fn repetition(case: &Case) -> Result<(), Broken> {
    let (first, second) = (run(case, case.choice())?.digest, observed(case)?.0.digest);
    if first == second { Ok(()) } else { Err(Broken::new(format!("digest {first}, and {second} when run again"))) }
}
