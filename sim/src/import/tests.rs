use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::*;
use hubbub::{Capacity, Hub, HubSettings, Overflow, Pattern, Topic};

use crate::plan::Plan;
use crate::world::{HubChoice, run};

struct Silent;

impl Progress for Silent {
    fn begin(&self, _: &str, _: u64) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}
}

/// 500 events of 500 B in a second, and a viewer that lost some of them.
fn counters() -> Counters {
    Counters {
        name: "counted".into(),
        events_per_second: 2.0,
        burst_events: 500,
        burst_seconds: 1.0,
        frame_bytes: 500,
        viewers: 3,
        buffer: 32,
        policy: Overflow::DropNewest,
        window_seconds: 2.0,
        dropped: 200,
        dropped_by: DroppedBy::One,
        round_trip_ms: 20.0,
        window_bytes: 16_384,
    }
}

fn imported(counters: &Counters) -> Imported {
    import(counters, 2, &Silent).unwrap()
}

fn refused(counters: &Counters) -> String {
    let complaint = import(counters, 2, &Silent).unwrap_err().to_string();
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    complaint
}

/// What each viewer loses in a run of the scenario that was made, all viewers in it.
fn losses(counters: &Counters, text: &str, seed: u64) -> Vec<u64> {
    let scenario = Scenario::parse("made", text).unwrap();
    let plan = Plan::draw(&scenario, counters.viewers, seed);
    let capacity = Capacity::new(usize::try_from(counters.buffer).unwrap()).unwrap();
    let record = run(&plan, HubChoice { capacity, overflow: scenario.settings().server.policy }).unwrap();
    record.subscribers.iter().map(|viewer| viewer.dropped.buffer_full).collect()
}

fn mean(of: impl Fn(u64) -> u64) -> f64 {
    (0..SEEDS).map(of).sum::<u64>() as f64 / SEEDS as f64
}

#[test]
fn the_scenario_that_is_made_loses_what_the_import_says_and_the_others_keep_up() {
    for policy in [Overflow::DropNewest, Overflow::DropOldest] {
        let counters = Counters { policy, ..counters() };
        let imported = imported(&counters);
        assert!(imported.residual.relative.unwrap().abs() < 0.01, "{:?}", imported.residual);
        assert_eq!(mean(|seed| losses(&counters, &imported.text, seed)[0]), imported.simulated.dropped);
        assert_eq!(losses(&counters, &imported.text, 0)[1..], [0, 0]);
        let DrainRate { bytes_per_second, least, most, .. } = imported.drain_rate;
        assert!(least <= bytes_per_second && most.is_some_and(|most| bytes_per_second <= most));
    }
}

#[test]
fn a_drain_rate_that_was_set_is_found_again_within_a_percent() {
    for bytes_per_second in [60_000, 155_555] {
        let made = text::scenario(&counters(), bytes_per_second, "");
        let lost = mean(|seed| losses(&counters(), &made, seed)[0]).round() as u64;
        let found = imported(&Counters { dropped: lost, ..counters() }).drain_rate;
        let off = found.bytes_per_second as f64 / bytes_per_second as f64 - 1.0;
        assert!(off.abs() < 0.01, "{bytes_per_second}, {lost} lost: {found:?}");
    }
}

#[test]
fn losses_of_all_viewers_in_sum_are_those_of_alike_ones() {
    let of_one = imported(&Counters { viewers: 1, ..counters() });
    let all = Counters { dropped: 3 * 200, dropped_by: DroppedBy::All, ..counters() };
    let of_all = imported(&all);
    assert_eq!(of_all.drain_rate, of_one.drain_rate);
    assert_eq!(of_all.simulated.dropped, 3.0 * of_one.simulated.dropped);
    assert_eq!(mean(|seed| losses(&all, &of_all.text, seed).iter().sum()), of_all.simulated.dropped);
}

#[test]
fn only_losses_within_the_window_are_counted() {
    let half = imported(&Counters { window_seconds: 0.5, dropped: 100, ..counters() });
    let slower = half.drain_rate.bytes_per_second;
    let whole = (0..SEEDS).map(|seed| losses(&counters(), &half.text, seed)[0]).min();
    assert!(whole > Some(200), "at {slower} B/s, which lose 100 in the first half second");
    assert!((245.0..260.0).contains(&half.simulated.offered), "{}", half.simulated.offered);
}

#[test]
fn nothing_lost_gives_the_slowest_rate_that_loses_nothing_as_a_lower_bound() {
    let imported = imported(&Counters { dropped: 0, ..counters() });
    let DrainRate { bytes_per_second, least, most, .. } = imported.drain_rate;
    assert_eq!((bytes_per_second, most, imported.residual.relative), (least, None, None));
    assert_eq!(imported.simulated.most, 0);
    assert!(imported.text.contains("a lower bound"));
    let slower = text::scenario(&counters(), least - 1, "");
    assert!((0..SEEDS).any(|seed| losses(&counters(), &slower, seed)[0] > 0));
}

#[test]
fn losses_that_no_drain_rate_explains_are_refused_with_the_reason() {
    let dropped = |dropped| Counters { dropped, ..counters() };
    assert!(refused(&dropped(1000)).contains("more than the 504 frames that a viewer is offered"));
    assert!(refused(&dropped(u64::MAX)).contains("more than the"));
    assert!(refused(&dropped(490)).contains("read nothing at all"));
    let narrow = Counters { window_bytes: 1000, ..dropped(10) };
    assert!(refused(&narrow).contains("--window-bytes and --round-trip-ms alone lose"));
}

#[test]
fn a_value_that_cannot_be_is_named_by_its_option() {
    for (counters, what) in [
        (Counters { burst_seconds: 0.0, ..counters() }, "--burst-seconds = 0: must be a number above 0"),
        (Counters { window_seconds: f64::NAN, ..counters() }, "--window-seconds = NaN"),
        (Counters { window_seconds: 1e300, ..counters() }, "--burst-seconds or --window-seconds: duration_seconds"),
        (Counters { events_per_second: f64::INFINITY, ..counters() }, "--events-per-second = inf"),
        (Counters { events_per_second: -1.0, ..counters() }, "--events-per-second: arrivals.background"),
        (Counters { frame_bytes: 20, ..counters() }, "--frame-bytes = 20: must be more than"),
        (Counters { frame_bytes: 1 << 40, ..counters() }, "--frame-bytes: payload.bytes"),
        (Counters { burst_events: 0, ..counters() }, "--burst-events: arrivals.events = 0"),
        (Counters { burst_events: u64::MAX, ..counters() }, "18446744073709551615"),
        (Counters { burst_seconds: 1e-9, ..counters() }, "--burst-events over --burst-seconds"),
        (Counters { viewers: 0, ..counters() }, "--viewers: subscribers[0] = 0"),
        (Counters { buffer: 0, ..counters() }, "--buffer: buffers["),
        (Counters { policy: Overflow::Disconnect, ..counters() }, "--policy = disconnect: must be drop-newest or"),
        (Counters { round_trip_ms: 1.0, ..counters() }, "--round-trip-ms: class[0].round_trip_ms = 1"),
        (Counters { window_bytes: 0, ..counters() }, "--window-bytes: class[0].window_bytes = 0"),
        (Counters { name: "A\nb".into(), ..counters() }, "--name: name = "),
    ] {
        let complaint = refused(&counters);
        assert!(complaint.contains(what), "{complaint}");
    }
}

#[test]
fn the_framing_is_that_of_the_wire() {
    let counters = Counters { burst_events: 1, ..counters() };
    let payload_bytes = counters.frame_bytes - text::framing_bytes(&counters);
    let payload = vec![b'x'; usize::try_from(payload_bytes).unwrap()];
    let (capacity, overflow) = (Capacity::new(1).unwrap(), Overflow::DropNewest);
    let hub = Hub::new(HubSettings { epoch: 7, capacity, overflow });
    let subscription = hub.subscribe(&[Pattern::new("t").unwrap()]);
    hub.publish(Duration::ZERO, &Topic::new("t").unwrap(), payload.into());
    let Poll::Ready(Some(event)) = subscription.poll_take(&mut Context::from_waker(Waker::noop())) else { panic!() };
    let framed = hubbub::frame::sse::event(&event).len();
    let chunk = format!("{framed:x}\r\n\r\n").len();
    assert_eq!((framed + chunk) as u64, counters.frame_bytes);
}
