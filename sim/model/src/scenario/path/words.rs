//! A path in words, for a table.

use std::fmt;

use super::{Line, NetworkPath, OutageSettings, Packets};
use crate::scenario::number::number;
use crate::tcp::{Congestion, Rate};

impl fmt::Display for NetworkPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(preset) = self.preset {
            write!(f, "{}: ", preset.name())?;
        }
        write!(f, "{} down, {} up", self.down, self.up)?;
        if self.loss > 0.0 {
            write!(f, ", loss {} %", number(self.loss * 100.0))?;
            if let Some(millis) = self.loss_burst_ms {
                write!(f, " in bursts of {} ms", number(millis))?;
            }
        }
        if let Some(OutageSettings { after_seconds: [after, after_most], for_seconds: [lasts, lasts_most], packets }) =
            self.outages
        {
            let packets = match packets {
                Packets::Dropped => "dropped",
                Packets::Held => "held",
            };
            write!(f, ", outages of {lasts}–{lasts_most} s after {after}–{after_most} s, packets {packets}")?;
        }
        match self.congestion {
            Congestion::None => f.write_str(", no congestion control"),
            Congestion::Reno => f.write_str(", reno"),
            Congestion::Cubic => f.write_str(", cubic"),
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(bits) = self.bits_per_second() else { return f.write_str("unbounded") };
        let recorded = if matches!(self.rate, Rate::Recorded(_)) { " (recorded)" } else { "" };
        match bits {
            1_000_000.. => write!(f, "{} Mbit/s{recorded}", number((bits as f64 / 1e4).round() / 100.0)),
            _ => write!(f, "{} kbit/s{recorded}", number((bits as f64 / 10.0).round() / 100.0)),
        }
    }
}
