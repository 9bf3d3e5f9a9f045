//! Keys of what is good enough.

use crate::scenario::key::{Allowed, Key};
use crate::scenario::limits::{MAX_OBJECTIVE_BYTES, MAX_OBJECTIVE_MS};

pub(super) const ABOUT: &str = "\
What is good enough, for all subscribers together. `sim size` finds the smallest buffer that keeps all limits. `sim sweep`, \
`sim load` and `sim replay` exit with 1 where a limit is not kept. Options of the same names take the place of these keys.";

pub(super) const ABOUT_CLASS: &str = "\
What is good enough for the members of the class above it, beside the limits for all subscribers. A class has no limit of \
memory: all classes share the payloads, and have buffers of one size.";

const NO_LIMIT: &str = "no limit";

const MISSED: Key = Key::new("missed", "part", Allowed::Number(0.0, 1.0)).without(NO_LIMIT).says(
    "0.001",
    "Largest part of the events that is never read, for whatever reason, of those published while a subscriber wanted them",
);
const AGE: Key = Key::new("age_p99_ms", "ms", Allowed::Above(MAX_OBJECTIVE_MS))
    .without(NO_LIMIT)
    .says("2000", "Largest age on receipt of 99 % of the events that are read, from the planned publish to the client");

pub(super) static KEYS: [Key; 3] = [
    MISSED,
    AGE,
    Key::new("memory_bytes_per_subscriber", "B", Allowed::Whole(1, MAX_OBJECTIVE_BYTES)).without(NO_LIMIT).says(
        "65536",
        "Most memory that a subscriber costs: the slots of its buffer, and its part of the payload that the server held at the peak",
    ),
];

pub(super) static OF_CLASS: [Key; 2] = [MISSED, AGE];
