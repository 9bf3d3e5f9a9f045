//! The model of TCP held against the kernel's: the same plans, with the same lost time slots, over emulated links.
//!
//! What the kernel did on a row is measured once and kept. The model is run anew each time, on the rows that are asked
//! for.

mod kernel;
mod plan;
mod rows;

use kernel::{KernelRow, LARGE, SMALL, choice, digest, figures, measure};
use rows::{QUICK, ROWS, Row, UNMODELLED};

use super::FidelityError;
use crate::emulated::MOST_LATENESS_MS;
use crate::runs::Progress;
use crate::specified;
use crate::summary::comparison::{
    KernelFigures, MOST_EDGE_ROWS, ModelFigures, Pairs, PathRow, PathsMeasured, RatioMedians, UnmodelledRow, spread,
};

/// Seeds of a row.
const SEEDS: u64 = 10;

/// The congestion control that no model has.
const UNMODELLED_CONGESTION: &str = "bbr";

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathsExtent {
    /// The kernel's side of all rows, and no model.
    Measure,
    /// Both sides of a row of some seconds with one seed, compared loosely.
    Quick,
    /// The kernel's side of that row.
    QuickMeasure,
    /// Both sides of the rows that are not held out.
    Fitted,
    /// Both sides of all rows.
    All,
}

/// What was measured before, and is to be kept: text by the name of a row.
pub trait Kept {
    /// What was kept under a name.
    fn find(&self, name: &str) -> Option<String>;

    /// Keeps a text.
    ///
    /// # Errors
    /// When it cannot be written.
    fn keep(&self, name: &str, text: &str) -> Result<(), String>;
}

/// What came of the rows.
#[derive(Debug, Default)]
pub struct Paths {
    /// Both sides, of the rows that were compared.
    pub rows: Vec<PathRow>,
    /// Rows with a congestion control that no model has.
    pub unmodelled: Vec<UnmodelledRow>,
    /// What they were measured with.
    pub measured_on: PathsMeasured,
    /// Rows whose links were late however often they were measured: they are no evidence and were not kept.
    pub late: Vec<String>,
    /// What the kernel did on each row that was measured, in a line each.
    pub measured: Vec<String>,
}

/// Of all rows, and of those that are held out, how many have to agree.
const TARGET: (usize, usize) = (29, 7);

/// By how much the mark of the one seed of a quick comparison may be off.
const LOOSELY: f64 = 0.4;

impl Paths {
    /// Whether as many rows agree as are expected to. Of the rows that are not held out, two may miss.
    #[must_use]
    pub fn meets_the_target(&self, extent: PathsExtent) -> bool {
        let agreeing = self.rows.iter().filter(|row| row.agrees).count();
        let held_out = self.rows.iter().filter(|row| row.agrees && row.held_out).count();
        let is_enough = match extent {
            PathsExtent::Measure | PathsExtent::QuickMeasure => true,
            PathsExtent::Quick => self
                .rows
                .iter()
                .all(|row| row.ratio_median.high_water.is_some_and(|ratio| (ratio - 1.0).abs() <= LOOSELY)),
            PathsExtent::Fitted => agreeing + 2 >= self.rows.len(),
            PathsExtent::All => agreeing >= TARGET.0 && held_out >= TARGET.1,
        };
        is_enough && self.late.is_empty() && self.measured_on.on_the_edge.len() <= MOST_EDGE_ROWS
    }
}

/// Measures what is missing of the kernel's side, one row after the other, and compares.
///
/// # Errors
/// The first row that could not be done. Those before it are kept.
pub fn paths(
    extent: PathsExtent,
    kept: &dyn Kept,
    progress: &dyn Progress,
    is_wanted: &dyn Fn() -> bool,
) -> Result<Paths, FidelityError> {
    let mut paths = Paths::default();
    paths.measured_on.frames_per_write = hubbub::ServerSettings::default().frames_per_write as u64;
    let mut kernel_rows = Vec::new();
    let is_quick = matches!(extent, PathsExtent::Quick | PathsExtent::QuickMeasure);
    let rows = if is_quick { &[QUICK] } else { &ROWS[..] };
    for row in rows {
        let Some(kernel) = measured(row, None, kept, progress, is_wanted)? else {
            paths.late.push(row.name.to_owned());
            continue;
        };
        paths.measured.push(in_a_line(row.name, &kernel));
        paths.measured_on.kernel.clone_from(&kernel.kernel);
        kernel_rows.push((row, kernel));
    }
    for row in rows.iter().filter(|row| UNMODELLED.contains(&row.name)) {
        let Some(kernel) = measured(row, Some(UNMODELLED_CONGESTION), kept, progress, is_wanted)? else {
            paths.late.push(format!("{}-{UNMODELLED_CONGESTION}", row.name));
            continue;
        };
        paths.measured.push(in_a_line(&format!("{}-{UNMODELLED_CONGESTION}", row.name), &kernel));
        let congestion = UNMODELLED_CONGESTION.to_owned();
        let emulated = kernel_figures(&kernel);
        paths.unmodelled.push(UnmodelledRow { row: row.name.to_owned(), congestion, emulated });
    }
    let is_compared = |row: &Row| match extent {
        PathsExtent::Measure | PathsExtent::QuickMeasure => false,
        PathsExtent::Fitted => !row.is_held_out,
        PathsExtent::Quick | PathsExtent::All => true,
    };
    for (row, kernel) in kernel_rows.iter().filter(|(row, _)| is_compared(row)) {
        let (row, is_edge) = compared(row, kernel)?;
        if is_edge {
            paths.measured_on.on_the_edge.push(row.row.clone());
        }
        paths.rows.push(row);
    }
    Ok(paths)
}

/// The kernel's side of a row: what was kept, or a measurement, which is then kept. `None` where links were late.
fn measured(
    row: &Row,
    congestion: Option<&str>,
    kept: &dyn Kept,
    progress: &dyn Progress,
    is_wanted: &dyn Fn() -> bool,
) -> Result<Option<KernelRow>, FidelityError> {
    let name = congestion.map_or(row.name.to_owned(), |congestion| format!("{}-{congestion}", row.name));
    let seeds = if row.name == QUICK.name { 1 } else { SEEDS };
    let found = kept.find(&name).and_then(|text| serde_json::from_str::<KernelRow>(&text).ok());
    if let Some(found) = found.filter(|found| found.plans == digest(row, seeds)) {
        return Ok(Some(found));
    }
    let measured = measure(row, seeds, congestion, progress, is_wanted)?;
    if measured.lateness_p99_ms() > MOST_LATENESS_MS {
        return Ok(None);
    }
    kept.keep(&name, &crate::summary::json::stable(&measured)).map_err(FidelityError::NotKept)?;
    Ok(Some(measured))
}

fn in_a_line(name: &str, kernel: &KernelRow) -> String {
    let KernelFigures { runs, high_water, lost, lateness_p99_ms } = kernel_figures(kernel);
    let of = |[least, median, most]: [u64; 3]| format!("{median} ({least}–{most})");
    format!(
        "{name}: waiting {}, lost at {SMALL} {}; {runs} seeds, {}, late by {lateness_p99_ms:.1} ms",
        of(high_water),
        of(lost),
        kernel.congestion.join(" and "),
    )
}

fn kernel_figures(kernel: &KernelRow) -> KernelFigures {
    let marks: Vec<u64> = kernel.seeds.iter().map(|seed| seed.high_water).collect();
    let lost: Vec<u64> = kernel.seeds.iter().map(|seed| seed.lost).collect();
    KernelFigures {
        runs: kernel.seeds.len() as u64,
        high_water: spread(&marks),
        lost: spread(&lost),
        lateness_p99_ms: kernel.lateness_p99_ms(),
    }
}

/// Runs the model on a row. Returns as well whether the row agrees only because it is on the edge of waiting at all.
fn compared(row: &Row, kernel: &KernelRow) -> Result<(PathRow, bool), FidelityError> {
    let mut marks = (Vec::new(), Vec::new());
    let mut lost = (Vec::new(), Vec::new());
    for seed in &kernel.seeds {
        let plan = plan::plan(row, seed.seed);
        marks.0.push(figures(&specified::run(&plan, choice(LARGE))?).0);
        marks.1.push(seed.high_water);
        lost.0.push(figures(&specified::run(&plan, choice(SMALL))?).1);
        lost.1.push(seed.lost);
    }
    let of_marks = Pairs { model: &marks.0, kernel: &marks.1 };
    let of_lost = Pairs { model: &lost.0, kernel: &lost.1 };
    let compared = PathRow {
        row: row.name.to_owned(),
        held_out: row.is_held_out,
        loss: row.loss.millionths() as f64 / 1e6,
        round_trip_ms: row.round_trip_ms,
        rate: row.mbit * 1_000_000,
        outage_ms: row.outage_lasts().as_millis() as u64,
        congestion: kernel.congestion.join(" and "),
        simulated: ModelFigures { high_water: spread(&marks.0)[1], lost: spread(&lost.0)[1] },
        emulated: kernel_figures(kernel),
        ratio_median: RatioMedians { high_water: of_marks.ratio_median(), lost: of_lost.ratio_median() },
        agrees: of_marks.agree() && of_lost.agree(),
    };
    let is_edge = compared.is_edge(of_marks, of_lost);
    Ok((compared, is_edge))
}
