//! The rooms and arrows of `docs/architecture.md`: who may know whom. Read off page and source, so that a new one shows in
//! review.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A room, and the rooms it may name.
type Arrows = &'static [(&'static str, &'static [&'static str])];

/// `sim/src`.
const OF_THE_TESTBED: Arrows = &[
    ("time", &[]),
    ("transport", &[]),
    ("scenario", &["time", "transport"]),
    ("plan", &["scenario", "time", "transport"]),
    ("record", &["plan", "time"]),
    ("client", &["plan", "record", "time", "transport"]),
    ("world", &["client", "plan", "record", "time", "transport"]),
    ("real", &["client", "plan", "record", "time", "transport"]),
    ("first_order", &["plan", "scenario"]),
    ("summary", &["record", "plan", "scenario", "first_order"]),
    ("theory", &[]),
    ("figure", &["summary", "theory"]),
    ("report", &["summary", "theory"]),
    ("pool", &[]),
    ("pruning", &["plan", "record", "summary", "transport", "world"]),
    ("specified", &["client", "plan", "record", "time", "transport"]),
    ("runs", &["plan", "pool", "pruning", "scenario", "specified", "summary", "world"]),
    ("sizing", &["first_order", "plan", "pruning", "runs", "scenario", "summary"]),
    ("sweep", &["plan", "pruning", "runs", "scenario", "sizing", "summary"]),
    ("load", &["plan", "real", "runs", "scenario", "summary", "transport"]),
    ("fidelity", &["load", "plan", "real", "record", "runs", "scenario", "summary", "world"]),
    ("stages", &["plan", "pool", "runs", "scenario", "summary", "world"]),
    ("ledger", &["plan", "record"]),
    ("import", &["plan", "pool", "record", "runs", "scenario", "time", "transport", "world"]),
    ("laws", &["ledger", "plan", "record", "specified", "transport", "world"]),
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

/// The page: what is about the Hub, and what is about the testbed.
fn page() -> [String; 2] {
    let page = fs::read_to_string(manifest().join("../docs/architecture.md")).unwrap();
    let (hub, testbed) = page.split_once("## `sim`: the testbed").unwrap();
    [hub.to_owned(), testbed.to_owned()]
}

/// The rooms in the first column of a table of rooms.
fn listed(page: &str) -> BTreeSet<String> {
    let rows = page.lines().skip_while(|line| !line.starts_with("| room |")).skip(2);
    let cells = rows.take_while(|line| line.starts_with('|')).map(|row| row.split('|').nth(1).unwrap());
    cells.flat_map(|cell| cell.split(',')).map(|room| room.trim().trim_matches('`').to_owned()).collect()
}

/// The Hub's arrows as the page has them; a room that is only pointed at has none.
fn arrows_of_the_hub() -> BTreeMap<String, BTreeSet<String>> {
    let [page, _] = page();
    let mut arrows: BTreeMap<String, BTreeSet<String>> =
        listed(&page).into_iter().map(|room| (room, BTreeSet::new())).collect();
    let paragraph = page.split("Arrows, and no others:").nth(1).unwrap().split("\n\n").next().unwrap();
    for (room, others) in paragraph.split('`').filter_map(|part| part.split_once(" → ")) {
        let others = others.split(", ").map(str::to_owned);
        arrows.get_mut(room).unwrap_or_else(|| panic!("{room} is no room of the page")).extend(others);
    }
    arrows
}

/// Rooms that `main` names, through the package's own names as well.
fn named_by_main() -> BTreeSet<String> {
    let of = |file: &str| fs::read_to_string(manifest().join("../src").join(file)).unwrap();
    let (library, main) = (of("lib.rs"), of("main.rs"));
    let homes =
        library.lines().filter_map(|line| line.strip_prefix("pub use ")?.trim_end_matches(';').split_once("::"));
    let homes: Vec<_> = homes
        .flat_map(|(room, names)| names.trim_matches(['{', '}']).split(", ").map(move |name| (name, room)))
        .collect();
    let mut named = BTreeSet::new();
    for part in main.split("hubbub::").skip(1) {
        let part = part.strip_prefix('{').map_or(part, |list| list.split('}').next().unwrap());
        let is_list = main.contains(&format!("hubbub::{{{part}}}"));
        for name in part.split(", ").take(if is_list { usize::MAX } else { 1 }) {
            let name: String = name.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            let home = homes.iter().find(|(known, _)| *known == name).map_or(name.as_str(), |(_, room)| room);
            named.insert(home.to_owned());
        }
    }
    named
}

#[test]
fn no_room_of_the_hub_names_one_that_the_page_does_not_let_it_know() {
    let (arrows, mut named) = (arrows_of_the_hub(), named(&manifest().join("../src")));
    named.insert("main".to_owned(), named_by_main());
    assert_eq!(named.keys().collect::<Vec<_>>(), arrows.keys().collect::<Vec<_>>(), "the page has every room");
    for (room, others) in &named {
        let unknown: Vec<_> = others.difference(&arrows[room]).collect();
        assert!(unknown.is_empty(), "{room} → {unknown:?} is no arrow of docs/architecture.md");
    }
}

#[test]
fn no_room_of_the_testbed_names_one_that_it_must_not_know() {
    let named = named(&manifest().join("src"));
    let rooms: BTreeSet<_> = OF_THE_TESTBED.iter().map(|(room, _)| (*room).to_owned()).collect();
    assert_eq!(named.keys().cloned().collect::<BTreeSet<_>>(), rooms, "every room has its arrows");
    assert_eq!(listed(&page()[1]), rooms, "the page has every room");
    for (room, allowed) in OF_THE_TESTBED {
        for other in &named[*room] {
            assert!(allowed.contains(&other.as_str()), "{room} → {other} is no arrow of the testbed");
        }
    }
}

#[test]
fn the_files_that_the_page_names_are_there() {
    for name in page().iter().flat_map(|page| page.split('`')).filter(|part| part.ends_with(".rs")) {
        let places = ["..", "../src", "src", "src/world"].map(|folder| manifest().join(folder).join(name));
        assert!(places.iter().any(|place| place.exists()), "{name}");
    }
}

#[test]
fn the_table_of_contents_of_each_suite_has_every_room_of_it() {
    for file in ["tests/it/main.rs", "../tests/it/main.rs"] {
        let text = fs::read_to_string(manifest().join(file)).unwrap();
        let rooms = text.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
        let listed = text.lines().filter_map(|line| line.strip_prefix("//! - ")?.split_once(": "));
        let listed = listed.flat_map(|(names, _)| names.split(", ").map(|name| name.trim_matches(['[', ']', '`'])));
        assert_eq!(listed.collect::<BTreeSet<_>>(), rooms.collect::<BTreeSet<_>>(), "{file}");
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
