//! Lengths in bytes of the envelope around an event of several tables: `{"table":"TABLE","id":"EPOCH-SEQUENCE","data":PAYLOAD}`.

use super::{Framed, id_digits};

/// `{"table":"` in front of a table's name, and `","id":"` behind it.
pub(super) const TABLE: u64 = 10 + 8;

/// `","data":` in front of a payload, and `}` behind it.
const DATA: u64 = 9 + 1;

/// What the envelope adds to an event's payload. One that is no JSON stands between quotes.
pub(super) fn added_bytes(event: &Framed) -> u64 {
    TABLE + u64::from(event.table_bytes) + id_digits(event.id) + DATA + if event.is_json { 0 } else { 2 }
}
