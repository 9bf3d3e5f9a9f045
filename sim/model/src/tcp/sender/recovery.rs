//! The states of loss recovery and the ways between them (`tcp_fastretrans_alert`).
//!
//! - Open: nothing is being repaired. Disorder: something is SACKed, nothing is lost yet.
//! - Recovery, from a loss that RACK has found: fast retransmit and fast recovery (RFC 5681, section 3.2; RFC 6675,
//!   section 5) with PRR. It ends when everything is acknowledged that had been sent when it began.
//! - Loss, from a timeout: every segment is lost that was not SACKed and was sent longer than a round trip ago, and cwnd is
//!   one (RFC 5681, section 3.1). It ends as recovery does, and slow start repairs it. F-RTO comes first.

use super::Sender;
use super::state::{Purpose, Repair, State, Step};
use crate::tcp::prr::{Delivery, Prr};
use crate::tcp::rack::Detected;
use crate::tcp::units::MICROSECOND;

impl Sender {
    /// Marks what is lost by now, without a timer for the rest.
    pub(super) fn detect_losses(&mut self, now: u64) -> Detected {
        let patience = self.patience();
        self.rack.detect(&mut self.board, patience, now)
    }

    /// The first loss of a window: ssthresh falls, and PRR lowers cwnd to it.
    pub(super) fn enter_recovery(&mut self) {
        self.undo.begin(self.window.cwnd(), self.window.threshold_to_remember());
        self.begin_reduction();
        self.state = State::Recovery;
    }

    /// `tcp_init_cwnd_reduction`.
    pub(super) fn begin_reduction(&mut self) {
        self.recovery_point = self.board.next();
        self.tail_probe.ends_at = None;
        self.prr = Prr::begun(self.window.cwnd());
        self.window.lower_threshold();
    }

    /// A retransmission has timed out (`tcp_enter_loss`).
    pub(super) fn enter_loss(&mut self, now: u64) {
        let was_repairing = matches!(self.state, State::Recovery | State::Loss);
        let first = self.board.una();
        // What was sent within a round trip is probably still under way.
        let round_trip = self.rack.rtt_micros() * MICROSECOND;
        self.board.mark_lost(|segment| segment.bytes.start == first || segment.sent_at + round_trip <= now);
        let is_new_episode = !was_repairing
            || self.recovery_point <= self.board.una()
            || (self.state == State::Loss && self.timeouts_in_row == 0);
        if is_new_episode {
            // In the middle of a repair the threshold is the reduced one already.
            let remembered = if self.state == State::Recovery {
                self.window.ssthresh()
            } else {
                self.window.threshold_to_remember()
            };
            self.undo.begin(self.window.cwnd(), remembered);
            self.window.lower_threshold();
        }
        let view = self.view(now);
        self.window.collapse(self.board.pipe(), &view);
        self.state = State::Loss;
        self.recovery_point = self.board.next();
        self.tail_probe.ends_at = None;
        // RFC 5682 begins at the first timeout; so does the kernel, and again where the next one follows.
        self.undo.is_probing = !was_repairing || self.timeouts_in_row > 0;
    }

    /// Open, or disorder while segments are in a state.
    pub(super) fn keep_open(&mut self) {
        let is_clean = self.board.sacked() + self.board.lost() + self.board.retransmitted() == 0;
        self.state = if is_clean { State::Open } else { State::Disorder };
    }

    /// PRR's cwnd after an acknowledgement in recovery.
    pub(super) fn reduce_proportionally(&mut self, segments: u64, shows_loss: bool, moves_una: bool, now: u64) {
        if self.state != State::Recovery {
            return;
        }
        let delivery = Delivery { segments, shows_loss, moves_una };
        if let Some(cwnd) = self.prr.cwnd(self.window.ssthresh(), self.board.pipe(), delivery) {
            self.window.set(cwnd, now);
        }
    }

    /// The state after an acknowledgement, and what is to be sent.
    pub(super) fn next_state(&mut self, step: &mut Step, now: u64) -> Repair {
        let is_clean = self.state == State::Open && self.board.lost() == 0;
        if is_clean && !step.has_sacked {
            return Repair::Nothing;
        }
        if self.state == State::Recovery && self.board.una() >= self.recovery_point {
            self.end_recovery(step.echo, now);
        }
        match self.state {
            State::Open | State::Disorder => self.in_order_or_not(step, now),
            State::Recovery => {
                step.shows_loss |= self.detect_after_advance(step, now) > 0;
                Repair::Lost
            }
            State::Loss => {
                let repair = self.in_loss(step);
                if self.state == State::Loss {
                    self.detect_after_advance(step, now);
                }
                repair
            }
        }
    }

    /// Marks what is lost where something has arrived, and sets RACK's timer where it is to look again. Returns how many
    /// are lost now (`tcp_rack_mark_lost`).
    fn detect_after_advance(&mut self, step: &mut Step, now: u64) -> u64 {
        if !self.rack.take_advance() {
            return 0;
        }
        let detected = self.detect_losses(now);
        if let Some(after) = detected.look_again_after {
            self.set_timer(Purpose::Rack, after, now);
            step.sets_rack_timer = true;
        }
        detected.lost
    }

    fn end_recovery(&mut self, echo: u64, now: u64) {
        if !self.undo_by_timestamp(echo) && self.undo.is_armed() {
            self.window.set(self.window.ssthresh(), now);
        }
        self.undo.end();
        self.state = State::Open;
    }

    fn in_order_or_not(&mut self, step: &mut Step, now: u64) -> Repair {
        self.keep_open();
        if self.state == State::Disorder {
            self.detect_after_advance(step, now);
        }
        if self.board.lost() == 0 {
            return Repair::Nothing;
        }
        self.enter_recovery();
        step.shows_loss = true;
        Repair::Lost
    }

    /// `tcp_process_loss`.
    fn in_loss(&mut self, step: &Step) -> Repair {
        if step.moves_una && self.undo_by_timestamp(step.echo) {
            return self.leave_loss_undone();
        }
        let is_repaired = self.board.una() >= self.recovery_point;
        if self.undo.is_probing {
            if step.shows_original && self.undo.is_armed() {
                self.take_reduction_back();
                return self.leave_loss_undone();
            }
            if let Some(repair) = self.probe_for_spurious_timeout(step, is_repaired) {
                return repair;
            }
        }
        if is_repaired {
            self.undo.end();
            self.undo.is_probing = false;
            self.keep_open();
            // cwnd stays as slow start has rebuilt it.
            return Repair::Nothing;
        }
        Repair::Lost
    }

    /// F-RTO, steps 2 and 3 of RFC 5682; `None` where it has come to nothing.
    fn probe_for_spurious_timeout(&mut self, step: &Step, is_repaired: bool) -> Option<Repair> {
        if self.board.next() > self.recovery_point {
            if step.has_sacked || !step.moves_una {
                self.undo.is_probing = false;
            }
        } else if step.moves_una && !is_repaired {
            self.recovery_point = self.board.next();
            if !self.queue.is_empty() {
                return Some(Repair::NewFirst);
            }
            self.undo.is_probing = false;
        }
        None
    }

    fn leave_loss_undone(&mut self) -> Repair {
        self.undo.is_probing = false;
        self.keep_open();
        Repair::Lost
    }
}
