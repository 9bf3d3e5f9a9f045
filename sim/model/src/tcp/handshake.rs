//! The handshake of one end (RFC 9293, section 3.5), and how it is tried again.
//!
//! 1. The client sends a SYN. Without an answer it sends it again, four times after a second each
//!    (`tcp_syn_linear_timeouts`), then after twice the time as before, ten times in all. Then it gives up, after 131 s.
//! 2. The server answers every SYN with a SYN-ACK, and sends that again after 1, 2, 4, … s until something is
//!    acknowledged.
//! 3. The client acknowledges every SYN-ACK. Its first bytes do as well where that acknowledgement is lost.
//!
//! Left out: the server's kernel gives up after 63 s, and answers what comes later with a reset.

use super::rtt::{INITIAL_RTO, LONGEST_RTO};
use super::units::timer_fires_at;

/// `tcp_syn_linear_timeouts`.
const LINEAR_TIMEOUTS: u32 = 4;
/// `tcp_syn_retries`, and the linear ones.
const MOST_SYN_RETRIES: u32 = 6 + LINEAR_TIMEOUTS;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// A server that no SYN has reached.
    Listens,
    SynSent,
    SynReceived,
    Established,
    /// No SYN was answered.
    GivenUp,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Handshake {
    stage: Stage,
    timeouts: u32,
    timeout: u64,
    timer_at: Option<u64>,
    jiffies_at_start: u64,
}

/// What an end does when its timer has fired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    Syn,
    SynAck,
    Nothing,
}

impl Handshake {
    pub(super) fn new(jiffies_at_start: u64) -> Self {
        Self { stage: Stage::Listens, timeouts: 0, timeout: INITIAL_RTO, timer_at: None, jiffies_at_start }
    }

    pub(super) fn stage(&self) -> Stage {
        self.stage
    }

    pub(super) fn is_established(&self) -> bool {
        self.stage == Stage::Established
    }

    pub(super) fn timer_at(&self) -> Option<u64> {
        self.timer_at
    }

    /// The first SYN or SYN-ACK is sent.
    pub(super) fn begin(&mut self, stage: Stage, now: u64) {
        self.stage = stage;
        self.wait(now);
    }

    pub(super) fn establish(&mut self) {
        self.stage = Stage::Established;
        self.timer_at = None;
    }

    /// Waits no longer, for nobody is there to answer.
    pub(super) fn stop(&mut self) {
        self.timer_at = None;
    }

    pub(super) fn timer_fired(&mut self, now: u64) -> Again {
        if self.stage == Stage::SynSent && self.timeouts >= MOST_SYN_RETRIES {
            self.stage = Stage::GivenUp;
            self.timer_at = None;
            return Again::Nothing;
        }
        self.timeouts += 1;
        if self.stage != Stage::SynSent || self.timeouts > LINEAR_TIMEOUTS {
            self.timeout = (self.timeout * 2).min(LONGEST_RTO);
        }
        self.wait(now);
        if self.stage == Stage::SynSent { Again::Syn } else { Again::SynAck }
    }

    fn wait(&mut self, now: u64) {
        self.timer_at = Some(timer_fires_at(now, self.timeout, self.jiffies_at_start));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::units::SECOND;

    /// The seconds at which a timer fires that is never answered, up to the end.
    fn retries(stage: Stage, count: usize) -> Vec<u64> {
        let mut handshake = Handshake::new(0);
        handshake.begin(stage, 0);
        let mut fired = Vec::new();
        while let Some(at) = handshake.timer_at().filter(|_| fired.len() < count) {
            fired.push(at / SECOND);
            handshake.timer_fired(at);
        }
        fired
    }

    #[test]
    fn a_syn_is_sent_again_each_second_and_then_after_twice_the_time_until_the_client_gives_up() {
        // The wheel is late by an eighth at most.
        assert_eq!(retries(Stage::SynSent, 20)[..7], [1, 2, 3, 4, 5, 7, 11]);
        assert_eq!(retries(Stage::SynSent, 20).len(), 11);
    }

    #[test]
    fn a_syn_ack_is_sent_again_after_1_2_4_and_8_seconds() {
        assert_eq!(retries(Stage::SynReceived, 4), [1, 3, 7, 15]);
    }
}
