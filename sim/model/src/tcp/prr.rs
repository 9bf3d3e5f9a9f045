//! Proportional rate reduction: how recovery lowers cwnd to ssthresh (RFC 6937, section 3.1, as Linux has it).
//!
//! With every acknowledgement in recovery:
//!
//! 1. While the pipe is above ssthresh, segments are sent in the proportion ssthresh / cwnd before the loss to those that
//!    are delivered.
//! 2. Below it, as many are sent as were delivered; and one more for an acknowledgement that moves SND.UNA and shows no
//!    new loss (the slow-start reduction bound, where RFC 6937 would always have one more). Never beyond ssthresh.
//! 3. The first retransmission always goes out.

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Prr {
    /// cwnd when the loss was found (RecoverFS).
    prior_cwnd: u64,
    /// Segments delivered since.
    delivered: u64,
    /// Segments sent since.
    sent: u64,
}

/// What an acknowledgement says to a recovery.
#[derive(Debug, Clone, Copy)]
pub(super) struct Delivery {
    /// Segments that it acknowledges or SACKs.
    pub(super) segments: u64,
    /// Whether it shows a new loss.
    pub(super) shows_loss: bool,
    /// Whether it moves SND.UNA.
    pub(super) moves_una: bool,
}

impl Prr {
    pub(super) fn begun(cwnd: u64) -> Self {
        Self { prior_cwnd: cwnd, delivered: 0, sent: 0 }
    }

    pub(super) fn note_sent(&mut self, segments: u64) {
        self.sent += segments;
    }

    /// cwnd after an acknowledgement; `None` if it stays as it is.
    pub(super) fn cwnd(&mut self, ssthresh: u64, pipe: u64, delivery: Delivery) -> Option<u64> {
        if delivery.segments == 0 && self.sent > 0 {
            return None;
        }
        self.delivered += delivery.segments;
        let budget = if pipe > ssthresh {
            (ssthresh * self.delivered).div_ceil(self.prior_cwnd.max(1)).saturating_sub(self.sent)
        } else {
            let extra = u64::from(delivery.moves_una && !delivery.shows_loss);
            let bound = self.delivered.saturating_sub(self.sent).max(delivery.segments) + extra;
            bound.min(ssthresh - pipe)
        };
        let least = u64::from(self.sent == 0);
        Some((pipe + budget.max(least)).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SACK: Delivery = Delivery { segments: 1, shows_loss: false, moves_una: false };

    /// Recovery from the loss of the first `lost` of 20 segments with ssthresh 10: how many segments are sent after each
    /// SACK from the third on. Whatever the window allows is sent.
    fn sent(lost: u64) -> Vec<u64> {
        let mut prr = Prr::begun(20);
        // Three were SACKed, which found the loss.
        let mut pipe = 20 - lost - 2;
        (2..20 - lost)
            .map(|nth| {
                pipe -= 1;
                let delivery = Delivery { segments: if nth == 2 { 3 } else { 1 }, shows_loss: nth == 2, ..SACK };
                let allowed = prr.cwnd(10, pipe, delivery).map_or(0, |cwnd| cwnd.saturating_sub(pipe));
                prr.note_sent(allowed);
                pipe += allowed;
                allowed
            })
            .collect()
    }

    #[test]
    fn one_segment_is_sent_for_two_that_are_delivered_while_the_pipe_is_above_ssthresh() {
        // RFC 6937, section 4: the first of 20 segments is lost, and ssthresh is half.
        let sent = sent(1);
        assert_eq!(sent[..8], [2, 0, 1, 0, 1, 0, 1, 0]);
        assert_eq!(sent.iter().sum::<u64>(), 10, "what was delivered in proportion");
    }

    #[test]
    fn heavy_losses_are_answered_with_one_segment_for_each_delivered() {
        // RFC 6937, section 4, second figure: 15 of 20 are lost, so the pipe is below ssthresh at once.
        assert_eq!(sent(15), [3, 1, 1]);
    }

    #[test]
    fn an_acknowledgement_that_moves_una_without_a_new_loss_sends_one_more() {
        // RFC 6937, section 3.1, PRR-SSRB; only where the acknowledgement is a good one (Linux).
        let cwnd = |moves_una, shows_loss| {
            let mut prr = Prr::begun(20);
            prr.note_sent(1);
            prr.cwnd(10, 4, Delivery { segments: 1, shows_loss, moves_una })
        };
        assert_eq!(cwnd(true, false), Some(6));
        assert_eq!(cwnd(true, true), Some(5));
        assert_eq!(cwnd(false, false), Some(5));
    }

    #[test]
    fn the_window_ends_at_ssthresh() {
        let mut prr = Prr::begun(20);
        assert_eq!(prr.cwnd(10, 8, Delivery { segments: 9, shows_loss: false, moves_una: true }), Some(10));
    }

    #[test]
    fn the_first_retransmission_always_goes_out() {
        let mut prr = Prr::begun(20);
        assert_eq!(prr.cwnd(10, 15, Delivery { segments: 0, ..SACK }), Some(16));
        prr.note_sent(1);
        assert_eq!(prr.cwnd(10, 15, Delivery { segments: 0, ..SACK }), None);
    }
}
