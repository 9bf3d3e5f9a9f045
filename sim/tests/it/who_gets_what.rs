//! What a subscriber receives depends on its own reading, and on nobody else.

use hubbub_sim::plan::{Reading, Stall};

use crate::plans::{at, ms, plan};

#[test]
fn a_burst_within_a_millisecond_loses_nothing_to_a_reader_that_would_have_drained_it() {
    let plan = plan(vec![Reading::AsItArrives], 1 << 16, 500, std::time::Duration::from_micros(10), 100);
    let record = at(&plan, 1);
    let subscriber = &record.subscribers[0];
    assert_eq!((subscriber.offered, subscriber.delivered, subscriber.received), (500, 500, 500));
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
