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

/// Mutants of the Hub and of the simulated world, those of the specification, and those of the TCP that both worlds share.
const OF_THE_STACK: &str = "sim/mutants.toml";
const OF_THE_SPECIFICATION: &str = "sim/mutants-of-the-specification.toml";
const OF_TCP: &str = "sim/mutants-of-tcp.toml";

fn mutants(file: &str) -> Vec<Mutant> {
    let text = fs::read_to_string(root().join(file)).unwrap();
    toml::from_str::<Mutants>(&text).unwrap().mutant
}

#[test]
fn every_mutant_changes_one_place_that_is_still_there() {
    let all = [OF_THE_STACK, OF_THE_SPECIFICATION, OF_TCP].into_iter().flat_map(mutants);
    for Mutant { what, file, find, put, .. } in all {
        let source = fs::read_to_string(root().join(&file)).unwrap();
        assert_eq!(source.matches(&find).count(), 1, "{what}: {find:?} in {}", file.display());
        assert_ne!(find, put, "{what}");
    }
}

#[test]
#[ignore = "builds the program once for each mutant"]
fn every_mutant_of_the_stack_is_reported_by_some_law_and_by_agreement_alone() {
    let mut table = "| mutant | reported by | after seeds | by agreement alone, after | as |\n\
                     | --- | --- | ---: | ---: | --- |\n"
        .to_owned();
    let mut survivors = Vec::new();
    for mutant in mutants(OF_THE_STACK) {
        let tree = mutated(&mutant);
        // The mutant is in the full stack, which has to run every case for any law to see it.
        let by_all = soak(&tree, mutant.within_seeds, &["--world", "simulated"]);
        let by_agreement = soak(&tree, SEEDS_OF_AGREEMENT, &["--law", "agreement"]);
        let agreement = match (reported(&by_agreement), &mutant.shared) {
            (Some(found), _) => found.seeds.to_string(),
            (None, Some(room)) => format!("shared: {room}"),
            (None, None) => {
                survivors.push(format!("{}, by agreement: {by_agreement}", mutant.what));
                continue;
            }
        };
        match reported(&by_all) {
            Some(Reported { law, seeds, why }) => {
                let _ = writeln!(table, "| {} | {law} | {seeds} | {agreement} | {why} |", mutant.what);
            }
            None => survivors.push(format!("{}: {by_all}", mutant.what)),
        }
    }
    assert!(survivors.is_empty(), "{table}\nsurvivors: {survivors:#?}");
    publish("stack", &table);
}

#[test]
#[ignore = "builds the program once for each mutant"]
fn every_mutant_of_the_specification_is_reported_by_agreement() {
    let mut table = "| mutant of the specification | after seeds | reported as |\n| --- | ---: | --- |\n".to_owned();
    let mut survivors = Vec::new();
    for mutant in mutants(OF_THE_SPECIFICATION) {
        let told = soak(&mutated(&mutant), mutant.within_seeds, &["--law", "agreement"]);
        match reported(&told) {
            Some(Reported { seeds, why, .. }) => {
                let _ = writeln!(table, "| {} | {seeds} | {why} |", mutant.what);
            }
            None => survivors.push(format!("{}: {told}", mutant.what)),
        }
    }
    assert!(survivors.is_empty(), "{table}\nsurvivors: {survivors:#?}");
    publish("specification", &table);
}

#[test]
#[ignore = "builds the program once for each mutant"]
fn every_mutant_of_the_tcp_is_reported_by_some_law() {
    let mut table = "| mutant of TCP | reported by | after seeds | as |\n| --- | --- | ---: | --- |\n".to_owned();
    let mut survivors = Vec::new();
    for mutant in mutants(OF_TCP) {
        let told = soak(&mutated(&mutant), mutant.within_seeds, &[]);
        match reported(&told) {
            Some(Reported { law, seeds, why }) => {
                let _ = writeln!(table, "| {} | {law} | {seeds} | {why} |", mutant.what);
            }
            None => survivors.push(format!("{}: {told}", mutant.what)),
        }
    }
    assert!(survivors.is_empty(), "{table}\nsurvivors: {survivors:#?}");
    publish("tcp", &table);
}

/// Seeds of the soak within which agreement alone must see a mutant of the stack.
const SEEDS_OF_AGREEMENT: u64 = 200;

/// Where a table stands in the page.
fn markers(name: &str) -> [String; 2] {
    [
        format!("<!-- mutants of the {name}: just mutants-by-hand -->\n"),
        format!("<!-- end of mutants of the {name} -->\n"),
    ]
}

/// Replaces the page's table by that of this run.
fn publish(name: &str, table: &str) {
    let page = root().join("docs/fidelity.md");
    let text = fs::read_to_string(&page).unwrap();
    let [begin, end] = markers(name);
    let (before, rest) = text.split_once(&begin).unwrap();
    let (_, after) = rest.split_once(&end).unwrap();
    fs::write(&page, format!("{before}{begin}\n{table}\n{end}{after}")).unwrap();
}

#[test]
fn the_tables_of_mutants_have_a_row_for_each_in_order_or_no_row_where_none_has_been_run() {
    let text = fs::read_to_string(root().join("docs/fidelity.md")).unwrap();
    for (name, file) in [("stack", OF_THE_STACK), ("specification", OF_THE_SPECIFICATION), ("tcp", OF_TCP)] {
        let [begin, end] = markers(name);
        let table = text.split_once(&begin).unwrap().1.split_once(&end).unwrap().0;
        let rows = table.lines().filter(|line| line.starts_with("| ")).skip(2);
        let told = rows.map(|row| row.split(" | ").next().unwrap().trim_start_matches("| ").to_owned());
        let told: Vec<_> = told.collect();
        let there: Vec<_> = mutants(file).into_iter().map(|mutant| mutant.what).collect();
        assert!(told == there || told.is_empty(), "{name}: {told:#?}, of {there:#?}");
    }
}

/// The sources with a mutant in them.
fn mutated(mutant: &Mutant) -> PathBuf {
    let tree = root().join("target/mutants-by-hand");
    copy_sources(&tree);
    let file = tree.join(&mutant.file);
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen(&mutant.find, &mutant.put, 1)).unwrap();
    tree
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

/// What the mutated program's soak says, with some more options.
fn soak(tree: &Path, seeds: u64, options: &[&str]) -> String {
    let run = ["run", "--quiet", "--package", "hubbub-sim", "--bin", "sim", "--", "soak", "--first-seed", "0"];
    let output = Command::new(env!("CARGO"))
        .args(run)
        .args(["--seeds", &seeds.to_string(), "--out", "incidents"])
        .args(options)
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
    fs::create_dir_all(tree).unwrap();
    for name in sources() {
        copy(&root().join(&name), &tree.join(&name));
    }
}

/// All that stands at the top of the repository, but for what is built and what is hidden.
fn sources() -> Vec<String> {
    let names = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != "target" && !name.starts_with('.')).collect()
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
