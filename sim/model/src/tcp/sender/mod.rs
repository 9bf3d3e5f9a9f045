//! The sender of one direction: what is sent when, what is lost, how fast (Linux 6.18, `tcp_output.c`, `tcp_input.c`).
//!
//! - `output.rs`: new segments, as far as cwnd and the receiver's window allow, and retransmissions.
//! - `input.rs`: what an acknowledgement does, step by step.
//! - `recovery.rs`: the states open, disorder, recovery and loss, and the ways between them.
//! - `undo.rs`: taking back a reduction that no loss had caused: F-RTO (RFC 5682) and timestamps (Eifel, RFC 3522).
//! - `timers.rs`: the one timer: retransmission, tail-loss probe, RACK, and the probe of a closed window.
//!
//! The sender is handed times, bytes and acknowledgements, and leaves what is to be sent in its outbox.

mod input;
mod output;
mod recovery;
mod state;
mod timers;
mod undo;

use super::congestion::{CongestionWindow, SenderView};
use super::prr::Prr;
use super::rack::{Patience, Rack};
use super::range::ByteRange;
use super::rtt::RttEstimator;
use super::scoreboard::Scoreboard;
use super::settings::{Congestion, Settings};
use super::socket::{Bound, Piece, SendQueue, Surroundings};
use state::{State, TailProbe, Timer};
use undo::Undo;

/// A segment that is to be sent now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outgoing {
    pub(super) bytes: ByteRange,
    pub(super) has_fin: bool,
    pub(super) is_pushed: bool,
    pub(super) is_window_probe: bool,
}

/// What a sender has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SenderCounts {
    /// Segments with bytes, sent for the first time or again.
    pub segments: u64,
    /// Of these, the ones sent again.
    pub retransmissions: u64,
    /// Retransmission timeouts.
    pub timeouts: u64,
    /// Tail-loss probes.
    pub tail_probes: u64,
    /// Reductions taken back because nothing had been lost.
    pub undone: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Sender {
    queue: SendQueue,
    board: Scoreboard,
    rtt: RttEstimator,
    window: CongestionWindow,
    rack: Rack,
    state: State,
    /// Recovery ends when this offset is acknowledged (`high_seq`).
    recovery_point: u64,
    prr: Prr,
    undo: Undo,
    tail_probe: TailProbe,
    timer: Timer,
    /// Timeouts in a row (`icsk_retransmits`).
    timeouts_in_row: u32,
    /// How often a closed window has been probed in a row (`icsk_backoff`).
    window_probes: u32,
    /// When a closed window was probed first.
    window_closed_since: Option<u64>,
    /// The first offset past the receiver's window.
    window_end: u64,
    /// The largest window that the receiver has offered.
    largest_window: u64,
    last_sent_at: Option<u64>,
    /// The offset of the FIN, once the application has closed.
    fin: Option<u64>,
    user_timeout: Option<u64>,
    jiffies_at_start: u64,
    has_timed_out: bool,
    counts: SenderCounts,
    /// When segments were sent again, since this was last asked for.
    sent_again_at: Vec<u64>,
    outbox: Vec<Outgoing>,
}

impl Sender {
    pub(super) fn new(settings: &Settings) -> Self {
        let bound = match settings.congestion {
            Congestion::None => Bound::Window,
            Congestion::Reno | Congestion::Cubic => Bound::Unsent(settings.unsent_low_water),
        };
        Self {
            queue: SendQueue::new(bound),
            board: Scoreboard::default(),
            rtt: RttEstimator::new(),
            window: CongestionWindow::new(settings.congestion),
            rack: Rack::default(),
            state: State::Open,
            recovery_point: 0,
            prr: Prr::default(),
            undo: Undo::default(),
            tail_probe: TailProbe::default(),
            timer: Timer::default(),
            timeouts_in_row: 0,
            window_probes: 0,
            window_closed_since: None,
            window_end: 0,
            largest_window: 0,
            last_sent_at: None,
            fin: None,
            user_timeout: settings.user_timeout,
            jiffies_at_start: settings.jiffies_at_start,
            has_timed_out: false,
            counts: SenderCounts::default(),
            sent_again_at: Vec::new(),
            outbox: Vec::new(),
        }
    }

    /// The other end has offered a window, which begins at the first byte.
    pub(super) fn offered(&mut self, window_end: u64) {
        self.window_end = window_end;
        self.largest_window = window_end;
    }

    /// The handshake is over, and has measured a round trip.
    pub(super) fn established(&mut self, rtt_micros: u64, now: u64) {
        self.rtt.sample(rtt_micros, 0, 0);
        self.last_sent_at = Some(now);
    }

    /// Takes what the socket has room for, sends what may be sent, and returns how much was taken.
    pub(super) fn write(&mut self, bytes: u64, piece: Piece, now: u64) -> u64 {
        if self.fin.is_some() || self.has_timed_out {
            return 0;
        }
        if self.board.is_empty() && self.queue.is_empty() {
            self.restart_after_idle(now);
        }
        let accepted = self.queue.write(bytes, piece, self.surroundings());
        self.send_new(now);
        accepted
    }

    /// Takes what the socket has room for, holds it back, and returns how much was taken.
    pub(super) fn write_held(&mut self, bytes: u64, piece: Piece) -> u64 {
        if self.fin.is_some() || self.has_timed_out {
            return 0;
        }
        let accepted = self.queue.write(bytes, piece, self.surroundings());
        self.queue.hold(accepted);
        accepted
    }

    /// Sends what was held back.
    pub(super) fn let_go(&mut self, now: u64) {
        if self.board.is_empty() && self.queue.first_buffer().is_none() {
            self.restart_after_idle(now);
        }
        self.queue.let_go();
        self.send_new(now);
    }

    /// The application ends the stream: the FIN follows what is unsent. What was held back is lost.
    pub(super) fn close(&mut self, now: u64) {
        if self.fin.is_none() {
            self.queue.drop_held();
            self.fin = Some(self.board.next() + self.queue.bytes());
            self.queue.push_fin();
            self.send_new(now);
        }
    }

    /// What the receiver's window has room for beyond all that is unsent.
    pub(super) fn window_room(&self) -> u64 {
        self.window_end.saturating_sub(self.board.next() + self.queue.bytes())
    }

    /// Whether the application that waits for room is to be told; it is told once.
    pub(super) fn wake(&mut self) -> bool {
        let around = self.surroundings();
        self.fin.is_none() && self.queue.wake(around)
    }

    /// Lets the send buffer grow where the application waits for room and cwnd is not filled. The kernel looks with every
    /// segment that arrives, and whenever it has sent a buffer (`tcp_check_space`).
    fn grow_send_buffer(&mut self, now: u64) {
        if self.queue.is_awaited() && self.board.pipe() < self.window.cwnd() {
            self.queue.expand_memory(self.window.cwnd());
            self.window.counts_as_used(now);
        }
    }

    fn surroundings(&self) -> Surroundings {
        Surroundings {
            window_room: self.window_room(),
            largest_window: self.largest_window,
            in_flight: self.board.in_flight(),
        }
    }

    /// Whether the application has found no room and has not been told of any since.
    pub(super) fn is_awaited(&self) -> bool {
        self.queue.is_awaited()
    }

    pub(super) fn unsent_bytes(&self) -> u64 {
        self.queue.bytes()
    }

    /// SND.UNA: everything before it is acknowledged.
    pub(super) fn una(&self) -> u64 {
        self.board.una()
    }

    /// SND.NXT: everything before it has been sent.
    pub(super) fn next(&self) -> u64 {
        self.board.next()
    }

    /// The retransmission timeout in nanoseconds.
    pub(super) fn rto(&self) -> u64 {
        self.rtt.rto()
    }

    pub(super) fn cwnd(&self) -> u64 {
        self.window.cwnd()
    }

    pub(super) fn ssthresh(&self) -> u64 {
        self.window.ssthresh()
    }

    pub(super) fn counts(&self) -> SenderCounts {
        self.counts
    }

    /// Whether the kernel has given up: nothing was acknowledged for too long.
    pub(super) fn has_timed_out(&self) -> bool {
        self.has_timed_out
    }

    /// When segments were sent again, since this was last asked for.
    pub(super) fn take_sent_again(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.sent_again_at)
    }

    /// Whether the application has ended the stream.
    pub(super) fn is_closed(&self) -> bool {
        self.fin.is_some()
    }

    /// What is to be sent now. The segments are taken away, their room stays.
    pub(super) fn outbox(&mut self) -> &mut Vec<Outgoing> {
        &mut self.outbox
    }

    fn restart_after_idle(&mut self, now: u64) {
        if let Some(last) = self.last_sent_at {
            let view = self.view(now);
            self.window.restart_after_idle(now - last, &view);
        }
    }

    fn view(&self, now: u64) -> SenderView {
        SenderView {
            now,
            in_flight: self.board.len(),
            una: self.board.una(),
            next: self.board.next(),
            rto: self.rtt.rto(),
            srtt_micros: self.rtt.srtt_micros().unwrap_or(0),
            is_open: self.state == State::Open,
            is_application_waiting: self.queue.is_awaited(),
        }
    }

    fn patience(&self) -> Patience {
        Patience {
            is_recovering: matches!(self.state, State::Recovery | State::Loss),
            least_rtt_micros: self.rtt.least_micros(),
            srtt_micros: self.rtt.srtt_micros().unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests;
