//! Checks of who watches.

use std::collections::BTreeSet;
use std::time::Duration;

use super::paths::{self, Around};
use super::range::{SHARE_TOLERANCE, pair, positive, whole, within};
use super::{At, Found, tables};
use crate::scenario::error::Wrong;
use crate::scenario::limits::{
    MAX_CLASSES, MAX_READ_BYTES_PER_SECOND, MAX_ROUND_TRIP_MS, MAX_SECONDS, MAX_STALLS, MAX_SUBSCRIBERS,
    MAX_WINDOW_BYTES, MIN_STALL_SECONDS,
};
use crate::scenario::number::{number, numbers};
use crate::scenario::{Class, RoundTrip, Settings};
use crate::transport::{Transport, step_bytes};

pub(super) fn classes(found: &mut Found, around: Around<'_>) {
    let Around { settings, duration, .. } = around;
    let classes = &settings.classes;
    if !(1..=MAX_CLASSES).contains(&classes.len()) {
        found.add("class", format!("{} classes", classes.len()), format!("must be 1 to {MAX_CLASSES}"));
    }
    let mut names = BTreeSet::new();
    for (index, class) in classes.iter().enumerate() {
        let at = |field: &str| format!("class[{index}].{field}");
        let name = format!("{:?}", class.name);
        if class.name.trim().is_empty() || class.name.len() > 64 || class.name.chars().any(char::is_control) {
            found.add(at("name"), &name, "must be 1 to 64 bytes of text");
        }
        if !names.insert(&class.name) {
            found.add(at("name"), name, "must not be there twice");
        }
        found.note(size(class, &at));
        way(found, class, settings.time_scale, &at);
        tables::watched(found, class, settings, &at);
        paths::path(found, class, around, &at);
        life(found, class, duration, &at);
        if class.obeys_retry && settings.server.transport == Transport::Ws {
            found.add(
                at("obeys_retry"),
                true,
                "must be false with server.transport = \"ws\": a WebSocket has no retry",
            );
        }
        reads(found, class, settings, duration, &at);
    }
    // Sums of values that are wrong themselves would be told as a second fault with the same cause.
    if found.0.is_empty() {
        parts(found, settings);
    }
}

fn size(class: &Class, at: At<'_>) -> Result<(), Wrong> {
    match (class.count, class.share) {
        (Some(count), None) => whole(&at("count"), count as u64, 1..=MAX_SUBSCRIBERS),
        (None, Some(share)) => positive(&at("share"), share, 1.0),
        (None, None) => Err(Wrong::new(at("share"), "nothing", "must have a count or a share")),
        (Some(_), Some(share)) => Err(Wrong::new(at("share"), number(share), "must have a count or a share, not both")),
    }
}

fn way(found: &mut Found, class: &Class, time_scale: u32, at: At<'_>) {
    found.note(whole(&at("window_bytes"), class.window_bytes, 1..=MAX_WINDOW_BYTES));
    let RoundTrip::Ms(ms) = class.round_trip_ms else { return };
    // One tick each way. A scale of 0 is refused elsewhere, and must not divide here.
    let least = 2.0 / f64::from(time_scale.max(1));
    // Negated, so that a value that is not a number is refused as well.
    if !(ms > 0.0 && ms <= MAX_ROUND_TRIP_MS) {
        found.note(positive(&at("round_trip_ms"), ms, MAX_ROUND_TRIP_MS));
    } else if ms < least {
        let least = number(least);
        let allowed = format!(
            "must be at least {least}, the resolution at time_scale = {time_scale}: say \"minimum\" or enlarge it"
        );
        found.add(at("round_trip_ms"), number(ms), allowed);
    }
}

fn life(found: &mut Found, class: &Class, duration: Duration, at: At<'_>) {
    if let Some(connect) = class.connect_seconds {
        found.note(pair(&at("connect_seconds"), connect, 0.0..=duration.as_secs_f64()));
    }
    if let Some([least, most]) = class.stay_seconds
        && !(least > 0.0 && least <= most && most <= MAX_SECONDS)
    {
        let allowed =
            format!("must be [least, most], above 0 and at most {MAX_SECONDS}: none leaves before connecting");
        found.add(at("stay_seconds"), numbers([least, most]), allowed);
    }
    if let Some(after) = class.reconnect_after_seconds {
        found.note(positive(&at("reconnect_after_seconds"), after, MAX_SECONDS));
    }
}

fn reads(found: &mut Found, class: &Class, settings: &Settings, duration: Duration, at: At<'_>) {
    if let Some(bytes_per_second) = class.reads.bytes_per_second() {
        found.note(rate(class, bytes_per_second, settings, at));
    }
    let Some([after, stall]) = class.reads.stalls() else { return };
    let range = MIN_STALL_SECONDS..=MAX_SECONDS;
    let checked = [("after", after), ("for", stall)]
        .map(|(name, seconds)| pair(&at(&format!("reads.stalls.{name}_seconds")), seconds, range.clone()));
    let is_sound = checked.iter().all(Result::is_ok);
    checked.into_iter().for_each(|checked| found.note(checked));
    // What follows divides by these values and compares them.
    if !is_sound {
        return;
    }
    let deadline = settings.server.write_deadline_seconds;
    if stall[1] >= deadline {
        let deadline = number(deadline);
        let allowed = format!("must be below server.write_deadline_seconds = {deadline}, which ends the connection");
        found.add(at("reads.stalls.for_seconds"), numbers(stall), allowed);
    }
    let members = settings.subscribers.iter().max().map_or(0, |most| class.count.unwrap_or(*most)) as f64;
    // By the shortest stretches: a plan may draw none that is longer.
    let stalls = members * class.share.unwrap_or(1.0) * duration.as_secs_f64() / (after[0] + stall[0]);
    found.note(within(&at("reads.stalls: stalls of all members in a run"), stalls.round(), 0.0..=MAX_STALLS));
}

/// A reader so slow that it shows no progress within the write deadline would be cut off, though it reads.
fn rate(class: &Class, bytes_per_second: u64, settings: &Settings, at: At<'_>) -> Result<(), Wrong> {
    let field = at("reads.rate.bytes_per_second");
    whole(&field, bytes_per_second, 1..=MAX_READ_BYTES_PER_SECOND)?;
    let deadline = settings.server.write_deadline_seconds;
    // Above the quotient: at exactly that rate, progress would show in the very moment of the deadline.
    let least = (step_bytes(class.window_bytes) as f64 / deadline).floor() + 1.0;
    if (bytes_per_second as f64) < least {
        let least = number(least);
        let allowed = format!("must be at least {least}: slower, it shows no progress within the write deadline");
        return Err(Wrong::new(field, bytes_per_second, allowed));
    }
    Ok(())
}

/// Counts fit into every N, and shares make a whole.
fn parts(found: &mut Found, settings: &Settings) {
    let counted: usize = settings.classes.iter().filter_map(|class| class.count).sum();
    let shares: Vec<f64> = settings.classes.iter().filter_map(|class| class.share).collect();
    let sum: f64 = shares.iter().sum();
    if !shares.is_empty() && (sum - 1.0).abs() > SHARE_TOLERANCE {
        found.add("class[..].share", format!("{} in all", number(sum)), "shares must sum to 1");
    }
    for (index, subscribers) in settings.subscribers.iter().enumerate() {
        let field = format!("subscribers[{index}]");
        if counted > *subscribers {
            found.add(field, subscribers, format!("must be at least {counted}, the sum of the counts"));
        } else if shares.is_empty() && counted != *subscribers {
            found.add(field, subscribers, format!("must be {counted}: all classes have a count"));
        }
    }
}
