//! What the high-water marks of independent runs say about the risk of a buffer.
//!
//! Every function here takes plain numbers and knows no plan, world or file. A run's *mark* is the most frames that
//! waited in one mailbox of unbounded size. The run loses a frame at a buffer of K frames exactly if its mark is above
//! K, so the distribution of marks gives the *risk per run* of each K.
//!
//! - [`clopper_pearson`] bounds a risk from the number of runs that lost something.
//! - [`tolerance`] bounds the risk of a buffer as large as the largest mark.
//! - [`extrapolation`] estimates the buffer of a smaller risk, from the shape of the tail.

pub mod clopper_pearson;
#[cfg(test)]
mod exact;
pub mod extrapolation;
pub mod tolerance;
