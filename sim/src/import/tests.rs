use std::time::Duration;

use super::*;
use hubbub::{Capacity, Hub, HubSettings, Overflow, Pattern, Topic};

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
        let complaint = counters.check().unwrap_err().to_string();
        assert_eq!(complaint.lines().count(), 1, "{complaint}");
        assert!(complaint.contains(what), "{complaint}");
    }
}

#[test]
fn the_framing_is_that_of_the_wire() {
    let counters = Counters { burst_events: 1, ..counters() };
    let payload_bytes = counters.frame_bytes - text::framing_bytes(&counters);
    let payload = vec![b'x'; usize::try_from(payload_bytes).unwrap()];
    let (capacity, overflow) = (Capacity::new(1).unwrap(), Overflow::DropNewest);
    let hub = Hub::new(HubSettings { epoch: crate::plan::FIRST_EPOCH, capacity, overflow });
    let mut subscription = hub.subscribe(&[Pattern::new("t").unwrap()]).open().unwrap();
    hub.publish(Duration::ZERO, &Topic::new("t").unwrap(), payload);
    let framed = hubbub::frame::sse::event(&subscription.try_recv().unwrap().event).len();
    let chunk = format!("{framed:x}\r\n\r\n").len();
    assert_eq!((framed + chunk) as u64, counters.frame_bytes);
}

#[test]
fn the_counted_buffer_is_the_scenarios_current_one() {
    let text = text::scenario(&counters(), 1000, "");
    assert_eq!(Scenario::parse("counted", &text).unwrap().settings().current_buffer, Some(32));
}
