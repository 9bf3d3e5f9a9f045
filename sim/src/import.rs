//! A scenario from an operator's own counters, with one number fitted: the rate at which a viewer drains its stream.
//!
//! What the counters say goes into the scenario as it is. How fast the viewer that lost frames takes bytes, no server
//! counts; it is found by running one rate after another, on the same plans, until as many frames are lost in the same
//! window as were seen. The specification does the search, and the real Hub has to lose the same frames at the rate that was
//! found. Nothing else is fitted, and what remains unexplained is told as the residual.

mod check;
mod counters;
mod drops;
mod fit;
mod text;

use serde::Serialize;

pub use check::ImportError;
pub use counters::{Counters, DroppedBy};

use crate::runs::Progress;
use crate::scenario::Scenario;
use drops::Drops;
use fit::{Fit, fit};

/// The value of [`Imported::schema`].
pub const SCHEMA: &str = "hubbub.import/1";

/// Seeds that a rate is tried on. They differ in the background's arrivals and in when viewers connect, which moves a
/// burst's losses by a few frames.
const SEEDS: u64 = 8;

/// Rates that are tried to see whether there is one to be found.
const PROBES_BEFORE: u64 = 2;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Imported {
    /// Always [`SCHEMA`].
    pub schema: &'static str,
    /// Name of the scenario.
    pub scenario: String,
    /// The one number that was fitted.
    pub drain_rate: DrainRate,
    /// What the operator counted.
    pub observed: FittedDrops,
    /// What the runs at the fitted rate lost in the same window.
    pub simulated: Simulated,
    /// What the fit leaves unexplained.
    pub residual: Residual,
    /// The scenario's file.
    #[serde(skip)]
    pub text: String,
}

/// The fitted rate, in bytes a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DrainRate {
    /// The rate in the scenario: the middle of those that do as well, or where these have no end the slowest.
    pub bytes_per_second: u64,
    /// The slowest that loses as many whole frames on the mean.
    pub least: u64,
    /// The fastest that does, null where every faster one does as well: then the count gives a lower bound only.
    pub most: Option<u64>,
    /// Whether no faster rate that was tried lost more than a slower one. Where one did, rates outside `least` to `most`
    /// may do as well.
    pub is_monotone: bool,
    /// Rates that were tried.
    pub rates_tried: u64,
}

/// The count that was to be explained.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FittedDrops {
    /// Frames lost.
    pub dropped: u64,
    /// To whom.
    pub dropped_by: DroppedBy,
    /// In how many seconds, from the beginning of the burst.
    pub window_seconds: f64,
    /// Slots of a mailbox.
    pub buffer: u64,
}

/// Frames lost in the runs at the fitted rate, counted as the observed ones are.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Simulated {
    /// Mean over the seeds.
    pub dropped: f64,
    /// The seed that lost least.
    pub fewest: u64,
    /// The seed that lost most.
    pub most: u64,
    /// Frames offered in the window, mean over the seeds.
    pub offered: f64,
    /// The seeds.
    pub seeds: Vec<u64>,
}

/// Simulated less observed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Residual {
    /// In frames.
    pub frames: f64,
    /// As a part of the observed, null where none were.
    pub relative: Option<f64>,
}

/// Fits the drain rate on up to `threads` threads and makes the scenario. The same counters give the same scenario.
///
/// # Errors
/// A counter that cannot be, losses that no drain rate explains, and the failure of a world.
pub fn import(counters: &Counters, threads: usize, progress: &dyn Progress) -> Result<Imported, ImportError> {
    let scenario = counters.checked()?;
    let drops = Drops::new(counters, &scenario, SEEDS, threads);
    let rates = counters.rates(&scenario);
    progress.begin_at_most("drain rate", PROBES_BEFORE + fit::most_probes(rates));
    let probe = |rate| {
        let lost = drops.at(rate).map(|lost| whole_frames(&lost));
        progress.advance(1);
        lost
    };
    // Before the search, which would end at some rate even where none explains the losses.
    explainable(counters, &drops, rates, progress)?;
    let fit = fit(rates, counters.dropped, probe)?;
    progress.end();
    let lost = confirmed(&drops, fit.rate)?;
    let mean = lost.iter().sum::<u64>() as f64 / SEEDS as f64;
    let frames = mean - counters.dropped as f64;
    let mut imported = Imported {
        schema: SCHEMA,
        scenario: counters.name.clone(),
        drain_rate: drain_rate(&fit),
        observed: FittedDrops {
            dropped: counters.dropped,
            dropped_by: counters.dropped_by,
            window_seconds: counters.window_seconds,
            buffer: counters.buffer,
        },
        simulated: Simulated {
            dropped: mean,
            fewest: lost.iter().min().copied().unwrap_or(0),
            most: lost.iter().max().copied().unwrap_or(0),
            offered: drops.offered() as f64 / SEEDS as f64,
            seeds: (0..SEEDS).collect(),
        },
        residual: Residual { frames, relative: (counters.dropped > 0).then(|| frames / counters.dropped as f64) },
        text: String::new(),
    };
    // Last, because the file quotes the numbers above.
    imported.text = text::scenario(counters, fit.rate, &text::fitted(&imported));
    // The file must be one that the sweep takes.
    Scenario::parse(&counters.name, &imported.text).map_err(|cause| counters.refused(&cause))?;
    Ok(imported)
}

/// What each seed loses at the rate, by both worlds.
fn confirmed(drops: &Drops, bytes_per_second: u64) -> Result<Vec<u64>, ImportError> {
    let (specified, simulated) = (drops.at(bytes_per_second)?, drops.by_the_full_stack_at(bytes_per_second)?);
    if specified == simulated {
        Ok(specified)
    } else {
        Err(ImportError::Disagreement { bytes_per_second, simulated, specified })
    }
}

fn drain_rate(fit: &Fit) -> DrainRate {
    DrainRate {
        bytes_per_second: fit.rate,
        least: fit.least,
        most: fit.most,
        is_monotone: fit.is_monotone,
        rates_tried: fit.rates_tried,
    }
}

/// The mean over the seeds in whole frames, as an operator's count is; any loss at all is at least one.
// At least one for any loss: rounded to 0, a rate that loses something would pass for one that loses nothing.
fn whole_frames(lost: &[u64]) -> u64 {
    let sum: u64 = lost.iter().sum();
    ((2 * sum + SEEDS) / (2 * SEEDS)).max(u64::from(sum > 0))
}

/// Refuses what no rate can lose.
fn explainable(
    counters: &Counters,
    drops: &Drops,
    [_, fastest]: [u64; 2],
    progress: &dyn Progress,
) -> Result<(), ImportError> {
    let dropped = counters.dropped;
    let unexplained = |why: String| Err(ImportError::Unexplained { dropped, why });
    let whom = match counters.dropped_by {
        DroppedBy::One => "a viewer",
        DroppedBy::All => "all viewers",
    };
    let offered = whole_frames(&[drops.offered()]);
    if dropped > offered {
        return unexplained(format!("more than the {offered} frames that {whom} is offered in --window-seconds"));
    }
    let most = whole_frames(&drops.of_a_viewer_that_reads_nothing()?);
    progress.advance(1);
    if dropped > most {
        return unexplained(format!(
            "even where {whom} read nothing at all, {most} are lost: no drain rate explains it"
        ));
    }
    let fewest = whole_frames(&drops.at(fastest)?);
    progress.advance(1);
    if dropped < fewest {
        return unexplained(format!(
            "--window-bytes and --round-trip-ms alone lose {fewest}, however fast {whom} read: enlarge the one or lower \
             the other"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
