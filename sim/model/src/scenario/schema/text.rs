//! Keys whose values the table of keys tells in words, and what keys of a table need of each other.

use hubbub::Overflow;
use serde_json::{Value, json};

use crate::scenario::key::Key;
use crate::scenario::limits::{MAX_ROUND_TRIP_MS, MAX_SECONDS, MAX_TABLES, MAX_TIME_SCALE, MAX_WINDOW_BYTES};

/// The name of a table, as a regular expression.
pub(super) const TABLE_NAME: &str = "^[A-Za-z0-9_-]{1,64}$";

/// What such a value may be.
pub(super) fn value(section: &str, key: &Key, allowed: &str) -> Value {
    let pattern = |pattern: &str| json!({ "type": "string", "pattern": pattern });
    match (section, key.name) {
        ("", "name") => pattern("^[a-z0-9-]{1,64}$"),
        ("", "table") => pattern(TABLE_NAME),
        ("class", "tables") => {
            let name = pattern(TABLE_NAME);
            json!({ "type": "array", "items": name, "minItems": 1, "maxItems": MAX_TABLES, "uniqueItems": true })
        }
        ("class", "topic") => pattern("^ingest\\."),
        ("", "question") => pattern("^[^\\n\\r]*$"),
        ("server", "policy") => json!({ "enum": Overflow::ALL.map(Overflow::name) }),
        ("class", "name") => json!({ "type": "string", "minLength": 1, "maxLength": 64 }),
        ("class", "round_trip_ms") => {
            // The bound depends on `time_scale`; this is that of the finest time.
            let least = 2.0 / MAX_TIME_SCALE as f64;
            let ms = json!({ "type": "number", "minimum": least, "maximum": MAX_ROUND_TRIP_MS });
            json!({ "anyOf": [{ "const": "minimum" }, ms] })
        }
        ("class", "window_bytes") => {
            let bytes = json!({ "type": "integer", "minimum": 1, "maximum": MAX_WINDOW_BYTES });
            json!({ "anyOf": [{ "const": "auto" }, bytes] })
        }
        ("class", "reads") => table_of("reads"),
        ("fault", "at_seconds") => json!({ "type": "number", "minimum": 0, "maximum": MAX_SECONDS }),
        ("class", "connect_seconds") => pair(json!({ "type": "number", "minimum": 0, "maximum": MAX_SECONDS })),
        ("class", "stay_seconds") => pair(json!({ "type": "number", "exclusiveMinimum": 0, "maximum": MAX_SECONDS })),
        _ if key.unit == "true or false" => json!({ "type": "boolean" }),
        _ => match words(allowed).as_slice() {
            [] => json!({ "type": "string" }),
            words => json!({ "enum": words }),
        },
    }
}

/// The words that stand in code quotes.
fn words(allowed: &str) -> Vec<&str> {
    allowed.split('`').skip(1).step_by(2).collect()
}

/// Two values in brackets.
pub(super) fn pair(one: Value) -> Value {
    json!({ "type": "array", "items": one, "minItems": 2, "maxItems": 2 })
}

/// A table that dotted keys are in, without them.
pub(super) fn table_of(name: &str) -> Value {
    let required: &[&str] = match name {
        "rate" => &["bytes_per_second"],
        "stalls" | "outages" => &["after_seconds", "for_seconds"],
        _ => &[],
    };
    let table = json!({ "type": "object", "properties": {}, "additionalProperties": false, "required": required });
    match name {
        "reads" => {
            let mut table = table;
            table["minProperties"] = 1.into();
            json!({ "anyOf": [{ "enum": ["as-it-arrives", "never"] }, table] })
        }
        _ => table,
    }
}

/// What keys of a table need of each other.
pub(super) fn together(section: &str) -> Vec<Value> {
    let has = |key: &str| json!({ "required": [key] });
    match section {
        "class" => {
            let has_preset = json!({ "required": ["path"], "properties": { "path": has("preset") } });
            let is_tuned =
                json!({ "required": ["window_bytes"], "properties": { "window_bytes": { "const": "auto" } } });
            vec![
                json!({ "oneOf": [has("count"), has("share")] }),
                json!({ "anyOf": [has("round_trip_ms"), has_preset] }),
                json!({ "anyOf": [has("window_bytes"), has("path")] }),
                json!({ "if": is_tuned, "then": has("path") }),
                json!({ "not": { "required": ["tables", "topic"] } }),
            ]
        }
        // A section of tables without a table is as good as none.
        "" => {
            let has_tables = json!({ "required": ["tables"], "properties": { "tables": { "minProperties": 1 } } });
            vec![json!({ "if": has_tables, "then": { "not": has("table") } })]
        }
        _ => Vec::new(),
    }
}
