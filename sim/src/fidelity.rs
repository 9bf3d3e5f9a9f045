//! The simulation held against reality: the same plans in both worlds, and what came of each subscriber.
//!
//! Sockets are bounded in the real world, and what they hold then is measured first, by clients that never read; the
//! model gets a window that holds as much. Nothing else is fitted.

mod paths;
mod sockets;
mod window;

use std::time::Duration;

use hubbub::{Capacity, Overflow};

use crate::emulated::EmulatedError;
use crate::plan::{HubChoice, Plan};
use crate::real::{self, RealError, RealRun, Sockets, Target};
use crate::record::{Record, SubscriberRecord};
use crate::runs::Progress;
use crate::scenario::{Scenario, ScenarioError};
use crate::specified::SpecifiedError;
use crate::summary::comparison::{self, Compared, ComparedMember, Fidelity, SCHEMA, Window};
use crate::world::{self, WorldError};

pub use paths::{Kept, Paths, PathsExtent, paths};

/// The plans, in the order in which they are shown, and whether the worlds are expected to agree on them.
const PLANS: [(&str, &str, bool); 4] = [
    ("steady", include_str!("../fidelity/steady.toml"), true),
    ("burst", include_str!("../fidelity/burst.toml"), true),
    ("stall", include_str!("../fidelity/stall.toml"), true),
    // A kernel frees the memory of a coalesced segment when all of it is read: a slow reader's window is smaller then.
    ("slow", include_str!("../fidelity/slow.toml"), false),
];

/// Of these plans' classes, the one that may lose something; its windows are measured.
const WATCHED: usize = 1;

/// Mailboxes of the size that production had.
const BUFFER: usize = 64;

/// Loopback's segments of 64 KB would make window updates lumps of half a window; these are an Ethernet's.
const SEGMENT_BYTES: u32 = 1448;

/// As little as possible waits unsent in the server's sockets.
const UNSENT_BYTES: u32 = 1024;

/// How much is done.
#[derive(Debug, Clone, Copy)]
pub struct FidelityExtent {
    /// Real runs of every plan.
    pub repetitions: u64,
    /// Also what sockets hide, and what that makes of sizes.
    pub sockets: bool,
}

impl FidelityExtent {
    /// What is published.
    pub const FULL: Self = Self { repetitions: 7, sockets: true };
    /// Some minutes less.
    pub const QUICK: Self = Self { repetitions: 2, sockets: false };
}

/// A comparison that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum FidelityError {
    /// A plan could not be drawn: a fault in this program.
    #[error("{0}")]
    Scenario(#[from] ScenarioError),
    /// A simulated run contradicted itself.
    #[error("{0}")]
    World(#[from] WorldError),
    /// A real run could not be done.
    #[error("{0}")]
    Real(#[from] RealError),
    /// Runs over emulated paths could not be done.
    #[error("{0}")]
    Emulated(#[from] EmulatedError),
    /// The specification contradicted itself.
    #[error("{0}")]
    Specified(#[from] SpecifiedError),
    /// What was measured could not be written.
    #[error("{0}")]
    NotKept(String),
}

/// Runs every plan in both worlds. Real runs take their time: some minutes in all.
///
/// # Errors
/// The first run that could not be done; a comparison with a part missing would be none.
pub fn fidelity(
    extent: &FidelityExtent,
    progress: &dyn Progress,
    is_wanted: &dyn Fn() -> bool,
) -> Result<Fidelity, FidelityError> {
    let mut plans = Vec::new();
    for (name, text, is_target) in PLANS {
        let scenario = Scenario::parse(&format!("sim/fidelity/{name}.toml"), text)?;
        let compared = compared(&scenario, extent.repetitions, progress, is_wanted)?;
        plans.push(Compared { is_target, ..compared });
    }
    let (hidden, sizes) = if extent.sockets { sockets::hidden(progress, is_wanted)? } else { Default::default() };
    let agree_all = plans.iter().filter(|plan| plan.is_target).all(Compared::agrees);
    // The command is left to the caller, which knows the options that were given.
    Ok(Fidelity { agree_all, plans, hidden, sizes, ..without_plans() })
}

/// A document of this machine in which no plan was compared.
#[must_use]
pub fn without_plans() -> Fidelity {
    Fidelity {
        schema: SCHEMA.to_owned(),
        command: String::new(),
        machine: crate::load::machine(),
        buffer: BUFFER as u64,
        segment_bytes: u64::from(SEGMENT_BYTES),
        unsent_bytes: u64::from(UNSENT_BYTES),
        agree_all: true,
        plans: Vec::new(),
        hidden: Vec::new(),
        sizes: Vec::new(),
        paths: Vec::new(),
        unmodelled_paths: Vec::new(),
        paths_measured: None,
    }
}

fn choice() -> HubChoice {
    HubChoice { capacity: Capacity::new(BUFFER).unwrap_or(Capacity::UNBOUNDED), overflow: Overflow::DropNewest }
}

/// Real runs of one plan, one after the other.
fn repeated(
    plan: &Plan,
    sockets: Sockets,
    repetitions: u64,
    progress: &dyn Progress,
    is_wanted: &dyn Fn() -> bool,
) -> Result<Vec<Record>, RealError> {
    let target = Target::Own { choice: choice(), sockets };
    let mut records = Vec::new();
    progress.begin(&plan.scenario, repetitions * plan.duration.as_secs());
    // One at a time: runs side by side would take CPU time from each other.
    for _ in 0..repetitions {
        let told = std::cell::Cell::new(0);
        let watch = |at: Duration| {
            let now = at.min(plan.duration).as_secs();
            progress.advance(now - told.replace(now));
            is_wanted()
        };
        let RealRun { record, .. } = real::run(plan, &target, &watch)?;
        records.push(record);
    }
    progress.end();
    Ok(records)
}

fn compared(
    scenario: &Scenario,
    repetitions: u64,
    progress: &dyn Progress,
    is_wanted: &dyn Fn() -> bool,
) -> Result<Compared, FidelityError> {
    let subscribers = scenario.settings().subscribers.first().copied().unwrap_or(0);
    let plan = Plan::draw(scenario, subscribers, 0);
    let sockets =
        Sockets { unsent_bytes: Some(UNSENT_BYTES), segment_bytes: Some(SEGMENT_BYTES), leave_windows: false };
    let unread = repeated(&window::unread(&plan, WATCHED), sockets, 2, progress, is_wanted)?;
    let mut held: Vec<u64> = unread.iter().flat_map(|record| watched(record).map(|member| member.delivered)).collect();
    // The median below: equal sockets hold a few frames more or less, and one of them may be an outlier.
    held.sort_unstable();
    let held_frames = held.get(held.len() / 2).copied().unwrap_or(0);
    let model_bytes = window::holding(&plan, WATCHED, choice(), held_frames)?;
    let simulated = world::run(&window::with_window(&plan, WATCHED, model_bytes), choice())?;
    let real = repeated(&plan, sockets, repetitions, progress, is_wanted)?;
    let member = |index: usize| {
        let of = |record: &Record| record.subscribers[index].clone();
        member(&plan.classes[simulated.subscribers[index].class].name, index, &of(&simulated), real.iter().map(of))
    };
    Ok(Compared {
        plan: plan.scenario.clone(),
        question: scenario.settings().question.clone(),
        seed: plan.seed,
        events: plan.arrivals.len() as u64,
        window: Window { asked_bytes: plan.classes[WATCHED].window_bytes, held_frames: held, model_bytes },
        is_target: true,
        subscribers: (0..plan.subscribers.len()).map(member).collect(),
    })
}

fn watched(record: &Record) -> impl Iterator<Item = &SubscriberRecord> {
    record.subscribers.iter().filter(|subscriber| subscriber.class == WATCHED)
}

fn member(
    class: &str,
    id: usize,
    simulated: &SubscriberRecord,
    real: impl Iterator<Item = SubscriberRecord>,
) -> ComparedMember {
    let real: Vec<_> = real.collect();
    let ms = |at: Duration| at.as_secs_f64() * 1000.0;
    let lost: Vec<u64> = real.iter().map(|member| member.dropped.buffer_full).collect();
    ComparedMember {
        id,
        class: class.to_owned(),
        offered: simulated.offered,
        agrees: comparison::agrees(simulated.dropped.buffer_full, &lost),
        simulated_lost: simulated.dropped.buffer_full,
        real_lost: lost,
        simulated_first_loss_ms: simulated.first_drop_at.map(ms),
        real_first_loss_ms: real.iter().map(|member| member.first_drop_at.map(ms)).collect(),
    }
}
