//! CUBIC (RFC 9438) in integers, as Linux computes it (`tcp_cubic.c`).
//!
//! 1. A loss sets ssthresh to 717/1024 of cwnd, and W_max to cwnd. Where cwnd had not come back to W_max, W_max is set
//!    lower, to (1 + 0.7)/2 of cwnd: fast convergence (section 4.7).
//! 2. The next growth begins an epoch. K = ∛((W_max − cwnd) / C) seconds, and W_cubic(t) = C (t − K)³ + W_max with C = 0.4
//!    (section 4.2). t counts from the beginning of the epoch, plus the least round trip, so that the window is the one
//!    of the next round trip.
//! 3. cwnd grows by one for every cwnd / (W_cubic − cwnd) segments, or every 100 cwnd where it is above the curve. Without
//!    a loss before, by one for every 20 segments at least.
//! 4. In the Reno-friendly region (section 4.3) it grows like W_est, which adds one segment for every 15/8 cwnd.
//! 5. It never grows faster than by half a round trip (section 4.4: the target is 1.5 cwnd at most).
//!
//! Time runs in units of 1/1024 s; where nothing has changed, the curve is looked at 32 times a second.

use super::hystart::HyStart;
use super::{Growth, SenderView};
use crate::tcp::units::{JIFFY, MICROSECOND, SECOND};

/// β, in 1024ths.
const BETA: u64 = 717;
/// C, in 1024ths.
const C: u64 = 410;
/// Units of time a second.
const UNITS: u64 = 1_024;

#[derive(Debug, Clone, Default)]
pub(super) struct Cubic {
    /// W_max; 0 before a loss, and after a timeout.
    w_max: u64,
    /// cwnd when the curve was looked at last, and when that was.
    last_cwnd: u64,
    last_at: u64,
    /// The plateau of the curve.
    origin: u64,
    /// K, in units of time.
    k: u64,
    /// The least round trip of this episode, in microseconds; 0 before there is one.
    least_rtt: u64,
    /// When the epoch began.
    epoch: Option<u64>,
    /// Segments acknowledged that W_est has not counted.
    uncounted: u64,
    /// W_est.
    w_est: u64,
    /// Segments for one more.
    per_segment: u64,
    hystart: HyStart,
}

impl Cubic {
    /// The threshold after a loss; W_max is remembered.
    pub(super) fn threshold_after_loss(&mut self, cwnd: u64) -> u64 {
        self.epoch = None;
        self.w_max = if cwnd < self.w_max { cwnd * (1_024 + BETA) / 2_048 } else { cwnd };
        (cwnd * BETA / 1_024).max(2)
    }

    /// A timeout forgets everything (`bictcp_reset`).
    pub(super) fn reset(&mut self, view: &SenderView) {
        *self = Self { hystart: HyStart::begun(view), ..Self::default() };
    }

    pub(super) fn end_epoch(&mut self) {
        self.epoch = None;
    }

    /// Moves the epoch by an idle time.
    pub(super) fn shift_epoch(&mut self, idle: u64, now: u64) {
        self.epoch = self.epoch.map(|epoch| (epoch + idle).min(now));
    }

    /// Takes a round trip.
    pub(super) fn sampled(&mut self, rtt: u64, cwnd: u64, is_slow_start: bool, view: &SenderView) -> Growth {
        // Round trips just after a loss are those of a full queue.
        if self.epoch.is_some_and(|epoch| view.now - epoch < SECOND) {
            return Growth::GoesOn;
        }
        if self.least_rtt == 0 || rtt < self.least_rtt {
            self.least_rtt = rtt.max(1);
        }
        if is_slow_start { self.hystart.sampled(rtt, self.least_rtt, cwnd, view) } else { Growth::GoesOn }
    }

    /// Returns the segments that must be acknowledged for cwnd to grow by one; `acked` just were (`bictcp_update`).
    pub(super) fn segments_to_grow_by_one(&mut self, cwnd: u64, acked: u64, now: u64) -> u64 {
        self.uncounted += acked;
        if self.last_cwnd == cwnd && now - self.last_at <= SECOND / 32 {
            return self.per_segment;
        }
        if self.epoch.is_none() || now - self.last_at >= JIFFY {
            self.last_cwnd = cwnd;
            self.last_at = now;
            let epoch = self.epoch.unwrap_or_else(|| self.begin_epoch(cwnd, acked, now));
            self.per_segment = self.along_the_curve(cwnd, now - epoch);
        }
        self.per_segment = self.reno_friendly(cwnd).max(2);
        self.per_segment
    }

    fn begin_epoch(&mut self, cwnd: u64, acked: u64, now: u64) -> u64 {
        self.epoch = Some(now);
        self.uncounted = acked;
        self.w_est = cwnd;
        self.k = seconds_to_plateau(self.w_max.saturating_sub(cwnd));
        self.origin = self.w_max.max(cwnd);
        now
    }

    /// `elapsed` is the time since the beginning of the epoch.
    fn along_the_curve(&self, cwnd: u64, elapsed: u64) -> u64 {
        let t = (elapsed + self.least_rtt * MICROSECOND) * UNITS / SECOND;
        let target = w_cubic(t, self.k, self.origin);
        let per_segment = if target > cwnd { cwnd / (target - cwnd) } else { 100 * cwnd };
        if self.w_max == 0 { per_segment.min(20) } else { per_segment }
    }

    fn reno_friendly(&mut self, cwnd: u64) -> u64 {
        // α of section 4.3 is 3 (1 − β) / (1 + β) = 8/15.
        let per_segment = (cwnd * 15 / 8).max(1);
        // One fewer than all: the kernel counts what exceeds.
        let grown = self.uncounted.saturating_sub(1) / per_segment;
        self.uncounted -= grown * per_segment;
        self.w_est += grown;
        if self.w_est > cwnd { self.per_segment.min(cwnd / (self.w_est - cwnd)) } else { self.per_segment }
    }
}

/// K in units of time for a distance from W_max in segments (RFC 9438, section 4.2).
fn seconds_to_plateau(distance: u64) -> u64 {
    cube_root(((1 << 40) / C) * distance)
}

/// W_cubic at `t` units into the epoch, in segments.
fn w_cubic(t: u64, k: u64, origin: u64) -> u64 {
    let distance = u128::from(t.abs_diff(k));
    let delta = ((u128::from(C) * distance * distance * distance) >> 40) as u64;
    if t < k { origin.saturating_sub(delta) } else { origin + delta }
}

/// The integer cube root, rounded down, by bits from the top.
fn cube_root(value: u64) -> u64 {
    let cube = |root: u64| u128::from(root) * u128::from(root) * u128::from(root);
    (0..22).rev().fold(0, |root, bit| {
        let larger = root | 1 << bit;
        if cube(larger) <= u128::from(value) { larger } else { root }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::units::MILLISECOND;

    #[test]
    fn the_cube_root_is_exact() {
        for root in (0..2_000).chain([100_000, 2_097_151]) {
            let cube = root * root * root;
            assert_eq!(cube_root(cube), root);
            assert_eq!(cube_root(cube + 1), root.max(u64::from(cube == 0)));
            assert_eq!(cube_root(cube.saturating_sub(1)), root.saturating_sub(1));
        }
    }

    #[test]
    fn k_is_the_cube_root_of_the_distance_over_c_in_seconds() {
        // RFC 9438, section 4.2: K = ∛((100 − 70) / 0.4) = 4.217 s; C is 410/1024 here.
        assert_eq!(seconds_to_plateau(30) * 1_000 / UNITS, 4_214);
    }

    #[test]
    fn the_curve_begins_at_beta_rests_at_w_max_and_probes_beyond() {
        // RFC 9438, figure 1: W_max is 100 and K 4.217 s.
        let k = seconds_to_plateau(30);
        let at = |t: u64| w_cubic(t, k, 100);
        assert_eq!([at(0), at(k), at(2 * k)], [71, 100, 129]);
        assert_eq!(at(k + UNITS), 100, "0.4 segments after a second");
        assert_eq!(at(k + 5 * UNITS), 150, "0.4 × 5³");
    }

    #[test]
    fn a_loss_leaves_seven_tenths() {
        // RFC 9438, section 4.6.
        let mut cubic = Cubic::default();
        assert_eq!(cubic.threshold_after_loss(100), 70);
        assert_eq!(cubic.w_max, 100);
    }

    #[test]
    fn w_max_is_lowered_further_where_the_window_had_not_come_back_to_it() {
        // RFC 9438, section 4.7: W_max = cwnd (1 + β) / 2.
        let mut cubic = Cubic::default();
        cubic.threshold_after_loss(100);
        cubic.threshold_after_loss(80);
        assert_eq!(cubic.w_max, 68);
        cubic.threshold_after_loss(90);
        assert_eq!(cubic.w_max, 90, "it had come back");
    }

    /// The windows over time: one acknowledgement of the whole window each round trip.
    fn windows(cubic: &mut Cubic, mut cwnd: u64, rtt: u64, rounds: u64) -> Vec<u64> {
        let mut acked = 0;
        (1..=rounds)
            .map(|round| {
                let segments = cwnd;
                for nth in 0..segments {
                    let now = round * rtt + nth * rtt / segments;
                    acked += 1;
                    let per_segment = cubic.segments_to_grow_by_one(cwnd, 1, now);
                    if acked >= per_segment {
                        acked = 0;
                        cwnd += 1;
                    }
                }
                cwnd
            })
            .collect()
    }

    #[test]
    fn the_window_comes_back_to_w_max_at_k_and_grows_slowest_there() {
        // RFC 9438, section 4.2: concave up to W_max, convex beyond; a long round trip, so that the friendly region is out.
        let mut cubic = Cubic::default();
        let cwnd = cubic.threshold_after_loss(400);
        // K is ∛(120.3 / 0.4) = 6.7 s: 33 round trips.
        let windows = windows(&mut cubic, cwnd, 200 * MILLISECOND, 60);
        assert!((395..=400).contains(&windows[33]), "{windows:?}");
        let growth = |from: usize, until: usize| windows[until] - windows[from];
        assert!(growth(0, 10) > 2 * growth(23, 33) && growth(49, 59) > 2 * growth(33, 43), "{windows:?}");
    }

    #[test]
    fn a_short_round_trip_grows_like_reno_with_eight_fifteenths() {
        // RFC 9438, section 4.3: α = 3 (1 − 0.7) / (1 + 0.7) = 0.53 segments a round trip.
        let mut cubic = Cubic::default();
        let cwnd = cubic.threshold_after_loss(20);
        let windows = windows(&mut cubic, cwnd, 20 * MILLISECOND, 30);
        let grown = windows[29] - cwnd;
        assert!((14..=17).contains(&grown), "{grown} in 30 round trips");
    }
}
