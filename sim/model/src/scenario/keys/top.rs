//! Keys at the top of a file.

use crate::scenario::key::{ANY_NAME, Allowed, Key};
use crate::scenario::limits::{
    MAX_BUFFER, MAX_KEYS, MAX_SECONDS, MAX_SEEDS, MAX_SUBSCRIBERS, MAX_TIME_SCALE, MIN_DURATION_SECONDS,
};
use crate::scenario::settings;

pub(super) const ABOUT: &str =
    "What a run contains, and how many runs there are. These keys come before the first table.";

pub(super) const ABOUT_TABLES: &str = "\
The tables that events are published to, each with its share of the events; without this section there is one, `table`. \
The table of each event is drawn. Keys count within a table: `keys = 40` are 40 entities of each. The server keeps one \
history for all tables.";

/// Any name: each key of the section is a table.
pub(super) static TABLES: [Key; 1] = [Key::new(ANY_NAME, "part of the events", Allowed::Above(1.0))
    .without("one table")
    .says("1.0", "Share of the events that are published to the table with this name, of A-Z, a-z, 0-9, _ and -; all shares sum to 1")];

pub(super) static KEYS: [Key; 12] = [
    Key::new("name", "text", Allowed::Text("1 to 64 of a-z, 0-9 and -"))
        .says("\"my-load\"", "Names the folder of results"),
    Key::new("question", "text", Allowed::Text("one line"))
        .without("`What buffer does NAME need?`")
        .says("\"What buffer do my viewers need?\"", "The question that the scenario answers; reports show it"),
    Key::new("table", "text", Allowed::Text("1 to 64 of A-Z, a-z, 0-9, _ and -"))
        .or(|| format!("{:?}", settings::DEFAULT_TABLE))
        .says("\"builds\"", "The table that all events are published to, unless `[tables]` names several"),
    Key::new("duration_seconds", "s", Allowed::Number(MIN_DURATION_SECONDS, MAX_SECONDS))
        .without("one cycle of the trace; required where there is none")
        .says("60", "Time during which events arrive; `--trace` replaces it with one cycle of the trace, unless `--duration` is given"),
    Key::new("drain_seconds", "s", Allowed::Number(0.0, MAX_SECONDS))
        .or(|| settings::default_drain_seconds().to_string())
        .says("15", "Most time that a run continues after the last arrival, until everything is delivered"),
    Key::new("subscribers", "subscribers", Allowed::Grid(MAX_SUBSCRIBERS))
        .or(|| format!("{:?}", settings::default_subscribers()))
        .says("[10, 100, 1000]", "The numbers of subscribers to try"),
    Key::new("buffers", "frames", Allowed::Grid(MAX_BUFFER))
        .or(|| format!("{:?}", settings::default_buffers()))
        .says("[16, 64, 256]", "The mailbox sizes to try"),
    Key::new("current_buffer", "frames", Allowed::Whole(1, MAX_BUFFER))
        .or(|| settings::DEFAULT_CURRENT_BUFFER.to_string())
        .says("64", "The buffer that your server has now: figures mark it, tables compare with it"),
    Key::new("seeds", "runs", Allowed::Whole(1, MAX_SEEDS))
        .or(|| settings::default_seeds().to_string())
        .says("8", "Number of runs for each result, each with other random choices"),
    Key::new("time_scale", "virtual ms a ms", Allowed::Whole(1, MAX_TIME_SCALE))
        .or(|| settings::default_time_scale().to_string())
        .says("1", "Resolution of simulated time: the shortest round trip is 2 ms divided by this"),
    Key::new("sensitivity", "true or false", Allowed::Text("true or false"))
        .or(|| false.to_string())
        .says("false", "Whether a sweep also sizes the load at rate × 2, payload × 4 and stalls × 2"),
    Key::new("keys", "entities", Allowed::Whole(1, MAX_KEYS))
        .or(|| settings::default_keys().to_string())
        .says("40", "Number of different keys of events, equally likely, for `conflate`; a trace has its own keys"),
];
