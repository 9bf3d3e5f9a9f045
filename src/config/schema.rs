//! The table of settings as a JSON Schema, for editors that check a configuration file.

use serde_json::{Map, Value, json};

use super::Config;
use super::setting::{NONE, SECTION, Setting, SettingKind};
use super::table::SETTINGS;

/// The JSON Schema (draft 2020-12) of a configuration file. Ranges are those that the server checks. The forms of texts
/// are told in words, and the server checks them.
pub fn schema() -> String {
    let settings: Map<String, Value> =
        SETTINGS.iter().map(|setting| (setting.key.to_owned(), of_setting(setting))).collect();
    let section = json!({ "type": "object", "properties": settings, "additionalProperties": false });
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "hubbub: the configuration file of hubbub serve",
        "type": "object",
        "properties": { SECTION: section },
        "additionalProperties": false,
    });
    // A value without maps that have keys other than texts is always written.
    format!("{}\n", serde_json::to_string_pretty(&schema).unwrap_or_default())
}

fn of_setting(setting: &Setting) -> Value {
    let config = Config::default();
    let whole = |least: u64, most: u64| json!({ "type": "integer", "minimum": least, "maximum": most });
    let (mut kind, default) = match setting.kind {
        SettingKind::Seconds { least, most, .. }
        | SettingKind::Count { least, most, .. }
        | SettingKind::Whole { least, most, .. } => (whole(least, most), json!(setting.number(&config))),
        SettingKind::Limit { most, get, .. } => {
            let default = get(&config).map_or(json!(NONE), Value::from);
            (json!({ "anyOf": [{ "const": NONE }, whole(1, most)] }), default)
        }
        SettingKind::Flag { .. } => (json!({ "type": "boolean" }), json!(setting.flag(&config))),
        SettingKind::Text { get, .. } => (json!({ "type": "string" }), json!(get(&config))),
        SettingKind::Secret { .. } => (json!({ "type": "string" }), Value::Null),
        SettingKind::List { get, .. } => {
            (json!({ "type": "array", "items": { "type": "string" } }), json!(get(&config)))
        }
    };
    let about = format!("{}. Allowed: {}.", setting.about, setting.allowed());
    if let Some(kind) = kind.as_object_mut() {
        kind.insert("description".to_owned(), about.into());
        // A setting that may be left out and has no value by default, as `none`, is not told as one.
        if !default.is_null() && setting.as_toml(&config).is_ok_and(|text| text != "\"\"") {
            kind.insert("default".to_owned(), default);
        }
    }
    kind
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_in_the_schema_with_a_default_of_its_own_type_and_range() {
        let schema: Value = serde_json::from_str(&schema()).unwrap();
        let section = &schema["properties"]["server"];
        assert_eq!(section["additionalProperties"], false);
        let settings = section["properties"].as_object().unwrap();
        assert_eq!(settings.len(), SETTINGS.iter().count());
        for (key, kind) in settings {
            let default = &kind["default"];
            let fits = |kind: &Value| match kind["type"].as_str() {
                Some("integer") => default.as_u64().is_some_and(|number| {
                    (kind["minimum"].as_u64().unwrap()..=kind["maximum"].as_u64().unwrap()).contains(&number)
                }),
                Some("boolean") => default.is_boolean(),
                Some("string") => default.is_string(),
                Some("array") => default.is_array(),
                _ => kind["const"] == *default,
            };
            let is_fitting = default.is_null()
                || kind["anyOf"].as_array().map_or_else(|| fits(kind), |kinds| kinds.iter().any(fits));
            assert!(is_fitting, "{key}: {kind}");
        }
    }
}
