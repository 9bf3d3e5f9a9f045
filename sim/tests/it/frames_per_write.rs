//! Frames that share a write: nothing is lost, flushed or received otherwise, and the CPU has less to do.

use hubbub::server::MAX_FRAMES_PER_WRITE;
use hubbub::{Overflow, PushOutcome};
use hubbub_sim::internals::laws::{Case, audit};
use hubbub_sim::internals::plan::{CpuPlan, Plan, Reading};
use hubbub_sim::internals::record::{Observation, ObservationKind};
use hubbub_sim::internals::world::run_observed;

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
fn before_the_first_loss_k_frames_wait_and_one_is_in_flight_however_many_share_a_write() {
    // Bursts that come while the server is at work, so that several frames wait when a write is made.
    let mut bursts = plan(vec![Reading::Never], 0, 400, ms(1), 100);
    bursts.arrivals.iter_mut().enumerate().for_each(|(n, arrival)| arrival.at = ms(100 + 50 * (n as u64 / 40)));
    let micros = std::time::Duration::from_micros;
    bursts.server.cpu = Some(CpuPlan::per_write(micros(2), micros(200)));
    for frames_per_write in [1, 2, 16, MAX_FRAMES_PER_WRITE] {
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
            let in_flight = offered - flushed_at(&observations[..first]).len() - 64;
            assert_eq!(in_flight, 1, "{frames_per_write} frames in a write, window {window_bytes}");
        }
    }
}

#[test]
fn a_frame_is_flushed_when_it_has_gone_and_not_when_those_behind_it_have() {
    let plan = plan(vec![SLOW], 2000, 300, ms(2), 100);
    // Losses are among the observations, with the small mailbox.
    for frames in [20, 400] {
        let alone = observed(&plan, frames);
        for frames_per_write in [2, 16, MAX_FRAMES_PER_WRITE] {
            assert_eq!(observed(&with(frames_per_write, &plan), frames), alone, "{frames_per_write} frames a write");
        }
    }
}

#[test]
fn a_write_costs_the_cpu_its_own_work_and_that_of_each_frame_in_it() {
    let mut plan = with(16, &plan(vec![Reading::AsItArrives], 65_536, 12, ms(0), 100));
    plan.server.cpu = Some(CpuPlan { frame: ms(1), ..CpuPlan::per_write(ms(0), ms(10)) });
    let flushed: Vec<_> = flushed_at(&observed(&plan, 64)).into_iter().map(|(_, at)| at).collect();
    // The first is alone, and so is the second: it is published when the CPU has done the first write, before all others.
    let alone = ms(10 + 1);
    assert_eq!(flushed[..2], [ms(100) + alone, ms(100) + 2 * alone]);
    assert_eq!(flushed[2..], [ms(100) + 2 * alone + ms(10 + 10); 10], "ten share a write");
}

#[test]
fn a_fast_reader_sees_no_difference() {
    let plan = plan(vec![Reading::AsItArrives], 65_536, 100, ms(3), 400);
    let alone = observed(&plan, 4);
    let shared = observed(&with(16, &plan), 4);
    assert_eq!(alone, shared);
}

#[test]
fn the_exact_size_is_the_same_however_many_frames_share_a_write() {
    let plan = plan(vec![SLOW], 2000, 300, ms(2), 100);
    let size = |plan: &Plan| at(plan, 1 << 20).subscribers[0].high_water as usize;
    let alone = size(&plan);
    for frames_per_write in [2, 16, MAX_FRAMES_PER_WRITE] {
        let plan = with(frames_per_write, &plan);
        let high_water = size(&plan);
        assert_eq!(high_water, alone, "{frames_per_write} frames a write");
        assert_eq!(at(&plan, high_water).subscribers[0].dropped.total(), 0);
        assert!(at(&plan, high_water - 1).subscribers[0].dropped.total() > 0);
    }
}
