//! Drawing a plan: the parts, put together.

use std::num::NonZeroUsize;
use std::time::Duration;

use super::{CpuPlan, Plan, Recovery, ServerPlan, arrivals, faults, payload, population};
use crate::scenario::{CpuPrices, RecoverySettings, Scenario};
use crate::time::of_seconds;

impl Plan {
    /// Makes every random choice of a run.
    ///
    /// Arrivals and sizes depend on scenario and seed alone, and a subscriber's life on these, its class and its rank
    /// within the class: with more subscribers, those who were there before live the same life.
    #[must_use]
    pub fn draw(scenario: &Scenario, subscribers: usize, seed: u64) -> Self {
        let settings = scenario.settings();
        let subscribers = population::draw(scenario, subscribers, seed);
        let mut tables = settings.tables();
        Self {
            scenario: settings.name.clone(),
            seed,
            table: tables.next().unwrap_or_default().to_owned(),
            other_tables: tables.map(str::to_owned).collect(),
            duration: scenario.duration(),
            drain: of_seconds(settings.drain_seconds),
            time_scale: settings.time_scale,
            server: ServerPlan {
                keepalive: of_seconds(settings.server.keepalive_seconds),
                write_deadline: of_seconds(settings.server.write_deadline_seconds),
                user_timeout: of_seconds(settings.server.user_timeout_seconds),
                frames_per_write: settings.server.frames_per_write,
                transport: settings.server.transport,
                cpu: settings.server.cpu.as_ref().map(cpu),
                retry: settings.server.retry(),
                recovery: settings.server.recovery.as_ref().map(recovery),
            },
            arrivals: payload::attach(scenario, seed, arrivals::draw(scenario, seed)),
            classes: settings.classes.iter().map(population::class).collect(),
            faults: faults::draw(scenario, &subscribers, seed),
            subscribers,
        }
    }
}

fn recovery(recovery: &RecoverySettings) -> Recovery {
    Recovery {
        history_events: recovery.history_events,
        history_bytes: recovery.history_bytes,
        waiting_bytes: recovery.waiting_bytes.and_then(NonZeroUsize::new),
        waiting_age: recovery.waiting_age_seconds.map(of_seconds),
    }
}

fn cpu(cpu: &CpuPrices) -> CpuPlan {
    let microseconds = |us: f64| -> Duration { of_seconds(us / 1e6) };
    let CpuPrices { publish_us, delivery_us, frame_us, connect_us } = *cpu;
    let [publish, delivery, frame, connect] = [publish_us, delivery_us, frame_us, connect_us].map(microseconds);
    CpuPlan { publish, delivery, frame, connect }
}
