//! One server with finite room, frame by frame: the reference that the whole stack is compared with.

use std::collections::VecDeque;
use std::time::Duration;

/// When the service of each arrival ends, `None` for one that finds no room. `service` is the time of the arrival of
/// that index. Frames are served in order of arrival; a place is free again at the very instant in which a service ends.
///
/// It is Lindley's recursion (*Proc. Cambridge Phil. Soc.* 48 (1952), 277–289) over those that were accepted.
pub fn fates(
    arrivals: impl IntoIterator<Item = Duration>,
    service: impl Fn(usize) -> Duration,
    places: usize,
) -> Vec<Option<Duration>> {
    let mut ends = VecDeque::with_capacity(places);
    let fate = |(index, arrival): (usize, Duration)| {
        while ends.front().is_some_and(|end| *end <= arrival) {
            ends.pop_front();
        }
        if ends.len() == places {
            return None;
        }
        let end = ends.back().map_or(arrival, |last: &Duration| arrival.max(*last)) + service(index);
        ends.push_back(end);
        Some(end)
    };
    arrivals.into_iter().enumerate().map(fate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_burst_fills_the_places_and_the_rest_is_lost() {
        let ends = fates([ms(0); 4], |_| ms(10), 2);
        assert_eq!(ends, [Some(ms(10)), Some(ms(20)), None, None]);
    }

    #[test]
    fn a_place_is_free_at_the_instant_in_which_a_service_ends() {
        let ends = fates([ms(0), ms(10), ms(19), ms(20)], |_| ms(10), 1);
        assert_eq!(ends, [Some(ms(10)), Some(ms(20)), None, Some(ms(30))]);
    }

    #[test]
    fn constant_gaps_and_service_lose_in_the_long_run_what_the_server_cannot_do() {
        for (service_us, lost) in [(500, 0), (1000, 0), (1250, 2000), (2000, 5000)] {
            let ends = fates((0..10_000).map(ms), |_| Duration::from_micros(service_us), 5);
            let refused = ends.iter().filter(|end| end.is_none()).count();
            assert!(refused.abs_diff(lost) <= 5, "{service_us} µs: {refused}");
        }
    }
}
