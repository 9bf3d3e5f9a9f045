//! What goes wrong in a scenario. Each kind has the fields that mean something for it, and no others.

use std::fmt;

use serde::Deserialize;

/// Something that goes wrong in every run; `class` and `share` say whom it strikes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum FaultSettings {
    /// Readers take nothing for a while.
    ReaderStalls {
        /// When it begins.
        at_seconds: f64,
        /// How long.
        lasts_seconds: f64,
        /// Whose readers; everybody's unless given.
        class: Option<String>,
        /// Part of these, drawn by the seed.
        #[serde(default = "everybody")]
        share: f64,
    },
    /// Readers take at most so much for a while.
    ReaderTrickles {
        /// When it begins.
        at_seconds: f64,
        /// How long.
        lasts_seconds: f64,
        /// Bytes a second.
        bytes_per_second: u64,
        /// Whose readers; everybody's unless given.
        class: Option<String>,
        /// Part of these, drawn by the seed.
        #[serde(default = "everybody")]
        share: f64,
    },
    /// Readers take nothing any more.
    ReaderStops {
        /// From when on.
        at_seconds: f64,
        /// Whose readers; everybody's unless given.
        class: Option<String>,
        /// Part of these, drawn by the seed.
        #[serde(default = "everybody")]
        share: f64,
    },
    /// Links keep everything back and then let it go.
    LinkHeld {
        /// When it begins.
        at_seconds: f64,
        /// How long.
        lasts_seconds: f64,
        /// Whose link; everybody's unless given.
        class: Option<String>,
    },
    /// Links lose what the server sends.
    Partition {
        /// When it begins.
        at_seconds: f64,
        /// How long.
        lasts_seconds: f64,
        /// Whose link; everybody's unless given.
        class: Option<String>,
    },
    /// Clients vanish without a word.
    ClientDies {
        /// When.
        at_seconds: f64,
        /// Whose; everybody's unless given.
        class: Option<String>,
        /// Part of these, drawn by the seed.
        #[serde(default = "everybody")]
        share: f64,
    },
    /// The server's process ends and another takes its place.
    ServerRestarts {
        /// When it ends.
        at_seconds: f64,
        /// How long there is none.
        lasts_seconds: f64,
        /// Everybody tries to come back after a pause of its own, up to this long.
        #[serde(default = "a_second")]
        back_within_seconds: f64,
    },
    /// Clients leave in one moment.
    ClassLeaves {
        /// When.
        at_seconds: f64,
        /// Who; everybody unless given.
        class: Option<String>,
    },
}

impl FaultSettings {
    /// When it begins.
    pub fn at_seconds(&self) -> f64 {
        match self {
            Self::ReaderStalls { at_seconds, .. }
            | Self::ReaderTrickles { at_seconds, .. }
            | Self::ReaderStops { at_seconds, .. }
            | Self::LinkHeld { at_seconds, .. }
            | Self::Partition { at_seconds, .. }
            | Self::ClientDies { at_seconds, .. }
            | Self::ServerRestarts { at_seconds, .. }
            | Self::ClassLeaves { at_seconds, .. } => *at_seconds,
        }
    }

    /// How long it lasts, if it ends.
    pub fn lasts_seconds(&self) -> Option<f64> {
        match self {
            Self::ReaderStalls { lasts_seconds, .. }
            | Self::ReaderTrickles { lasts_seconds, .. }
            | Self::LinkHeld { lasts_seconds, .. }
            | Self::Partition { lasts_seconds, .. }
            | Self::ServerRestarts { lasts_seconds, .. } => Some(*lasts_seconds),
            Self::ReaderStops { .. } | Self::ClientDies { .. } | Self::ClassLeaves { .. } => None,
        }
    }

    /// Whom it strikes: a class, or everybody.
    pub fn class(&self) -> Option<&str> {
        match self {
            Self::ReaderStalls { class, .. }
            | Self::ReaderTrickles { class, .. }
            | Self::ReaderStops { class, .. }
            | Self::LinkHeld { class, .. }
            | Self::Partition { class, .. }
            | Self::ClientDies { class, .. }
            | Self::ClassLeaves { class, .. } => class.as_deref(),
            Self::ServerRestarts { .. } => None,
        }
    }

    /// Which part of the class, where it strikes members one by one.
    pub fn share(&self) -> Option<f64> {
        match self {
            Self::ReaderStalls { share, .. }
            | Self::ReaderTrickles { share, .. }
            | Self::ReaderStops { share, .. }
            | Self::ClientDies { share, .. } => Some(*share),
            Self::LinkHeld { .. } | Self::Partition { .. } | Self::ServerRestarts { .. } | Self::ClassLeaves { .. } => {
                None
            }
        }
    }
}

/// In words, for a sentence: `partition of phone at 8 s for 2 s`.
impl fmt::Display for FaultSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReaderStalls { .. } => "reader stalls",
            Self::ReaderTrickles { .. } => "reader trickles",
            Self::ReaderStops { .. } => "reader stops",
            Self::LinkHeld { .. } => "link held",
            Self::Partition { .. } => "partition",
            Self::ClientDies { .. } => "client dies",
            Self::ServerRestarts { .. } => "server restarts",
            Self::ClassLeaves { .. } => "class leaves",
        })?;
        self.class().map_or(Ok(()), |class| write!(f, " of {class}"))?;
        let share = self.share().filter(|share| *share < 1.0);
        share.map_or(Ok(()), |share| write!(f, " (a share of {share})"))?;
        write!(f, " at {} s", self.at_seconds())?;
        self.lasts_seconds().map_or(Ok(()), |seconds| write!(f, " for {seconds} s"))
    }
}

pub(super) fn everybody() -> f64 {
    1.0
}

pub(super) fn a_second() -> f64 {
    1.0
}
