//! HyStart: ends slow start when the bottleneck's queue begins to fill (`hystart_update`; RFC 9406, section 4.2).
//!
//! 1. A round lasts until what was sent at its beginning is acknowledged. Below 16 segments nothing is judged.
//! 2. Delay: from the ninth sample of a round on, slow start ends where the least round trip of this round is above the
//!    least ever by an eighth, but at least 4 ms and at most 16 ms. RFC 9406 has the same numbers, and compares with the
//!    round before.
//! 3. Acknowledgement train: acknowledgements that follow each other within 2 ms fill the pipe. Slow start ends where such
//!    a train lasts for half of the least round trip. RFC 9406 does without.

use super::{Growth, SenderView};
use crate::tcp::units::{MICROSECOND, MSS};

/// The least window, in segments, that is judged.
const LOW_WINDOW: u64 = 16;
/// RFC 9406, N_RTT_SAMPLE.
const SAMPLES: u64 = 8;
/// RFC 9406, MIN_RTT_THRESH and MAX_RTT_THRESH, in microseconds.
const LEAST_RISE: u64 = 4_000;
const LARGEST_RISE: u64 = 16_000;
/// The longest gap in a train, in microseconds.
const LONGEST_GAP: u64 = 2_000;

/// The state of one round. Times are in microseconds.
#[derive(Debug, Clone, Default)]
pub(super) struct HyStart {
    has_found: bool,
    /// The round is over when this offset is acknowledged.
    ends_at: u64,
    began: u64,
    last_in_train: u64,
    least_rtt: Option<u64>,
    samples: u64,
}

impl HyStart {
    /// A round that begins now.
    pub(super) fn begun(view: &SenderView) -> Self {
        let now = view.now / MICROSECOND;
        Self { ends_at: view.next, began: now, last_in_train: now, ..Self::default() }
    }

    /// Takes a round trip of `rtt`, with `least_rtt` the least ever, both in microseconds.
    pub(super) fn sampled(&mut self, rtt: u64, least_rtt: u64, cwnd: u64, view: &SenderView) -> Growth {
        if self.has_found {
            return Growth::GoesOn;
        }
        if view.una > self.ends_at {
            *self = Self::begun(view);
        }
        if cwnd < LOW_WINDOW {
            return Growth::GoesOn;
        }
        let is_train_long = self.is_train_long(least_rtt, cwnd, view);
        let is_late = self.is_late(rtt, least_rtt);
        if is_train_long || is_late {
            self.has_found = true;
            return Growth::HasEnough;
        }
        Growth::GoesOn
    }

    fn is_train_long(&mut self, least_rtt: u64, cwnd: u64, view: &SenderView) -> bool {
        let now = view.now / MICROSECOND;
        if now - self.last_in_train > LONGEST_GAP {
            return false;
        }
        self.last_in_train = now;
        (now - self.began) > (least_rtt + ack_delay(cwnd, view.srtt_micros)) / 2
    }

    fn is_late(&mut self, rtt: u64, least_rtt: u64) -> bool {
        let least = self.least_rtt.map_or(rtt, |least| least.min(rtt));
        self.least_rtt = Some(least);
        if self.samples < SAMPLES {
            self.samples += 1;
            return false;
        }
        least > least_rtt + (least_rtt / 8).clamp(LEAST_RISE, LARGEST_RISE)
    }
}

/// What the receiver may hold an acknowledgement back for: four full buffers at the pacing rate, 1 ms at most
/// (`hystart_ack_delay`).
fn ack_delay(cwnd: u64, srtt_micros: u64) -> u64 {
    let bytes_per_second = 2 * cwnd * MSS * 1_000_000 / srtt_micros.max(1);
    (4 * 65_536 * 1_000_000 / bytes_per_second.max(1)).min(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::units::MILLISECOND;

    fn view(now: u64, una: u64) -> SenderView {
        SenderView {
            now,
            in_flight: 20,
            una,
            next: una + 20 * MSS,
            rto: 300 * MILLISECOND,
            srtt_micros: 100_000,
            is_open: true,
            is_application_waiting: false,
        }
    }

    /// Nine acknowledgements, 3 ms apart, of round trips of `rtt` over a least one of 100 ms.
    fn round_of(rtt: u64, cwnd: u64) -> Growth {
        let mut hystart = HyStart::begun(&view(0, 0));
        let all = (1..=9).map(|nth| hystart.sampled(rtt, 100_000, cwnd, &view(nth * 3 * MILLISECOND, nth)));
        all.fold(Growth::GoesOn, |_, growth| growth)
    }

    #[test]
    fn a_round_whose_least_round_trip_is_an_eighth_longer_ends_slow_start() {
        // RFC 9406, section 4.2.
        assert_eq!(round_of(112_501, 20), Growth::HasEnough);
        assert_eq!(round_of(112_500, 20), Growth::GoesOn);
    }

    #[test]
    fn a_window_below_sixteen_segments_is_not_judged() {
        assert_eq!(round_of(150_000, 15), Growth::GoesOn);
    }

    #[test]
    fn one_early_acknowledgement_of_a_round_speaks_for_going_on() {
        let mut hystart = HyStart::begun(&view(0, 0));
        hystart.sampled(101_000, 100_000, 20, &view(3 * MILLISECOND, 1));
        for nth in 2..=20 {
            let growth = hystart.sampled(150_000, 100_000, 20, &view(nth * 3 * MILLISECOND, nth));
            assert_eq!(growth, Growth::GoesOn);
        }
    }

    #[test]
    fn a_train_of_acknowledgements_for_half_a_round_trip_ends_slow_start() {
        let mut hystart = HyStart::begun(&view(0, 0));
        let found = (1..=60)
            .find(|nth| hystart.sampled(100_000, 100_000, 20, &view(nth * MILLISECOND, *nth)) == Growth::HasEnough);
        assert_eq!(found, Some(51));
    }

    #[test]
    fn a_gap_ends_the_train_for_the_rest_of_the_round() {
        let mut hystart = HyStart::begun(&view(0, 0));
        for nth in (1..=30).chain(33..=90) {
            let growth = hystart.sampled(100_000, 100_000, 20, &view(nth * MILLISECOND, nth));
            assert_eq!(growth, Growth::GoesOn);
        }
    }
}
