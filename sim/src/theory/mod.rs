//! Queueing theory: what it says of a server with finite room, and whether a simulation agrees.
//!
//! Pure numbers. Nothing here knows a plan, a Hub or a world: `chain`, `formula` and `recursion` compute, `interval`
//! and `judge` compare, `document` is what comes of it.

mod chain;
pub mod document;
pub mod formula;
pub mod interval;
pub mod judge;
pub mod recursion;

use std::fmt;

/// A queue in Kendall's notation: arrivals, service, one server, K places to wait.
///
/// K is the mailbox's; the *system* has `K + 1` places, since the frame in service holds no slot of the mailbox.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Model {
    /// Constant gaps, constant service.
    Dd1k,
    /// Poisson arrivals, exponential service.
    Mm1k,
    /// Poisson arrivals, constant service.
    Md1k,
    /// Batches as a Poisson process, their sizes geometric from 1 on; exponential service. Of a batch that does not
    /// find room for all of it, the first are taken: partial loss.
    Mxm1k {
        /// Mean size of a batch.
        mean_frames: f64,
    },
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dd1k => "D/D/1/K",
            Self::Mm1k => "M/M/1/K",
            Self::Md1k => "M/D/1/K",
            Self::Mxm1k { .. } => "M^[X]/M/1/K",
        })
    }
}
