//! The JSON Schema of a scenario's file, from the table of keys.
//!
//! It is not derived from the types that read a file: those have neither the ranges nor the words of the table, and some
//! are read by hand.

mod text;

use serde_json::{Map, Value, json};

use super::key::{ANY_NAME, Allowed, Key, Without};
use super::keys::{SECTIONS, Section};
use super::limits::{MAX_CLASSES, MAX_FAULTS, MAX_GRID, MAX_TABLES};

/// The JSON Schema (draft 2020-12) of a scenario. Whatever it refuses, the program refuses; the program also checks what
/// values mean together, as that the least of two is not above the most.
///
/// # Panics
/// Never: the table of keys has a section for the top of the file.
#[must_use]
pub fn schema() -> String {
    let top = SECTIONS.iter().find(|section| section.name.is_empty()).expect("a file has a top");
    let mut schema = object(top, None);
    schema.insert("description".to_owned(), top.about.into());
    schema.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
    schema.insert("title".to_owned(), "hubbub: a scenario of the testbed, as sim check reads it".into());
    // A value whose keys are texts is always written.
    format!("{}\n", serde_json::to_string_pretty(&schema).unwrap_or_default())
}

/// A section as the value of its key: a table or a list of tables, by kind where it has kinds.
fn section(section: &Section) -> Value {
    let table = match section.kinds {
        [] => object(section, None),
        kinds => {
            let variants: Vec<Value> = kinds.iter().map(|kind| object(section, Some(kind)).into()).collect();
            // The kinds once more, so that an editor offers them before there is one.
            let kind = json!({ "kind": { "enum": kinds } });
            Map::from_iter([
                ("type".to_owned(), "object".into()),
                ("properties".to_owned(), kind),
                ("required".to_owned(), json!(["kind"])),
                ("oneOf".to_owned(), variants.into()),
            ])
        }
    };
    let mut value = if section.is_list {
        let most = if section.name == "class" { MAX_CLASSES } else { MAX_FAULTS };
        let least = usize::from(section.is_required);
        json!({ "type": "array", "items": table, "minItems": least, "maxItems": most })
    } else {
        table.into()
    };
    value["description"] = section.about.into();
    value
}

/// A table with the keys that its kind has, and with the tables inside it.
fn object(section: &Section, kind: Option<&str>) -> Map<String, Value> {
    let mut properties = Map::new();
    let mut any = None;
    let mut required = Vec::new();
    for key in section.keys.iter().filter(|key| key.is_of(kind)) {
        let value = match kind.filter(|_| key.name == "kind") {
            Some(kind) => described(json!({ "const": kind }), key),
            None => described(value(section.name, key), key),
        };
        if key.name == ANY_NAME {
            any = Some(value);
            continue;
        }
        put(&mut properties, key, value);
        if matches!(key.without, Without::Required) && !key.name.contains('.') {
            required.push(key.name);
        }
    }
    for inner in SECTIONS.iter().filter(|inner| is_directly_inside(section.name, inner.name)) {
        let name = inner.name.rsplit('.').next().unwrap_or(inner.name);
        properties.insert(name.to_owned(), self::section(inner));
        required.extend(inner.is_required.then_some(name));
    }
    let mut object = Map::from_iter([
        ("type".to_owned(), "object".into()),
        ("properties".to_owned(), properties.into()),
        ("additionalProperties".to_owned(), false.into()),
    ]);
    if let Some(value) = any {
        let named = Map::from_iter([(text::TABLE_NAME.to_owned(), value)]);
        object.insert("patternProperties".to_owned(), named.into());
        object.insert("maxProperties".to_owned(), MAX_TABLES.into());
    }
    if !required.is_empty() {
        object.insert("required".to_owned(), required.into());
    }
    let together = text::together(section.name);
    if !together.is_empty() {
        object.insert("allOf".to_owned(), together.into());
    }
    object
}

/// Puts a key among the properties; a dotted one into the tables that its name goes through.
fn put(properties: &mut Map<String, Value>, key: &Key, value: Value) {
    let (mut place, mut rest) = (properties, key.name);
    while let Some((first, behind)) = rest.split_once('.') {
        let table = place.entry(first).or_insert_with(|| text::table_of(first));
        // `reads` may also be a word: its table is the last of its forms.
        let table = if table["anyOf"].is_array() {
            table["anyOf"].as_array_mut().and_then(|all| all.last_mut())
        } else {
            Some(table)
        };
        let Some(inside) = table.and_then(|table| table["properties"].as_object_mut()) else { return };
        (place, rest) = (inside, behind);
    }
    place.insert(rest.to_owned(), value);
}

/// What a value may be.
fn value(section: &str, key: &Key) -> Value {
    match key.allowed {
        Allowed::Whole(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Allowed::Number(least, most) => json!({ "type": "number", "minimum": least, "maximum": most }),
        Allowed::Above(most) => json!({ "type": "number", "exclusiveMinimum": 0, "maximum": most }),
        Allowed::Pair(least, most) => text::pair(json!({ "type": "number", "minimum": least, "maximum": most })),
        Allowed::Grid(most) => json!({
            "type": "array",
            "items": { "type": "integer", "minimum": 1, "maximum": most },
            "minItems": 1,
            "maxItems": MAX_GRID,
            "uniqueItems": true,
        }),
        Allowed::Text(allowed) => text::value(section, key, allowed),
    }
}

/// The value with its meaning, and with its default where it has one.
fn described(mut value: Value, key: &Key) -> Value {
    let unit = if key.unit.is_empty() { String::new() } else { format!(" Unit: {}.", key.unit) };
    let allowed = key.allowed;
    value["description"] = format!("{}. Allowed: {allowed}.{unit} Without it: {}.", key.about, key.without).into();
    if let Without::Default(default) = key.without
        && let Some(default) = from_toml(&default())
    {
        value["default"] = default;
    }
    value
}

/// A value of TOML as JSON has it.
fn from_toml(text: &str) -> Option<Value> {
    let table: toml::Table = toml::from_str(&format!("value = {text}")).ok()?;
    serde_json::to_value(table.get("value")?).ok()
}

fn is_directly_inside(outer: &str, inner: &str) -> bool {
    let name = if outer.is_empty() { Some(inner) } else { inner.strip_prefix(outer).and_then(|n| n.strip_prefix('.')) };
    name.is_some_and(|name| !name.is_empty() && !name.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The schema of a key; list items and tables of every kind are looked through.
    fn all<'a>(schema: &'a Value, path: &str) -> Vec<&'a Value> {
        let forms = [&schema["items"]]
            .into_iter()
            .chain(["oneOf", "anyOf"].iter().flat_map(|of| schema[*of].as_array()).flatten());
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        let own = match first {
            ANY_NAME => schema["patternProperties"].get(text::TABLE_NAME).into_iter(),
            _ => schema["properties"].get(first).into_iter(),
        };
        let own = own.flat_map(|inner| if rest.is_empty() { vec![inner] } else { all(inner, rest) });
        own.chain(forms.filter(|form| form.is_object()).flat_map(|form| all(form, path))).collect()
    }

    #[test]
    fn every_key_of_the_table_has_a_form_a_meaning_and_a_default_that_is_allowed() {
        let schema: Value = serde_json::from_str(&schema()).unwrap();
        for section in &SECTIONS {
            for key in section.keys {
                let path = if section.name.is_empty() {
                    key.name.to_owned()
                } else {
                    format!("{}.{}", section.name, key.name)
                };
                let found = all(&schema, &path);
                let whole: Vec<_> = found.iter().filter(|found| found["description"].is_string()).collect();
                assert!(!whole.is_empty(), "{path}");
                let has_form =
                    |found: &&&Value| ["type", "enum", "const", "anyOf"].iter().any(|form| !found[*form].is_null());
                assert!(whole.iter().all(has_form), "{path}: {whole:?}");
                let is_default = matches!(key.without, Without::Default(_));
                assert!(!is_default || whole.iter().any(|found| !found["default"].is_null()), "{path}");
            }
        }
    }
}
