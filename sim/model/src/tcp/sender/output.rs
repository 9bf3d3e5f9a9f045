//! What is sent: new segments (`tcp_write_xmit`) and lost ones again (`tcp_xmit_retransmit_queue`).

use super::state::{Purpose, State};
use super::{Outgoing, Sender};
use crate::tcp::units::{MICROSECOND, MILLISECOND, MSS};

/// The most segments that are sent as one of the kernel's buffers: at rates below 2 MB/s always the least that it uses
/// (`tcp_tso_segs`, `tcp_min_tso_segs`).
const SEGMENTS_A_BUFFER: u64 = 2;

/// The application may write more soon where something was sent within so long.
const RECENTLY: u64 = MILLISECOND;

/// What an attempt to send new segments has come to.
#[derive(Debug, Clone, Copy, Default)]
struct Attempt {
    segments: u64,
    /// Whether cwnd has kept a segment back.
    is_limited: bool,
}

impl Sender {
    /// Sends new segments as far as cwnd and the receiver's window allow.
    pub(super) fn send_new(&mut self, now: u64) {
        let mut attempt = Attempt::default();
        while self.queue.first_buffer().is_some() {
            let quota = self.window.cwnd().saturating_sub(self.board.pipe()).min(SEGMENTS_A_BUFFER);
            if quota == 0 {
                attempt.is_limited = true;
                break;
            }
            let buffer = self.queue.fill_first(quota * MSS);
            if self.puts_off(buffer, quota, now) {
                attempt.is_limited = true;
                break;
            }
            let sent = self.send_of_first_buffer(buffer, quota, now);
            if sent == 0 {
                break;
            }
            attempt.segments += sent;
            self.grow_send_buffer(now);
        }
        attempt.is_limited |= self.board.pipe() >= self.window.cwnd();
        if attempt.segments > 0 || attempt.is_limited {
            self.validate(attempt.is_limited, now);
        }
        if attempt.segments > 0 {
            self.schedule_tail_probe(false, now);
        }
        self.watch_closed_window(now);
    }

    /// Whether a segment waits for the next acknowledgement, to be sent together with another one
    /// (`tcp_tso_should_defer`): cwnd lets only one out, something was sent just now, and the acknowledgement is overdue.
    fn puts_off(&self, buffer: u64, quota: u64, now: u64) -> bool {
        let is_alone = quota < SEGMENTS_A_BUFFER && buffer > MSS && !self.ends_with_fin(buffer);
        let is_recent = self.last_sent_at.is_some_and(|last| now - last <= RECENTLY);
        if !is_alone || !is_recent || matches!(self.state, State::Recovery | State::Loss) {
            return false;
        }
        let window = self.window_end.saturating_sub(self.board.next());
        // A third of the window is worth a packet.
        if window < MSS || MSS >= window.min(self.window.cwnd() * MSS) / 3 {
            return false;
        }
        let srtt = self.rtt.srtt_micros().unwrap_or(0) * MICROSECOND;
        let patience = (srtt / 2).min(RECENTLY);
        self.board.first().is_some_and(|first| first.sent_at + srtt <= now + patience)
    }

    /// Sends one new segment, whatever cwnd allows. Returns whether the receiver's window allowed it.
    pub(super) fn send_one_new(&mut self, now: u64) -> bool {
        if self.queue.first_buffer().is_none() {
            return false;
        }
        let buffer = self.queue.fill_first(MSS);
        let is_sent = self.send_of_first_buffer(buffer, 1, now) > 0;
        if is_sent {
            self.validate(self.board.pipe() >= self.window.cwnd(), now);
        }
        is_sent
    }

    fn validate(&mut self, is_limited: bool, now: u64) {
        let view = self.view(now);
        self.window.validate(is_limited, &view);
    }

    /// Sends at most `quota` segments of the first buffer, and returns how many.
    fn send_of_first_buffer(&mut self, buffer: u64, quota: u64, now: u64) -> u64 {
        let has_fin = self.ends_with_fin(buffer);
        let payload = buffer - u64::from(has_fin);
        let window = self.window_end.saturating_sub(self.board.next());
        // A segment is not cut to what is left of the receiver's window (RFC 9293, section 3.8.6.2.1). A FIN alone is
        // sent whatever the window.
        if window < MSS.min(payload) {
            return 0;
        }
        let sent = payload.min(quota.saturating_mul(MSS)).min(window);
        let ends_buffer = sent == payload;
        self.send_bytes(sent, ends_buffer, has_fin && ends_buffer, now)
    }

    /// Sends bytes of the first buffer as one buffer, cut into full segments. A FIN rides on the last and takes no room in it.
    pub(super) fn send_bytes(&mut self, bytes: u64, ends_buffer: bool, has_fin: bool, now: u64) -> u64 {
        let was_idle = self.board.is_empty();
        if was_idle {
            self.window.starts_sending(self.last_sent_at, now);
        }
        let segments = bytes.div_ceil(MSS).max(1);
        for nth in 1..=segments {
            let is_last = nth == segments;
            let payload = if is_last { bytes - (segments - 1) * MSS } else { MSS };
            let len = payload + u64::from(is_last && has_fin);
            let sent = self.board.push(len, is_last && has_fin, is_last, now);
            self.queue.take(len);
            // A buffer of several segments ends with a push whatever follows (`__tcp_transmit_skb`, since Linux 5.4).
            let is_pushed = is_last && (ends_buffer || segments > 1);
            self.outbox.push(Outgoing { bytes: sent, has_fin: is_last && has_fin, is_pushed, is_window_probe: false });
        }
        self.counts.segments += segments;
        self.last_sent_at = Some(now);
        if self.state == State::Recovery {
            self.prr.note_sent(segments);
        }
        if was_idle || self.timer.is_for(Purpose::TailProbe) {
            self.rearm_retransmission(now);
        }
        segments
    }

    /// Whether the next `bytes` unsent bytes end with the FIN.
    fn ends_with_fin(&self, bytes: u64) -> bool {
        self.fin.is_some_and(|fin| self.board.next() + bytes == fin + 1)
    }

    /// Sends the lost segments again, as far as cwnd allows.
    pub(super) fn send_lost(&mut self, now: u64) {
        let mut is_first_sent = false;
        let mut nth = 0;
        while self.board.pipe() < self.window.cwnd() {
            let Some(next) = self.board.next_to_retransmit(nth) else { break };
            self.retransmit(next, now);
            if self.state == State::Recovery {
                self.prr.note_sent(1);
            }
            is_first_sent |= next == 0;
            nth = next + 1;
        }
        if is_first_sent && !self.timer.is_for(Purpose::Rack) {
            self.set_timer(Purpose::Retransmission, self.rtt.rto(), now);
        }
    }

    /// Sends a segment again because it is lost, whatever cwnd allows.
    pub(super) fn retransmit(&mut self, nth: usize, now: u64) {
        self.repeat(nth, now);
        self.board.count_retransmission(nth);
        self.undo.note_retransmission(now);
    }

    /// Sends a segment again. It counts in the pipe once, unless it is counted as a retransmission as well: a probe's is
    /// not (`__tcp_retransmit_skb`).
    pub(super) fn repeat(&mut self, nth: usize, now: u64) {
        let Some(segment) = self.board.get(nth) else { return };
        let outgoing =
            Outgoing { bytes: segment.bytes, has_fin: segment.has_fin, is_pushed: true, is_window_probe: false };
        self.board.note_sent_again(nth, now);
        self.counts.segments += 1;
        self.counts.retransmissions += 1;
        self.sent_again_at.push(now);
        self.outbox.push(outgoing);
    }
}
