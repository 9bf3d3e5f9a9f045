//! The checks can fail: mutants of the Hub and of the world, each to be reported by the soak.
//!
//! Building and running them takes some minutes, so that is asked for: `just mutants-by-hand`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutants {
    mutant: Vec<Mutant>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutant {
    what: String,
    file: PathBuf,
    find: String,
    put: String,
    /// Seeds of the soak that are enough to see it, from 0 on.
    within_seeds: u64,
    /// The room that both worlds share, where the change is in one: agreement cannot see it there.
    shared: Option<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn mutants() -> Vec<Mutant> {
    let text = fs::read_to_string(root().join("sim/mutants.toml")).unwrap();
    toml::from_str::<Mutants>(&text).unwrap().mutant
}

#[test]
fn every_mutant_changes_one_place_that_is_still_there() {
    for Mutant { what, file, find, put, .. } in mutants() {
        let source = fs::read_to_string(root().join(&file)).unwrap();
        assert_eq!(source.matches(&find).count(), 1, "{what}: {find:?} in {}", file.display());
        assert_ne!(find, put, "{what}");
    }
}

#[test]
#[ignore = "builds the program once for each mutant"]
fn every_mutant_is_reported_within_its_seeds() {
    let tree = root().join("target/mutants-by-hand");
    let mut table = HEAD.to_owned();
    let mut survivors = Vec::new();
    for mutant in mutants() {
        copy_sources(&tree);
        let file = tree.join(&mutant.file);
        fs::write(&file, fs::read_to_string(&file).unwrap().replacen(&mutant.find, &mutant.put, 1)).unwrap();
        let by_all = soak(&tree, mutant.within_seeds, None);
        let by_agreement = soak(&tree, SEEDS_OF_AGREEMENT, Some("agreement"));
        let Some(found) = reported(&by_all) else {
            survivors.push(format!("{}: {by_all}", mutant.what));
            continue;
        };
        let agreement = match (reported(&by_agreement), &mutant.shared) {
            (Some(found), _) => found.seeds.to_string(),
            (None, Some(room)) => format!("shared: {room}"),
            (None, None) => {
                survivors.push(format!("{}, by agreement: {by_agreement}", mutant.what));
                continue;
            }
        };
        let Reported { law, seeds, why } = found;
        let _ = writeln!(table, "| {} | {law} | {seeds} | {agreement} | {why} |", mutant.what);
    }
    assert!(survivors.is_empty(), "{table}\nsurvivors: {survivors:#?}");
    publish(&table);
}

const HEAD: &str = "\
    | mutant | reported by | after seeds | by agreement alone, after | as |\n| --- | --- | ---: | ---: | --- |\n";

/// Seeds of the soak within which agreement alone must see a mutant.
const SEEDS_OF_AGREEMENT: u64 = 200;

/// The table's place in the page.
const MARKERS: [&str; 2] = ["<!-- mutants: just mutants-by-hand -->\n", "<!-- end of mutants -->\n"];

/// Replaces the page's table by that of this run.
fn publish(table: &str) {
    let page = root().join("docs/fidelity.md");
    let text = fs::read_to_string(&page).unwrap();
    let (before, rest) = text.split_once(MARKERS[0]).unwrap();
    let (_, after) = rest.split_once(MARKERS[1]).unwrap();
    fs::write(&page, format!("{before}{}\n{table}\n{}{after}", MARKERS[0], MARKERS[1])).unwrap();
}

#[test]
fn the_page_has_a_row_for_every_mutant_and_for_no_other() {
    let text = fs::read_to_string(root().join("docs/fidelity.md")).unwrap();
    let table = text.split_once(MARKERS[0]).unwrap().1.split_once(MARKERS[1]).unwrap().0;
    let rows = table.lines().filter(|line| line.starts_with("| ")).skip(2);
    let told: Vec<_> = rows.map(|row| row.split(" | ").next().unwrap().trim_start_matches("| ").to_owned()).collect();
    assert_eq!(told, mutants().into_iter().map(|mutant| mutant.what).collect::<Vec<_>>());
}

/// What a soak says of a mutant.
struct Reported {
    law: String,
    seeds: u64,
    why: String,
}

fn reported(told: &str) -> Option<Reported> {
    // A long line is wrapped.
    let found = told.split_once("BROKEN by seed ")?.1;
    let found = found.split("\nBefore the first case").next()?.split_whitespace().collect::<Vec<_>>().join(" ");
    let (seed, violation) = found.split_once(": ")?;
    let (law, why) = violation.split_once(": ")?;
    Some(Reported { law: law.to_owned(), seeds: seed.parse::<u64>().ok()? + 1, why: why.replace('|', "/") })
}

/// What the mutated program's soak says, by one law or by all.
fn soak(tree: &Path, seeds: u64, law: Option<&str>) -> String {
    let run = ["run", "--quiet", "--package", "hubbub-sim", "--bin", "sim", "--", "soak", "--first-seed", "0"];
    let output = Command::new(env!("CARGO"))
        .args(run)
        .args(["--seeds", &seeds.to_string(), "--out", "incidents"])
        .args(law.into_iter().flat_map(|law| ["--law", law]))
        .current_dir(tree)
        .env("CARGO_TARGET_DIR", tree.join("target"))
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(!complaint.contains("error: could not compile"), "{complaint}");
    String::from_utf8_lossy(&output.stdout).into_owned() + &complaint
}

/// The workspace's sources, as they are; what has not changed keeps its time, so that little is built again.
fn copy_sources(tree: &Path) {
    for name in ["Cargo.toml", "Cargo.lock", "src", "sim", "plots", "docs"] {
        copy(&root().join(name), &tree.join(name));
    }
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        fs::read_dir(from).unwrap().for_each(|entry| {
            let entry = entry.unwrap();
            copy(&entry.path(), &to.join(entry.file_name()));
        });
    } else if fs::read(to).ok() != fs::read(from).ok() {
        fs::copy(from, to).unwrap();
    }
}
