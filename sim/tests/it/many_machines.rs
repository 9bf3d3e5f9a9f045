//! A sweep that is spread over machines gives the same bytes as one machine, and wrong parts are refused.

use std::fs;
use std::path::{Path, PathBuf};

use crate::command_line::{folder, refused, sim};

/// The sweep that is spread; it is sensitive to changed loads, too.
const SWEPT: [&str; 9] =
    ["--scenario", "small.toml", "--buffers", "1,8,64", "--subscribers", "4,12", "--runs", "40", "--sensitivity"];

fn part(folder: &PathBuf, shard: &str, out: &str) {
    let output = sim(folder, &[&["sweep"], &SWEPT[..], &["--shard", shard, "--out", out]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn parts_made_apart_and_merged_give_the_bytes_of_one_machine_whatever_their_number() {
    let folder = folder("many-machines");
    let output = sim(&folder, &[&["sweep"], &SWEPT[..], &["--out", "whole"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let whole = files(&folder.join("whole/small"));
    for of in [1, 3] {
        let parts: Vec<String> = (1..=of).map(|index| format!("of-{of}/part-{index}")).collect();
        for (index, out) in parts.iter().enumerate() {
            part(&folder, &format!("{}/{of}", index + 1), out);
        }
        let out = format!("merged-{of}/small");
        let merge: Vec<&str> =
            ["merge", "--out", out.as_str()].into_iter().chain(parts.iter().map(String::as_str)).collect();
        let output = sim(&folder, &merge);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        for ((name, one), (_, other)) in whole.iter().zip(files(&folder.join(&out))) {
            // The page names the command of its own folder.
            assert!(*one == other || name == "README.md", "{name} of {of} parts");
        }
        let readme = |folder: PathBuf| fs::read_to_string(folder.join("README.md")).unwrap();
        let merged = readme(folder.join(&out)).replace(&format!("--out merged-{of}"), "--out whole");
        assert_eq!(merged, readme(folder.join("whole/small")));
    }
}

#[test]
fn parts_that_are_missing_doubled_foreign_older_or_cut_off_are_refused_in_one_line() {
    let folder = folder("wrong-parts");
    let quick = ["sweep", "--scenario", "small.toml", "--subscribers", "4", "--buffers", "8", "--seeds", "2"];
    let quick = [&quick[..], &["--no-validate"]].concat();
    for shard in ["1/2", "2/2", "1/3"] {
        let out = shard.replace('/', "-of-");
        let output = sim(&folder, &[&quick[..], &["--shard", shard, "--out", &out]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let merged = |parts: &[&str]| refused(&folder, &[&["merge", "--out", "merged"], parts].concat());
    assert!(merged(&["1-of-2"]).contains("of 2 parts these are missing: 2"));
    assert!(merged(&["1-of-2", "1-of-2"]).contains("part 1/2 is there already"));
    assert!(merged(&["1-of-2", "1-of-3"]).contains("a part of another sweep"));
    let part = folder.join("2-of-2/part.json");
    let text = fs::read_to_string(&part).unwrap();
    fs::write(&part, text.replace("\"program\":\"0", "\"program\":\"an older 0")).unwrap();
    assert!(merged(&["1-of-2", "2-of-2"]).contains("made by an older"));
    fs::write(&part, &text[..text.len() / 2]).unwrap();
    assert!(merged(&["1-of-2", "2-of-2"]).contains("is no part of a sweep, or was cut off"));
    fs::remove_file(&part).unwrap();
    assert!(merged(&["1-of-2", "2-of-2/part.json"]).contains("cannot be read"));
    assert!(!folder.join("merged").exists(), "nothing is written");

    for (options, why) in [
        (&["--shard", "0/0", "--out", "x"][..], "must be I/N"),
        (&["--shard", "1/2"], "--out"),
        (&["--shard", "1/2", "--out", "x", "--policy", "all"], "a comparison of policies is not spread"),
        (&["--shard", "1/2", "--out", "x", "--world", "simulated"], "only runs of --world specified"),
    ] {
        let quick = ["sweep", "--scenario", "small.toml", "--subscribers", "4", "--buffers", "8", "--seeds", "2"];
        let told = refused(&folder, &[&quick[..], options].concat());
        assert!(told.contains(why), "{told}");
    }
    // A scenario that has changed since.
    let small = fs::read_to_string(folder.join("small.toml")).unwrap();
    let output = sim(&folder, &[&quick[..], &["--shard", "2/2", "--out", "2-of-2"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    fs::write(folder.join("small.toml"), small.replace("per_second = 50", "per_second = 51")).unwrap();
    assert!(merged(&["1-of-2", "2-of-2"]).contains("is not what it was when the part was made"));
}
