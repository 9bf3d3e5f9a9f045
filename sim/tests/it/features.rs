//! The features of the Hub's package: the page has all of them, with the number of packages that each brings.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Most packages that the core may bring, itself included.
const MOST_OF_THE_CORE: usize = 20;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The features of the page, with their packages.
fn on_the_page() -> Vec<(String, usize)> {
    let page = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let rows = page.lines().skip_while(|line| !line.starts_with("| feature |")).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|')).map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        (cells[0].trim_matches('`').to_owned(), cells[2].parse().unwrap())
    });
    rows.collect()
}

/// The packages that the Hub's package with one feature brings, itself included. Nothing is downloaded.
fn packages(feature: &str) -> BTreeSet<String> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root()).args(["tree", "--offline", "--locked", "--package", "hubbub", "--no-default-features"]);
    cargo.args(["--edges", "normal", "--prefix", "none", "--format", "{p}"]);
    if feature != "none" {
        cargo.args(["--features", feature]);
    }
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{feature}: {}", String::from_utf8_lossy(&output.stderr));
    // A package that comes again is marked behind its version.
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn the_page_has_every_feature_that_is_not_private() {
    let manifest: toml::Table = fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let features = manifest["features"].as_table().unwrap().keys().map(String::as_str);
    let public: BTreeSet<_> = features.filter(|name| *name != "default" && !name.starts_with("__")).collect();
    let page = on_the_page();
    assert_eq!(
        page.iter().map(|(name, _)| name.as_str()).filter(|name| *name != "none").collect::<BTreeSet<_>>(),
        public
    );
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "the page has the numbers of Linux")]
fn each_feature_brings_as_many_packages_as_the_page_says_and_the_core_at_most_twenty() {
    let page = on_the_page();
    let there: Vec<_> = page.iter().map(|(name, _)| (name.clone(), packages(name).len())).collect();
    assert_eq!(there, page);
    let core = packages("none");
    assert!(core.len() <= MOST_OF_THE_CORE, "{core:#?}");
    assert!(!core.iter().any(|package| package.starts_with("tokio ") || package.starts_with("hyper ")), "{core:#?}");
}
