//! What there is to distrust in a scenario.

use super::{Class, RoundTrip, Scenario, Warning, load, population};

impl Scenario {
    /// What is to be distrusted at this number of subscribers.
    #[must_use]
    pub fn warnings(&self, subscribers: usize) -> Vec<Warning> {
        let settings = self.settings();
        let counts = self.population(subscribers);
        let mut warnings = super::idle::idle(settings);
        if self.trace_replaces_duration {
            let because = "with --trace a run is one cycle of the trace, unless --duration is given";
            warnings.push(Warning::NoEffect { key: "duration_seconds".to_owned(), because });
        }
        if let Some(trace) = self.trace()
            && let Some(missing) = trace.partial()
        {
            warnings.push(Warning::TracePartial { trace: trace.name().to_owned(), missing: missing.to_owned() });
        }
        for (class, members) in settings.classes.iter().zip(counts) {
            let name = || class.name.clone();
            // A class without members takes no part in any run, and nothing else would say so.
            if members < class.count.unwrap_or(1) {
                warnings.push(Warning::ClassShort { class: name(), members, subscribers });
            }
            let needed_bytes = self.needed_window_bytes(class);
            let is_tuned = class.path.as_ref().is_some_and(|path| path.tunes_window);
            if class.window_bytes < needed_bytes && !is_tuned {
                let window_bytes = class.window_bytes;
                warnings.push(Warning::WindowBelowPeak { class: name(), window_bytes, needed_bytes });
            }
            let drain_seconds = settings.drain_seconds;
            if let Some([_, [_, stall_seconds]]) = class.reads.stalls()
                && stall_seconds >= drain_seconds
            {
                warnings.push(Warning::DrainWithinStall { class: name(), stall_seconds, drain_seconds });
            }
            if let Some(outages) = class.path.as_ref().and_then(|path| path.outages)
                && outages.for_seconds[1] * 2.0 >= drain_seconds
            {
                let outage_seconds = outages.for_seconds[1];
                warnings.push(Warning::DrainWithinOutage { class: name(), outage_seconds, drain_seconds });
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
    fn needed_window_bytes(&self, class: &Class) -> u64 {
        let settings = self.settings();
        let scale = f64::from(settings.time_scale);
        let one_way_ms = match class.round_trip_ms {
            RoundTrip::Ms(ms) => ms / 2.0,
            // One tick, the least that a message takes in the simulated network.
            RoundTrip::Minimum => 1.0 / scale,
        };
        let frame_bytes = load::mean_payload_bytes(&settings.payload, self.trace()) + load::FRAME_OVERHEAD_BYTES;
        let bytes_per_second =
            load::peak_per_second(settings, self.trace()) * settings.part_watched(class) * frame_bytes;
        (bytes_per_second * (one_way_ms + 2.0 / scale) / 1e3).ceil() as u64
    }
}
