//! The scenario's file: what was given, what was fitted and what was assumed, each said where it stands.

use hubbub::EventId;
use hubbub::mailbox::MAX_CAPACITY;

use super::{Counters, DroppedBy, Imported};
use crate::plan::{FIRST_EPOCH, FULL_PACKET_BYTES, PathPlan};
use crate::scenario::MAX_WINDOW_BYTES;

/// The rest before the burst: all viewers are there by then.
pub(super) const BURST_AT_SECONDS: f64 = 2.0;

/// Viewers connect within this.
const CONNECT_WITHIN_SECONDS: f64 = 1.0;

/// Longest run that is made longer for the viewer to catch up in; one who takes longer is not sized by a burst.
const MOST_CATCHING_UP_SECONDS: f64 = 600.0;

/// The file at a drain rate.
pub(super) fn scenario(counters: &Counters, bytes_per_second: u64, fitted: &str) -> String {
    let Counters { events_per_second, burst_events, burst_seconds, frame_bytes, viewers, policy, .. } = counters;
    let (command, name, question) = (command(counters), quoted(&counters.name), quoted(&question(counters)));
    let duration_seconds = duration_seconds(counters, bytes_per_second);
    let (buffers, per_second) = (buffers(counters), counters.burst_per_second());
    let current_buffer = counters.buffer;
    let framing_bytes = framing_bytes(counters);
    let payload_bytes = frame_bytes.saturating_sub(framing_bytes);
    let classes = classes(counters, bytes_per_second, fitted);
    format!(
        "\
# An operator's burst, made by:
#   {command}
# One number is fitted, the drain rate of the first class. The others are given, or assumed where it says so.
name = {name}
question = {question}
table = \"events\"
# Assumed: {BURST_AT_SECONDS} s of rest, the burst, and time to catch up in.
duration_seconds = {duration_seconds:?}
subscribers = [{viewers}]
buffers = {buffers:?}
# Given: the slots that the losses were counted at.
current_buffer = {current_buffer}

[server]
policy = \"{policy}\"

# Given: {burst_events} events in {burst_seconds} s, and {events_per_second} a second beside them.
[arrivals]
kind = \"backlog-flush\"
events = {burst_events}
per_second = {per_second:?}
at_seconds = {BURST_AT_SECONDS:?}
background_per_second = {events_per_second:?}

# Given: frames of {frame_bytes} B, {framing_bytes} B of them framing. Assumed: all alike.
[payload]
kind = \"fixed\"
bytes = {payload_bytes}

{classes}"
    )
}

fn classes(counters: &Counters, bytes_per_second: u64, fitted: &str) -> String {
    let class = |name: &str, members: &str, window_bytes: u64, reads: &str| {
        let round_trip_ms = counters.round_trip_ms;
        format!(
            "\
[[class]]
name = \"{name}\"
{members}
round_trip_ms = {round_trip_ms:?}
window_bytes = {window_bytes}
connect_seconds = [0.0, {CONNECT_WITHIN_SECONDS:?}]
{reads}
"
        )
    };
    let (name, members) = match counters.dropped_by {
        DroppedBy::One => ("slow", "count = 1"),
        DroppedBy::All => ("viewer", "share = 1.0"),
    };
    let reads = format!("{fitted}reads.rate.bytes_per_second = {bytes_per_second}");
    let mut text = class(name, members, counters.window_bytes, &reads);
    if counters.dropped_by == DroppedBy::One && counters.viewers > 1 {
        text.push_str("\n# Assumed: the others keep up, and their window carries the burst.\n");
        let window_bytes = carrying_window_bytes(counters);
        text.push_str(&class("others", "share = 1.0", window_bytes, "reads = \"as-it-arrives\""));
    }
    text
}

/// The comment at the fitted rate.
pub(super) fn fitted(imported: &Imported) -> String {
    let Imported { drain_rate, observed, simulated, residual, .. } = imported;
    let range = match drain_rate.most {
        Some(most) => format!("{} to {most} lose the same number of whole frames", drain_rate.least),
        None => "a lower bound, any faster rate does as well".to_owned(),
    };
    // In full packets, of which the headers are not payload.
    let wire_bytes = drain_rate.bytes_per_second as f64 * FULL_PACKET_BYTES as f64
        / (FULL_PACKET_BYTES - PathPlan::IPV4_HEADER_BYTES) as f64;
    let kbit = (wire_bytes * 8.0 / 1e3).round();
    format!(
        "# Fitted: {range}.\n# {} frames lost to {} in {} s at {} slots were counted, {} are simulated: {:+} frames.\n\
         # Where the viewer's line is slow, and not its reader, a path says so: reads = \"as-it-arrives\", and below the\n\
         # other keys [class.path] with down_kbit_per_second = {kbit}, which counts headers, and its loss and outages.\n",
        observed.dropped,
        if observed.dropped_by == DroppedBy::One { "one viewer" } else { "all viewers" },
        observed.window_seconds,
        observed.buffer,
        simulated.dropped,
        residual.frames
    )
}

/// Bytes of a frame besides the event, as the simulated server writes them: id, field names and line ends of the event,
/// and size and line ends of its chunk.
pub(super) fn framing_bytes(counters: &Counters) -> u64 {
    let id = EventId { epoch: FIRST_EPOCH, sequence: counters.burst_events };
    format!("id: {id}\ndata: \n\n{:x}\r\n\r\n", counters.frame_bytes).len() as u64
}

fn question(counters: &Counters) -> String {
    let Counters { burst_events, burst_seconds, dropped, .. } = counters;
    let whom = if counters.dropped_by == DroppedBy::One { "one viewer" } else { "all viewers" };
    format!(
        "What buffer keeps a burst of {burst_events} events in {burst_seconds} s whole, of which {dropped} frames were \
         lost to {whom}?"
    )
}

/// The command that makes it again, all its options written out, as a comment that a shell takes without its `#`.
fn command(counters: &Counters) -> String {
    let Counters { name, events_per_second, burst_events, burst_seconds, frame_bytes, viewers, buffer, .. } = counters;
    let Counters { policy, window_seconds, dropped, dropped_by, round_trip_ms, window_bytes, .. } = counters;
    // A name that is refused may have any characters, line ends too.
    let name = name.escape_default();
    format!(
        "cargo sim import --name {name} --events-per-second {events_per_second} \\
#     --burst-events {burst_events} --burst-seconds {burst_seconds} --frame-bytes {frame_bytes} \\
#     --viewers {viewers} --buffer {buffer} --policy {policy} \\
#     --window-seconds {window_seconds} --dropped {dropped} --dropped-by {} \\
#     --round-trip-ms {round_trip_ms} --window-bytes {window_bytes}",
        dropped_by.name()
    )
}

/// Powers of four up to the burst, and the size that there was.
fn buffers(counters: &Counters) -> Vec<u64> {
    let mut buffers = vec![1];
    // The largest capacity is a power of four, so no step goes beyond it.
    while let Some(last) = buffers.last().copied().filter(|last| *last < counters.burst_events.min(MAX_CAPACITY as u64))
    {
        buffers.push(last * 4);
    }
    buffers.push(counters.buffer);
    buffers.sort_unstable();
    // The size that there was may be a power of four itself.
    buffers.dedup();
    buffers
}

/// Long enough for the counted window and, where the viewer catches up at all, for that: a burst is then not mistaken
/// for a load that is too much for ever.
fn duration_seconds(counters: &Counters, bytes_per_second: u64) -> f64 {
    /// What is under way at the end of the burst, and the framing that `first_order` reckons with.
    const MARGIN: f64 = 1.2;
    let frame_bytes = counters.frame_bytes as f64;
    let carried = counters.window_bytes as f64 / under_way_seconds(counters, 1.0);
    let spare = carried.min(bytes_per_second as f64) - counters.events_per_second * frame_bytes * MARGIN;
    let catching_up = MARGIN * counters.burst_events as f64 * frame_bytes / spare;
    let after = counters.burst_seconds.max(counters.window_seconds);
    let is_worth_it = catching_up > after && catching_up <= MOST_CATCHING_UP_SECONDS;
    (BURST_AT_SECONDS + if is_worth_it { catching_up } else { after }).floor() + 1.0
}

/// Twice what the burst has under way.
fn carrying_window_bytes(counters: &Counters) -> u64 {
    let under_way = counters.burst_per_second() * counters.frame_bytes as f64 * under_way_seconds(counters, 0.5);
    let carrying = (2.0 * under_way).ceil() as u64;
    // Half of the limit at most, because the next power of two may be nearly twice as large.
    carrying.min(MAX_WINDOW_BYTES / 2).next_power_of_two().max(counters.window_bytes)
}

/// A part of the round trip, and the two ticks of the simulated world.
fn under_way_seconds(counters: &Counters, part: f64) -> f64 {
    (counters.round_trip_ms * part + 2.0) / 1e3
}

/// A JSON string is a TOML string.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
