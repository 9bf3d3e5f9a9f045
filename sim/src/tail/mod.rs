//! What the high-water marks of independent runs say about the risk of a buffer.
//!
//! Every function here takes plain numbers and knows no plan, world or file. A run's *mark* is the most frames that
//! waited in one mailbox of unbounded size. The run loses a frame at a buffer of K frames exactly if its mark is above
//! K, so the distribution of marks gives the *risk per run* of each K.
//!
//! - [`clopper_pearson`] bounds a risk from the number of runs that lost something.
//! - [`tolerance`] bounds the risk of a buffer as large as the largest mark.
//! - [`extrapolation`] estimates the buffer of a smaller risk, from the shape of the tail.
//!
//! Runs answer a risk of about three in their number. A smaller risk needs the shape of the tail, and has an interval:
//!
//! ```
//! use hubbub_sim::internals::tail::{extrapolation::{Refusal, extrapolate}, tolerance::{risk_of_largest, runs_for}};
//!
//! assert_eq!(runs_for(0.01), 299);
//! assert!(risk_of_largest(299) <= 0.01 && risk_of_largest(298) > 0.01);
//!
//! // The quantiles of an exponential tail with a mean of 10 frames: 93 frames have a risk of 1 in 10,000.
//! let mark = |run| (-10.0 * ((f64::from(run) - 0.5) / 3000.0).ln()).ceil() as u64;
//! let marks: Vec<u64> = (1..=3000).map(mark).collect();
//! let found = extrapolate(&marks, 1e-4).expect("3000 marks reach it");
//! assert!(found.low <= 93 && 93 <= found.high && found.low < found.high);
//! assert!(matches!(extrapolate(&marks[..100], 1e-4), Err(Refusal::BeyondReach { runs: 100, .. })));
//! ```

pub mod clopper_pearson;
#[cfg(test)]
mod exact;
pub mod extrapolation;
pub mod tolerance;
