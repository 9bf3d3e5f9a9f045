//! What a way of reading amounts to: its rate and its stalls.

use std::time::Duration;

use super::{Reading, Stall};

impl Reading {
    /// The limit in bytes a second while it reads, if it has one.
    #[must_use]
    pub fn bytes_per_second(&self) -> Option<u64> {
        match self {
            Self::Rate { bytes_per_second } | Self::RateWithStalls { bytes_per_second, .. } => Some(*bytes_per_second),
            Self::AsItArrives | Self::Stalls { .. } | Self::Never | Self::Serves { .. } => None,
        }
    }

    /// The stretches in which it takes nothing, sorted.
    #[must_use]
    pub fn stalls(&self) -> &[Stall] {
        match self {
            Self::Stalls { stalls } | Self::RateWithStalls { stalls, .. } => stalls,
            Self::AsItArrives | Self::Rate { .. } | Self::Never | Self::Serves { .. } => &[],
        }
    }

    /// How long its longest stall lasts; 0 where it has none.
    #[must_use]
    pub fn longest_stall(&self) -> Duration {
        self.stalls().iter().map(|stall| stall.lasts).max().unwrap_or_default()
    }
}
