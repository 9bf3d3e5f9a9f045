//! The JSON Schema of `sweep.json`, derived from the types that write it.

use hubbub::LossReason;
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};

use super::Sweep;

/// The JSON Schema (draft 2020-12) of a sweep's document as this version writes it. Fields that it does not name are
/// allowed, since a reader passes over them.
#[must_use]
pub fn schema() -> String {
    let mut schema = SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<Sweep>();
    schema.insert("title".to_owned(), "hubbub: sweep.json of sim sweep, sim size --json and sim load".into());
    schema.insert(
        "description".to_owned(),
        "The document of a sweep, a sizing or a load test. All figures and tables are made from it.".into(),
    );
    // A schema is plain data with texts as keys, which is always written.
    format!("{}\n", serde_json::to_string_pretty(&schema).unwrap_or_default())
}

/// Frames lost, by reason. The type is one of the Hub's, which knows no schemas.
pub(super) fn losses(_: &mut SchemaGenerator) -> Schema {
    let counts = LossReason::ALL.map(|reason| {
        let count =
            json_schema!({ "type": "integer", "minimum": 0, "description": format!("Frames lost as {reason}.") });
        (reason.name().to_owned(), Value::from(count))
    });
    json_schema!({
        "type": "object",
        "description": "Frames lost, by reason; a reason that is left out has none.",
        "properties": Value::Object(Map::from_iter(counts)),
        "required": ["buffer_full", "client_gone", "evicted"],
    })
}
