//! Keys of what goes wrong.

use crate::scenario::key::{Allowed, Key};
use crate::scenario::limits::{MAX_BACK_SECONDS, MAX_READ_BYTES_PER_SECOND, MAX_SECONDS};

pub(super) const ABOUT: &str = "\
Something that goes wrong in every run; a file has at most 64 faults. `kind` is one of: `reader-stalls` (readers take \
nothing for a while), `reader-trickles` (readers take bytes at a limited rate for a while), `reader-stops` (readers take \
nothing from then on), `link-held` (the link holds everything back in both directions, then lets it go), `partition` \
(the link loses what the server sends), `client-dies` (clients vanish without closing their connection, and do not come \
back), `server-restarts` (the process ends, and another one starts), `class-leaves` (all subscribers of a class leave at \
the same moment).";

pub(super) static KINDS: [&str; 8] = [
    "reader-stalls",
    "reader-trickles",
    "reader-stops",
    "link-held",
    "partition",
    "client-dies",
    "server-restarts",
    "class-leaves",
];

pub(super) static KEYS: [Key; 7] = [
    Key::new("kind", "text", Allowed::Text("one of the kinds")).says("\"reader-stalls\"", "What goes wrong"),
    Key::new("at_seconds", "s", Allowed::Text("0 ..= the run's duration")).says("8", "Start of the fault"),
    Key::new("lasts_seconds", "s", Allowed::Above(MAX_SECONDS))
        .of(&["reader-stalls", "reader-trickles", "link-held", "partition", "server-restarts"])
        .says("2", "Duration of the fault"),
    Key::new("bytes_per_second", "B/s", Allowed::Whole(1, MAX_READ_BYTES_PER_SECOND))
        .of(&["reader-trickles"])
        .says("2000", "Most bytes that a reader takes in a second"),
    Key::new("back_within_seconds", "s", Allowed::Above(MAX_BACK_SECONDS))
        .of(&["server-restarts"])
        .or(|| crate::scenario::fault::a_second().to_string())
        .says("1", "Each client tries to come back after a pause of its own, up to this long"),
    Key::new("class", "text", Allowed::Text("the name of a class"))
        .of(&[
            "reader-stalls",
            "reader-trickles",
            "reader-stops",
            "link-held",
            "partition",
            "client-dies",
            "class-leaves",
        ])
        .without("all classes")
        .says("\"desktop\"", "Class that the fault affects"),
    Key::new("share", "part", Allowed::Above(1.0))
        .of(&["reader-stalls", "reader-trickles", "reader-stops", "client-dies"])
        .or(|| crate::scenario::fault::everybody().to_string())
        .says("0.5", "Part of these subscribers that is affected, drawn by the seed"),
];
