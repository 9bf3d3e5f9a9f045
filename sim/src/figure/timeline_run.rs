//! What a timeline shows of a run, and the measures that the drawing and its legend share.

use plotters::style::RGBAColor;

/// What is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// Above the figure.
    pub title: String,
    /// Below the title.
    pub subtitle: String,
    /// Length of the time axis.
    pub seconds: f64,
    /// Size of the mailboxes.
    pub capacity: u64,
    /// Subscribers, the worst first.
    pub rows: Vec<TimelineRow>,
    /// Subscribers that there are besides.
    pub more: usize,
}

/// One subscriber; times in seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelineRow {
    /// Who it is.
    pub label: String,
    /// Frames waiting from then on.
    pub depth: Vec<(f64, u64)>,
    /// When frames were lost.
    pub lost: Vec<f64>,
    /// When its reader took nothing.
    pub stalls: Vec<(f64, f64)>,
    /// When its path carried nothing.
    pub outages: Vec<(f64, f64)>,
    /// When TCP sent something to it again.
    pub sent_again: Vec<f64>,
    /// When its streams ended.
    pub ended: Vec<f64>,
    /// What went wrong for it: from when, until when, and what. What does not end has no length.
    pub faults: Vec<(f64, f64, String)>,
}

/// The right edge of every panel.
pub(super) const RIGHT: f64 = 1_560.0;
/// Height of a fault's bar.
pub(super) const FAULT_BAR: f64 = 10.0;
/// Behind a reader that stalls: darker than the ground, lighter than what waits.
pub(super) const STALLED: RGBAColor = RGBAColor(205, 205, 205, 1.0);
/// Height of the bar of an outage, along the bottom of a panel.
pub(super) const OUTAGE_BAR: f64 = 12.0;
/// Height of the marks of what was sent again, along the bottom of a panel, above an outage's bar.
pub(super) const AGAIN_BAR: f64 = 10.0;
/// Height of the strip of losses.
pub(super) const STRIP: f64 = 14.0;
