//! Pruning: one plan at many buffers, with only those run again whom a buffer touches.
//!
//! Where nothing is shared, a subscriber whose mailbox never held more than K frames lives with a mailbox of K as it did
//! without a bound. What they have in common all the same, the bytes of events alive at once, is put together from what
//! each of them held and when. Exact to the last digit or not at all: where a plan gives any reason to doubt, it is run
//! whole. Knows nothing of sweeps and files.

mod assembly;
mod memory;
mod part;

use std::time::Duration;

use hubbub::{Capacity, Overflow};

use crate::plan::{FaultKind, Form, HubChoice, Plan};
use crate::record::Record;
use crate::summary::run::{Latencies, RunSummary};
use crate::transport::Transport;
use crate::world::{self, WorldError};
use part::RunWithLives;

/// Frames times subscribers, at most: each takes 20 bytes while its plan is run.
const MOST_FRAMES: usize = 1 << 22;

/// A run at most: microseconds are kept in 32 bits.
const LONGEST: Duration = Duration::from_secs(3600);

/// How long before the sources end everybody must have connected, beside two round trips.
const TIME_TO_CONNECT: Duration = Duration::from_millis(50);

/// One run, condensed.
pub type Condensed = (RunSummary, Latencies);

/// The runs of one plan.
#[derive(Debug)]
pub struct Runs {
    /// With mailboxes that never overflow.
    pub unbounded: Condensed,
    /// At buffers that are smaller than what some subscribers, but not all, need: those that could be pruned.
    pub at: Vec<(u64, Condensed)>,
}

/// Runs a plan without a bound, and at those of the buffers at which only some of its subscribers need be run again.
///
/// # Errors
/// The first failure of a world.
pub fn runs(plan: &Plan, overflow: Overflow, buffers: &[u64]) -> Result<Runs, WorldError> {
    if buffers.is_empty() || !is_independent(plan, overflow) {
        // Where a CPU or a path is shared, it matters how many frames share a write, and so whether a policy removes any.
        let overflow = if overflow.removes_waiting() { Overflow::DropOldest } else { Overflow::DropNewest };
        let choice = HubChoice { capacity: Capacity::UNBOUNDED, overflow };
        return Ok(Runs { unbounded: RunSummary::of(plan.seed, world::run(plan, choice)?), at: Vec::new() });
    }
    // Any policy would do, since every frame fits. This one needs no history and ends no stream.
    let unbounded = RunWithLives::of(plan, Capacity::UNBOUNDED, Overflow::DropNewest)?;
    let mut at = Vec::new();
    for buffer in buffers {
        if let Some(record) = pruned(plan, &unbounded, overflow, *buffer)? {
            at.push((*buffer, RunSummary::of(plan.seed, record)));
        }
    }
    Ok(Runs { unbounded: RunSummary::of(plan.seed, unbounded.record), at })
}

/// The record of a plan at a buffer, if it can be had for less than the whole run.
fn pruned(
    plan: &Plan,
    unbounded: &RunWithLives,
    overflow: Overflow,
    buffer: u64,
) -> Result<Option<Record>, WorldError> {
    let is_touched = |index: usize| unbounded.record.subscribers[index].high_water > buffer;
    let touched = (0..plan.subscribers.len()).filter(|index| is_touched(*index)).count();
    let capacity = usize::try_from(buffer).ok().and_then(Capacity::new);
    // Where nobody is touched, the unbounded run stands in; where everybody is, there is nothing to save.
    let Some(capacity) = capacity.filter(|_| touched > 0 && touched < plan.subscribers.len()) else { return Ok(None) };
    if unbounded.lives.has_end {
        return Ok(None);
    }
    let again = RunWithLives::of(&plan.with_only(is_touched), capacity, overflow)?;
    // Asked again: the parts that are run anew may have other ends than they had without a limit.
    if again.lives.has_end {
        return Ok(None);
    }
    // `with_only` keeps the order of the subscribers, so the next part belongs to the next one that is touched.
    let mut places = 0..;
    let parts = (0..plan.subscribers.len()).map(|index| match is_touched(index) {
        true => again.part(places.next().unwrap_or_default()),
        false => unbounded.part(index),
    });
    Ok(assembly::assembled(plan, &parts.collect::<Vec<_>>()))
}

/// Whether a full mailbox ends no stream, and takes nothing from elsewhere.
fn keeps_streams(overflow: Overflow) -> bool {
    match overflow {
        Overflow::DropNewest | Overflow::DropOldest => true,
        // What conflation cannot help is cut off; and who is parked gets what follows from elsewhere.
        Overflow::Disconnect | Overflow::Conflate | Overflow::Park => false,
    }
}

/// Whether subscribers have nothing to do with one another, and no stream is to end. That none does end shows in the
/// run.
///
/// A run ends when nothing is left to do, or after the drain. So what happens to a subscriber who has everything must
/// not depend on how long others take: everybody has connected before the sources end, and a connection that makes no
/// progress from then on is not cut off before the drain is over.
fn is_independent(plan: &Plan, overflow: Overflow) -> bool {
    let is_of_a_reader = |harm: &FaultKind| match harm {
        FaultKind::ReaderStalls { .. } | FaultKind::ReaderTrickles { .. } | FaultKind::ReaderStops { .. } => true,
        FaultKind::LinkHeld { .. }
        | FaultKind::Partition { .. }
        | FaultKind::ClientDies { .. }
        | FaultKind::ServerRestarts { .. }
        | FaultKind::ClassLeaves { .. } => false,
    };
    let stays = plan.subscribers.iter().all(|subscriber| {
        let round_trip = plan.classes[subscriber.class].round_trip.unwrap_or_default();
        let connected_at = subscriber.connect_at + 2 * round_trip + TIME_TO_CONNECT;
        subscriber.leave_at.is_none() && connected_at < plan.duration
    });
    // A CPU is shared: a frame more for one subscriber delays the others.
    plan.server.cpu.is_none()
        // A history gives a subscriber what its mailbox did not hold, and the moments of that depend on the buffer.
        && plan.server.recovery.is_none()
        // A connection over a path may time out, and how long others take decides whether it does before the run ends.
        && plan.classes.iter().all(|class| class.path.is_none())
        // What a frame takes in memory is known of this form.
        && plan.server.transport == Transport::Sse
        && plan.all_selected().iter().all(|selected| selected.form() == Form::Plain)
        // With fewer subscribers an id is another one's.
        && !plan.depends_on_ids()
        && keeps_streams(overflow)
        && plan.faults.iter().all(|fault| is_of_a_reader(&fault.harm))
        && stays
        && plan.server.write_deadline >= plan.drain
        && plan.duration + plan.drain <= LONGEST
        && plan.subscribers.len() * plan.arrivals.len() <= MOST_FRAMES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_on_fidelity_names_the_policies_whose_runs_are_pruned_and_no_others() {
        let page = include_str!("../../docs/fidelity.md");
        let condition = page.lines().find(|line| line.starts_with("- The policy is ")).unwrap();
        for policy in Overflow::ALL {
            assert_eq!(condition.contains(&format!("`{policy}`")), keeps_streams(policy), "{policy}: {condition}");
        }
    }
}
