//! The one check that every scenario passes: each value in its range, and all of them against each other.
//!
//! The limits keep a run finite: in events, in stalls, in memory. They are far above any workload worth simulating.

mod arrivals;
mod classes;
mod faults;
mod range;

use std::collections::BTreeSet;
use std::fmt::Display;
use std::time::Duration;

use hubbub::config::MAX_FRAMES_PER_WRITE;

pub(crate) use classes::{MAX_READ_BYTES_PER_SECOND, MAX_WINDOW_BYTES};
use range::{positive, whole, within};

use super::error::Wrong;
use super::{Arrivals, Settings, Trace, cycle_nanos, needs, seconds};

/// Longest run: a day.
const MAX_SECONDS: f64 = 86_400.0;
/// Shortest run: one tick of the simulated world.
const MIN_DURATION_SECONDS: f64 = 0.001;
/// Far above the 1,000 that are asked for, and within the ports of a simulated host, of which a class has one.
const MAX_SUBSCRIBERS: u64 = 60_000;
/// 1,048,576 slots: a mailbox larger than that is no bound.
const MAX_BUFFER: u64 = 1 << 20;
/// Most entries of a grid's side.
const MAX_GRID: usize = 256;
/// Most replications.
const MAX_SEEDS: u64 = 10_000;
/// Most entities.
const MAX_KEYS: u64 = 1_000_000;
/// As much as the server itself allows.
const MAX_HISTORY: u64 = 10_000_000;
const MAX_HISTORY_BYTES: u64 = 1 << 30;
/// Most microseconds of one task of the worker: a second.
const MAX_TASK_US: f64 = 1e6;

/// Checks everything and returns how long events arrive.
pub(super) fn check(settings: &Settings, trace: Option<&Trace>) -> Result<Duration, Wrong> {
    names(settings)?;
    grids(settings)?;
    whole("current_buffer", settings.current_buffer, 1..=MAX_BUFFER)?;
    whole("seeds", settings.seeds, 1..=MAX_SEEDS)?;
    whole("keys", u64::from(settings.keys), 1..=MAX_KEYS)?;
    whole("time_scale", u64::from(settings.time_scale), 1..=1000)?;
    within("drain_seconds", settings.drain_seconds, 0.0..=MAX_SECONDS)?;
    server(settings)?;
    arrivals::rates(&settings.arrivals)?;
    let duration = duration(settings, trace)?;
    arrivals::amount(settings, trace, duration)?;
    arrivals::payload(settings, trace)?;
    classes::classes(settings, duration)?;
    faults::faults(settings, duration)?;
    needs::check(settings, trace)?;
    Ok(duration)
}

fn names(settings: &Settings) -> Result<(), Wrong> {
    let Settings { name, table, question, .. } = settings;
    let folder = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !(1..=64).contains(&name.len()) || !name.chars().all(folder) {
        return Err(Wrong::new("name", quoted(name), "must be 1 to 64 of a-z, 0-9 and -: it names a folder"));
    }
    let token = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !(1..=64).contains(&table.len()) || !table.chars().all(token) {
        return Err(Wrong::new("table", quoted(table), "must be 1 to 64 of A-Z, a-z, 0-9, _ and -"));
    }
    if question.trim().is_empty() || question.chars().any(char::is_control) {
        return Err(Wrong::new("question", quoted(question), "must be one line that says what running this answers"));
    }
    Ok(())
}

fn grids(settings: &Settings) -> Result<(), Wrong> {
    let subscribers: Vec<u64> = settings.subscribers.iter().map(|n| *n as u64).collect();
    grid("subscribers", &subscribers, MAX_SUBSCRIBERS)?;
    grid("buffers", &settings.buffers, MAX_BUFFER)
}

fn grid(field: &str, values: &[u64], most: u64) -> Result<(), Wrong> {
    if !(1..=MAX_GRID).contains(&values.len()) {
        return Err(Wrong::new(field, format!("{} values", values.len()), format!("must be 1 to {MAX_GRID}")));
    }
    let mut seen = BTreeSet::new();
    for (index, value) in values.iter().enumerate() {
        whole(&format!("{field}[{index}]"), *value, 1..=most)?;
        if !seen.insert(value) {
            return Err(Wrong::new(format!("{field}[{index}]"), value, "must not be there twice"));
        }
    }
    Ok(())
}

fn server(settings: &Settings) -> Result<(), Wrong> {
    let server = &settings.server;
    positive("server.keepalive_seconds", server.keepalive_seconds, MAX_SECONDS)?;
    positive("server.write_deadline_seconds", server.write_deadline_seconds, MAX_SECONDS)?;
    positive("server.user_timeout_seconds", server.user_timeout_seconds, MAX_SECONDS)?;
    whole("server.frames_per_write", server.frames_per_write as u64, 1..=MAX_FRAMES_PER_WRITE as u64)?;
    if let Some(cpu) = &server.cpu {
        within("server.cpu.publish_us", cpu.publish_us, 0.0..=MAX_TASK_US)?;
        within("server.cpu.delivery_us", cpu.delivery_us, 0.0..=MAX_TASK_US)?;
    }
    if let Some(recovery) = &server.recovery {
        whole("server.recovery.history_events", recovery.history_events as u64, 1..=MAX_HISTORY)?;
        whole("server.recovery.history_bytes", recovery.history_bytes as u64, 1..=MAX_HISTORY_BYTES)?;
        let bytes = recovery.waiting_bytes.map(|bytes| bytes as u64);
        bytes.map_or(Ok(()), |bytes| whole("server.recovery.waiting_bytes", bytes, 1..=MAX_HISTORY_BYTES))?;
        let age = recovery.waiting_age_seconds;
        age.map_or(Ok(()), |age| positive("server.recovery.waiting_age_seconds", age, MAX_SECONDS))?;
    }
    Ok(())
}

fn duration(settings: &Settings, trace: Option<&Trace>) -> Result<Duration, Wrong> {
    let range = MIN_DURATION_SECONDS..=MAX_SECONDS;
    if let Some(given) = settings.duration_seconds {
        within("duration_seconds", given, range)?;
        return Ok(seconds(given));
    }
    let (Arrivals::Trace { speed_up, .. }, Some(trace)) = (&settings.arrivals, trace) else {
        return Err(Wrong::new("duration_seconds", "nothing", "must be given: only a trace has a length of its own"));
    };
    let cycle = cycle_nanos(trace, *speed_up) as f64 / 1e9;
    if !range.contains(&cycle) {
        let allowed =
            format!("one cycle must be {MIN_DURATION_SECONDS} ..= {MAX_SECONDS} s: change duration or speed_up");
        return Err(Wrong::new("duration_seconds", format!("{cycle} (one cycle of the trace)"), allowed));
    }
    Ok(Duration::from_nanos(cycle_nanos(trace, *speed_up)))
}

fn quoted(value: impl Display) -> String {
    format!("{:?}", value.to_string())
}
