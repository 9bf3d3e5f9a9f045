//! The arrows of `docs/architecture.md`: who may know whom. Read off the source, so that a new one shows in review.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A room, and the rooms it may name.
type Arrows = &'static [(&'static str, &'static [&'static str])];

/// `src`; `main` names the package from outside.
const OF_THE_HUB: Arrows = &[
    ("topic", &[]),
    ("event", &["topic"]),
    ("mailbox", &[]),
    ("hub", &["event", "mailbox", "topic"]),
    ("frame", &["event", "topic"]),
    ("config", &["event", "mailbox", "topic"]),
    ("transport", &["event", "frame", "hub", "mailbox"]),
    ("server", &["config", "event", "frame", "hub", "topic", "transport"]),
    ("metrics", &["event", "hub", "mailbox", "transport"]),
];

/// `sim/src`.
const OF_THE_TESTBED: Arrows = &[
    ("scenario", &[]),
    ("plan", &["scenario"]),
    ("record", &["plan"]),
    ("world", &["plan", "record"]),
    ("real", &["plan", "record", "world"]),
    ("first_order", &["plan", "scenario"]),
    ("summary", &["record", "plan", "scenario", "first_order"]),
    ("theory", &[]),
    ("figure", &["summary", "theory"]),
    ("report", &["summary", "theory"]),
    ("pool", &[]),
    ("pruning", &["plan", "record", "summary", "world"]),
    ("runs", &["plan", "pool", "pruning", "scenario", "summary", "world"]),
    ("sizing", &["first_order", "plan", "pruning", "runs", "scenario", "summary", "world"]),
    ("sweep", &["plan", "pruning", "runs", "scenario", "sizing", "summary", "world"]),
    ("load", &["plan", "real", "runs", "scenario", "summary", "world"]),
    ("fidelity", &["load", "plan", "real", "record", "runs", "scenario", "summary", "world"]),
    ("stages", &["plan", "pool", "runs", "scenario", "summary", "world"]),
    ("ledger", &["record", "world"]),
    ("import", &["plan", "pool", "record", "runs", "scenario", "world"]),
    ("laws", &["ledger", "plan", "record", "world"]),
    ("incident", &["figure", "laws", "plan", "record", "runs", "summary", "world"]),
    ("soak", &["laws", "pool", "runs", "world"]),
    ("fingerprint", &["plan", "pool", "record", "runs", "scenario", "world"]),
    ("verify", &["plan", "pool", "record", "runs", "scenario", "theory", "world"]),
    (
        "cli",
        &[
            "fidelity",
            "figure",
            "fingerprint",
            "import",
            "incident",
            "laws",
            "load",
            "plan",
            "real",
            "record",
            "report",
            "runs",
            "scenario",
            "sizing",
            "soak",
            "stages",
            "summary",
            "sweep",
            "theory",
            "verify",
            "world",
        ],
    ),
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Rooms named in each room's code; tests may look further.
fn named(root: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let mut named = BTreeMap::<String, BTreeSet<String>>::new();
    for file in sources(root) {
        let path = file.strip_prefix(root).unwrap().with_extension("");
        let room = path.iter().next().unwrap().to_str().unwrap().to_owned();
        if path.ends_with("tests") || path.ends_with("fixture") || ["lib", "main"].contains(&room.as_str()) {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for part in code.split("crate::").skip(1) {
            let other: String = part.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            if other != room && !other.is_empty() {
                named.entry(room.clone()).or_default().insert(other);
            }
        }
        named.entry(room).or_default();
    }
    named
}

fn manifest() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn no_room_names_one_that_it_must_not_know() {
    for (root, arrows) in [(manifest().join("../src"), OF_THE_HUB), (manifest().join("src"), OF_THE_TESTBED)] {
        let named = named(&root);
        let rooms: BTreeSet<_> = arrows.iter().map(|(room, _)| (*room).to_owned()).collect();
        assert_eq!(named.keys().cloned().collect::<BTreeSet<_>>(), rooms, "every room has its arrows");
        for (room, allowed) in arrows {
            for other in &named[*room] {
                assert!(allowed.contains(&other.as_str()), "{room} → {other} is no arrow of docs/architecture.md");
            }
        }
    }
}

#[test]
fn only_the_world_names_turmoil_and_only_the_command_line_prints() {
    let root = manifest().join("src");
    for file in sources(&root) {
        let text = fs::read_to_string(&file).unwrap();
        let path = file.strip_prefix(&root).unwrap();
        assert!(path.starts_with("world") || !text.contains("turmoil::"), "{} names turmoil", path.display());
        let prints = ["println!", "eprintln!", "io::stdout", "io::stderr"].iter().any(|print| text.contains(print));
        assert!(path.starts_with("cli") || !prints, "{} prints", path.display());
    }
}
