//! Keys of who watches.

use crate::scenario::key::{Allowed, Key};
use crate::scenario::limits::{MAX_READ_BYTES_PER_SECOND, MAX_SECONDS, MAX_SUBSCRIBERS, MIN_STALL_SECONDS};

pub(super) const ABOUT: &str = "\
A group of similar subscribers; a file has 1 to 64 classes. `reads` is a word, or a table with `rate`, `stalls` or both. \
For example, \
`reads = { rate = { bytes_per_second = 125000 }, stalls = { after_seconds = [15, 45], for_seconds = [2, 10] } }` is a \
bad mobile connection.";

// 1 GiB, the largest window that TCP can announce. In words, since a word is allowed as well.
const WINDOW_BYTES: &str = "whole, 1 ..= 1073741824, or `auto` beside a path";

pub(super) static KEYS: [Key; 15] = [
    Key::new("name", "text", Allowed::Text("1 to 64 bytes, different for each class"))
        .says("\"desktop\"", "Name of the class in results"),
    Key::new("count", "subscribers", Allowed::Whole(1, MAX_SUBSCRIBERS))
        .without("a `share` is needed instead")
        .says("10", "Fixed number of members, at every number of subscribers; where all classes have one, `subscribers` is their sum"),
    Key::new("share", "part", Allowed::Above(1.0))
        .without("a `count` is needed instead")
        .says("1.0", "Part of the subscribers that are in no class with a `count`; all shares sum to 1"),
    Key::new("round_trip_ms", "ms", Allowed::Text("2 / `time_scale` ..= 60000, or `minimum`"))
        .unless("path.preset")
        .says("40", "Network round trip"),
    Key::new("window_bytes", "B", Allowed::Text(WINDOW_BYTES))
        .unless("path")
        .says("65536", "Bytes that a reader's socket holds before the server's writes block; beside a path: the client's receive buffer, where `auto` is the kernel's own tuning, and what holds without the key"),
    Key::new("reads", "text or table", Allowed::Text("`as-it-arrives`, `never`, or a table"))
        .says("\"as-it-arrives\"", "How members read; where `reads.rate` or `reads.stalls` is given, this line has to go"),
    Key::new("reads.rate.bytes_per_second", "B/s", Allowed::Whole(1, MAX_READ_BYTES_PER_SECOND))
        .without("no limit")
        .says("125000", "Most bytes that a member reads in a second; 1 Mbit/s is 125000"),
    Key::new("reads.stalls.after_seconds", "s", Allowed::Pair(MIN_STALL_SECONDS, MAX_SECONDS))
        .without("no stalls")
        .says("[15, 45]", "Shortest and longest time of reading before a stall, given together with `for_seconds`; a run begins at a random point of each member's first round, in its reading or in its stall, so the first stretch is shorter"),
    Key::new("reads.stalls.for_seconds", "s", Allowed::Pair(MIN_STALL_SECONDS, MAX_SECONDS))
        .without("no stalls")
        .says("[2, 10]", "Shortest and longest stall, given together with `after_seconds`; the longest is below `server.write_deadline_seconds`"),
    Key::new("connect_seconds", "s", Allowed::Text("[first, last], each within the run"))
        .without("the first second, or the first tenth of a short run")
        .says("[0, 1]", "First and last moment at which members connect"),
    Key::new("stay_seconds", "s", Allowed::Text("[least, most], above 0 and at most 86400"))
        .without("members stay to the end")
        .says("[20, 40]", "Shortest and longest stay"),
    Key::new("reconnect_after_seconds", "s", Allowed::Above(MAX_SECONDS))
        .without("members do not come back")
        .says("3", "Time after which a member comes back when its stream ends"),
    Key::new("tables", "list of names", Allowed::Text("a list of different names of tables"))
        .without("all tables, by name")
        .says("[\"events\"]", "Tables that members watch: `?table=A&table=B`"),
    Key::new("topic", "text", Allowed::Text("a pattern that begins with ingest. and matches a table"))
        .without("`tables` holds")
        .says("\"ingest.*\"", "Tables that members watch, as a pattern: `?topic=ingest.*`; not together with `tables`"),
    Key::new("obeys_retry", "true or false", Allowed::Text("true or false"))
        .or(|| false.to_string())
        .says("true", "Whether a member waits for as long as the last `retry:` said that it has read, whatever ended its stream, as an `EventSource` does; until it has read one, for `reconnect_after_seconds`, which is then 3 where it is not given"),
];
