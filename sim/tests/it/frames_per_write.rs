//! Frames that share a write: how many are beyond the buffer, when each is flushed, and what that changes.

use hubbub::server::MAX_FRAMES_PER_WRITE;
use hubbub::{Overflow, PushOutcome};
use hubbub_sim::laws::{Case, audit};
use hubbub_sim::plan::{CpuPlan, Plan, Reading};
use hubbub_sim::record::{Observation, ObservationKind};
use hubbub_sim::world::run_observed;

use crate::plans::{at, choice, ms, plan};

const SLOW: Reading = Reading::Rate { bytes_per_second: 20_000 };

fn with(frames_per_write: usize, plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    plan.server.frames_per_write = frames_per_write;
    plan
}

fn observed(plan: &Plan, frames: usize) -> Vec<Observation> {
    let (record, observations) = run_observed(plan, choice(frames, Overflow::DropNewest)).unwrap();
    let case = Case { plan: plan.clone(), frames, overflow: Overflow::DropNewest };
    audit(&case, &record, &observations).map(drop).unwrap_or_else(|broken| panic!("{broken:?}"));
    observations
}

/// When each event was flushed, in order.
fn flushed_at(observations: &[Observation]) -> Vec<(u64, std::time::Duration)> {
    let flushed = observations.iter().filter_map(|observation| match observation.what {
        ObservationKind::Flushed { sequence } => Some((sequence, observation.at)),
        _ => None,
    });
    flushed.collect()
}

#[test]
fn before_the_first_loss_k_frames_wait_and_those_of_one_write_are_in_flight_at_most() {
    // Bursts that come while the server is at work, so that several frames wait when a write is made.
    let mut bursts = plan(vec![Reading::Never], 0, 400, ms(1), 100);
    bursts.arrivals.iter_mut().enumerate().for_each(|(n, arrival)| arrival.at = ms(100 + 50 * (n as u64 / 40)));
    let micros = std::time::Duration::from_micros;
    bursts.server.cpu = Some(CpuPlan { publish: micros(2), delivery: micros(200) });
    for frames_per_write in [1, 2, 16, MAX_FRAMES_PER_WRITE] {
        let mut in_flight = Vec::new();
        for window_bytes in (3000..7000).step_by(93) {
            let mut plan = with(frames_per_write, &bursts);
            plan.classes[0].window_bytes = window_bytes;
            let observations = observed(&plan, 64);
            let is_loss =
                |observation: &&Observation| matches!(observation.what.outcome(), Some(PushOutcome::Refused { .. }));
            let first = observations.iter().position(|observation| is_loss(&observation)).expect("a loss");
            let offered = observations[..first]
                .iter()
                .filter(|it| matches!(it.what.outcome(), Some(PushOutcome::Queued { .. })))
                .count();
            in_flight.push(offered - flushed_at(&observations[..first]).len() - 64);
        }
        let least = in_flight.iter().min().unwrap();
        let most = in_flight.iter().max().unwrap();
        assert_eq!(*least, 1, "{in_flight:?}");
        assert_eq!(*most, frames_per_write, "{in_flight:?}");
    }
}

#[test]
fn a_frame_is_flushed_when_it_has_gone_and_not_when_those_behind_it_have() {
    let plan = plan(vec![SLOW], 2000, 300, ms(2), 100);
    let alone = flushed_at(&observed(&plan, 400));
    for frames_per_write in [2, 16, MAX_FRAMES_PER_WRITE] {
        let shared = flushed_at(&observed(&with(frames_per_write, &plan), 400));
        assert_eq!(shared.len(), alone.len());
        for ((sequence, at), (_, alone_at)) in shared.iter().zip(&alone) {
            // Sooner by what 20,000 B/s make of the ends of chunks that are saved, 6 B a frame, and by one step of half
            // a window, in which the reader tells of room.
            let sooner = alone_at.checked_sub(*at).unwrap_or_else(|| panic!("{sequence}: {at:?} after {alone_at:?}"));
            let saved = ms(sequence * 6 / 20 + 1000 / 20 + 2);
            assert!(sooner <= saved, "{sequence}: {at:?}, alone {alone_at:?}, {frames_per_write} frames a write");
        }
    }
}

#[test]
fn a_fast_reader_sees_no_difference() {
    let plan = plan(vec![Reading::AsItArrives], 65_536, 100, ms(3), 400);
    let alone = observed(&plan, 4);
    let shared = observed(&with(16, &plan), 4);
    assert_eq!(alone, shared);
}

#[test]
fn the_exact_size_is_that_of_the_setting_and_smaller_by_less_than_the_frames_of_a_write() {
    let plan = plan(vec![SLOW], 2000, 300, ms(2), 100);
    let size = |plan: &Plan| at(plan, 1 << 20).subscribers[0].high_water as usize;
    let alone = size(&plan);
    for frames_per_write in [2, 16, MAX_FRAMES_PER_WRITE] {
        let plan = with(frames_per_write, &plan);
        let high_water = size(&plan);
        assert!((alone - frames_per_write - 2..=alone).contains(&high_water), "{high_water} of {alone}");
        assert_eq!(at(&plan, high_water).subscribers[0].dropped.total(), 0);
        assert!(at(&plan, high_water - 1).subscribers[0].dropped.total() > 0);
    }
}
