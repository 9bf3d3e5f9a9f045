//! The one timer of a sender, and what happens when it fires. The kernel has one for all four purposes (`icsk_pending`).
//!
//! 1. Retransmission (RFC 6298, section 5): an RTO after the first segment was sent or something was acknowledged.
//! 2. Tail-loss probe (RFC 8985, section 7): 2 SRTT after the last segment, 200 ms longer where only one is in flight, and
//!    never later than the RTO of the first segment. It sends one new segment, or the last one again; then the whole RTO
//!    of the first segment runs.
//! 3. RACK: looks for losses again when the reordering window has passed.
//! 4. Window probe (RFC 9293, section 3.8.6.1): where nothing is in flight and the window is closed, after an RTO, which
//!    doubles.
//!
//! A timer that is set anew replaces the one before.

use super::state::{Purpose, State, TailProbe};
use super::{Outgoing, Sender};
use crate::tcp::range::ByteRange;
use crate::tcp::rtt::{INITIAL_RTO, LEAST_RTO, LONGEST_RTO};
use crate::tcp::units::{JIFFY, MSS, earliest, timer_fires_at, whole_jiffies};

/// `tcp_retries2`.
const MOST_TIMEOUTS: u32 = 15;

/// What a probe's timeout gets beside 2 SRTT where several segments are in flight (`TCP_TIMEOUT_MIN_US`).
const PROBE_SLACK: u64 = 2 * JIFFY;

impl Sender {
    /// When the timer fires.
    pub(in crate::tcp) fn timer_at(&self) -> Option<u64> {
        self.timer.pending.map(|(at, _)| at)
    }

    /// The timer has fired.
    pub(in crate::tcp) fn timer_fired(&mut self, now: u64) {
        let Some((_, purpose)) = self.timer.pending else { return };
        match purpose {
            // These two go on with the rest of an RTO, and see by the timer that they have to.
            Purpose::TailProbe => self.send_tail_probe(now),
            Purpose::Rack => self.look_for_losses_again(now),
            Purpose::Retransmission => {
                self.timer.pending = None;
                self.retransmission_timed_out(now);
            }
            Purpose::WindowProbe => {
                self.timer.pending = None;
                self.probe_closed_window(now);
            }
        }
    }

    pub(super) fn set_timer(&mut self, purpose: Purpose, after: u64, now: u64) {
        let at = timer_fires_at(now, whole_jiffies(after), self.jiffies_at_start);
        self.timer.pending = Some((at, purpose));
    }

    /// The retransmission timer, or none where nothing is in flight (`tcp_rearm_rto`).
    pub(super) fn rearm_retransmission(&mut self, now: u64) {
        if self.board.is_empty() {
            self.timer.pending = None;
            return;
        }
        // The timers of losses have taken the place of an RTO that had begun.
        let has_begun = self.timer.is_for(Purpose::Rack) || self.timer.is_for(Purpose::TailProbe);
        let after = if has_begun { self.rest_of_rto(now).unwrap_or(1) } else { self.rtt.rto() };
        self.set_timer(Purpose::Retransmission, after, now);
    }

    /// What is left of the RTO of the first segment; `None` if it is over.
    fn rest_of_rto(&self, now: u64) -> Option<u64> {
        let first_sent_at = self.board.first().map_or(now, |first| first.sent_at);
        (first_sent_at + self.rtt.rto()).checked_sub(now).filter(|rest| *rest > 0)
    }

    /// Sets the timer for a tail-loss probe, where one may be sent; `is_acknowledged` if the RTO begins anew now.
    pub(super) fn schedule_tail_probe(&mut self, is_acknowledged: bool, now: u64) -> bool {
        if self.board.is_empty() || self.state != State::Open {
            return false;
        }
        // Each segment that is sent puts the probe off. A congestion window ends that soon. Where there is none, a timeout
        // that is overdue stays.
        let is_overdue = !is_acknowledged && self.rest_of_rto(now).is_none();
        if is_overdue && self.timer.pending.is_some() && !self.window.is_limiting() {
            return true;
        }
        // The receiver may hold back the acknowledgement of a single segment.
        let slack = if self.board.len() == 1 { LEAST_RTO } else { PROBE_SLACK };
        let patience = self.rtt.two_srtt().map_or(INITIAL_RTO, |two_srtt| two_srtt + slack);
        let rto = if is_acknowledged { Some(self.rtt.rto()) } else { self.rest_of_rto(now) };
        self.set_timer(Purpose::TailProbe, rto.map_or(patience, |rto| patience.min(rto)), now);
        true
    }

    fn send_tail_probe(&mut self, now: u64) {
        self.counts.tail_probes += 1;
        // One probe at a time.
        if self.tail_probe.ends_at.is_none() {
            let last = (self.board.len() as usize).checked_sub(1);
            let is_new = self.send_one_new(now);
            let repeated = last.filter(|last| !is_new && self.board.get(*last).is_some_and(|last| !last.is_sacked));
            if let Some(last) = repeated {
                self.repeat(last, now);
            }
            if is_new || repeated.is_some() {
                self.tail_probe = TailProbe { ends_at: Some(self.board.next()), is_retransmission: !is_new };
                // A whole RTO from now on.
                self.timer.pending = None;
            }
        }
        self.rearm_retransmission(now);
    }

    fn look_for_losses_again(&mut self, now: u64) {
        self.detect_losses(now);
        if self.board.lost() > 0 {
            match self.state {
                State::Open | State::Disorder => self.enter_recovery(),
                State::Recovery | State::Loss => {}
            }
            self.reduce_proportionally(0, true, false, now);
            self.send_lost(now);
        }
        if !self.timer.is_for(Purpose::Retransmission) {
            self.rearm_retransmission(now);
        }
    }

    fn retransmission_timed_out(&mut self, now: u64) {
        if self.board.is_empty() {
            return;
        }
        if self.gives_up(now) {
            self.give_up();
            return;
        }
        self.counts.timeouts += 1;
        self.enter_loss(now);
        self.timeouts_in_row += 1;
        self.retransmit(0, now);
        self.rtt.back_off();
        let after = self.until_user_timeout(now).map_or(self.rtt.rto(), |rest| self.rtt.rto().min(rest));
        self.set_timer(Purpose::Retransmission, after, now);
    }

    /// Whether nothing was acknowledged for too long (`tcp_write_timeout`).
    fn gives_up(&self, now: u64) -> bool {
        match self.until_user_timeout(now) {
            Some(rest) => self.timeouts_in_row > 0 && rest == 0,
            None => self.timeouts_in_row >= MOST_TIMEOUTS,
        }
    }

    /// What is left of the user timeout, which runs from the first retransmission on.
    fn until_user_timeout(&self, now: u64) -> Option<u64> {
        let since = self.undo.first_retransmission().unwrap_or(now);
        self.user_timeout.map(|timeout| (since + timeout).saturating_sub(now))
    }

    /// A time before which this end does not give up, where nothing happens before `next`.
    pub(in crate::tcp) fn gives_up_not_before(&self, next: u64) -> u64 {
        let since = earliest([self.undo.first_retransmission(), self.window_closed_since]);
        match self.user_timeout {
            Some(timeout) => since.map_or(next, |since| since.min(next)).saturating_add(timeout).max(next),
            None if self.timeouts_in_row == 0 => next.saturating_add(LEAST_RTO * u64::from(MOST_TIMEOUTS)),
            None => next,
        }
    }

    fn give_up(&mut self) {
        self.has_timed_out = true;
        self.timer.pending = None;
    }

    /// Where there are bytes that the closed window keeps back and nothing is in flight, the window is probed.
    pub(super) fn watch_closed_window(&mut self, now: u64) {
        let waits = self.queue.first_buffer().is_some() || self.waits_for_window();
        if !waits || !self.board.is_empty() || self.timer.pending.is_some() {
            return;
        }
        let patience = self.rtt.rto().max(LEAST_RTO);
        let after = patience.checked_shl(self.window_probes).unwrap_or(LONGEST_RTO).min(LONGEST_RTO);
        self.set_timer(Purpose::WindowProbe, after, now);
    }

    /// Whether the application waits for the window itself: a socket that keeps no bytes back has none unsent to show it.
    fn waits_for_window(&self) -> bool {
        self.queue.is_awaited() && self.window_room() == 0
    }

    /// Whether the receiver's window lets the next segment out.
    pub(super) fn is_window_open(&self) -> bool {
        let window = self.window_end.saturating_sub(self.board.next());
        !self.waits_for_window() && self.queue.first_buffer().is_none_or(|buffer| window >= MSS.min(buffer))
    }

    /// The window has opened, or it was never closed.
    pub(super) fn window_is_open(&mut self) {
        self.window_probes = 0;
        self.window_closed_since = None;
        if self.timer.is_for(Purpose::WindowProbe) {
            self.timer.pending = None;
        }
    }

    fn probe_closed_window(&mut self, now: u64) {
        let since = *self.window_closed_since.get_or_insert(now);
        // A window that stays closed is a user timeout as well (RFC 793's USER TIMEOUT; `tcp_probe_timer`).
        if self.user_timeout.is_some_and(|timeout| now - since >= timeout) {
            self.give_up();
            return;
        }
        self.window_probes = (self.window_probes + 1).min(MOST_TIMEOUTS);
        let room = self.window_end.saturating_sub(self.board.next());
        match self.queue.first_buffer() {
            // What the window has room for goes out, be it less than a segment.
            Some(_) if room > 0 => {
                self.send_bytes(room.min(MSS), false, false, now);
            }
            Some(_) | None => {
                let before = self.board.una().saturating_sub(1);
                let bytes = ByteRange::new(before, before);
                self.outbox.push(Outgoing { bytes, has_fin: false, is_pushed: false, is_window_probe: true });
                self.watch_closed_window(now);
            }
        }
    }
}
