//! Rows of paths: what the model of TCP gives beside the kernel's TCP over emulated links, seed by seed on one plan.

use serde::{Deserialize, Serialize};

/// A row agrees where the median of the ratios is within this of 1 …
const MOST_RATIO_OFF: f64 = 0.15;

/// … or where the median difference is at most so many frames.
const MOST_FRAMES_OFF: i64 = 3;

/// A row is on the edge of waiting at all where some runs of the kernel have fewer frames than the first number, and
/// others more than the second.
const EDGE: (u64, u64) = (5, 20);

/// Rows that may agree only as rows on the edge.
pub const MOST_EDGE_ROWS: usize = 4;

/// One row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PathRow {
    /// Its name.
    pub row: String,
    /// The model was not run on it while it was made.
    pub held_out: bool,
    /// The part of time slots that each direction loses.
    pub loss: f64,
    /// The propagation there and back.
    pub round_trip_ms: u64,
    /// The rate of the line, in bits a second.
    pub rate: u64,
    /// How long the path carried nothing.
    pub outage_ms: u64,
    /// The congestion control at both ends.
    pub congestion: String,
    /// Medians of the model.
    pub simulated: ModelFigures,
    /// The kernel's TCP.
    pub emulated: KernelFigures,
    /// Medians of the ratios model / kernel of each seed.
    pub ratio_median: RatioMedians,
    /// Whether both the marks and the losses agree.
    pub agrees: bool,
}

/// Medians of the model, in frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelFigures {
    /// Most frames that waited, in a mailbox with room for all.
    pub high_water: u64,
    /// Frames that a mailbox of 64 refused.
    pub lost: u64,
}

/// The kernel's runs, in frames: least, median and most.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct KernelFigures {
    /// Seeds, each at both mailboxes.
    pub runs: u64,
    /// Most frames that waited, in a mailbox with room for all.
    pub high_water: [u64; 3],
    /// Frames that a mailbox of 64 refused.
    pub lost: [u64; 3],
    /// The largest 99th percentile of any run: by how much the emulated links delivered late.
    pub lateness_p99_ms: f64,
}

/// Medians of ratios; null where the median seed has nothing at one side only.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RatioMedians {
    /// Of high-water marks.
    pub high_water: Option<f64>,
    /// Of losses.
    pub lost: Option<f64>,
}

/// What all rows were measured with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathsMeasured {
    /// The release of the kernel whose TCP it was.
    pub kernel: String,
    /// Most frames that shared a write of the server.
    pub frames_per_write: u64,
    /// Rows that agree only because they are on the edge of waiting at all.
    pub on_the_edge: Vec<String>,
}

/// A row that was measured with a congestion control that no model has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnmodelledRow {
    /// The name of the row that has the same path and events.
    pub row: String,
    /// The congestion control.
    pub congestion: String,
    /// The kernel's TCP.
    pub emulated: KernelFigures,
}

/// Both sides of one figure, seed by seed.
#[derive(Debug, Clone, Copy)]
pub struct Pairs<'a> {
    /// The model's.
    pub model: &'a [u64],
    /// The kernel's.
    pub kernel: &'a [u64],
}

impl Pairs<'_> {
    /// The median of the ratios. Where neither side has anything, it is 1.
    pub fn ratio_median(&self) -> Option<f64> {
        let mut ratios: Vec<f64> = self.both().map(|(model, kernel)| ratio(model, kernel)).collect();
        ratios.sort_by(f64::total_cmp);
        let middle = middle(ratios.len())?;
        let median = f64::midpoint(ratios[middle.0], ratios[middle.1]);
        median.is_finite().then_some(median)
    }

    /// Whether ratios or differences agree.
    pub fn are_close(&self) -> bool {
        let is_near = self.ratio_median().is_some_and(|ratio| (ratio - 1.0).abs() <= MOST_RATIO_OFF);
        is_near || self.difference_median().is_some_and(|frames| frames.abs() <= MOST_FRAMES_OFF as f64)
    }

    /// Whether the kernel is on the edge of waiting at all.
    pub fn are_on_the_edge(&self) -> bool {
        self.kernel.iter().any(|frames| *frames < EDGE.0) && self.kernel.iter().any(|frames| *frames > EDGE.1)
    }

    /// Whether the model agrees with the kernel.
    pub fn agree(&self) -> bool {
        let [least, _, most] = spread(self.kernel);
        let [_, model, _] = spread(self.model);
        self.are_close() || (self.are_on_the_edge() && (least..=most).contains(&model))
    }

    fn difference_median(&self) -> Option<f64> {
        let mut differences: Vec<i64> = self.both().map(|(model, kernel)| model as i64 - kernel as i64).collect();
        differences.sort_unstable();
        let middle = middle(differences.len())?;
        Some(f64::midpoint(differences[middle.0] as f64, differences[middle.1] as f64))
    }

    fn both(&self) -> impl Iterator<Item = (u64, u64)> {
        self.model.iter().copied().zip(self.kernel.iter().copied())
    }
}

fn ratio(model: u64, kernel: u64) -> f64 {
    match (model, kernel) {
        (0, 0) => 1.0,
        (_, 0) => f64::INFINITY,
        _ => model as f64 / kernel as f64,
    }
}

/// The places of the two values in the middle, which are one where their number is odd.
fn middle(count: usize) -> Option<(usize, usize)> {
    (count > 0).then(|| ((count - 1) / 2, count / 2))
}

/// Least, median and most.
pub fn spread(values: &[u64]) -> [u64; 3] {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let Some(middle) = middle(sorted.len()) else { return [0; 3] };
    [sorted[0], u64::midpoint(sorted[middle.0], sorted[middle.1]), sorted[sorted.len() - 1]]
}

impl PathRow {
    /// Whether the row agrees because it is on the edge of waiting at all, and not because figures are close.
    pub fn is_edge(&self, marks: Pairs<'_>, lost: Pairs<'_>) -> bool {
        self.agrees && !(marks.are_close() && lost.are_close())
    }
}

/// A row as it may be.
#[cfg(test)]
pub(crate) fn path_row_fixture(name: &str) -> PathRow {
    PathRow {
        row: name.to_owned(),
        held_out: false,
        loss: 0.01,
        round_trip_ms: 120,
        rate: 1_000_000,
        outage_ms: 8_000,
        congestion: "cubic".to_owned(),
        simulated: ModelFigures { high_water: 622, lost: 561 },
        emulated: KernelFigures { runs: 10, high_water: [624, 625, 628], lost: [560, 561, 561], lateness_p99_ms: 1.2 },
        ratio_median: RatioMedians { high_water: Some(0.995), lost: Some(1.0) },
        agrees: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs<'a>(model: &'a [u64], kernel: &'a [u64]) -> Pairs<'a> {
        Pairs { model, kernel }
    }

    #[test]
    fn a_figure_agrees_within_15_per_cent_or_three_frames_seed_by_seed() {
        assert!(pairs(&[115, 85, 300], &[100, 100, 100]).agree(), "the median of the ratios is 1.15");
        assert!(!pairs(&[116, 116, 300], &[100, 100, 100]).agree());
        assert!(pairs(&[4, 5, 90], &[1, 2, 10]).agree(), "three frames");
        assert!(!pairs(&[6, 6, 90], &[2, 2, 10]).agree());
        // Medians of both sides are equal here, and seeds are not.
        assert!(!pairs(&[50, 100, 150], &[150, 50, 100]).are_close());
    }

    #[test]
    fn where_neither_side_loses_anything_the_ratio_is_1_and_where_one_does_there_is_none() {
        assert_eq!(pairs(&[0, 0, 7], &[0, 0, 0]).ratio_median(), Some(1.0));
        assert_eq!(pairs(&[5, 7, 0], &[0, 0, 0]).ratio_median(), None);
        assert!(!pairs(&[5, 7, 6], &[0, 0, 0]).agree());
        assert_eq!(pairs(&[], &[]).ratio_median(), None);
    }

    #[test]
    fn on_the_edge_of_waiting_the_models_median_has_to_lie_in_the_kernels_range() {
        let kernel = [1, 1, 2, 60, 90];
        assert!(pairs(&[30, 30, 40, 30, 30], &kernel).agree());
        assert!(!pairs(&[95, 95, 99, 99, 99], &kernel).agree());
        assert!(!pairs(&[30, 30, 40, 30, 30], &[10, 10, 12, 60, 90]).agree(), "all of them wait");
    }

    #[test]
    fn of_an_even_number_the_median_lies_between_the_two_in_the_middle() {
        assert_eq!(spread(&[40, 10, 20, 31]), [10, 25, 40]);
        assert_eq!(spread(&[7]), [7, 7, 7]);
        assert_eq!(spread(&[]), [0, 0, 0]);
    }
}
