//! Checks of who watches.

use std::collections::BTreeSet;
use std::time::Duration;

use super::range::{pair, positive, whole, within};
use super::{MAX_SECONDS, MAX_SUBSCRIBERS};
use crate::scenario::error::Wrong;
use crate::scenario::{Class, RoundTrip, Settings, step_bytes};

/// Each class is a host of the simulated network.
const MAX_CLASSES: usize = 64;
/// 1 GiB: the largest window that TCP can announce.
pub(crate) const MAX_WINDOW_BYTES: u64 = 1 << 30;
/// 10 Gbit/s is 1.25e9.
pub(crate) const MAX_READ_BYTES_PER_SECOND: u64 = 10_000_000_000;
/// A minute there and back.
const MAX_ROUND_TRIP_MS: f64 = 60_000.0;
/// Shortest stall and shortest stretch of reading: ten ticks.
const MIN_STALL_SECONDS: f64 = 0.01;
/// 320 MB of them.
const MAX_STALLS: f64 = 10e6;
/// How exactly shares sum to 1.
const SHARE_TOLERANCE: f64 = 1e-6;

pub(super) fn classes(settings: &Settings, duration: Duration) -> Result<(), Wrong> {
    let classes = &settings.classes;
    if !(1..=MAX_CLASSES).contains(&classes.len()) {
        return Err(Wrong::new("class", format!("{} classes", classes.len()), format!("must be 1 to {MAX_CLASSES}")));
    }
    let mut names = BTreeSet::new();
    for (index, class) in classes.iter().enumerate() {
        let at = |field: &str| format!("class[{index}].{field}");
        let name = format!("{:?}", class.name);
        if class.name.trim().is_empty() || class.name.len() > 64 || class.name.chars().any(char::is_control) {
            return Err(Wrong::new(at("name"), name, "must be 1 to 64 bytes of text"));
        }
        if !names.insert(&class.name) {
            return Err(Wrong::new(at("name"), name, "must not be there twice"));
        }
        size(class, &at)?;
        path(class, settings.time_scale, &at)?;
        life(class, duration, &at)?;
        reads(class, settings, duration, &at)?;
    }
    parts(settings)
}

fn size(class: &Class, at: &dyn Fn(&str) -> String) -> Result<(), Wrong> {
    match (class.count, class.share) {
        (Some(count), None) => whole(&at("count"), count as u64, 1..=MAX_SUBSCRIBERS),
        (None, Some(share)) => positive(&at("share"), share, 1.0),
        (None, None) => Err(Wrong::new(at("share"), "nothing", "must have a count or a share")),
        (Some(_), Some(share)) => Err(Wrong::new(at("share"), share, "must have a count or a share, not both")),
    }
}

fn path(class: &Class, time_scale: u32, at: &dyn Fn(&str) -> String) -> Result<(), Wrong> {
    whole(&at("window_bytes"), class.window_bytes, 1..=MAX_WINDOW_BYTES)?;
    let RoundTrip::Ms(ms) = class.round_trip_ms else { return Ok(()) };
    positive(&at("round_trip_ms"), ms, MAX_ROUND_TRIP_MS)?;
    let least = 2.0 / f64::from(time_scale);
    if ms < least {
        let allowed = format!(
            "must be at least {least}, the resolution at time_scale = {time_scale}: say \"minimum\" or enlarge it"
        );
        return Err(Wrong::new(at("round_trip_ms"), ms, allowed));
    }
    Ok(())
}

fn life(class: &Class, duration: Duration, at: &dyn Fn(&str) -> String) -> Result<(), Wrong> {
    if let Some(connect) = class.connect_seconds {
        pair(&at("connect_seconds"), connect, 0.0..=duration.as_secs_f64())?;
    }
    if let Some([least, most]) = class.stay_seconds
        && !(least > 0.0 && least <= most && most <= MAX_SECONDS)
    {
        let allowed =
            format!("must be [least, most], above 0 and at most {MAX_SECONDS}: none leaves before connecting");
        return Err(Wrong::new(at("stay_seconds"), format!("[{least}, {most}]"), allowed));
    }
    match class.reconnect_after_seconds {
        Some(after) => positive(&at("reconnect_after_seconds"), after, MAX_SECONDS),
        None => Ok(()),
    }
}

fn reads(class: &Class, settings: &Settings, duration: Duration, at: &dyn Fn(&str) -> String) -> Result<(), Wrong> {
    if let Some(bytes_per_second) = class.reads.bytes_per_second() {
        rate(class, bytes_per_second, settings, at)?;
    }
    let Some([after, stall]) = class.reads.stalls() else { return Ok(()) };
    pair(&at("reads.stalls.after_seconds"), after, MIN_STALL_SECONDS..=MAX_SECONDS)?;
    pair(&at("reads.stalls.for_seconds"), stall, MIN_STALL_SECONDS..=MAX_SECONDS)?;
    let deadline = settings.server.write_deadline_seconds;
    if stall[1] >= deadline {
        let allowed = format!("must be below server.write_deadline_seconds = {deadline}, which ends the connection");
        return Err(Wrong::new(at("reads.stalls.for_seconds"), format!("{stall:?}"), allowed));
    }
    let members = settings.subscribers.iter().max().map_or(0, |most| class.count.unwrap_or(*most)) as f64;
    let stalls = members * class.share.unwrap_or(1.0) * duration.as_secs_f64() / (after[0] + stall[0]);
    within(&at("reads.stalls: stalls of all members in a run"), stalls.round(), 0.0..=MAX_STALLS)
}

/// A reader so slow that it shows no progress within the write deadline would be cut off, though it reads.
fn rate(class: &Class, bytes_per_second: u64, settings: &Settings, at: &dyn Fn(&str) -> String) -> Result<(), Wrong> {
    let field = at("reads.rate.bytes_per_second");
    whole(&field, bytes_per_second, 1..=MAX_READ_BYTES_PER_SECOND)?;
    let deadline = settings.server.write_deadline_seconds;
    let least = (step_bytes(class.window_bytes) as f64 / deadline).floor() + 1.0;
    if (bytes_per_second as f64) < least {
        let allowed = format!("must be at least {least}: slower, it shows no progress within the write deadline");
        return Err(Wrong::new(field, bytes_per_second, allowed));
    }
    Ok(())
}

/// Counts fit into every N, and shares make a whole.
fn parts(settings: &Settings) -> Result<(), Wrong> {
    let counted: usize = settings.classes.iter().filter_map(|class| class.count).sum();
    let shares: Vec<f64> = settings.classes.iter().filter_map(|class| class.share).collect();
    let sum: f64 = shares.iter().sum();
    if !shares.is_empty() && (sum - 1.0).abs() > SHARE_TOLERANCE {
        return Err(Wrong::new("class[..].share", format!("{sum} in all"), "shares must sum to 1"));
    }
    for (index, subscribers) in settings.subscribers.iter().enumerate() {
        let field = format!("subscribers[{index}]");
        if counted > *subscribers {
            return Err(Wrong::new(field, subscribers, format!("must be at least {counted}, the sum of the counts")));
        }
        if shares.is_empty() && counted != *subscribers {
            return Err(Wrong::new(field, subscribers, format!("must be {counted}: all classes have a count")));
        }
    }
    Ok(())
}
