//! Checks of the bottleneck between the server and a class.

use std::time::Duration;

use super::range::{pair, positive, whole, within};
use super::{At, Found};
use crate::scenario::limits::{
    MAX_HEADER_BYTES, MAX_LINE_KBIT, MAX_LOSS, MAX_LOSS_BURST_MS, MAX_LOST_SLOTS, MAX_QUEUE_BYTES, MAX_SECONDS,
    MAX_STALLS, MIN_QUEUE_BYTES, MIN_STALL_SECONDS,
};
use crate::scenario::number::number;
use crate::scenario::{Class, Line, NetworkPath, PathSettings, RoundTrip, Settings, Trace, load};
use crate::tcp::{Congestion, Rate};

/// What a check of a path looks at beside the path.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    pub(super) settings: &'a Settings,
    pub(super) trace: Option<&'a Trace>,
    pub(super) duration: Duration,
}

pub(super) fn path(found: &mut Found, class: &Class, around: Around<'_>, at: At<'_>) {
    let Some(settings) = &class.path else { return };
    let before = found.0.len();
    values(found, settings, at);
    // What follows divides by these values and compares them.
    if found.0.len() > before {
        return;
    }
    let path = settings.path();
    beside(found, class, &path, around.settings.time_scale, at);
    rates(found, &path, around, at);
    losses(found, class, &path, around, at);
}

/// Each value in its range.
fn values(found: &mut Found, path: &PathSettings, at: At<'_>) {
    let at = |key: &str| at(&format!("path.{key}"));
    let lines = [
        ("down", path.down_kbit_per_second, &path.down_recorded, path.down_queue_bytes),
        ("up", path.up_kbit_per_second, &path.up_recorded, path.up_queue_bytes),
    ];
    for (line, kbit, recorded, queue) in lines {
        if let Some(kbit) = kbit {
            found.note(whole(&at(&format!("{line}_kbit_per_second")), kbit, 1..=MAX_LINE_KBIT));
        }
        if let (Some(_), Some(file)) = (kbit, recorded) {
            let allowed = format!("must not be given beside {line}_kbit_per_second: a line has one rate");
            found.add(at(&format!("{line}_recorded")), file, allowed);
        }
        if let Some(bytes) = queue {
            found.note(whole(&at(&format!("{line}_queue_bytes")), bytes, MIN_QUEUE_BYTES..=MAX_QUEUE_BYTES));
        }
    }
    if let Some(loss) = path.loss {
        found.note(within(&at("loss"), loss, 0.0..=MAX_LOSS));
    }
    if let Some(millis) = path.loss_burst_ms {
        found.note(positive(&at("loss_burst_ms"), millis, MAX_LOSS_BURST_MS));
    }
    if let Some(outages) = &path.outages {
        let range = MIN_STALL_SECONDS..=MAX_SECONDS;
        found.note(pair(&at("outages.after_seconds"), outages.after_seconds, range.clone()));
        found.note(pair(&at("outages.for_seconds"), outages.for_seconds, range));
    }
    found.note(whole(&at("header_bytes"), path.header_bytes, 0..=MAX_HEADER_BYTES));
}

/// What a path lets other keys be.
fn beside(found: &mut Found, class: &Class, path: &NetworkPath, time_scale: u32, at: At<'_>) {
    let has_rate = [&path.down, &path.up].iter().any(|line| line.rate != Rate::Unbounded);
    let is_plain = path.congestion == Congestion::None && !has_rate;
    if time_scale > 1 && !is_plain {
        let allowed = format!(
            "must be 1 with {}: TCP's times do not scale, unless congestion = \"none\" and no line has a rate",
            at("path")
        );
        found.add("time_scale", time_scale, allowed);
    }
    if class.round_trip_ms == RoundTrip::Minimum && path.congestion != Congestion::None {
        found.add(at("round_trip_ms"), "\"minimum\"", "must be a number beside a path with congestion control");
    }
    if let (Some(bytes_per_second), true) = (class.reads.bytes_per_second(), path.down.rate != Rate::Unbounded) {
        let allowed = "must go where the path has a rate: take down_kbit_per_second, which counts headers";
        found.add(at("reads.rate.bytes_per_second"), bytes_per_second, allowed);
    }
}

/// Each line carries at least one packet of its kind in the run.
fn rates(found: &mut Found, path: &NetworkPath, around: Around<'_>, at: At<'_>) {
    let seconds = around.duration.as_secs_f64();
    let frame = load::mean_payload_bytes(&around.settings.payload, around.trace) + load::FRAME_OVERHEAD_BYTES;
    let headers = path.header_bytes as f64;
    for (name, line, bytes) in [("down", &path.down, frame + headers), ("up", &path.up, headers)] {
        let Some(bits) = line.bits_per_second() else { continue };
        let least = bytes * 8.0 / seconds;
        if (bits as f64) < least {
            let key = if matches!(line.rate, Rate::Recorded(_)) { "recorded" } else { "kbit_per_second" };
            let allowed = format!(
                "must be at least {}: slower, it carries no {} in the run",
                number((least / 1e3 * 1e3).ceil() / 1e3),
                if name == "down" { "frame" } else { "acknowledgement" }
            );
            found.add(at(&format!("path.{name}_{key}")), number(bits as f64 / 1e3), allowed);
        }
    }
}

fn losses(found: &mut Found, class: &Class, path: &NetworkPath, around: Around<'_>, at: At<'_>) {
    let settings = around.settings;
    let seconds = around.duration.as_secs_f64() + settings.drain_seconds;
    let members = settings.subscribers.iter().max().map_or(0, |most| class.count.unwrap_or(*most)) as f64;
    let members = members * class.share.unwrap_or(1.0);
    let slots = |line: &Line| line.rate.longest_slot().as_secs_f64();
    if let Some(millis) = path.loss_burst_ms.filter(|_| path.loss > 0.0) {
        let slot = slots(&path.down).max(slots(&path.up)) * 1e3;
        // Of the time between two bursts, a slot at least is good.
        let least = (slot * path.loss / (1.0 - path.loss)).max(slot);
        if millis < least {
            let least = number((least * 1e3).ceil() / 1e3);
            found.add(
                at("path.loss_burst_ms"),
                number(millis),
                format!("must be at least {least}, one slot of the line"),
            );
        }
    }
    let lost = members * path.loss * (seconds / slots(&path.down) + seconds / slots(&path.up));
    found.note(within(&at("path.loss: lost slots of all members in a run"), lost.round(), 0.0..=MAX_LOST_SLOTS));
    if let Some(outages) = &path.outages {
        let outages = members * around.duration.as_secs_f64() / (outages.after_seconds[0] + outages.for_seconds[0]);
        found.note(within(&at("path.outages: outages of all members in a run"), outages.round(), 0.0..=MAX_STALLS));
    }
}
