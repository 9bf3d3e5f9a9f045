//! Scenarios made from others: options of the command line, and the changes of the sensitivity.

use std::sync::Arc;

use hubbub::Overflow;

use super::error::Wrong;
use super::{Arrivals, CpuPrices, ObjectiveSettings, Payload, Reads, Scenario, ScenarioError, Settings, Trace};
use crate::transport::Transport;

/// What the command line may set in place of the file; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Replaces arrivals, payload sizes and duration; a run is then one cycle of the trace.
    #[doc(hidden)]
    pub trace: Option<Trace>,
    /// How much faster than recorded a trace is played; refused where there is none.
    pub speed_up: Option<f64>,
    /// How long events arrive.
    pub duration_seconds: Option<f64>,
    /// What happens when a mailbox is full.
    pub policy: Option<Overflow>,
    /// The numbers of subscribers to try.
    pub subscribers: Option<Vec<usize>>,
    /// The mailbox sizes to try.
    pub buffers: Option<Vec<u64>>,
    /// How many replications.
    pub seeds: Option<u64>,
    /// What is good enough for all subscribers; a limit that is `None` stays.
    pub objective: ObjectiveSettings,
}

/// A change of the load, to see how the size moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Twice as many events a second; a flush twice as large at twice the rate, a trace twice as fast.
    RateDoubled,
    /// Payloads four times as large.
    PayloadQuadrupled,
    /// Stalls and outages twice as long.
    StallsDoubled,
}

impl Change {
    /// All of them, in the order of a table.
    pub const ALL: [Self; 3] = [Self::RateDoubled, Self::PayloadQuadrupled, Self::StallsDoubled];

    /// The name in results.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RateDoubled => "rate × 2",
            Self::PayloadQuadrupled => "payload × 4",
            Self::StallsDoubled => "stalls × 2",
        }
    }
}

impl Scenario {
    /// This scenario under another overflow policy, with what that policy needs and no more.
    ///
    /// # Errors
    ///
    /// The scenario cannot have what the policy needs: conflation without keys.
    pub fn under(&self, policy: Overflow) -> Result<Self, ScenarioError> {
        // From what was given: what the present policy needed must not stay switched on under another.
        let Self { given: mut settings, trace, .. } = self.clone();
        settings.server.policy = policy;
        self.derived(format!("{} under policy {policy}", self.source), settings, trace)
    }

    /// Whether both give the same plans: they differ in nothing but the policy's name.
    pub fn runs_as(&self, other: &Self) -> bool {
        let mut settings = self.settings.clone();
        settings.server.policy = other.settings.server.policy;
        // The traces, too: settings have only the name of a trace's file.
        settings == other.settings && self.trace == other.trace
    }

    /// The same scenario over WebSockets.
    ///
    /// # Errors
    ///
    /// As [`Self::with`].
    pub fn over_websockets(&self) -> Result<Self, ScenarioError> {
        let Self { given: mut settings, trace, .. } = self.clone();
        settings.server.transport = Transport::Ws;
        self.derived(format!("{} over WebSockets", self.source), settings, trace)
    }

    /// The same scenario without a model of the server's CPU: no subscriber then waits for work that is done for others.
    ///
    /// # Errors
    ///
    /// As [`Self::with`].
    pub fn without_cpu(&self) -> Result<Self, ScenarioError> {
        let Self { given: mut settings, trace, .. } = self.clone();
        settings.server.cpu = None;
        self.derived(format!("{} without its CPU", self.source), settings, trace)
    }

    /// Returns this scenario with another longest time that a `retry:` asks for; with 0 no stream has a `retry:`.
    ///
    /// # Errors
    ///
    /// As [`Self::with`].
    pub fn with_retry_seconds(&self, longest: f64) -> Result<Self, ScenarioError> {
        let Self { given: mut settings, trace, .. } = self.clone();
        settings.server.retry_seconds = longest;
        self.derived(format!("{} with the retry given", self.source), settings, trace)
    }

    /// Returns a copy of this scenario in which the work of the server has these prices in CPU time.
    ///
    /// # Errors
    ///
    /// As [`Self::with`].
    pub fn with_cpu(&self, prices: CpuPrices) -> Result<Self, ScenarioError> {
        let Self { given: mut settings, trace, .. } = self.clone();
        settings.server.cpu = Some(prices);
        self.derived(format!("{} with the prices given", self.source), settings, trace)
    }

    /// The same scenario with the command line's options in place.
    ///
    /// # Errors
    ///
    /// A value that the file could not have had either, or a speed-up without a trace.
    pub fn with(&self, overrides: Overrides) -> Result<Self, ScenarioError> {
        let source = format!("{} with the options given", self.source);
        let Self { given: mut settings, mut trace, .. } = self.clone();
        let mut trace_replaces_duration = self.trace_replaces_duration;
        if let Some(given) = overrides.trace {
            trace_replaces_duration = settings.duration_seconds.is_some();
            // At the recorded speed, because the file's speed-up belongs to the file's own trace.
            settings.arrivals = Arrivals::Trace { file: given.name().to_owned(), speed_up: 1.0 };
            settings.payload = Payload::FromTrace { times: 1 };
            // The file's duration belongs to the file's arrivals. One cycle of the trace takes its place.
            settings.duration_seconds = None;
            trace = Some(Arc::new(given));
        }
        if let Some(given) = overrides.speed_up {
            let Arrivals::Trace { speed_up, .. } = &mut settings.arrivals else {
                let allowed = "only a trace can be sped up, and this scenario has none";
                return Err(Wrong::new("speed_up", given, allowed).in_file(&source));
            };
            *speed_up = given;
        }
        trace_replaces_duration &= overrides.duration_seconds.is_none();
        settings.duration_seconds = overrides.duration_seconds.or(settings.duration_seconds);
        settings.server.policy = overrides.policy.unwrap_or(settings.server.policy);
        settings.subscribers = overrides.subscribers.unwrap_or(settings.subscribers);
        settings.buffers = overrides.buffers.unwrap_or(settings.buffers);
        settings.seeds = overrides.seeds.unwrap_or(settings.seeds);
        settings.objective = overrides.objective.or(settings.objective);
        let scenario = Self::checked(source, settings, trace)?;
        Ok(Self { trace_replaces_duration, ..scenario })
    }

    /// The same scenario under a changed load. Where it has nothing that the change is about, nothing changes.
    ///
    /// # Errors
    ///
    /// The changed load is outside what a scenario may have: a doubled stall may reach the write deadline.
    pub fn changed(&self, change: Change) -> Result<Self, ScenarioError> {
        let Self { given: mut settings, trace, .. } = self.clone();
        match change {
            Change::RateDoubled => settings.arrivals.double(),
            Change::PayloadQuadrupled => settings.payload.multiply(4),
            Change::StallsDoubled => settings.classes.iter_mut().for_each(|class| {
                class.reads.double_stalls();
                if let Some(outages) = class.path.as_mut().and_then(|path| path.outages.as_mut()) {
                    outages.for_seconds.iter_mut().for_each(|seconds| *seconds *= 2.0);
                }
            }),
        }
        self.derived(format!("{} with {}", self.source, change.as_str()), settings, trace)
    }

    /// A checked scenario that keeps what is to be said of the one that it was made from.
    fn derived(&self, source: String, given: Settings, trace: Option<Arc<Trace>>) -> Result<Self, ScenarioError> {
        let trace_replaces_duration = self.trace_replaces_duration;
        Self::checked(source, given, trace).map(|scenario| Self { trace_replaces_duration, ..scenario })
    }
}

impl Arrivals {
    fn double(&mut self) {
        match self {
            Self::Constant { per_second } | Self::Poisson { per_second } => *per_second *= 2.0,
            Self::Bursts { quiet_per_second, burst_per_second, .. } => {
                *quiet_per_second *= 2.0;
                *burst_per_second *= 2.0;
            }
            Self::BacklogFlush { events, per_second, background_per_second, .. } => {
                // Saturating: the check that follows says what is too much, and a wrapped number would pass it.
                *events = events.saturating_mul(2);
                *per_second *= 2.0;
                *background_per_second *= 2.0;
            }
            Self::Trace { speed_up, .. } => *speed_up *= 2.0,
        }
    }
}

impl Payload {
    fn multiply(&mut self, by: u64) {
        match self {
            Self::Fixed { bytes } => *bytes = bytes.saturating_mul(by),
            Self::LogNormal { median_bytes, min_bytes, max_bytes, .. } => {
                *median_bytes *= by as f64;
                *min_bytes = min_bytes.saturating_mul(by);
                *max_bytes = max_bytes.saturating_mul(by);
            }
            Self::FromTrace { times } => *times = times.saturating_mul(by),
        }
    }
}

impl Reads {
    fn double_stalls(&mut self) {
        match self {
            Self::Stalls { for_seconds, .. } | Self::RateWithStalls { for_seconds, .. } => {
                for_seconds.iter_mut().for_each(|seconds| *seconds *= 2.0)
            }
            Self::AsItArrives | Self::Rate { .. } | Self::Never => {}
        }
    }
}
