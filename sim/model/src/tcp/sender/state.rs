//! The state of a sender that its parts share: recovery, the timer, the probe, and what an acknowledgement has shown.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Open,
    Disorder,
    Recovery,
    Loss,
}

/// What is sent after an acknowledgement, beside new segments as always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repair {
    Nothing,
    /// Lost segments.
    Lost,
    /// New segments first, to find out whether the timeout was spurious.
    NewFirst,
}

/// What an acknowledgement has shown so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Step {
    /// Segments that have arrived and were not known to.
    pub(super) delivered: u64,
    pub(super) moves_una: bool,
    pub(super) has_sacked: bool,
    pub(super) shows_loss: bool,
    /// A segment of the repair has arrived that was sent once.
    pub(super) shows_original: bool,
    /// RACK has set its timer.
    pub(super) sets_rack_timer: bool,
    /// The echoed timestamp.
    pub(super) echo: u64,
    /// When the oldest and the newest segment were sent that it acknowledges in order, of those that were sent once.
    pub(super) acknowledged: Option<(u64, u64)>,
    /// When the oldest and the newest segment were sent that it SACKs, of those that were sent once.
    pub(super) sacked: Option<(u64, u64)>,
    /// A segment that was sent again is acknowledged in order.
    pub(super) has_acknowledged_retransmission: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Retransmission,
    TailProbe,
    Rack,
    WindowProbe,
}

/// The timer that runs, if one does.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Timer {
    pub(super) pending: Option<(u64, Purpose)>,
}

impl Timer {
    pub(super) fn is_for(&self, purpose: Purpose) -> bool {
        self.pending.is_some_and(|(_, pending)| pending == purpose)
    }
}

/// The tail-loss probe under way (RFC 8985, section 7.1: TLP.end_seq and TLP.is_retrans).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TailProbe {
    /// SND.NXT when the probe was sent.
    pub(super) ends_at: Option<u64>,
    pub(super) is_retransmission: bool,
}
