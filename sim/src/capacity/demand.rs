//! What an audience asks of a node for each viewer: events, and bytes on the wire, on average and in the busiest time.

use std::time::Duration;

use crate::plan::Plan;
use crate::specified::bytes_on_the_wire;

/// Rates of one stream.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Demand {
    /// Events published.
    pub(super) events_per_second: f64,
    /// Events that one viewer is sent, on the mean over all of them.
    pub(super) delivered_per_second: f64,
    /// Bytes of payload published.
    pub(super) published_bytes_per_second: f64,
    /// Bytes that one viewer is sent, with what the transport, TCP and IP add, on the mean over all of them.
    pub(super) sent_bytes_per_second: f64,
}

/// Sums over a stretch of a plan.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    events: u64,
    delivered: f64,
    published: u64,
    sent: u64,
}

impl Sums {
    fn per(self, time: Duration) -> Demand {
        let per_second = |sum: u64| if time.is_zero() { 0.0 } else { sum as f64 / time.as_secs_f64() };
        Demand {
            events_per_second: per_second(self.events),
            delivered_per_second: if time.is_zero() { 0.0 } else { self.delivered / time.as_secs_f64() },
            published_bytes_per_second: per_second(self.published),
            sent_bytes_per_second: per_second(self.sent),
        }
    }
}

/// The mean rates over all plans, and the highest of each rate over any stretch of `busiest`.
pub(super) fn of(plans: impl Iterator<Item = Plan>, busiest: Duration) -> (Demand, Demand) {
    let (mut all, mut time, mut most) = (Sums::default(), Duration::ZERO, Sums::default());
    for plan in plans {
        time += plan.duration;
        let sent = bytes_on_the_wire(&plan);
        // Parts of the audience are summed up, and all of it is exactly one.
        let audiences = plan.audiences();
        let delivered = |place: usize| audiences[usize::from(plan.arrivals[place].table)];
        let mut stretch = Sums::default();
        let mut first = 0;
        for (place, (arrival, bytes)) in plan.arrivals.iter().zip(&sent).enumerate() {
            let published = u64::from(arrival.payload_bytes);
            for sums in [&mut all, &mut stretch] {
                sums.events += 1;
                sums.delivered += delivered(place);
                sums.published += published;
                sums.sent += bytes;
            }
            while arrival.at.saturating_sub(plan.arrivals[first].at) >= busiest {
                stretch.events -= 1;
                stretch.delivered -= delivered(first);
                stretch.published -= u64::from(plan.arrivals[first].payload_bytes);
                stretch.sent -= sent[first];
                first += 1;
            }
            most.events = most.events.max(stretch.events);
            most.delivered = most.delivered.max(stretch.delivered);
            most.published = most.published.max(stretch.published);
            most.sent = most.sent.max(stretch.sent);
        }
    }
    (all.per(time), most.per(busiest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;

    #[test]
    fn the_busiest_rate_is_that_of_the_fullest_stretch_of_any_run() {
        let scenario = Scenario::named("alpha").expect("a built-in scenario");
        let mut plan = Plan::draw(&scenario, 1, 0);
        plan.duration = Duration::from_secs(60);
        plan.arrivals.truncate(20);
        for (index, arrival) in (0u64..).zip(&mut plan.arrivals) {
            // One event every two seconds, and from the tenth on one every half second.
            let at_ms = if index < 10 { index * 2000 } else { 20_000 + (index - 10) * 500 };
            (arrival.at, arrival.payload_bytes) = (Duration::from_millis(at_ms), 1000);
        }
        let (mean, busiest) = of(std::iter::once(plan), Duration::from_secs(5));
        assert_eq!((mean.events_per_second, mean.published_bytes_per_second), (20.0 / 60.0, 20_000.0 / 60.0));
        assert_eq!((busiest.events_per_second, busiest.published_bytes_per_second), (2.0, 2000.0));
        // Each event is one segment: payload, the frame's lines, the chunk's head and the headers.
        let overhead = busiest.sent_bytes_per_second / busiest.events_per_second - 1000.0;
        assert!((80.0..120.0).contains(&overhead), "{overhead} B beside the payload");
    }
}
