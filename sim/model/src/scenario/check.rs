//! The one check that every scenario passes: each value in its range, and all of them against each other.

mod arrivals;
mod classes;
mod faults;
mod objective;
mod paths;
mod range;
mod tables;

use std::collections::BTreeSet;
use std::fmt::Display;
use std::time::Duration;

use range::{positive, whole, within};

use super::error::Wrong;
use super::limits::{
    MAX_BACK_SECONDS, MAX_BUFFER, MAX_FRAMES_PER_WRITE, MAX_GRID, MAX_HISTORY, MAX_HISTORY_BYTES, MAX_KEYS,
    MAX_SECONDS, MAX_SEEDS, MAX_SUBSCRIBERS, MAX_TASK_US, MAX_TIME_SCALE, MIN_DURATION_SECONDS,
};
use super::number::number;
use super::{Arrivals, Settings, Trace, cycle_nanos, needs};
use crate::time::of_seconds;

/// The whole path of a class's field.
type At<'a> = &'a dyn Fn(&str) -> String;

/// Everything that is wrong, in the order of the checks.
pub(super) struct Found(Vec<Wrong>);

impl Found {
    fn note(&mut self, checked: Result<(), Wrong>) {
        self.0.extend(checked.err());
    }

    fn add(&mut self, field: impl Into<String>, value: impl ToString, allowed: impl Into<String>) {
        self.0.push(Wrong::new(field, value, allowed));
    }
}

/// Checks everything and returns how long events arrive, or all that is wrong: at least one thing.
pub(super) fn check(settings: &Settings, trace: Option<&Trace>) -> Result<Duration, Vec<Wrong>> {
    let mut found = Found(Vec::new());
    names(&mut found, settings);
    tables::tables(&mut found, settings);
    grids(&mut found, settings);
    found.note(whole("current_buffer", settings.current_frames(), 1..=MAX_BUFFER));
    found.note(whole("seeds", settings.seeds, 1..=MAX_SEEDS));
    found.note(whole("keys", u64::from(settings.keys), 1..=MAX_KEYS));
    found.note(whole("time_scale", u64::from(settings.time_scale), 1..=MAX_TIME_SCALE));
    found.note(within("drain_seconds", settings.drain_seconds, 0.0..=MAX_SECONDS));
    server(&mut found, settings);
    let before = found.0.len();
    arrivals::rates(&mut found, &settings.arrivals);
    // A cycle follows from the speed: a wrong one would be told twice.
    let has_no_cycle = found.0.len() > before && trace.is_some() && settings.duration_seconds.is_none();
    let is_sound = found.0.is_empty();
    // Not returned at once: an author wants to hear everything that is wrong in one go.
    let duration = duration(settings, trace).map_err(|wrong| found.0.extend((!has_no_cycle).then_some(wrong)));
    // What is checked against a duration that is wrong is checked against the longest.
    let assumed = duration.unwrap_or(of_seconds(MAX_SECONDS));
    // Amounts follow from rates: wrong ones would be told twice.
    if is_sound && duration.is_ok() {
        arrivals::amount(&mut found, settings, trace, assumed);
    }
    arrivals::payload(&mut found, settings, trace);
    classes::classes(&mut found, paths::Around { settings, trace, duration: assumed });
    faults::faults(&mut found, settings, assumed);
    objective::objective(&mut found, settings);
    found.note(needs::check(settings, trace));
    duration.ok().filter(|_| found.0.is_empty()).ok_or(found.0)
}

fn names(found: &mut Found, settings: &Settings) {
    let Settings { name, question, .. } = settings;
    let folder = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    // Refused rather than escaped: the name is part of a path, and `..` or a slash would leave the folder of results.
    if !(1..=64).contains(&name.len()) || !name.chars().all(folder) {
        found.add("name", quoted(name), "must be 1 to 64 of a-z, 0-9 and -: it names a folder");
    }
    if question.trim().is_empty() || question.chars().any(char::is_control) {
        found.add("question", quoted(question), "must be one line that says what running this answers");
    }
}

fn grids(found: &mut Found, settings: &Settings) {
    let subscribers: Vec<u64> = settings.subscribers.iter().map(|n| *n as u64).collect();
    grid(found, "subscribers", &subscribers, MAX_SUBSCRIBERS);
    grid(found, "buffers", &settings.buffers, MAX_BUFFER);
}

fn grid(found: &mut Found, field: &str, values: &[u64], most: u64) {
    if !(1..=MAX_GRID).contains(&values.len()) {
        found.add(field, format!("{} values", values.len()), format!("must be 1 to {MAX_GRID}"));
    }
    let mut seen = BTreeSet::new();
    for (index, value) in values.iter().enumerate() {
        found.note(whole(&format!("{field}[{index}]"), *value, 1..=most));
        // A cell belongs to its size and N: a value given twice would be run and shown twice.
        if !seen.insert(value) {
            found.add(format!("{field}[{index}]"), value, "must not be there twice");
        }
    }
}

fn server(found: &mut Found, settings: &Settings) {
    let server = &settings.server;
    found.note(positive("server.keepalive_seconds", server.keepalive_seconds, MAX_SECONDS));
    found.note(positive("server.write_deadline_seconds", server.write_deadline_seconds, MAX_SECONDS));
    found.note(positive("server.user_timeout_seconds", server.user_timeout_seconds, MAX_SECONDS));
    found.note(whole("server.frames_per_write", server.frames_per_write as u64, 1..=MAX_FRAMES_PER_WRITE));
    found.note(within("server.retry_seconds", server.retry_seconds, 0.0..=MAX_BACK_SECONDS));
    if let Some(cpu) = &server.cpu {
        found.note(within("server.cpu.publish_us", cpu.publish_us, 0.0..=MAX_TASK_US));
        found.note(within("server.cpu.delivery_us", cpu.delivery_us, 0.0..=MAX_TASK_US));
        found.note(within("server.cpu.frame_us", cpu.frame_us, 0.0..=MAX_TASK_US));
        found.note(within("server.cpu.connect_us", cpu.connect_us, 0.0..=MAX_TASK_US));
    }
    if let Some(recovery) = &server.recovery {
        found.note(whole("server.recovery.history_events", recovery.history_events as u64, 1..=MAX_HISTORY));
        found.note(whole("server.recovery.history_bytes", recovery.history_bytes as u64, 1..=MAX_HISTORY_BYTES));
        if let Some(bytes) = recovery.waiting_bytes {
            found.note(whole("server.recovery.waiting_bytes", bytes as u64, 1..=MAX_HISTORY_BYTES));
        }
        if let Some(age) = recovery.waiting_age_seconds {
            found.note(positive("server.recovery.waiting_age_seconds", age, MAX_SECONDS));
        }
    }
}

fn duration(settings: &Settings, trace: Option<&Trace>) -> Result<Duration, Wrong> {
    let range = MIN_DURATION_SECONDS..=MAX_SECONDS;
    if let Some(given) = settings.duration_seconds {
        within("duration_seconds", given, range)?;
        return Ok(of_seconds(given));
    }
    let (Arrivals::Trace { speed_up, .. }, Some(trace)) = (&settings.arrivals, trace) else {
        return Err(Wrong::new("duration_seconds", "nothing", "must be given: only a trace has a length of its own"));
    };
    let cycle = cycle_nanos(trace, *speed_up) as f64 / 1e9;
    if !range.contains(&cycle) {
        let allowed =
            format!("one cycle must be {MIN_DURATION_SECONDS} ..= {MAX_SECONDS} s: change duration or speed_up");
        return Err(Wrong::new("duration_seconds", format!("{} (one cycle of the trace)", number(cycle)), allowed));
    }
    Ok(Duration::from_nanos(cycle_nanos(trace, *speed_up)))
}

/// A text in quotes, with what is not printed escaped.
fn quoted(value: impl Display) -> String {
    format!("{:?}", value.to_string())
}
