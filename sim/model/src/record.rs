//! What happened in a run: per subscriber and class, on one clock, with a running digest. Plain data.
//!
//! Observations come in virtual time, in the order in which they happened; they are counted and hashed as they come,
//! and kept only where somebody asks for them.

mod difference;
mod digest;
mod histogram;
mod lives;
mod observation;
mod recorder;
mod restarts;
mod sip;
mod tally;
mod wanted;
mod words;

use std::time::Duration;

use hdrhistogram::Histogram;
use hubbub::LossCounts;
use serde::{Deserialize, Serialize};

pub use digest::Digest;
pub use histogram::{count, histogram};
pub use lives::{Frame, Life, Lives, Moment, NEVER};
pub use observation::{Observation, ObservationKind};
pub use recorder::{Observations, Recorder};
pub use restarts::{AFTER_A_RESTART, AfterRestarts};
pub use wanted::WantedEvents;
pub use words::exact_ms;

/// One run.
#[derive(Debug, Clone)]
pub struct Record {
    /// By index in the plan.
    pub subscribers: Vec<SubscriberRecord>,
    /// By index in the plan's classes.
    pub classes: Vec<ClassRecord>,
    /// Events that a saturated server had not got round to publishing by the end of the drain.
    pub unpublished: u64,
    /// Flushes before the sources ended.
    pub delivered_in_time: u64,
    /// Most bytes of events alive at once.
    pub peak_pinned_bytes: u64,
    /// When the server's kernel has sent a segment again over a path, and to whom, in the order of time. It is no part of
    /// the digest, and empty in the real world.
    pub retransmissions: Vec<(Duration, usize)>,
    /// The table of each event that was published, in the order of sequences, as an index of the plan's tables. Empty where
    /// every class watches all tables, and in the real world.
    pub tables: Vec<u8>,
    /// How those who watched have come through the restarts of the server; `None` where there was none.
    pub after_restarts: Option<AfterRestarts>,
    /// Digest over the subscribers' digests, in their order.
    pub digest: Digest,
}

/// One subscriber's account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriberRecord {
    /// Its class.
    pub class: usize,
    /// Frames offered.
    pub offered: u64,
    /// Frames flushed.
    pub delivered: u64,
    /// Frames the client has read.
    pub received: u64,
    /// Frames lost.
    pub dropped: LossCounts,
    /// Frames waiting or in flight at the end.
    pub in_flight: u64,
    /// Most frames waiting right after a push.
    pub high_water: u64,
    /// When that was first so, in plan time.
    pub high_water_at: Duration,
    /// When the first frame was lost to a limit, in plan time.
    pub first_drop_at: Option<Duration>,
    /// How often it subscribed.
    pub connections: u64,
    /// Events of its tables that were published while it wanted them, from its first stream on until it left.
    pub wanted: u64,
    /// Of the frames it read, those that it had read before.
    pub doubled: u64,
    /// How long it had no stream in that time, in plan time.
    pub away: Duration,
    /// Over everything that happened to it.
    #[serde(skip)]
    pub digest: Digest,
}

/// Latencies of a class, in microseconds of plan time.
#[derive(Debug, Clone)]
pub struct ClassRecord {
    /// Publish to flush.
    pub flush_us: Histogram<u64>,
    /// Publish to receipt.
    pub receipt_us: Histogram<u64>,
}
