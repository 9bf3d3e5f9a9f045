//! What an acknowledgement does, step by step (`tcp_ack`).
//!
//! 1. It may move the end of the receiver's window, never back.
//! 2. Its SACK blocks and its offset take segments off the scoreboard's pipe; RACK notes the newest.
//! 3. It measures the round trip: of the oldest segment that it acknowledges in order and that was sent once, else of the
//!    oldest that it SACKs, else by the echoed timestamp (RFC 7323, section 4.1). cubic is told the newest segment's.
//! 4. It may answer a tail-loss probe (RFC 8985, section 7.4).
//! 5. It changes the state of recovery.
//! 6. The timer begins anew if it moved SND.UNA.
//! 7. cwnd grows, or PRR lowers it.
//! 8. Lost segments are sent again, then new ones.

use super::Sender;
use super::state::{Purpose, Repair, State, Step};
use crate::tcp::segment::Acknowledgement;
use crate::tcp::units::MICROSECOND;

/// Round trips in microseconds, where there are any.
#[derive(Debug, Clone, Copy, Default)]
struct RoundTrips {
    /// Of the estimator.
    oldest: Option<u64>,
    /// Of the congestion control.
    newest: Option<u64>,
    /// Of the oldest segment that is SACKed.
    sacked: Option<u64>,
}

impl Sender {
    /// Takes an acknowledgement.
    pub(in crate::tcp) fn acknowledged(&mut self, ack: &Acknowledgement, now: u64) {
        if self.has_timed_out {
            return;
        }
        let offered = ack.window_end.saturating_sub(ack.next);
        self.window_end = self.window_end.max(ack.window_end);
        self.largest_window = self.largest_window.max(offered);
        if ack.next < self.board.una() || self.has_nothing_to_learn() {
            return;
        }
        let lost_before = self.board.lost();
        let mut step = self.take_off(ack, now);
        let trips = self.round_trips(&step, now);
        if let Some(micros) = trips.oldest {
            self.rtt.sample(micros, self.board.una(), self.board.next());
        }
        self.timeouts_in_row = if step.moves_una { 0 } else { self.timeouts_in_row };
        // A SACK of what was sent after the first segment's last sending is no reason to wait longer for that.
        let sacks_earlier = trips.sacked.is_some_and(|rtt| self.was_first_sent_within(rtt, now));
        if let Some(micros) = trips.newest {
            let view = self.view(now);
            self.window.sampled(micros, &view);
        }
        self.answer_tail_probe(ack, &step, now);
        let repair = self.next_state(&mut step, now);
        let begins_timer_anew = (step.moves_una || sacks_earlier) && !step.sets_rack_timer;
        if begins_timer_anew && !self.schedule_tail_probe(true, now) {
            self.rearm_retransmission(now);
        }
        self.change_window(&step, lost_before, now);
        self.transmit(repair, now);
        self.grow_send_buffer(now);
    }

    /// Whether nothing is in flight, unsent or being repaired: most segments come to a receiver that sends nothing.
    fn has_nothing_to_learn(&self) -> bool {
        let is_idle = self.board.is_empty() && self.queue.is_empty();
        is_idle
            && self.state == State::Open
            && self.tail_probe.ends_at.is_none()
            && !self.timer.is_for(Purpose::WindowProbe)
    }

    /// Takes off the scoreboard what has arrived.
    fn take_off(&mut self, ack: &Acknowledgement, now: u64) -> Step {
        let mut step = Step { moves_una: ack.next > self.board.una(), echo: ack.echo, ..Step::default() };
        let recovery_point = self.recovery_point;
        let least_rtt = self.rtt.least_micros();
        let rack = &mut self.rack;
        for block in ack.sacked.iter() {
            self.board.sack(block, |segment| {
                step.delivered += 1;
                step.has_sacked = true;
                if !segment.was_retransmitted {
                    step.shows_original |= segment.bytes.end <= recovery_point;
                    step.sacked = Some(widened(step.sacked, segment.sent_at));
                }
                rack.arrived(segment, now, least_rtt);
            });
        }
        self.board.acknowledge(ack.next, |segment| {
            step.has_acknowledged_retransmission |= segment.was_retransmitted;
            if !segment.was_retransmitted && !segment.is_sacked {
                step.shows_original |= segment.bytes.end <= recovery_point;
                step.acknowledged = Some(widened(step.acknowledged, segment.sent_at));
            }
            if !segment.is_sacked {
                step.delivered += 1;
                rack.arrived(segment, now, least_rtt);
            }
        });
        step
    }

    fn round_trips(&self, step: &Step, now: u64) -> RoundTrips {
        let since = |sent_at: u64| (now - sent_at) / MICROSECOND;
        let in_order = step.acknowledged.filter(|_| !step.has_acknowledged_retransmission);
        let sacked = step.sacked.map(|(oldest, _)| since(oldest));
        let echoed = step.moves_una.then(|| since(step.echo));
        let measured = in_order.map(|(oldest, _)| since(oldest)).or(sacked);
        let newest = step.sacked.or(in_order).map(|(_, newest)| since(newest));
        RoundTrips { oldest: measured.or(echoed), newest: newest.or(echoed), sacked }
    }

    /// Whether the first segment was sent last within a round trip that was just measured.
    fn was_first_sent_within(&self, rtt: u64, now: u64) -> bool {
        self.board.first().is_some_and(|first| rtt > (now - first.sent_at) / MICROSECOND)
    }

    /// Whether the acknowledgement answers a tail-loss probe, and what that says (`tcp_process_tlp_ack`).
    fn answer_tail_probe(&mut self, ack: &Acknowledgement, step: &Step, now: u64) {
        let Some(ends_at) = self.tail_probe.ends_at.filter(|end| ack.next >= *end) else { return };
        if !self.tail_probe.is_retransmission || ack.is_duplicate {
            // New bytes have arrived, or the segment had arrived before: nothing was lost.
            self.tail_probe.ends_at = None;
        } else if ack.next > ends_at {
            // The probe has repaired a loss, so the window is lowered once.
            self.begin_reduction();
            self.window.set(self.window.ssthresh(), now);
            self.keep_open();
        } else if !step.moves_una && !step.has_sacked {
            // A pure duplicate: the original and the probe have both arrived.
            self.tail_probe.ends_at = None;
        }
    }

    fn change_window(&mut self, step: &Step, lost_before: u64, now: u64) {
        if self.state == State::Recovery {
            let shows_loss = step.shows_loss || self.board.lost() > lost_before;
            self.reduce_proportionally(step.delivered, shows_loss, step.moves_una, now);
        } else if step.moves_una && step.delivered > 0 {
            self.window.grow(step.delivered, now);
        }
    }

    fn transmit(&mut self, repair: Repair, now: u64) {
        match repair {
            Repair::Nothing => {}
            Repair::Lost => self.send_lost(now),
            Repair::NewFirst => {
                self.send_new(now);
                // Without a new segment F-RTO learns nothing.
                if self.board.next() <= self.recovery_point {
                    self.undo.is_probing = false;
                    self.send_lost(now);
                }
            }
        }
        if self.is_window_open() {
            self.window_is_open();
        }
        self.send_new(now);
    }
}

/// A span of times with one more.
fn widened(span: Option<(u64, u64)>, at: u64) -> (u64, u64) {
    span.map_or((at, at), |(oldest, newest)| (oldest.min(at), newest.max(at)))
}
