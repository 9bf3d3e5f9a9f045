//! How a class reads and how far away it is: the two fields of a scenario that are a word or a number.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};

/// How the members of a class take bytes out of their sockets.
///
/// In a file it is a word, or a table with `rate`, `stalls` or both.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reads {
    /// Everything, the moment it arrives.
    AsItArrives,
    /// At most so many bytes a second.
    Rate {
        /// Bytes a second.
        bytes_per_second: u64,
    },
    /// As it arrives, with stretches of nothing: a background tab.
    Stalls {
        /// Shortest and longest stretch of reading before a stall.
        after_seconds: [f64; 2],
        /// Shortest and longest stall.
        for_seconds: [f64; 2],
    },
    /// At most so many bytes a second, with stretches of nothing: a bad mobile connection.
    RateWithStalls {
        /// Bytes a second while it reads.
        bytes_per_second: u64,
        /// Shortest and longest stretch of reading before a stall.
        after_seconds: [f64; 2],
        /// Shortest and longest stall.
        for_seconds: [f64; 2],
    },
    /// Never.
    Never,
}

impl Reads {
    /// The limit in bytes a second, if there is one.
    pub(super) fn bytes_per_second(self) -> Option<u64> {
        match self {
            Self::Rate { bytes_per_second } | Self::RateWithStalls { bytes_per_second, .. } => Some(bytes_per_second),
            Self::AsItArrives | Self::Stalls { .. } | Self::Never => None,
        }
    }

    /// Shortest and longest stretch of reading, and shortest and longest stall, in seconds.
    pub(super) fn stalls(self) -> Option<[[f64; 2]; 2]> {
        match self {
            Self::Stalls { after_seconds, for_seconds } | Self::RateWithStalls { after_seconds, for_seconds, .. } => {
                Some([after_seconds, for_seconds])
            }
            Self::AsItArrives | Self::Rate { .. } | Self::Never => None,
        }
    }
}

// By hand: a derived enum that may be a word or a table says nothing of which key in the table is wrong.
impl<'de> Deserialize<'de> for Reads {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ReadsVisitor)
    }
}

struct ReadsVisitor;

/// The table of a class that reads in a way of its own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    rate: Option<Rate>,
    stalls: Option<Stalls>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rate {
    bytes_per_second: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stalls {
    after_seconds: [f64; 2],
    for_seconds: [f64; 2],
}

impl<'de> Visitor<'de> for ReadsVisitor {
    type Value = Reads;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"as-it-arrives\", \"never\" or a table with rate, stalls or both")
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Reads, E> {
        match word {
            "as-it-arrives" => Ok(Reads::AsItArrives),
            "never" => Ok(Reads::Never),
            _ => Err(E::unknown_variant(word, &["as-it-arrives", "never"])),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Reads, A::Error> {
        let Table { rate, stalls } = Table::deserialize(MapAccessDeserializer::new(map))?;
        match (rate, stalls) {
            (Some(Rate { bytes_per_second }), None) => Ok(Reads::Rate { bytes_per_second }),
            (None, Some(Stalls { after_seconds, for_seconds })) => Ok(Reads::Stalls { after_seconds, for_seconds }),
            (Some(Rate { bytes_per_second }), Some(Stalls { after_seconds, for_seconds })) => {
                Ok(Reads::RateWithStalls { bytes_per_second, after_seconds, for_seconds })
            }
            (None, None) => Err(de::Error::invalid_length(0, &"rate, stalls or both")),
        }
    }
}

/// In words, for a table.
impl fmt::Display for Reads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AsItArrives => f.write_str("as it arrives"),
            Self::Rate { bytes_per_second } => write!(f, "at most {bytes_per_second} B/s"),
            Self::Stalls { after_seconds: [reads, reads_most], for_seconds: [stalls, stalls_most] } => {
                write!(f, "stalls {stalls}–{stalls_most} s after reading {reads}–{reads_most} s")
            }
            Self::RateWithStalls { bytes_per_second, after_seconds, for_seconds } => {
                let rate = Self::Rate { bytes_per_second: *bytes_per_second };
                let stalls = Self::Stalls { after_seconds: *after_seconds, for_seconds: *for_seconds };
                write!(f, "{rate}, {stalls}")
            }
            Self::Never => f.write_str("never"),
        }
    }
}

/// A network round trip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RoundTrip {
    /// Milliseconds, there and back.
    Ms(f64),
    /// The least that the world can do.
    Minimum,
}

impl<'de> Deserialize<'de> for RoundTrip {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RoundTripVisitor)
    }
}

struct RoundTripVisitor;

impl Visitor<'_> for RoundTripVisitor {
    type Value = RoundTrip;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of milliseconds or \"minimum\"")
    }

    fn visit_i64<E: de::Error>(self, ms: i64) -> Result<RoundTrip, E> {
        // TOML tells `50` from `50.0`, and an author means the same by both.
        #[expect(clippy::cast_precision_loss, reason = "far above any round trip that passes the check")]
        Ok(RoundTrip::Ms(ms as f64))
    }

    fn visit_f64<E: de::Error>(self, ms: f64) -> Result<RoundTrip, E> {
        Ok(RoundTrip::Ms(ms))
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<RoundTrip, E> {
        if word == "minimum" { Ok(RoundTrip::Minimum) } else { Err(E::invalid_value(de::Unexpected::Str(word), &self)) }
    }
}
