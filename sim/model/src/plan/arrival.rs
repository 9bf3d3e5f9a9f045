//! One event to publish, and how it is stored.

use std::fmt;
use std::time::Duration;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::time::nanos;

/// One event to publish; stored as `[at in nanoseconds, payload bytes, key]`, since there are many. An event of another
/// table than the first has the index of its table behind the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// When, since the start of the run.
    pub at: Duration,
    /// Payload size in bytes, at least 1.
    pub payload_bytes: u32,
    /// Which entity of its table the event is about: an index, equal for equal keys of a trace; 0 where there are no keys.
    pub key: u32,
    /// The table that it is published to, as an index: 0 for [`Plan::table`](super::Plan::table), and from 1 on for
    /// [`Plan::other_tables`](super::Plan::other_tables).
    pub table: u8,
}

impl Serialize for Arrival {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { at, payload_bytes, key, table } = *self;
        match table {
            0 => (nanos(at), payload_bytes, key).serialize(serializer),
            _ => (nanos(at), payload_bytes, key, table).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Arrival {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ArrivalVisitor)
    }
}

struct ArrivalVisitor;

impl<'de> Visitor<'de> for ArrivalVisitor {
    type Value = Arrival;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[nanoseconds, bytes, key] or [nanoseconds, bytes, key, table]")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut numbers: A) -> Result<Arrival, A::Error> {
        let missing = |place| de::Error::invalid_length(place, &self);
        let at = numbers.next_element()?.ok_or_else(|| missing(0))?;
        let payload_bytes = numbers.next_element()?.ok_or_else(|| missing(1))?;
        let key = numbers.next_element()?.ok_or_else(|| missing(2))?;
        let table = numbers.next_element()?.unwrap_or(0);
        Ok(Arrival { at: Duration::from_nanos(at), payload_bytes, key, table })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrival_is_stored_as_three_numbers_and_one_of_another_table_as_four() {
        let first = Arrival { at: Duration::from_nanos(1500), payload_bytes: 7, key: 3, table: 0 };
        for (arrival, stored) in [(first, "[1500,7,3]"), (Arrival { table: 2, ..first }, "[1500,7,3,2]")] {
            assert_eq!(serde_json::to_string(&arrival).unwrap(), stored);
            assert_eq!(serde_json::from_str::<Arrival>(stored).unwrap(), arrival);
        }
        for refused in ["[1500,7]", "[1500,7,3,2,1]", "[1500,7,3,256]"] {
            assert!(serde_json::from_str::<Arrival>(refused).is_err(), "{refused}");
        }
    }
}
