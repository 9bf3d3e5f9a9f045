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
    let mut table = "| mutant | reported by | after seeds | as |\n| --- | --- | ---: | --- |\n".to_owned();
    let mut survivors = Vec::new();
    for mutant in mutants() {
        copy_sources(&tree);
        let file = tree.join(&mutant.file);
        fs::write(&file, fs::read_to_string(&file).unwrap().replacen(&mutant.find, &mutant.put, 1)).unwrap();
        let told = soak(&tree, mutant.within_seeds);
        let found = told.lines().find_map(|line| line.strip_prefix("BROKEN by seed "));
        let Some((seed, (law, why))) = found.and_then(|found| {
            let (seed, violation) = found.split_once(": ")?;
            Some((seed.parse::<u64>().ok()?, violation.split_once(": ")?))
        }) else {
            survivors.push(format!("{}: {told}", mutant.what));
            continue;
        };
        let _ = writeln!(table, "| {} | {law} | {} | {} |", mutant.what, seed + 1, why.replace('|', "/"));
    }
    fs::write(tree.join("table.md"), &table).unwrap();
    assert!(survivors.is_empty(), "{table}\nsurvivors: {survivors:#?}");
}

/// What the mutated program's soak says.
fn soak(tree: &Path, seeds: u64) -> String {
    let run = ["run", "--quiet", "--package", "hubbub-sim", "--bin", "sim", "--", "soak", "--first-seed", "0"];
    let output = Command::new(env!("CARGO"))
        .args(run)
        .args(["--seeds", &seeds.to_string(), "--out", "incidents"])
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
