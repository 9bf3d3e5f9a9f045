//! The rooms and arrows of `docs/architecture.md`: which room may name which, and that no files of a room name each other
//! in a circle. Both are read off page and source, so that a new arrow shows in review.

mod circles;
mod package;
mod paths;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use circles::circles;
use package::{Module, Package, sources};

/// A room, and the rooms it may name.
type Arrows = &'static [(&'static str, &'static [&'static str])];

/// `sim/src`, and the rooms of `sim/model/src`, which know no other.
const OF_THE_TESTBED: Arrows = &[
    ("time", &[]),
    ("transport", &[]),
    ("tcp", &[]),
    ("scenario", &["tcp", "time", "transport"]),
    ("plan", &["scenario", "tcp", "time", "transport"]),
    ("record", &["plan", "time"]),
    ("client", &["plan", "record", "tcp", "time", "transport"]),
    ("world", &["client", "plan", "record", "tcp", "time", "transport"]),
    ("cluster", &["client", "pool", "record"]),
    ("real", &["client", "plan", "record", "time", "transport"]),
    ("probe", &["client", "real", "summary"]),
    ("emulated", &["plan", "real", "record", "tcp", "time"]),
    ("first_order", &["plan", "scenario", "tcp"]),
    ("summary", &["record", "plan", "scenario", "first_order", "tail"]),
    (
        "testbed",
        &["figure", "plan", "pool", "record", "report", "runs", "scenario", "summary", "tail", "transport", "world"],
    ),
    ("theory", &[]),
    ("tail", &[]),
    ("figure", &["summary", "tail", "theory"]),
    ("report", &["figure", "incident", "summary", "theory"]),
    ("pool", &[]),
    ("pruning", &["plan", "record", "summary", "transport", "world"]),
    ("specified", &["client", "plan", "record", "tcp", "time", "transport"]),
    ("runs", &["plan", "pool", "pruning", "record", "scenario", "specified", "summary", "world"]),
    ("sizing", &["first_order", "plan", "pruning", "runs", "scenario", "specified", "summary", "tail"]),
    ("sweep", &["plan", "pruning", "runs", "scenario", "sizing", "summary"]),
    ("capacity", &["plan", "runs", "scenario", "sizing", "specified", "summary"]),
    ("shards", &["first_order", "plan", "runs", "scenario", "summary"]),
    ("load", &["client", "emulated", "plan", "real", "runs", "scenario", "summary", "transport"]),
    (
        "fidelity",
        &[
            "emulated",
            "load",
            "plan",
            "real",
            "record",
            "runs",
            "scenario",
            "specified",
            "summary",
            "tcp",
            "transport",
            "world",
        ],
    ),
    ("herd", &["plan", "runs", "scenario", "summary"]),
    ("stages", &["plan", "pool", "runs", "scenario", "specified", "summary", "world"]),
    ("ledger", &["plan", "record"]),
    ("import", &["plan", "pool", "record", "runs", "scenario", "specified", "time", "transport", "world"]),
    ("laws", &["ledger", "plan", "record", "specified", "tcp", "time", "transport", "world"]),
    ("incident", &["figure", "laws", "plan", "record", "runs", "specified", "summary", "world"]),
    ("soak", &["laws", "pool", "runs", "specified"]),
    ("fingerprint", &["plan", "pool", "record", "runs", "scenario", "world"]),
    ("verify", &["plan", "pool", "record", "runs", "scenario", "theory", "world"]),
    (
        "cli",
        &[
            "capacity",
            "client",
            "cluster",
            "emulated",
            "fidelity",
            "figure",
            "fingerprint",
            "herd",
            "import",
            "incident",
            "laws",
            "load",
            "plan",
            "probe",
            "real",
            "record",
            "report",
            "runs",
            "scenario",
            "shards",
            "sizing",
            "soak",
            "stages",
            "summary",
            "sweep",
            "tail",
            "theory",
            "verify",
            "world",
        ],
    ),
];

/// The Hub's package, and the testbed's with that of its model, whose rooms the testbed has as its own.
fn packages() -> [Package; 2] {
    [Package::read(&[manifest().join("../src")], "hubbub"), Package::read(&folders_of_the_testbed(), "hubbub_sim")]
}

fn folders_of_the_testbed() -> [PathBuf; 2] {
    ["model/src", "src"].map(|folder| manifest().join(folder))
}

/// The rooms that each room's code names. Code of tests may look further.
fn named(package: &Package) -> BTreeMap<String, BTreeSet<String>> {
    let mut named = BTreeMap::<String, BTreeSet<String>>::new();
    for (from, targets) in package.arrows() {
        let Some(room) = from.first() else { continue };
        let others = targets.iter().filter_map(|target| target.first()).filter(|other| *other != room);
        named.entry(room.clone()).or_default().extend(others.cloned());
    }
    named
}

/// The arrows between files of one room. A module and those inside it share what they have, as Rust's privacy has it:
/// they count as one here, and only arrows between others can close a circle.
fn arrows_within_rooms(package: &Package) -> BTreeMap<&Module, BTreeSet<&Module>> {
    let mut arrows = package.arrows();
    for (from, targets) in &mut arrows {
        let is_inside = |target: &Module| target.starts_with(from) || from.starts_with(target);
        targets.retain(|target| target.first() == from.first() && !is_inside(target));
    }
    arrows
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

#[test]
fn no_room_of_the_hub_names_one_that_the_page_does_not_let_it_know() {
    let arrows = arrows_of_the_hub();
    let [hub, _] = packages();
    let named = named(&hub);
    assert_eq!(named.keys().collect::<Vec<_>>(), arrows.keys().collect::<Vec<_>>(), "the page has every room");
    for (room, others) in &named {
        let unknown: Vec<_> = others.difference(&arrows[room]).collect();
        assert!(unknown.is_empty(), "{room} → {unknown:?} is no arrow of docs/architecture.md");
    }
}

#[test]
fn no_room_of_the_testbed_names_one_that_it_must_not_know() {
    let [_, testbed] = packages();
    let mut named = named(&testbed);
    // The program calls the root's `command`, which calls the command line, and names no room.
    assert_eq!(named.remove("main"), Some(BTreeSet::new()));
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
fn no_files_of_a_room_name_each_other_in_a_circle() {
    let mut found = Vec::new();
    for package in packages() {
        let arrows = arrows_within_rooms(&package);
        for circle in circles(&arrows) {
            let told = circle.iter().map(|from| {
                let inside = arrows[from].iter().filter(|target| circle.contains(target)).map(|target| file(target));
                format!("{} names {}", file(from), inside.collect::<Vec<_>>().join(", "))
            });
            found.push(told.collect::<Vec<_>>().join("; "));
        }
    }
    assert!(found.is_empty(), "circles of files: {found:#?}");
}

/// A module as its file's name in a message.
fn file(module: &Module) -> String {
    format!("{}.rs", module.join("/"))
}

#[test]
fn a_circle_is_found_through_lists_of_names_inline_paths_and_what_others_re_export() {
    let sources = [
        ("a/mod.rs", "mod left; mod right; mod third; pub(crate) use right::Shown as Named; pub(super) use third::*;"),
        ("a/left.rs", "use crate::{b, a::Named};"),
        (
            "a/right.rs",
            "fn f() { println!(\"{}\", super::third::VALUE); } #[cfg(test)] mod tests { use super::super::left; }",
        ),
        ("a/third.rs", "use super::left::{self, Other};"),
        ("b.rs", "use std::fmt; /* use crate::a; */ // crate::a"),
    ];
    let package = Package::of(sources.map(|(file, source)| (Path::new(file).to_owned(), source.to_owned())), "own");
    let rooms = named(&package);
    assert_eq!(rooms["a"], BTreeSet::from(["b".to_owned()]));
    assert!(rooms["b"].is_empty());
    let arrows = arrows_within_rooms(&package);
    let found: Vec<Vec<String>> =
        circles(&arrows).iter().map(|circle| circle.iter().copied().map(file).collect()).collect();
    assert_eq!(found, [["a/left.rs", "a/right.rs", "a/third.rs"]]);
}

#[test]
fn the_files_that_the_page_names_are_there() {
    for name in page().iter().flat_map(|page| page.split('`')).filter(|part| part.ends_with(".rs")) {
        let places = ["..", "../src", "src", "src/world", "model/src"].map(|folder| manifest().join(folder).join(name));
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
fn only_the_world_and_the_cluster_name_turmoil_and_only_the_command_line_prints() {
    for root in folders_of_the_testbed() {
        for file in sources(&root) {
            let text = fs::read_to_string(&file).unwrap();
            let path = file.strip_prefix(&root).unwrap();
            let is_a_world = path.starts_with("world") || path.starts_with("cluster");
            assert!(is_a_world || !text.contains("turmoil::"), "{} names turmoil", path.display());
            let prints = ["println!", "eprintln!", "io::stdout", "io::stderr"].iter().any(|print| text.contains(print));
            assert!(path.starts_with("cli") || !prints, "{} prints", path.display());
        }
    }
}
