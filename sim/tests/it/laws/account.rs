//! The account: no frame is unaccounted for, at any step; what is lost is what the policy says, and in order.

use std::time::Duration;

use hubbub::Overflow;
use hubbub::transport::FRAMES_IN_FLIGHT;
use hubbub_sim::ledger::{Ledger, Sums};
use hubbub_sim::plan::{Plan, Reading};
use hubbub_sim::record::{Observation, Record};
use proptest::prelude::*;

use super::campaign::{Verdict, holds, observed};
use super::cases::{Case, any_case};
use crate::plans;

/// More than the frame of an event has beside its payload: `id:`, `data:`, line ends.
const FRAME_OVERHEAD_BYTES: u64 = 40;

/// Checks every observation of a run; returns the sums of all subscribers.
pub(super) fn audit(case: &Case, record: &Record, observations: &[Observation]) -> Result<Vec<Sums>, TestCaseError> {
    let mut ledgers: Vec<_> = record.subscribers.iter().map(|_| Ledger::new(case.frames, case.overflow)).collect();
    for Observation { at, subscriber, what } in observations {
        let taken = ledgers[*subscriber].take(*what);
        taken.map_err(|why| TestCaseError::fail(format!("subscriber {subscriber} at {at:?}: {why}")))?;
    }
    let closed = ledgers.into_iter().zip(&record.subscribers).enumerate().map(|(index, (ledger, subscriber))| {
        ledger.close(subscriber).map_err(|why| TestCaseError::fail(format!("subscriber {index}: {why}")))
    });
    closed.collect()
}

#[test]
fn every_frame_is_accounted_for_at_every_step_and_lost_only_as_the_policy_says() {
    holds(96, any_case(), |case| {
        let (record, observations) = observed(&case.plan, case.choice())?;
        audit(&case, &record, &observations).map(drop)
    });
}

/// All of it but the line end of its chunk had been accepted: 2 bytes short of delivered. So the count of losses is an
/// upper bound, by one frame a stream that ends.
#[test]
fn a_frame_in_flight_when_its_stream_is_cut_off_may_be_read_and_counts_as_lost() {
    let to_the_byte = 1522 * 3 / 2 - 1;
    let mut plan = plans::plan(vec![Reading::AsItArrives], to_the_byte, 6, plans::ms(1), 1499);
    plan.arrivals.iter_mut().for_each(|arrival| arrival.at += Duration::from_micros(571));
    let case = Case { plan, frames: 1, overflow: Overflow::Disconnect };
    let (record, observations) = observed(&case.plan, case.choice()).unwrap();
    let sums = audit(&case, &record, &observations).unwrap();
    assert_eq!((sums[0].evicted, sums[0].read_and_lost), (2, 1), "{observations:?}");
}

#[test]
fn every_arrival_is_published_once() {
    holds(48, any_case(), |mut case| {
        case.plan.drain = super::liveness::time_to_drain(&case.plan, case.frames);
        let (record, _) = observed(&case.plan, case.choice())?;
        prop_assert_eq!(record.unpublished, 0);
        Ok(())
    });
}

#[test]
fn no_mailbox_is_deeper_than_its_size_and_payloads_take_no_more_memory_than_all_mailboxes_hold() {
    holds(48, any_case(), depth_and_memory);
}

fn depth_and_memory(case: Case) -> Verdict {
    let (record, _) = observed(&case.plan, case.choice())?;
    for subscriber in &record.subscribers {
        prop_assert!(subscriber.high_water <= case.frames as u64, "{} waiting", subscriber.high_water);
    }
    let most = most_pinned_bytes(&case.plan, case.frames);
    prop_assert!(record.peak_pinned_bytes <= most, "{} B, and at most {most}", record.peak_pinned_bytes);
    Ok(())
}

/// Each distinct event is kept once with its frame, and by nobody but mailboxes, those in flight, and its publisher.
fn most_pinned_bytes(plan: &Plan, frames: usize) -> u64 {
    let events = (frames + FRAMES_IN_FLIGHT) * plan.subscribers.len() + 1;
    let mut sizes: Vec<_> = plan.arrivals.iter().map(|arrival| u64::from(arrival.payload_bytes)).collect();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    sizes.iter().take(events).map(|payload| 2 * payload + FRAME_OVERHEAD_BYTES).sum()
}
