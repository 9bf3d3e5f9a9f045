//! Keys of what arrives.

use crate::scenario::key::{Allowed, Key};
use crate::scenario::limits::{
    MAX_EVENTS, MAX_PAYLOAD_BYTES, MAX_PER_SECOND, MAX_SECONDS, MAX_SIGMA, MAX_SPEED_UP, MIN_PHASE_SECONDS,
};
use crate::scenario::settings;

pub(super) const ABOUT_ARRIVALS: &str = "When events arrive. `kind` selects the process, and decides which of the other keys apply. The mean rate of `bursts` \
     is (quiet rate × mean quiet time + burst rate × mean burst time) / (mean quiet time + mean burst time), where the mean \
     of [least, most] is their middle.";
pub(super) const ABOUT_PAYLOAD: &str =
    "How large events are. `kind` selects the distribution, and decides which of the other keys apply.";

pub(super) static ARRIVALS: [&str; 5] = ["bursts", "constant", "poisson", "backlog-flush", "trace"];
pub(super) static PAYLOADS: [&str; 3] = ["log-normal", "fixed", "from-trace"];

pub(super) static OF_ARRIVALS: [Key; 11] = [
    Key::new("kind", "text", Allowed::Text("`bursts`, `constant`, `poisson`, `backlog-flush` or `trace`")).says(
        "\"bursts\"",
        "`bursts`: quiet and busy phases in turn; `constant`: equal distances; `poisson`: independent events; \
             `backlog-flush`: a backlog at a high rate, with background events; `trace`: a recording",
    ),
    Key::new("quiet_per_second", "events/s", Allowed::Number(0.0, MAX_PER_SECOND))
        .of(&["bursts"])
        .says("3", "Mean rate in a quiet phase"),
    Key::new("burst_per_second", "events/s", Allowed::Above(MAX_PER_SECOND))
        .of(&["bursts"])
        .says("20", "Mean rate in a burst"),
    Key::new("quiet_seconds", "s", Allowed::Pair(MIN_PHASE_SECONDS, MAX_SECONDS))
        .of(&["bursts"])
        .says("[15, 45]", "Shortest and longest quiet phase"),
    Key::new("burst_seconds", "s", Allowed::Pair(MIN_PHASE_SECONDS, MAX_SECONDS))
        .of(&["bursts"])
        .says("[10, 30]", "Shortest and longest burst"),
    Key::new("events", "events", Allowed::Whole(1, MAX_EVENTS))
        .of(&["backlog-flush"])
        .says("2000", "Events of the backlog"),
    Key::new("per_second", "events/s", Allowed::Above(MAX_PER_SECOND))
        .of(&["constant", "poisson", "backlog-flush"])
        .says("200", "The rate (`constant`), the mean rate (`poisson`), or the rate at which the backlog is published (`backlog-flush`)"),
    Key::new("at_seconds", "s", Allowed::Number(0.0, MAX_SECONDS))
        .of(&["backlog-flush"])
        .says("5", "When the backlog begins; it must end within the run"),
    Key::new("background_per_second", "events/s", Allowed::Number(0.0, MAX_PER_SECOND))
        .of(&["backlog-flush"])
        .says("3", "Mean rate of the background"),
    Key::new("file", "path", Allowed::Text("a path relative to the scenario's folder"))
        .of(&["trace"])
        .says("\"../traces/ci-build.jsonl\"", "The recording: JSON Lines of `at_ms`, `bytes` and `key`"),
    Key::new("speed_up", "times", Allowed::Above(MAX_SPEED_UP))
        .of(&["trace"])
        .or(|| settings::default_speed_up().to_string())
        .says("1", "Factor by which events arrive faster than recorded"),
];

pub(super) static OF_PAYLOAD: [Key; 7] = [
    Key::new("kind", "text", Allowed::Text("`log-normal`, `fixed` or `from-trace`")).says(
        "\"log-normal\"",
        "`log-normal`: log-normal sizes; `fixed`: all the same; `from-trace`: as recorded, needs a trace",
    ),
    Key::new("median_bytes", "B", Allowed::Number(1.0, MAX_PAYLOAD_BYTES as f64))
        .of(&["log-normal"])
        .says("600", "Median size: half of the events are smaller; the mean is median_bytes × exp(sigma² / 2) before the two limits, which is 1.28 × the median at sigma = 0.7"),
    Key::new("sigma", "", Allowed::Number(0.0, MAX_SIGMA))
        .of(&["log-normal"])
        .says("0.7", "Standard deviation of the logarithm of the size"),
    Key::new("min_bytes", "B", Allowed::Whole(1, MAX_PAYLOAD_BYTES))
        .of(&["log-normal"])
        .says("150", "Smallest size; smaller draws become this"),
    Key::new("max_bytes", "B", Allowed::Whole(1, MAX_PAYLOAD_BYTES))
        .of(&["log-normal"])
        .says("6000", "Largest size, at least `min_bytes`; larger draws become this"),
    Key::new("bytes", "B", Allowed::Whole(1, MAX_PAYLOAD_BYTES)).of(&["fixed"]).says("400", "Size of every event"),
    Key::new("times", "times", Allowed::Whole(1, MAX_PAYLOAD_BYTES))
        .of(&["from-trace"])
        .or(|| settings::default_times().to_string())
        .says("1", "Factor for each recorded size; the largest result must be a size that is allowed"),
];
