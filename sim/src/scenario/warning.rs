//! Reasons to distrust what a scenario will show; it runs all the same.

use std::fmt;

use super::{RoundTrip, Scenario, load, population};

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
            Self::TracePartial { trace, missing } => write!(
                f,
                "the trace {trace} is partial ({missing}): its rate and its bursts may be other than what was sent; \
                 record it again, unless that is known"
            ),
            Self::NoEffect { key, because } => write!(f, "{key} has no effect: {because}"),
        }
    }
}

impl Scenario {
    /// What is to be distrusted at this number of subscribers.
    #[must_use]
    pub fn warnings(&self, subscribers: usize) -> Vec<Warning> {
        let settings = self.settings();
        let counts = self.population(subscribers);
        let mut warnings = super::idle::idle(settings);
        if let Some(trace) = self.trace()
            && let Some(missing) = trace.partial()
        {
            warnings.push(Warning::TracePartial { trace: trace.name().to_owned(), missing: missing.to_owned() });
        }
        for (class, members) in settings.classes.iter().zip(counts) {
            let name = || class.name.clone();
            if members < class.count.unwrap_or(1) {
                warnings.push(Warning::ClassShort { class: name(), members, subscribers });
            }
            let needed_bytes = self.needed_window_bytes(class.round_trip_ms);
            if class.window_bytes < needed_bytes {
                let window_bytes = class.window_bytes;
                warnings.push(Warning::WindowBelowPeak { class: name(), window_bytes, needed_bytes });
            }
            let drain_seconds = settings.drain_seconds;
            if let Some([_, [_, stall_seconds]]) = class.reads.stalls()
                && stall_seconds >= drain_seconds
            {
                warnings.push(Warning::DrainWithinStall { class: name(), stall_seconds, drain_seconds });
            }
        }
        warnings
    }

    /// Members of each class among `subscribers`, in the classes' order.
    #[must_use]
    pub fn population(&self, subscribers: usize) -> Vec<usize> {
        population::counts(&self.settings().classes, subscribers)
    }

    /// Peak rate × mean frame × (one way + 2 ms): what is under way before a release reaches the server, which in the
    /// simulated world it does a tick late.
    fn needed_window_bytes(&self, round_trip: RoundTrip) -> u64 {
        let settings = self.settings();
        let scale = f64::from(settings.time_scale);
        let one_way_ms = match round_trip {
            RoundTrip::Ms(ms) => ms / 2.0,
            RoundTrip::Minimum => 1.0 / scale,
        };
        let frame_bytes = load::mean_payload_bytes(&settings.payload, self.trace()) + load::FRAME_OVERHEAD_BYTES;
        let bytes_per_second = load::peak_per_second(settings, self.trace()) * frame_bytes;
        (bytes_per_second * (one_way_ms + 2.0 / scale) / 1e3).ceil() as u64
    }
}
