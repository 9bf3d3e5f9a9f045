//! Taking back a reduction that no loss had caused: packets were held up, and the originals have arrived after all.
//!
//! 1. An acknowledgement whose echoed timestamp is older than the first retransmission answers an original: the reduction
//!    was spurious (Eifel, RFC 3522, section 3.2). The kernel compares milliseconds.
//! 2. F-RTO (RFC 5682, section 2.1): after a timeout only the first segment is sent again, then two new ones. If the next
//!    acknowledgements move on over segments that were not sent again, the timeout was spurious.
//!
//! Then cwnd and ssthresh are what they were, and nothing is lost.

use super::Sender;
use crate::tcp::units::MILLISECOND;

/// What is kept to take a reduction back.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Undo {
    /// Whether there is a reduction to take back (`undo_marker`).
    is_armed: bool,
    first_retransmission: Option<u64>,
    cwnd: u64,
    ssthresh: u64,
    /// Whether F-RTO is under way.
    pub(super) is_probing: bool,
}

impl Undo {
    /// A reduction from these begins.
    pub(super) fn begin(&mut self, cwnd: u64, ssthresh: u64) {
        *self = Self { is_armed: true, first_retransmission: None, cwnd, ssthresh, is_probing: self.is_probing };
    }

    /// The repair is over.
    pub(super) fn end(&mut self) {
        self.is_armed = false;
        self.first_retransmission = None;
    }

    pub(super) fn is_armed(&self) -> bool {
        self.is_armed
    }

    /// When a segment was sent again first since the repair began (`retrans_stamp`).
    pub(super) fn first_retransmission(&self) -> Option<u64> {
        self.first_retransmission
    }

    pub(super) fn note_retransmission(&mut self, now: u64) {
        self.first_retransmission.get_or_insert(now);
    }
}

impl Sender {
    /// Takes the reduction back if the echoed timestamp shows that an original has arrived. Returns whether it did.
    pub(super) fn undo_by_timestamp(&mut self, echo: u64) -> bool {
        let is_original = |first: u64| echo / MILLISECOND < first / MILLISECOND;
        let is_spurious = self.undo.is_armed && self.undo.first_retransmission.is_some_and(is_original);
        if is_spurious {
            self.take_reduction_back();
        }
        is_spurious
    }

    pub(super) fn take_reduction_back(&mut self) {
        self.board.forget_losses();
        self.window.undo(self.undo.cwnd, self.undo.ssthresh);
        self.undo.is_armed = false;
        self.counts.undone += 1;
    }
}
