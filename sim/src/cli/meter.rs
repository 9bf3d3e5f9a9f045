//! How long work will take yet, estimated from what has been done. Pure: it is handed the time.

use std::fmt::Write as _;
use std::time::Duration;

/// Nothing is estimated before this part of the work has been done, or [`LONG`] has passed.
const LEAST_PART: f64 = 0.02;
/// Nothing is estimated before that.
const SOON: Duration = Duration::from_secs(3);
/// From then on less than [`LEAST_PART`] is enough.
const LONG: Duration = Duration::from_secs(60);
/// How much of a new estimate is taken over.
const WEIGHT: f64 = 0.3;

/// A piece of work: how much there is, how much is done, and when it is expected to end. Times are since its beginning.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Meter {
    units: u64,
    done: u64,
    /// Whether `units` is the most that there may be, and the work may end before.
    is_most: bool,
    ends: Option<Duration>,
}

impl Meter {
    pub(super) fn new(units: u64, is_most: bool) -> Self {
        Self { units, done: 0, is_most, ends: None }
    }

    pub(super) fn done(&self) -> u64 {
        self.done
    }

    pub(super) fn advance(&mut self, units: u64, now: Duration) {
        self.done += units;
        if self.done == 0 || now < SOON || (self.part() < LEAST_PART && now < LONG) {
            return;
        }
        let fresh = now + self.at_the_mean_speed(now);
        // Smoothed: one long job that ends would otherwise move the estimate by a jump.
        self.ends = Some(self.ends.map_or(fresh, |ends| ends.mul_f64(1.0 - WEIGHT) + fresh.mul_f64(WEIGHT)));
    }

    fn part(&self) -> f64 {
        if self.units == 0 { 1.0 } else { (self.done as f64 / self.units as f64).min(1.0) }
    }

    fn at_the_mean_speed(&self, now: Duration) -> Duration {
        now.mul_f64(self.units.saturating_sub(self.done) as f64 / self.done.max(1) as f64)
    }

    /// The time left: nothing is said before it has been measured.
    pub(super) fn left(&self, now: Duration) -> String {
        let Some(ends) = self.ends else { return String::new() };
        // While no unit ends the estimate counts down, and never to nothing.
        let left = ends.saturating_sub(now).max(self.at_the_mean_speed(now) / 2);
        let about = if self.is_most { "at most" } else { "about" };
        format!("{about} {} left", roughly(left))
    }

    /// A line of a log.
    pub(super) fn line(&self, what: &str, now: Duration) -> String {
        let left =
            Some(self.left(now)).filter(|left| !left.is_empty()).map_or_else(String::new, |left| format!(", {left}"));
        // Rounded down, so that 100 % is said only of work that is done.
        format!("{what}: {:.0} % after {} s{left}", (self.part() * 100.0).floor(), now.as_secs())
    }
}

/// A length of time as it is told of work to come: `8 s`, `40 s`, `5 min`, `2 h 10 min`.
pub(super) fn roughly(time: Duration) -> String {
    let seconds = time.as_secs_f64().ceil() as u64;
    let (minutes, mut text) = (seconds.div_ceil(60), String::new());
    let _ = match seconds {
        // Work that is under way takes a second at least: 0 s would read as done.
        0..10 => write!(text, "{} s", seconds.max(1)),
        // In steps of five: an estimate is not exact to the second, and a number that always changes is hard to read.
        10..90 => write!(text, "{} s", seconds.div_ceil(5) * 5),
        90..5400 => write!(text, "{minutes} min"),
        _ => write!(text, "{} h {} min", minutes / 60, minutes % 60),
    };
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn no_time_is_named_before_any_work_has_been_measured() {
        let mut meter = Meter::new(100, false);
        assert_eq!(meter.left(s(100)), "");
        assert_eq!(meter.line("sweep", s(10)), "sweep: 0 % after 10 s");
        meter.advance(1, s(2));
        assert_eq!(meter.left(s(2)), "", "one per cent says nothing yet");
        meter.advance(9, s(10));
        assert_eq!(meter.left(s(10)), "about 2 min left");
    }

    #[test]
    fn the_time_left_counts_down_between_two_units_and_never_to_nothing() {
        let mut meter = Meter::new(10, false);
        meter.advance(5, s(50));
        let left = [50, 60, 70, 99, 200].map(|now| meter.left(s(now)));
        assert_eq!(left, ["50 s", "40 s", "35 s", "50 s", "2 min"].map(|time| format!("about {time} left")));
    }

    #[test]
    fn one_slow_unit_moves_the_estimate_by_a_part_only() {
        let mut meter = Meter::new(100, false);
        (1..=50).for_each(|second| meter.advance(1, s(second)));
        assert_eq!(meter.left(s(50)), "about 50 s left");
        meter.advance(1, s(80));
        // At the mean speed it would be 77 s.
        assert_eq!(meter.left(s(80)), "about 40 s left");
    }

    #[test]
    fn work_that_may_end_earlier_names_the_most_there_is() {
        let mut meter = Meter::new(100, true);
        meter.advance(50, s(40));
        assert_eq!(meter.line("shrink", s(40)), "shrink: 50 % after 40 s, at most 40 s left");
    }

    #[test]
    fn times_to_come_are_rounded_as_they_are_known() {
        let told = [0, 9, 11, 89, 91, 5399, 5400, 7201].map(|seconds| roughly(s(seconds)));
        assert_eq!(told, ["1 s", "9 s", "15 s", "90 s", "2 min", "90 min", "1 h 30 min", "2 h 1 min"]);
    }
}
