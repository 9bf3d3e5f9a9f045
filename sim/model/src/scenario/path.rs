//! The network path of a class as a file has it, and what it means with its preset.

mod preset;
mod words;

use serde::Deserialize;

pub use preset::Preset;
pub(super) use preset::table as preset_table;

use crate::tcp::{Congestion, OPPORTUNITY_BYTES, OutageKind, Rate, Recording};

/// Headers of IPv4 and of TCP with timestamps.
pub(super) const IPV4_HEADER_BYTES: u64 = 52;

/// What a new socket of Linux announces before its kernel tunes it: `tcp_rmem`'s default, less the kernel's own part.
pub(super) const FIRST_WINDOW_BYTES: u64 = 65_536;

/// The table `[class.path]`. What is left out comes from the preset, or else has its default.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathSettings {
    /// Rates, round trip and loss of a kind of network.
    pub preset: Option<Preset>,
    /// Rate of the line to the client.
    pub down_kbit_per_second: Option<u64>,
    /// Rate of the line to the server.
    pub up_kbit_per_second: Option<u64>,
    /// File of a recorded line to the client.
    pub down_recorded: Option<String>,
    /// File of a recorded line to the server.
    pub up_recorded: Option<String>,
    /// What waits for the line to the client at most.
    pub down_queue_bytes: Option<u64>,
    /// What waits for the line to the server at most.
    pub up_queue_bytes: Option<u64>,
    /// Part of the time in which each line loses what leaves it.
    pub loss: Option<f64>,
    /// Mean length of a stretch of loss; left out, losses are independent.
    pub loss_burst_ms: Option<f64>,
    /// When the path carries nothing.
    pub outages: Option<OutageSettings>,
    /// The congestion control at both ends.
    #[serde(default = "cubic")]
    pub congestion: Congestion,
    /// Headers of a segment.
    #[serde(default = "ipv4_header")]
    pub header_bytes: u64,
    /// What the files of recorded lines hold, once they are read.
    #[serde(skip)]
    pub(super) recordings: Recordings,
    /// Whether the client's kernel tunes its receive buffer: `window_bytes` of the class is left out or `"auto"`.
    #[serde(skip)]
    pub(super) tunes_window: bool,
}

/// When a path carries nothing.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutageSettings {
    /// Shortest and longest time without one before an outage.
    pub after_seconds: [f64; 2],
    /// Shortest and longest outage.
    pub for_seconds: [f64; 2],
    /// What becomes of packets.
    #[serde(default = "dropped")]
    pub packets: Packets,
}

/// What an outage does with packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Packets {
    /// They are lost.
    Dropped,
    /// They wait in the queue.
    Held,
}

impl From<Packets> for OutageKind {
    fn from(packets: Packets) -> Self {
        match packets {
            Packets::Dropped => Self::Drops,
            Packets::Held => Self::Holds,
        }
    }
}

fn cubic() -> Congestion {
    Congestion::Cubic
}

fn ipv4_header() -> u64 {
    IPV4_HEADER_BYTES
}

fn dropped() -> Packets {
    Packets::Dropped
}

/// The recorded lines of a path.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Recordings {
    pub(super) down: Option<Recording>,
    pub(super) up: Option<Recording>,
}

/// A path with everything that its file leaves out.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkPath {
    /// The kind of network that its figures are of, but for those that were given.
    pub preset: Option<Preset>,
    /// From the server to the client.
    pub down: Line,
    /// From the client to the server.
    pub up: Line,
    /// Part of the time in which each line loses what leaves it: from 0 to below 1.
    pub loss: f64,
    /// Mean length of a stretch of loss; `None` where losses are independent.
    pub loss_burst_ms: Option<f64>,
    /// When the path carries nothing.
    pub outages: Option<OutageSettings>,
    /// The congestion control at both ends.
    pub congestion: Congestion,
    /// Headers of a segment.
    pub header_bytes: u64,
    /// Whether the client's kernel tunes its receive buffer.
    pub tunes_window: bool,
}

/// One direction of a path.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// How fast it carries bytes, headers counted.
    pub rate: Rate,
    /// What waits for it at most; `None` for no bound.
    pub queue_bytes: Option<u64>,
}

impl PathSettings {
    /// The path with its preset and all defaults.
    #[must_use]
    pub fn path(&self) -> NetworkPath {
        let preset = self.preset.map(Preset::figures);
        let line = |recording: &Option<Recording>, kbit: Option<u64>, of_preset: Option<u64>, queue: Option<u64>| {
            let rate = match (recording, kbit.or(of_preset)) {
                (Some(recording), _) => Rate::Recorded(recording.clone()),
                (None, Some(kbit)) => Rate::BitsPerSecond(kbit.saturating_mul(1_000)),
                (None, None) => Rate::Unbounded,
            };
            let of_preset = preset.and_then(|_| preset::queue_bytes(&rate));
            Line { rate, queue_bytes: queue.or(of_preset) }
        };
        let Recordings { down, up } = &self.recordings;
        let [down_rate, up_rate] = [preset.map(|it| it.down_kbit_per_second), preset.map(|it| it.up_kbit_per_second)];
        NetworkPath {
            preset: self.preset,
            down: line(down, self.down_kbit_per_second, down_rate, self.down_queue_bytes),
            up: line(up, self.up_kbit_per_second, up_rate, self.up_queue_bytes),
            loss: self.loss.or(preset.map(|it| it.loss)).unwrap_or(0.0),
            loss_burst_ms: self.loss_burst_ms,
            outages: self.outages,
            congestion: self.congestion,
            header_bytes: self.header_bytes,
            tunes_window: self.tunes_window,
        }
    }

    /// The files of recorded lines, with the keys that name them.
    pub(super) fn recorded(&self) -> [(&'static str, Option<&str>); 2] {
        [("down_recorded", self.down_recorded.as_deref()), ("up_recorded", self.up_recorded.as_deref())]
    }
}

impl NetworkPath {
    /// Payload that the line to the client carries in a second, in full packets; `None` where it has no rate.
    #[must_use]
    pub fn payload_bytes_per_second(&self) -> Option<f64> {
        let payload = (OPPORTUNITY_BYTES - self.header_bytes) as f64 / OPPORTUNITY_BYTES as f64;
        self.down.bits_per_second().map(|bits| bits as f64 / 8.0 * payload * (1.0 - self.loss))
    }

    /// Part of the time that lies outside outages, 0 to 1, on the mean.
    #[must_use]
    pub fn carrying_part(&self) -> f64 {
        self.outages.map_or(1.0, |outages| {
            let [after, lasts] =
                [outages.after_seconds, outages.for_seconds].map(|[least, most]| f64::midpoint(least, most));
            after / (after + lasts)
        })
    }
}

impl Line {
    /// Mean bits a second; `None` for a line that takes no time.
    #[must_use]
    pub fn bits_per_second(&self) -> Option<u64> {
        match &self.rate {
            Rate::Unbounded => None,
            Rate::BitsPerSecond(bits) => Some(*bits),
            Rate::Recorded(recording) => Some(recording.mean_bits_per_second()),
        }
    }
}

#[cfg(test)]
mod tests;
