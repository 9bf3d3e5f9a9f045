//! What a recorder counts of one subscriber with every frame, side by side: at ten thousand subscribers, each line of
//! memory that a frame touches has to be fetched anew.

use super::digest::Running;

// Two lines of memory at most, because none begins inside a line.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Tally {
    pub(super) digest: Running,
    /// Its class, here once more for the histograms of latencies.
    pub(super) class: usize,
    pub(super) offered: u64,
    pub(super) delivered: u64,
    pub(super) received: u64,
    /// Frames that it read and had read before.
    pub(super) doubled: u64,
    /// Sequence of the last event that it read.
    pub(super) last_read: u64,
    /// Most frames waiting right after a push.
    pub(super) high_water: u64,
}

impl Tally {
    pub(super) fn of(class: usize) -> Self {
        Self {
            digest: Running::default(),
            class,
            offered: 0,
            delivered: 0,
            received: 0,
            doubled: 0,
            last_read: 0,
            high_water: 0,
        }
    }
}

const _: () = assert!(size_of::<Tally>() == 128);
