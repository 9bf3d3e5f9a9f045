//! Loss and delay in the long run, for one server and finite room.
//!
//! Sources: Gross, Shortle, Thompson and Harris, *Fundamentals of Queueing Theory*, 4th ed., Wiley 2008: §2.5 for
//! M/M/1/K, §3.1 for bulk input, §5.1 for the chain embedded at departures; Little, *Operations Research* 9 (1961),
//! 383–387, for delays; Wolff, *Operations Research* 30 (1982), 223–231, for what Poisson arrivals see.

use super::Model;
use super::chain::stationary;

/// In the long run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Steady {
    /// Part of the frames that find no room.
    pub loss: f64,
    /// Mean time of the others from arrival to the end of service, in mean service times.
    pub delay: f64,
}

impl Model {
    /// The long run at a load (arrivals a mean service time, frames and not batches) in a system of so many places,
    /// at least one; none for constant gaps and service, where [`super::recursion::fates`] says what happens to each frame.
    #[must_use]
    pub fn steady(self, load: f64, places: usize) -> Option<Steady> {
        match self {
            Self::Dd1k => None,
            Self::Mm1k => Some(mm1(load, places)),
            Self::Md1k => Some(md1(load, places)),
            Self::Mxm1k { mean_frames } => Some(batches(load, places, mean_frames)),
        }
    }
}

/// From the shares of time with 0, 1 … frames in the system: a busy server ends one service a service time, each of an
/// accepted frame, and by Little's law these are in the system for frames over throughput.
fn delay(shares: &[f64]) -> f64 {
    let frames: f64 = shares.iter().enumerate().map(|(frames, share)| frames as f64 * share).sum();
    let served: f64 = shares[1..].iter().sum();
    frames / served
}

/// Shares in closed form: geometric, cut off at the number of places; arrivals see the same shares.
fn mm1(load: f64, places: usize) -> Steady {
    // Added up term by term: the closed form of the sum is 0 / 0 at load 1.
    let weights: Vec<f64> = std::iter::successors(Some(1.0), |weight| Some(weight * load)).take(places + 1).collect();
    let sum: f64 = weights.iter().sum();
    let shares: Vec<f64> = weights.into_iter().map(|weight| weight / sum).collect();
    Steady { loss: shares[places], delay: delay(&shares) }
}

/// The chain of what departures leave behind, solved numerically. In a service each of its states loses what comes
/// beyond the room it has; a departure is one frame accepted. With π₀ the share of departures that leave nothing, shares
/// of time are `π / (π₀ + load)`, but for the full system's, which by Wolff is the loss.
fn md1(load: f64, places: usize) -> Steady {
    let Came { exactly, at_least, beyond } = Came::in_a_service(load, places);
    let step = |left: usize, next: usize| -> f64 {
        match next.checked_sub(left.saturating_sub(1)) {
            None => 0.0,
            Some(came) if next + 1 < places => exactly[came],
            // The last state takes whatever comes beyond the room as well.
            Some(came) => at_least[came],
        }
    };
    let left = stationary((0..places).map(|from| (0..places).map(|next| step(from, next)).collect()).collect());
    // At least 1: after a departure that leaves nothing, the next service begins with the next arrival.
    let lost: f64 = left.iter().enumerate().map(|(frames, share)| share * beyond[places - frames.max(1)]).sum();
    // `lost` counts frames lost for each one that is accepted, hence the quotient.
    let loss = lost / (1.0 + lost);
    let mut shares: Vec<f64> = left.iter().map(|share| share / (left[0] + load)).collect();
    shares.push(loss);
    Steady { loss, delay: delay(&shares) }
}

/// Poisson arrivals during one constant service.
struct Came {
    /// The probability that n come.
    exactly: Vec<f64>,
    /// The probability that n or more come.
    at_least: Vec<f64>,
    /// How many come on average beyond the first n.
    beyond: Vec<f64>,
}

impl Came {
    fn in_a_service(load: f64, places: usize) -> Self {
        // What is left out is beyond 30 standard deviations, and below the smallest float for any load here.
        let terms = places + (load + 30.0 * libm::sqrt(load)) as usize + 30;
        let next = |(n, probability): &(f64, f64)| Some((n + 1.0, probability * load / (n + 1.0)));
        let poisson = std::iter::successors(Some((0.0, libm::exp(-load))), next);
        let exactly: Vec<f64> = poisson.take(terms).map(|(_, probability)| probability).collect();
        let at_least = sums_to_the_end(&exactly);
        let beyond = sums_to_the_end(&at_least[1..]);
        Self { exactly, at_least, beyond }
    }
}

/// Of each element and all that follow, the smallest added first.
fn sums_to_the_end(values: &[f64]) -> Vec<f64> {
    let mut sums = values.to_vec();
    for index in (1..sums.len()).rev() {
        sums[index - 1] += sums[index];
    }
    sums
}

/// A chain in time, solved numerically: a batch fills what room there is.
fn batches(load: f64, places: usize, mean_frames: f64) -> Steady {
    let goes_on = 1.0 - 1.0 / mean_frames;
    let batches = load / mean_frames;
    let rate = |from: usize, to: usize| -> f64 {
        match to.checked_sub(from) {
            // Time is in mean service times, so a busy server ends services at the rate 1.
            None if from - to == 1 => 1.0,
            None | Some(0) => 0.0,
            Some(more) => {
                let this_or_larger = libm::pow(goes_on, more as f64 - 1.0);
                // The last place is reached by every batch that is at least as large as the room.
                batches * if to == places { this_or_larger } else { this_or_larger / mean_frames }
            }
        }
    };
    let shares = stationary((0..=places).map(|from| (0..=places).map(|to| rate(from, to)).collect()).collect());
    // Of a batch that finds room for r, `goes_on^r · mean` are lost on average.
    let lost = shares.iter().rev().enumerate().map(|(room, share)| share * libm::pow(goes_on, room as f64));
    Steady { loss: lost.sum(), delay: delay(&shares) }
}

#[cfg(test)]
mod tests;
