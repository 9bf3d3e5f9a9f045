//! Reasons to distrust what a scenario will show; it runs all the same.

use std::fmt;

/// A reason for distrust, with a remedy.
#[derive(Debug, Clone, PartialEq)]
pub enum Warning {
    /// A class has no member, or fewer than its count.
    ClassShort {
        /// The class.
        class: String,
        /// Its members.
        members: usize,
        /// The number of subscribers at which that is so.
        subscribers: usize,
    },
    /// A window carries less than the peak rate: it, and not the reader, makes the class slow.
    WindowBelowPeak {
        /// The class.
        class: String,
        /// Its window.
        window_bytes: u64,
        /// What the peak rate needs.
        needed_bytes: u64,
    },
    /// The run may end in the middle of a stall, and frames under way then look undelivered.
    DrainWithinStall {
        /// The class.
        class: String,
        /// Its longest stall.
        stall_seconds: f64,
        /// The drain.
        drain_seconds: f64,
    },
    /// The run may end in the middle of an outage, or of the wait for the next retransmission after one.
    DrainWithinOutage {
        /// The class.
        class: String,
        /// Its longest outage.
        outage_seconds: f64,
        /// The drain.
        drain_seconds: f64,
    },
    /// The trace that is replayed is not whole.
    TracePartial {
        /// Its file, without folders.
        trace: String,
        /// What it says is missing.
        missing: String,
    },
    /// A key is given that changes nothing in this scenario.
    NoEffect {
        /// Its path, classes and faults counted from 0.
        key: String,
        /// Why it changes nothing, and what would let it.
        because: &'static str,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClassShort { class, members, subscribers } => write!(
                f,
                "class {class:?} has {members} members at {subscribers} subscribers: take more subscribers, or fewer \
                 classes"
            ),
            Self::WindowBelowPeak { class, window_bytes, needed_bytes } => write!(
                f,
                "class {class:?}: window_bytes = {window_bytes} carries less than the peak rate, which needs about \
                 {needed_bytes}: enlarge it, unless a slow path is meant"
            ),
            Self::DrainWithinStall { class, stall_seconds, drain_seconds } => write!(
                f,
                "class {class:?} may stall for {stall_seconds} s and the drain ends after {drain_seconds} s: lengthen \
                 drain_seconds, or frames under way at the end stay in flight"
            ),
            Self::DrainWithinOutage { class, outage_seconds, drain_seconds } => write!(
                f,
                "class {class:?} may have an outage of {outage_seconds} s, after which a retransmission may take as long \
                 again, and the drain ends after {drain_seconds} s: lengthen drain_seconds, or frames under way at the \
                 end stay in flight"
            ),
            Self::TracePartial { trace, missing } => write!(
                f,
                "the trace {trace} is partial ({missing}): its rate and its bursts may be other than what was sent; \
                 record it again, unless that is known"
            ),
            Self::NoEffect { key, because } => write!(f, "{key} has no effect: {because}"),
        }
    }
}
