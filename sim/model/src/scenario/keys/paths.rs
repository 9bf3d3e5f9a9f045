//! Keys of the path of a class.

use crate::scenario::key::{Allowed, Key};
use crate::scenario::limits::{
    MAX_HEADER_BYTES, MAX_LINE_KBIT, MAX_LOSS, MAX_LOSS_BURST_MS, MAX_QUEUE_BYTES, MAX_SECONDS, MIN_QUEUE_BYTES,
    MIN_STALL_SECONDS,
};
use crate::scenario::path::IPV4_HEADER_BYTES;

pub(super) const ABOUT: &str = "\
The bottleneck between the server and each member of the class above it, and the TCP that runs over it. Without this \
table there is only the window of the class, and nothing is lost. `round_trip_ms` of the class is the way there and back \
without any waiting. `window_bytes` is the client's receive buffer, or `auto`. Losses and outages are drawn for each \
member before a run, as stretches of time: no buffer size changes anybody's luck. A path with a rate takes the place of \
`reads.rate`. TCP's times do not scale, so `time_scale` is 1 beside a path, unless it has neither rates nor congestion \
control.";

pub(super) static KEYS: [Key; 14] = [
    Key::new("preset", "text", Allowed::Text("`cable`, `wifi`, `4g`, `weak-4g`, `3g` or `satellite`"))
        .without("each figure is that of its own key")
        .says("\"4g\"", "Kind of network: rates, queues of 250 ms, round trip and loss, see below; each other key of the path and `round_trip_ms` can be given beside it"),
    Key::new("down_kbit_per_second", "kbit/s", Allowed::Whole(1, MAX_LINE_KBIT))
        .without("that of the preset, or no bound")
        .says("12000", "Rate of the line to the client, headers counted"),
    Key::new("up_kbit_per_second", "kbit/s", Allowed::Whole(1, MAX_LINE_KBIT))
        .without("that of the preset, or no bound")
        .says("12000", "Rate of the line to the server, headers counted"),
    Key::new("down_recorded", "path", Allowed::Text("a path relative to the scenario's folder"))
        .without("a constant rate")
        .says("\"../traces/varying-link.mahimahi\"", "Recorded line to the client in Mahimahi's format: each line of the file is a time in ms at which 1,500 B can be sent, and the file begins again after its last time; instead of `down_kbit_per_second`"),
    Key::new("up_recorded", "path", Allowed::Text("a path relative to the scenario's folder"))
        .without("a constant rate")
        .says("\"../traces/varying-link.mahimahi\"", "Recorded line to the server, instead of `up_kbit_per_second`"),
    Key::new("down_queue_bytes", "B", Allowed::Whole(MIN_QUEUE_BYTES, MAX_QUEUE_BYTES))
        .without("that of the preset, or no bound")
        .says("375000", "Bytes that wait for the line to the client at most, headers counted; what does not fit is lost"),
    Key::new("up_queue_bytes", "B", Allowed::Whole(MIN_QUEUE_BYTES, MAX_QUEUE_BYTES))
        .without("that of the preset, or no bound")
        .says("375000", "Bytes that wait for the line to the server at most, headers counted"),
    Key::new("loss", "part", Allowed::Number(0.0, MAX_LOSS))
        .without("that of the preset, or 0")
        .says("0.01", "Part of the time in which each line loses what leaves it, and so the part of packets that is lost; a time slot is as long as a full packet takes"),
    Key::new("loss_burst_ms", "ms", Allowed::Above(MAX_LOSS_BURST_MS))
        .without("each slot is lost independently of the others")
        .says("50", "Mean length of a stretch of loss, at least one slot"),
    Key::new("outages.after_seconds", "s", Allowed::Pair(MIN_STALL_SECONDS, MAX_SECONDS))
        .without("no outages")
        .says("[20, 60]", "Shortest and longest time without an outage before each, given together with `outages.for_seconds`; a run begins at a random point of each member's first round; no outage begins after the last event"),
    Key::new("outages.for_seconds", "s", Allowed::Pair(MIN_STALL_SECONDS, MAX_SECONDS))
        .without("no outages")
        .says("[1, 8]", "Shortest and longest outage, in both directions, given together with `outages.after_seconds`"),
    Key::new("outages.packets", "text", Allowed::Text("`dropped` or `held`"))
        .or(|| "\"dropped\"".into())
        .says("\"held\"", "What an outage does with packets: they are lost, or wait in the queue"),
    Key::new("congestion", "text", Allowed::Text("`cubic`, `reno` or `none`"))
        .or(|| "\"cubic\"".into())
        .says("\"reno\"", "Congestion control at both ends; `none` is bounded by the receive buffer alone"),
    Key::new("header_bytes", "B", Allowed::Whole(0, MAX_HEADER_BYTES))
        .or(|| IPV4_HEADER_BYTES.to_string())
        .says("72", "Headers of each packet; 52 is IPv4 and TCP with timestamps, 72 is IPv6"),
];
