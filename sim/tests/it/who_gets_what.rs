//! What a subscriber receives depends on its own reading, and on nobody else.

use hubbub::Overflow;
use hubbub_sim::internals::plan::{Reading, Stall};
use hubbub_sim::internals::record::{Observation, ObservationKind};
use hubbub_sim::internals::world::run_observed;

use crate::plans::{at, choice, ms, plan};

#[test]
fn a_burst_within_a_millisecond_loses_nothing_to_a_reader_that_would_have_drained_it() {
    let plan = plan(vec![Reading::AsItArrives], 1 << 16, 500, std::time::Duration::from_micros(10), 100);
    let record = at(&plan, 1);
    let subscriber = &record.subscribers[0];
    assert_eq!(subscriber.offered, 500);
    assert_eq!(subscriber.delivered, 500);
    assert_eq!(subscriber.received, 500);
    assert_eq!(subscriber.high_water, 1);
}

#[test]
fn a_witness_receives_the_same_whoever_else_is_there() {
    let witness = Reading::Stalls { stalls: vec![Stall { from: ms(150), lasts: ms(120) }] };
    let alone = at(&plan(vec![witness.clone()], 2000, 300, ms(1), 200), 8);
    let mut crowd = vec![witness];
    crowd.extend((0..40).map(|n| match n % 3 {
        0 => Reading::Never,
        1 => Reading::Rate { bytes_per_second: 1000 * (n + 1) },
        _ => Reading::AsItArrives,
    }));
    let crowded = at(&plan(crowd, 2000, 300, ms(1), 200), 8);
    assert_eq!(alone.subscribers[0].digest, crowded.subscribers[0].digest);
    assert!(alone.subscribers[0].dropped.buffer_full > 0, "the stall is long enough to lose something");
    assert!(crowded.subscribers[1].dropped.buffer_full > 0);
}

#[test]
fn a_slow_reader_gets_its_rate_and_no_more() {
    let plan = plan(vec![Reading::Rate { bytes_per_second: 10_000 }], 1000, 2000, ms(1), 100);
    let record = at(&plan, 4);
    // 2 s of arrivals and 2 s of drain, of which the mailbox and the window last a moment; a frame has 123 bytes.
    let expected = 10_000.0 * 2.0 / 123.0;
    let received = record.subscribers[0].received as f64;
    assert!((received / expected - 1.0).abs() < 0.1, "{received} of {expected}");
}

#[test]
fn the_same_plan_gives_the_same_digest_and_another_one_another() {
    let make = |events| plan(vec![Reading::AsItArrives, Reading::Never], 500, events, ms(1), 50);
    assert_eq!(at(&make(50), 2).digest, at(&make(50), 2).digest);
    assert_ne!(at(&make(50), 2).digest, at(&make(51), 2).digest);
}

#[test]
fn a_receipt_follows_its_flush_by_half_a_round_trip() {
    for round_trip_ms in [2, 3, 10, 40] {
        let mut plan = plan(vec![Reading::AsItArrives], 1 << 16, 50, ms(7), 100);
        plan.classes[0].round_trip = Some(ms(round_trip_ms));
        let record = at(&plan, 4);
        let class = &record.classes[0];
        assert_eq!(class.flush_us.max(), 0, "nothing holds up a flush");
        let half = ms(round_trip_ms).as_micros() as u64 / 2;
        let tick = half.next_multiple_of(1000);
        // A histogram keeps three digits.
        let least = class.receipt_us.min();
        let most = class.receipt_us.max();
        assert!(least == tick && most < tick + tick / 500, "{least} to {most} µs at {round_trip_ms} ms");
    }
}

#[test]
fn every_arrival_is_published_though_the_worker_is_slow_and_the_end_is_near() {
    let mut plan = plan(vec![Reading::AsItArrives; 3], 1 << 16, 30, ms(1), 100);
    plan.server.cpu = Some(hubbub_sim::internals::plan::CpuPlan::per_write(ms(10), ms(3)));
    for frames in [1, 64] {
        let record = at(&plan, frames);
        assert_eq!(record.unpublished, 0);
        assert!(record.subscribers.iter().all(|subscriber| subscriber.offered == 30), "K = {frames}");
        assert!(record.subscribers.iter().all(|subscriber| subscriber.in_flight == 0), "K = {frames}");
    }
    plan.server.cpu = Some(hubbub_sim::internals::plan::CpuPlan::per_write(ms(1000), ms(3)));
    let record = at(&plan, 64);
    assert!(record.unpublished > 20, "what a saturated server never published is counted: {}", record.unpublished);
}

#[test]
fn a_worker_that_keeps_a_client_waiting_does_not_cut_it_off_for_that() {
    let mut plan = plan(vec![Reading::AsItArrives; 4], 1 << 16, 3, ms(1), 100);
    plan.server.cpu = Some(hubbub_sim::internals::plan::CpuPlan::per_write(ms(1), ms(150)));
    plan.server.write_deadline = ms(200);
    plan.drain = ms(5000);
    let record = at(&plan, 8);
    assert!(record.subscribers.iter().all(|subscriber| subscriber.dropped.evicted == 0 && subscriber.received == 3));
}

#[test]
fn an_uneven_rate_at_a_time_scale_gives_the_same_as_at_none() {
    let reading = Reading::Rate { bytes_per_second: 14_321 };
    let mut plan = plan(vec![reading], 3000, 600, ms(3), 150);
    let plain = at(&plan, 4).subscribers[0].clone();
    plan.time_scale = 7;
    let scaled = at(&plan, 4).subscribers[0].clone();
    assert!(plain.dropped.buffer_full > 100);
    assert!(plain.received.abs_diff(scaled.received) <= 2, "{} and {}", plain.received, scaled.received);
}

#[test]
fn nothing_is_received_before_the_worker_has_done_its_delivery() {
    let mut plan = plan(vec![Reading::AsItArrives; 5], 1 << 16, 60, ms(10), 100);
    plan.server.cpu = Some(hubbub_sim::internals::plan::CpuPlan::per_write(ms(0), ms(3)));
    let (_, observations) = run_observed(&plan, choice(8, Overflow::DropNewest)).unwrap();
    let mut received = 0;
    for (subscriber, sequence, at) in observations.iter().filter_map(|seen| match seen.what {
        ObservationKind::Received { sequence } => Some((seen.subscriber, sequence, seen.at)),
        _ => None,
    }) {
        let is_flush =
            |seen: &&Observation| seen.subscriber == subscriber && seen.what == ObservationKind::Flushed { sequence };
        let flushed = observations.iter().find(is_flush).map(|seen| seen.at);
        assert!(flushed.is_some_and(|flushed| flushed + ms(1) <= at), "{sequence}: {flushed:?}, received {at:?}");
        received += 1;
    }
    assert!(received > 100, "{received}");
}
