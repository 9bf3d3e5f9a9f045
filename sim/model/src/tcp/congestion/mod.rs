//! The congestion window: how many segments may be in the pipe (RFC 5681, RFC 9438), as Linux keeps it.
//!
//! 1. It begins with ten segments (RFC 6928) and without a threshold.
//! 2. It grows with acknowledgements, and only where it limited the sender: in slow start while it is below twice of what
//!    was in flight, afterwards while it was full (`tcp_is_cwnd_limited`).
//! 3. Below ssthresh each acknowledged segment adds one (slow start, RFC 5681, section 3.1). Above, one is added for every
//!    `n` acknowledged, where reno's `n` is cwnd and cubic computes it (`cubic.rs`).
//! 4. A loss sets ssthresh: to half of cwnd with reno, to 0.7 of it with cubic. Recovery lowers cwnd to it (`prr.rs`); a
//!    timeout sets cwnd to one more than the pipe.
//! 5. After an idle time of more than the RTO it is halved once for each RTO that has passed, down to ten
//!    (`tcp_cwnd_restart`). A sender that did not fill it for an RTO meets half-way with what it did use
//!    (`tcp_cwnd_application_limited`, RFC 7661 in spirit).

mod cubic;
mod hystart;

use super::settings::Congestion;
use cubic::Cubic;

/// RFC 6928.
pub(super) const INITIAL_WINDOW: u64 = 10;

/// No threshold yet.
const NO_THRESHOLD: u64 = 0x7fff_ffff;

/// What a window without congestion control allows.
const UNLIMITED: u64 = 1 << 40;

/// The sender that the window looks at when something has been sent or acknowledged.
#[derive(Debug, Clone, Copy)]
pub(super) struct SenderView {
    pub(super) now: u64,
    /// Segments sent and not acknowledged.
    pub(super) in_flight: u64,
    pub(super) una: u64,
    pub(super) next: u64,
    /// The retransmission timeout, in nanoseconds.
    pub(super) rto: u64,
    pub(super) srtt_micros: u64,
    /// Neither losses nor reordering are being repaired.
    pub(super) is_open: bool,
    /// The application waits for room in the socket.
    pub(super) is_application_waiting: bool,
}

/// Whether slow start goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Growth {
    /// Nothing speaks against it.
    GoesOn,
    /// The queue of the bottleneck has begun to fill.
    HasEnough,
}

#[derive(Debug, Clone)]
enum Algorithm {
    None,
    Reno,
    Cubic(Box<Cubic>),
}

#[derive(Debug, Clone)]
pub(super) struct CongestionWindow {
    algorithm: Algorithm,
    cwnd: u64,
    ssthresh: u64,
    /// Segments acknowledged since congestion avoidance added the last one.
    acked: u64,
    usage: Usage,
}

/// How far the sender used its window.
#[derive(Debug, Clone, Copy, Default)]
struct Usage {
    is_limited: bool,
    /// The most segments in flight, in the round trip up to `round_ends_at`.
    most_in_flight: u64,
    round_ends_at: u64,
    /// The most of them since `since`, while the window was not filled.
    used: u64,
    /// When the window was full last, or has changed.
    since: u64,
}

impl CongestionWindow {
    pub(super) fn new(congestion: Congestion) -> Self {
        let algorithm = match congestion {
            Congestion::None => Algorithm::None,
            Congestion::Reno => Algorithm::Reno,
            Congestion::Cubic => Algorithm::Cubic(Box::default()),
        };
        Self { algorithm, cwnd: INITIAL_WINDOW, ssthresh: NO_THRESHOLD, acked: 0, usage: Usage::default() }
    }

    pub(super) fn cwnd(&self) -> u64 {
        match self.algorithm {
            Algorithm::None => UNLIMITED,
            Algorithm::Reno | Algorithm::Cubic(_) => self.cwnd,
        }
    }

    /// Whether there is congestion control at all.
    pub(super) fn is_limiting(&self) -> bool {
        !matches!(self.algorithm, Algorithm::None)
    }

    pub(super) fn ssthresh(&self) -> u64 {
        self.ssthresh
    }

    pub(super) fn is_in_slow_start(&self) -> bool {
        self.cwnd < self.ssthresh
    }

    /// Sets cwnd: recovery and its end do.
    pub(super) fn set(&mut self, cwnd: u64, now: u64) {
        self.cwnd = cwnd.max(1);
        self.usage.since = now;
    }

    /// The threshold that is remembered over an idle time, and for the case that a loss was none (`tcp_current_ssthresh`).
    pub(super) fn threshold_to_remember(&self) -> u64 {
        self.ssthresh.max(self.cwnd / 2 + self.cwnd / 4)
    }

    /// Lowers ssthresh because of a loss (RFC 5681, section 3.1; RFC 9438, section 4.6). cwnd stays.
    pub(super) fn lower_threshold(&mut self) {
        self.ssthresh = match &mut self.algorithm {
            Algorithm::None | Algorithm::Reno => (self.cwnd / 2).max(2),
            Algorithm::Cubic(cubic) => cubic.threshold_after_loss(self.cwnd),
        };
        self.acked = 0;
    }

    /// A timeout: one segment more than the pipe, and the algorithm begins anew (RFC 5681, section 3.1, the loss window).
    pub(super) fn collapse(&mut self, pipe: u64, view: &SenderView) {
        self.cwnd = pipe + 1;
        self.acked = 0;
        self.usage.since = view.now;
        if let Algorithm::Cubic(cubic) = &mut self.algorithm {
            cubic.reset(view);
        }
    }

    /// The loss was none: back to what was before (`tcp_undo_cwnd_reduction`).
    pub(super) fn undo(&mut self, cwnd: u64, ssthresh: u64) {
        self.cwnd = self.cwnd.max(cwnd);
        self.ssthresh = self.ssthresh.max(ssthresh);
        if let Algorithm::Cubic(cubic) = &mut self.algorithm {
            cubic.end_epoch();
        }
    }

    /// A round trip was measured, in microseconds (`pkts_acked`).
    pub(super) fn sampled(&mut self, rtt_micros: u64, view: &SenderView) {
        let (cwnd, is_slow_start) = (self.cwnd, self.is_in_slow_start());
        if let Algorithm::Cubic(cubic) = &mut self.algorithm
            && cubic.sampled(rtt_micros, cwnd, is_slow_start, view) == Growth::HasEnough
        {
            self.ssthresh = cwnd;
        }
    }

    /// `segments` were acknowledged and nothing is being repaired: the window grows.
    pub(super) fn grow(&mut self, segments: u64, now: u64) {
        self.usage.since = now;
        if !self.was_limiting() {
            return;
        }
        let mut left = segments;
        if self.is_in_slow_start() {
            let grown = (self.cwnd + left).min(self.ssthresh);
            left -= grown - self.cwnd;
            self.cwnd = grown;
            if left == 0 {
                return;
            }
        }
        let per_segment = match &mut self.algorithm {
            Algorithm::None | Algorithm::Reno => self.cwnd,
            Algorithm::Cubic(cubic) => cubic.segments_to_grow_by_one(self.cwnd, left, now),
        };
        self.avoid_congestion(per_segment.max(1), left);
    }

    /// Adds one segment for every `per_segment` that are acknowledged (`tcp_cong_avoid_ai`).
    fn avoid_congestion(&mut self, per_segment: u64, segments: u64) {
        // What was counted before `per_segment` fell is worth one at most.
        if self.acked >= per_segment {
            self.acked = 0;
            self.cwnd += 1;
        }
        self.acked += segments;
        self.cwnd += self.acked / per_segment;
        self.acked %= per_segment;
    }

    /// Whether the window limited the sender, so that it may grow.
    fn was_limiting(&self) -> bool {
        self.usage.is_limited || (self.is_in_slow_start() && self.cwnd < 2 * self.usage.most_in_flight)
    }

    /// Something is about to be sent with nothing in flight. `last_sent_at` is when something was sent last.
    pub(super) fn starts_sending(&mut self, last_sent_at: Option<u64>, now: u64) {
        // Time in which nothing was sent is none in which cubic's curve has grown.
        if let (Algorithm::Cubic(cubic), Some(last)) = (&mut self.algorithm, last_sent_at) {
            cubic.shift_epoch(now.saturating_sub(last), now);
        }
    }

    /// The application writes after an idle time (`tcp_slow_start_after_idle_check`; RFC 5681, section 4.1).
    pub(super) fn restart_after_idle(&mut self, idle: u64, view: &SenderView) {
        if idle <= view.rto {
            return;
        }
        self.ssthresh = self.threshold_to_remember();
        let restart = INITIAL_WINDOW.min(self.cwnd);
        // One RTO is the idle time itself; each further one halves.
        let halvings = (idle - 1) / view.rto;
        self.cwnd = self.cwnd.checked_shr(halvings.min(63) as u32).unwrap_or(0).max(restart);
        self.usage.since = view.now;
        self.usage.used = 0;
    }

    /// The send buffer has grown: the time in which the window was not filled begins anew (`tcp_new_space`).
    pub(super) fn counts_as_used(&mut self, now: u64) {
        self.usage.since = now;
    }

    /// Segments have been sent, or the window has kept one back (`tcp_cwnd_validate`).
    pub(super) fn validate(&mut self, is_limited: bool, view: &SenderView) {
        let usage = &mut self.usage;
        let is_more = !usage.is_limited && view.in_flight > usage.most_in_flight;
        if view.una >= usage.round_ends_at || is_limited || is_more {
            usage.is_limited = is_limited;
            usage.most_in_flight = view.in_flight;
            usage.round_ends_at = view.next;
        }
        if self.was_limiting() {
            self.usage.used = 0;
            self.usage.since = view.now;
            return;
        }
        self.usage.used = self.usage.used.max(view.in_flight);
        if view.now - self.usage.since >= view.rto {
            self.decay(view);
        }
    }

    /// The window was not filled for a whole timeout.
    fn decay(&mut self, view: &SenderView) {
        if view.is_open && !view.is_application_waiting {
            let used = self.usage.used.max(INITIAL_WINDOW);
            if used < self.cwnd {
                self.ssthresh = self.threshold_to_remember();
                self.cwnd = (self.cwnd + used) / 2;
            }
            self.usage.used = 0;
        }
        self.usage.since = view.now;
    }
}

#[cfg(test)]
mod tests;
