//! Time as the kernel counts it: estimators in microseconds, timers in jiffies, far timers in coarser ticks.

pub(super) const MICROSECOND: u64 = 1_000;
pub(super) const MILLISECOND: u64 = 1_000_000;
pub(super) const SECOND: u64 = 1_000_000_000;

/// One tick of the kernel's timers. HZ is 250 in the kernels of most distributions.
pub(super) const JIFFY: u64 = 4 * MILLISECOND;

/// The payload of a full packet: 1500 B less the headers of IP and TCP, less the timestamp option.
pub(super) const MSS: u64 = 1_448;

/// A span in whole jiffies, rounded up.
pub(super) fn whole_jiffies(span: u64) -> u64 {
    span.div_ceil(JIFFY) * JIFFY
}

/// When a timer fires that is set at `now` for `after`, by the kernel's timer wheel.
///
/// A timer fires at the end of its bucket, never early. Buckets are one jiffy wide below 63 jiffies, and eight times
/// wider in each further level: a timer of 3 s is up to 256 ms late. `phase` is the number of jiffies that the kernel
/// had counted at time 0.
pub(super) fn timer_fires_at(now: u64, after: u64, phase: u64) -> u64 {
    let jiffies = after.div_ceil(JIFFY).max(1);
    let bucket_bits = match jiffies {
        0..=62 => 0,
        63..=503 => 3,
        504..=4_031 => 6,
        _ => 9,
    };
    let expires = now / JIFFY + phase + jiffies;
    let fires = ((expires >> bucket_bits) + 1) << bucket_bits;
    (fires - phase) * JIFFY
}

/// The earliest of some times, where `None` stands for a time that never comes; `None` if none of them comes.
pub(super) fn earliest<const N: usize>(times: [Option<u64>; N]) -> Option<u64> {
    let first = times.iter().fold(NEVER, |first, time| first.min(time.unwrap_or(NEVER)));
    (first != NEVER).then_some(first)
}

/// Later than any time of a run: 584 years in nanoseconds.
const NEVER: u64 = u64::MAX;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_timer_fires_one_jiffy_after_its_time_at_most() {
        for now in [0, 1, JIFFY - 1, JIFFY, 10 * JIFFY + 5] {
            let fires = timer_fires_at(now, 200 * MILLISECOND, 3);
            assert!(fires >= now + 200 * MILLISECOND && fires <= now + 200 * MILLISECOND + JIFFY);
        }
    }

    #[test]
    fn a_timer_of_three_seconds_is_late_by_256_ms_at_most_and_by_the_phase_of_the_wheel() {
        let late = |phase| timer_fires_at(0, 3 * SECOND, phase) - 3 * SECOND;
        let all: Vec<u64> = (0..64).map(late).collect();
        assert_eq!(all.iter().max(), Some(&(256 * MILLISECOND)));
        assert_eq!(all.iter().min(), Some(&(4 * MILLISECOND)));
    }

    #[test]
    fn the_earliest_time_is_the_first_that_comes_at_all() {
        assert_eq!(earliest([None, Some(7), Some(3)]), Some(3));
        assert_eq!(earliest([Some(0), None]), Some(0));
        assert_eq!(earliest([None, None]), None);
    }

    #[test]
    fn a_span_is_rounded_up_to_jiffies() {
        assert_eq!([0, 1, JIFFY, JIFFY + 1].map(whole_jiffies), [0, JIFFY, JIFFY, 2 * JIFFY]);
    }
}
