//! Round trips and the retransmission timeout: RFC 6298 as Linux computes it (`tcp_rtt_estimator`, `tcp_set_rto`).
//!
//! 1. The first sample R sets SRTT = R and RTTVAR = R/2 (section 2.2).
//! 2. A later one sets SRTT to 7/8 SRTT + R/8, and the mean deviation to 3/4 of it + |SRTT − R|/4 (section 2.3). A sample
//!    below SRTT that would raise the deviation counts an eighth of that only.
//! 3. RTTVAR is the largest deviation of a round trip; where that falls, it follows by a quarter a round trip. Four times
//!    RTTVAR is never below 200 ms (`TCP_RTO_MIN`), where section 2.4 has a floor of 1 s under the whole timeout.
//! 4. RTO = SRTT + 4 RTTVAR, in whole jiffies.
//! 5. Each timeout doubles it, up to 120 s (section 5.5). The next sample sets it anew.

use super::units::{MICROSECOND, MILLISECOND, SECOND, whole_jiffies};

/// The timeout before there is a sample (section 2.1).
pub(super) const INITIAL_RTO: u64 = SECOND;

/// `TCP_RTO_MIN`.
pub(super) const LEAST_RTO: u64 = 200 * MILLISECOND;

/// `TCP_RTO_MAX`.
pub(super) const LONGEST_RTO: u64 = 120 * SECOND;

/// `LEAST_RTO` in microseconds, the floor of four times RTTVAR.
const FLOOR: u64 = LEAST_RTO / MICROSECOND;

/// The estimators of one sender, in microseconds.
#[derive(Debug, Clone)]
pub(super) struct RttEstimator {
    /// Eight times SRTT; 0 before the first sample.
    srtt_8: u64,
    /// Four times the mean deviation, smoothed.
    deviation_4: u64,
    /// The largest of it in this round trip.
    largest_deviation_4: u64,
    /// Four times RTTVAR.
    rttvar_4: u64,
    /// The round trip under way is over when this offset is acknowledged.
    round_ends_at: u64,
    least: Option<u64>,
    rto: u64,
}

impl RttEstimator {
    pub(super) fn new() -> Self {
        Self {
            srtt_8: 0,
            deviation_4: 0,
            largest_deviation_4: 0,
            rttvar_4: 0,
            round_ends_at: 0,
            least: None,
            rto: INITIAL_RTO,
        }
    }

    /// SRTT in microseconds, if there has been a sample.
    pub(super) fn srtt_micros(&self) -> Option<u64> {
        (self.srtt_8 > 0).then_some(self.srtt_8 / 8)
    }

    /// Twice SRTT in nanoseconds: the patience before a tail-loss probe.
    pub(super) fn two_srtt(&self) -> Option<u64> {
        (self.srtt_8 > 0).then(|| (self.srtt_8 / 4) * MICROSECOND)
    }

    /// The least sample, in microseconds.
    pub(super) fn least_micros(&self) -> u64 {
        self.least.unwrap_or(0)
    }

    /// The retransmission timeout in nanoseconds.
    pub(super) fn rto(&self) -> u64 {
        self.rto
    }

    /// Doubles the timeout after it has passed.
    pub(super) fn back_off(&mut self) {
        self.rto = (self.rto * 2).min(LONGEST_RTO);
    }

    /// Takes a round trip of `micros`, measured with everything before `acknowledged` acknowledged and everything before
    /// `sent` sent.
    pub(super) fn sample(&mut self, micros: u64, acknowledged: u64, sent: u64) {
        let sample = micros.max(1);
        self.least = Some(self.least.map_or(sample, |least| least.min(sample)));
        if self.srtt_8 == 0 {
            self.srtt_8 = sample * 8;
            self.deviation_4 = sample * 2;
            self.rttvar_4 = self.deviation_4.max(FLOOR);
            self.largest_deviation_4 = self.rttvar_4;
            self.round_ends_at = sent;
        } else {
            self.smooth(sample, acknowledged, sent);
        }
        self.rto = whole_jiffies((self.srtt_8 / 8 + self.rttvar_4) * MICROSECOND);
    }

    fn smooth(&mut self, sample: u64, acknowledged: u64, sent: u64) {
        let srtt = self.srtt_8 / 8;
        let error = sample.abs_diff(srtt);
        self.srtt_8 = self.srtt_8 - srtt + sample;
        let deviation = self.deviation_4 / 4;
        // A sudden fall of the round trip is no reason to wait longer.
        let weight = if sample < srtt && error > deviation { 8 } else { 1 };
        if error >= deviation {
            self.deviation_4 += (error - deviation) / weight;
        } else {
            self.deviation_4 -= deviation - error;
        }
        if self.deviation_4 > self.largest_deviation_4 {
            self.largest_deviation_4 = self.deviation_4;
            self.rttvar_4 = self.rttvar_4.max(self.deviation_4);
        }
        if acknowledged > self.round_ends_at {
            self.rttvar_4 -= self.rttvar_4.saturating_sub(self.largest_deviation_4) / 4;
            self.round_ends_at = sent;
            self.largest_deviation_4 = FLOOR;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An estimator that has had these samples, each in a round trip of its own.
    fn after(samples: &[u64]) -> RttEstimator {
        let mut rtt = RttEstimator::new();
        samples.iter().zip(1..).for_each(|(sample, nth)| rtt.sample(*sample, nth * 10, nth * 10 + 5));
        rtt
    }

    #[test]
    fn the_timeout_is_one_second_before_a_sample() {
        // RFC 6298, section 2.1.
        assert_eq!(RttEstimator::new().rto(), SECOND);
    }

    #[test]
    fn the_first_sample_gives_three_times_itself() {
        // RFC 6298, section 2.2: SRTT + 4 (R / 2).
        assert_eq!(after(&[400_000]).rto(), 1_200 * MILLISECOND);
    }

    #[test]
    fn a_later_sample_counts_an_eighth_and_its_error_a_quarter() {
        // RFC 6298, section 2.3: RTTVAR = 3/4 × 200 + 1/4 × 800 = 350 ms, SRTT = 7/8 × 400 + 1/8 × 1200 = 500 ms.
        let rtt = after(&[400_000, 1_200_000]);
        assert_eq!(rtt.srtt_micros(), Some(500_000));
        assert_eq!(rtt.rto(), 1_900 * MILLISECOND);
    }

    #[test]
    fn the_variance_has_a_floor_of_200_ms_and_not_the_timeout() {
        // `TCP_RTO_MIN`; RFC 6298, section 2.4, would have 1 s.
        let rtt = after(&[118_000; 40]);
        assert_eq!(rtt.rto(), 320 * MILLISECOND);
    }

    #[test]
    fn a_sudden_fall_of_the_round_trip_raises_the_deviation_by_an_eighth_only() {
        let rtt = after(&[400_000, 100_000]);
        // |R − SRTT| = 300 ms, the deviation was 200 ms: 200 + (300 − 200) / 4 / 8.
        assert_eq!(rtt.deviation_4, 800_000 + 12_500);
    }

    #[test]
    fn each_timeout_doubles_it_and_the_next_sample_sets_it_anew() {
        // RFC 6298, sections 5.5 and 5.7.
        let mut rtt = after(&[100_000]);
        let rto = rtt.rto();
        rtt.back_off();
        rtt.back_off();
        assert_eq!(rtt.rto(), 4 * rto);
        (0..20).for_each(|_| rtt.back_off());
        assert_eq!(rtt.rto(), LONGEST_RTO);
        rtt.sample(100_000, 20, 30);
        assert!(rtt.rto() <= rto);
    }
}
