//! `import`: an operator's own counters in, a scenario out.

use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use hubbub::Overflow;

use super::exit::{Exit, Failure};
use super::{console, files, progress, threads};
use crate::import::{self, Counters, DroppedBy, ImportError, Imported};
use crate::summary::format;

/// As clap has it, but not in one line.
const USAGE: &str = "cargo sim import [OPTIONS] --events-per-second <X> --burst-events <N>
                        --burst-seconds <X> --frame-bytes <BYTES> --viewers <N>
                        --dropped <N> --window-seconds <X> --buffer <K>";

// Negative numbers are let through to the counters' own check. It names what is allowed, where clap would see an
// option.
#[derive(Debug, Args)]
#[command(override_usage = USAGE)]
pub(super) struct ImportOptions {
    /// Mean events a second outside the burst
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    events_per_second: f64,
    /// Events of the burst
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    burst_events: u64,
    /// Seconds in which the events of the burst arrived
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    burst_seconds: f64,
    /// Mean bytes of a frame on the socket: the event and some 30 bytes of framing
    #[arg(long, value_name = "BYTES", allow_negative_numbers = true)]
    frame_bytes: u64,
    /// Number of open streams
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    viewers: usize,
    /// Frames lost to full buffers in --window-seconds
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    dropped: u64,
    /// Who lost the frames: one viewer while the others kept up, or all viewers together, assumed to be alike
    #[arg(long, value_name = "one|all", default_value = "one")]
    dropped_by: DroppedBy,
    /// Seconds in which the frames were lost, from the beginning of the burst
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    window_seconds: f64,
    /// Slots of a stream's buffer at that time
    #[arg(long, value_name = "K", allow_negative_numbers = true)]
    buffer: u64,
    /// What a full buffer did: drop-newest or drop-oldest
    #[arg(long, value_name = "POLICY", default_value_t = Overflow::default())]
    policy: Overflow,
    /// Network round trip of the viewers, in milliseconds
    #[arg(long, value_name = "X", allow_negative_numbers = true, default_value_t = 40.0)]
    round_trip_ms: f64,
    /// Bytes that a viewer's socket holds before writes to it block
    #[arg(long, value_name = "BYTES", allow_negative_numbers = true, default_value_t = 65_536)]
    window_bytes: u64,
    /// Name of the scenario
    #[arg(long, value_name = "NAME", default_value = "imported")]
    name: String,
    /// File for the scenario, which must not exist yet [default: NAME.toml, none with --json -]
    #[arg(long, value_name = "FILE.toml")]
    out: Option<PathBuf>,
    /// Replace the scenario's file if it exists
    #[arg(long)]
    force: bool,
    /// Print the fit as JSON and nothing else
    #[arg(long, value_name = "-", value_parser = ["-"])]
    json: Option<String>,
}

impl ValueEnum for DroppedBy {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::One, Self::All]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

/// Fits, says how well, and leaves the scenario.
pub(super) fn import(options: &ImportOptions) -> Result<Exit, Failure> {
    let counters = options.counters();
    counters.check()?;
    let file = match (&options.out, &options.json) {
        (Some(out), _) => Some(out.clone()),
        (None, None) => Some(PathBuf::from(format!("{}.toml", options.name))),
        (None, Some(_)) => None,
    };
    if let Some(file) = &file {
        // By this ending, `--scenario` knows a file from a name.
        if file.extension().is_none_or(|kind| kind != "toml") {
            return Err(Failure::input(format!(
                "--out: {}: must end in .toml, as a scenario's file does",
                file.display()
            )));
        }
        files::prepare_one("--out", file, options.force)?;
    } else if options.force {
        return Err(Failure::input("--force: --json - without --out writes no file"));
    }
    let imported = import::import(&counters, threads::threads(None), &progress::Bars::new())?;
    match &options.json {
        Some(_) => console::print(&(serde_json::to_string_pretty(&imported).map_err(Failure::input)? + "\n")),
        None => console::print(&told(&imported)),
    }
    if let Some(file) = &file {
        // Asked again: the fit took a while, and the file may have been made meanwhile.
        files::prepare_one("--out", file, options.force)?;
        files::write_one(file, &imported.text)?;
        let file = file.display();
        console::note(&format!("wrote {file}; next: cargo sim sweep --scenario {file}"));
    }
    Ok(Exit::AsExpected)
}

impl ImportOptions {
    fn counters(&self) -> Counters {
        Counters {
            name: self.name.clone(),
            events_per_second: self.events_per_second,
            burst_events: self.burst_events,
            burst_seconds: self.burst_seconds,
            frame_bytes: self.frame_bytes,
            viewers: self.viewers,
            buffer: self.buffer,
            policy: self.policy,
            window_seconds: self.window_seconds,
            dropped: self.dropped,
            dropped_by: self.dropped_by,
            round_trip_ms: self.round_trip_ms,
            window_bytes: self.window_bytes,
        }
    }
}

impl From<ImportError> for Failure {
    fn from(why: ImportError) -> Self {
        match why {
            ImportError::Run(why) => Self::Run(why),
            ImportError::Disagreement { .. } => Self::Contradiction(why.to_string()),
            ImportError::Value { .. } | ImportError::Refused { .. } | ImportError::Unexplained { .. } => {
                Self::input(why)
            }
        }
    }
}

/// What an operator reads, at most 80 columns wide.
fn told(imported: &Imported) -> String {
    let Imported { scenario, drain_rate, observed, simulated, residual, .. } = imported;
    let (whose, whom) = match observed.dropped_by {
        DroppedBy::One => ("the viewer that lost them", "one viewer"),
        DroppedBy::All => ("all viewers", "all viewers"),
    };
    let rate = format::count(drain_rate.bytes_per_second);
    let least = format::count(drain_rate.least);
    let range = match drain_rate.most {
        Some(most) => format!("{least} to {} B/s lose the same number of whole frames", format::count(most)),
        None => "a lower bound: every faster one does as well".to_owned(),
    };
    let note = if drain_rate.is_monotone {
        ""
    } else {
        "              (a faster rate lost more than a slower one: others may do as well)\n"
    };
    let (dropped, buffer) = (format::count(observed.dropped), format::count(observed.buffer));
    let seconds = observed.window_seconds;
    let (mean, runs) = (with_decimals(simulated.dropped), simulated.seeds.len());
    let [fewest, most, offered] =
        [simulated.fewest, simulated.most, simulated.offered.round() as u64].map(format::count);
    let relative = residual.relative.map_or_else(String::new, |part| format!(", {}", format::rate(part.abs())));
    format!(
        "{scenario}: one number fitted, the drain rate of {whose}

  drain rate  {rate} B/s
              {range}
{note}  observed    {dropped} frames lost to {whom} in {seconds} s at {buffer} slots
  simulated   {mean} on the mean of {runs} seeds ({fewest} to {most}), of {offered} offered
  residual    {:+.2} frames{relative}
",
        residual.frames
    )
}

/// A count that is a mean.
fn with_decimals(mean: f64) -> String {
    let hundredths = (mean * 100.0).round() as u64;
    format!("{}.{:02}", format::count(hundredths / 100), hundredths % 100)
}
