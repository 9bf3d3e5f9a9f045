//! `sim schema`: the schemas in `schemas/`, held against every file that they are about.

use std::fs;
use std::path::{Path, PathBuf};

use hubbub_sim::internals::scenario::Scenario;
use hubbub_sim::internals::summary::json;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::command_line::{folder, sim};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn stored(name: &str) -> String {
    fs::read_to_string(root().join("schemas").join(format!("{name}.json"))).unwrap_or_default()
}

fn validator(name: &str) -> Validator {
    let schema: Value = serde_json::from_str(&stored(name)).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

fn wrong(validator: &Validator, value: &Value) -> Vec<String> {
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path)).collect()
}

/// A scenario as JSON has it.
fn of_toml(text: &str) -> Value {
    serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap()
}

/// Files of one kind in a folder and in the folders of it.
fn below(folder: &Path, wanted: &dyn Fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(below(&path, wanted));
        } else if wanted(&path) {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn the_files_in_schemas_are_what_the_program_prints() {
    let folder = folder("schemas");
    for name in ["scenario", "sweep"] {
        let output = sim(&folder, &["schema", name]);
        assert_eq!(output.status.code(), Some(0));
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(stored(name), printed, "cargo sim schema {name} > schemas/{name}.json");
    }
}

#[test]
fn every_scenario_of_the_project_and_the_template_of_a_new_one_have_the_form_of_the_schema() {
    let validator = validator("scenario");
    let is_toml = |path: &Path| path.extension().is_some_and(|kind| kind == "toml");
    let mut files = below(&root().join("sim/model/scenarios"), &is_toml);
    assert!(files.len() >= 6, "{files:?}");
    files.extend(below(&root().join("sim/incidents"), &is_toml));
    files.push(root().join("sim/model/src/scenario/small.toml"));
    let folder = folder("schema-of-new");
    assert_eq!(sim(&folder, &["new", "mine"]).status.code(), Some(0));
    files.push(folder.join("mine.toml"));
    for file in files {
        let found = wrong(&validator, &of_toml(&fs::read_to_string(&file).unwrap()));
        assert!(found.is_empty(), "{}: {found:?}", file.display());
    }
}

#[test]
fn every_published_sweep_has_the_form_of_the_schema() {
    let validator = validator("sweep");
    let files = below(&root().join("plots"), &|path| path.ends_with("sweep.json"));
    assert!(files.len() >= 10, "{files:?}");
    for file in files {
        let found = wrong(&validator, &serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap());
        assert!(found.is_empty(), "{}: {found:?}", file.display());
    }
}

#[test]
fn what_the_schema_of_a_scenario_refuses_is_refused_by_the_program() {
    let validator = validator("scenario");
    let small = include_str!("../../model/src/scenario/small.toml");
    for (from, to) in [
        ("name = \"small\"", "name = \"Small load\""),
        ("seeds = 8", "seeds = 0"),
        ("seeds = 8", "sedes = 8"),
        ("keys = 20", "keys = \"20\""),
        ("subscribers = [4, 8]", "subscribers = []"),
        ("buffers = [1, 4, 64]", "buffers = [1, 4, 4]"),
        ("duration_seconds = 4", "duration_seconds = 100000"),
        ("kind = \"poisson\"", "kind = \"poison\""),
        ("kind = \"poisson\"", "kind = \"constant\"\nevents = 3"),
        ("per_second = 50", ""),
        ("sigma = 0.5", "sigma = -1"),
        ("share = 0.5\nround_trip_ms = 20", "share = 0.5\ncount = 2\nround_trip_ms = 20"),
        ("round_trip_ms = 20\n", ""),
        ("window_bytes = 16384", "window_bytes = \"auto\""),
        ("reads = \"as-it-arrives\"", "reads = \"at once\""),
        ("reads = \"as-it-arrives\"", "reads = {}"),
        ("after_seconds = [0.2, 1], ", ""),
        ("[server.cpu]", "[server]\npolicy = \"drop-all\"\n[server.cpu]"),
        ("[server.cpu]", "[server]\ntransport = \"http\"\n[server.cpu]"),
        ("publish_us = 20\n", ""),
        ("[payload]", "[[fault]]\nkind = \"partition\"\nat_seconds = 1\n[payload]"),
        ("[payload]", "[objective]\nmissed = 2\n[payload]"),
    ] {
        let changed = small.replacen(from, to, 1);
        assert_ne!(changed, small, "{from}");
        assert!(Scenario::parse("small.toml", &changed).is_err(), "the program allows {to:?}");
        assert!(!validator.is_valid(&of_toml(&changed)), "the schema allows {to:?}");
    }
}

#[test]
fn what_cannot_be_read_as_a_sweep_is_refused_by_the_schema() {
    let validator = validator("sweep");
    let text = fs::read_to_string(root().join("plots/alpha/sweep.json")).unwrap();
    let sweep: Value = serde_json::from_str(&text).unwrap();
    for (pointer, value) in [
        ("/cells", None),
        ("/arrivals/events", Some(json!("many"))),
        ("/cells/0/buffer", Some(json!(-1))),
        ("/cells/0/dropped/buffer_full", None),
        ("/cells/0/drop_rate_ci95", Some(json!([0.1]))),
        ("/zero_drop/0/per_seed", Some(json!("1–48"))),
        ("/recommendation", Some(json!(256))),
    ] {
        let mut changed = sweep.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = changed.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match value {
            Some(value) => parent.insert(name.to_owned(), value),
            None => parent.remove(name),
        };
        assert!(json::from_json(&changed.to_string()).is_err(), "the program reads {pointer}");
        assert!(!validator.is_valid(&changed), "the schema allows {pointer}");
    }
    let mut other = sweep;
    other["schema"] = json!("hubbub.sweep/1");
    assert!(!validator.is_valid(&other), "a document of another form");
}
