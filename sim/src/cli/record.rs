//! `record`: a live stream's arrivals as a trace.

use std::fmt::Write as _;

use super::exit::{Exit, Failure};
use super::options::RecordOptions;
use super::{console, files, interrupt, progress};
use crate::real::{self, Captured};
use crate::runs::Progress;

/// Longest trace: an hour and some is what a day's worst burst needs.
const MOST_SECONDS: u64 = 7 * 24 * 3600;

/// Listens, and keeps what came even where it is interrupted.
pub(super) fn run(options: &RecordOptions) -> Result<Exit, Failure> {
    let lasts = *options.lasts;
    if lasts.is_zero() || lasts.as_secs() > MOST_SECONDS {
        return Err(Failure::input(format!("--for {}: must be above 0 and at most 7 days", options.lasts)));
    }
    files::prepare_one("--out", &options.out, options.force)?;
    interrupt::catch();
    let bars = progress::Bars::new();
    let seconds = std::cell::Cell::new(0);
    bars.begin("record", lasts.as_secs());
    let heard = real::capture(&options.url, lasts, &|at, _| {
        bars.advance(at.as_secs() - seconds.replace(at.as_secs()));
        !interrupt::was_caught()
    });
    bars.end();
    let heard = heard?;
    if heard.is_empty() {
        return Err(Failure::input(format!(
            "{}: no event came within {}; nothing is written",
            options.url, options.lasts
        )));
    }
    files::write_one(&options.out, &lines(&heard))?;
    let bytes: u64 = heard.iter().map(|event| event.bytes).sum();
    let (count, out) = (heard.len(), options.out.display());
    console::note(&format!("wrote {out}"));
    console::print(&format!("{count} events, {bytes} bytes of data: cargo sim sweep --trace {out}\n"));
    Ok(if interrupt::was_caught() { Exit::Interrupted } else { Exit::AsExpected })
}

fn lines(events: &[Captured]) -> String {
    let mut text = String::new();
    for event in events {
        let at_ms = event.at.as_nanos() as f64 / 1e6;
        let _ = writeln!(text, "{{\"at_ms\": {at_ms:.3}, \"bytes\": {}}}", event.bytes.max(1));
    }
    text
}
