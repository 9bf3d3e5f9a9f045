//! Kinds of networks, with the sources of their figures.

use std::fmt::Write as _;

use serde::Deserialize;

use crate::tcp::{OPPORTUNITY_BYTES, Rate};

/// A kind of network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// A cable line.
    Cable,
    /// Wi-Fi behind a cable line.
    Wifi,
    /// A phone with good reception.
    #[serde(rename = "4g")]
    FourG,
    /// A phone among the slowest quarter of those with 4G.
    #[serde(rename = "weak-4g")]
    WeakFourG,
    /// A phone with 3G.
    #[serde(rename = "3g")]
    ThreeG,
    /// A terminal of a geostationary satellite.
    Satellite,
}

/// What a preset stands for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Figures {
    pub(super) name: &'static str,
    pub(super) down_kbit_per_second: u64,
    pub(super) up_kbit_per_second: u64,
    pub(super) round_trip_ms: f64,
    pub(super) loss: f64,
    pub(super) source: &'static str,
}

impl Preset {
    /// All of them, the best first.
    pub const ALL: [Self; 6] = [Self::Cable, Self::Wifi, Self::FourG, Self::WeakFourG, Self::ThreeG, Self::Satellite];

    /// The name in a file.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.figures().name
    }

    /// Its round trip, without waiting in queues.
    #[must_use]
    pub fn round_trip_ms(self) -> f64 {
        self.figures().round_trip_ms
    }

    pub(super) fn figures(self) -> Figures {
        let figures = |name, [down_kbit_per_second, up_kbit_per_second]: [u64; 2], round_trip_ms, loss, source| {
            Figures { name, down_kbit_per_second, up_kbit_per_second, round_trip_ms, loss, source }
        };
        match self {
            Self::Cable => figures("cable", [5_000, 1_000], 28.0, 0.0, "WebPageTest, profile Cable"),
            Self::Wifi => {
                let source = "Apple's Network Link Conditioner, profile Wi-Fi; round trip: its 2 ms and those of a \
                              cable line";
                figures("wifi", [40_000, 33_000], 30.0, 0.0, source)
            }
            Self::FourG => {
                figures("4g", [12_000, 12_000], 70.0, 0.002, "WebPageTest, profile LTE; loss: Loadero, profile 4G")
            }
            Self::WeakFourG => {
                let source = "Lighthouse, mobile preset \"Slow 4G\", which stands for the slowest quarter of 4G; loss: \
                              Loadero, profile 3.5G";
                figures("weak-4g", [1_600, 750], 150.0, 0.005, source)
            }
            Self::ThreeG => {
                figures("3g", [1_600, 768], 300.0, 0.005, "WebPageTest, profile 3G; loss: Loadero, profile 3G")
            }
            Self::Satellite => {
                let source = "Loadero, profile Satellite phone; loss: RFC 2488, one wrong bit in 10 million, which is \
                              0.12 % of full packets";
                figures("satellite", [1_000, 256], 600.0, 0.0012, source)
            }
        }
    }
}

/// How long a preset's queue takes to be sent: the round trip for which router buffers are dimensioned by the old rule
/// (Appenzeller, Keslassy and McKeown, "Sizing router buffers", 2004).
const QUEUE_MILLIS: u64 = 250;

/// Packets that a preset's queue holds at least: a whole initial window.
const LEAST_QUEUE_PACKETS: u64 = 10;

/// The queue of a line where a preset is given.
pub(super) fn queue_bytes(rate: &Rate) -> Option<u64> {
    let bits_per_second = match rate {
        Rate::Unbounded => return None,
        Rate::BitsPerSecond(bits) => *bits,
        Rate::Recorded(recording) => recording.mean_bits_per_second(),
    };
    Some((bits_per_second / 8 * QUEUE_MILLIS / 1_000).max(LEAST_QUEUE_PACKETS * OPPORTUNITY_BYTES))
}

/// The presets as a table of a page.
pub(in crate::scenario) fn table() -> String {
    let mut text = "| preset | down, kbit/s | up, kbit/s | round trip, ms | loss | source |\n\
                    | :-- | --: | --: | --: | --: | :-- |\n"
        .to_owned();
    for preset in Preset::ALL {
        let Figures { name, down_kbit_per_second, up_kbit_per_second, round_trip_ms, loss, source } = preset.figures();
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| `{name}` | {down_kbit_per_second} | {up_kbit_per_second} | {round_trip_ms} | {} % | {source} |",
            super::super::number::number(loss * 100.0)
        );
    }
    text
}
