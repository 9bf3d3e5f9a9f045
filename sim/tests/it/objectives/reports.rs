//! `--junit`: a report for CI.

use std::fs;

use super::{complaint, write, xml};
use crate::command_line::{folder, refused, sim};

#[test]
fn a_report_has_a_case_for_each_limit_class_and_n_and_a_failure_with_value_and_limit() {
    let folder = folder("junit");
    write(&folder, "odd.toml", "[objective]\nmissed = 0.0\nage_p99_ms = 60000", "[class.objective]\nmissed = 0.0");
    let odd = fs::read_to_string(folder.join("odd.toml")).unwrap();
    fs::write(folder.join("odd.toml"), odd.replace("\"tab\"", "'<tab> & \"co\"'")).unwrap();
    let sweep = ["sweep", "--scenario", "odd.toml", "--no-validate", "--buffers", "1,64", "--out", "out"];
    let output = sim(&folder, &[&sweep[..], &["--junit", "report.xml"]].concat());
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).contains("wrote report.xml"), "{}", complaint(&output));
    let text = fs::read_to_string(folder.join("report.xml")).unwrap();
    let root = xml::read(&text);
    assert_eq!(root.name, "testsuites");
    let cases = root.all("testcase");
    assert_eq!(cases.len(), 2 * 2 * 3, "N, sizes and limits");
    assert_eq!((root.number("tests"), root.number("failures")), (12, 4), "1 frame, at both N: all, and the class");
    let names: std::collections::BTreeSet<_> = cases.iter().map(|case| &case.attributes["name"]).collect();
    assert_eq!(names.len(), cases.len(), "every case has a name of its own");
    let failed: Vec<_> = cases.iter().filter(|case| !case.children.is_empty()).collect();
    assert_eq!(failed.len(), 4);
    let of_class = failed.iter().find(|case| case.attributes["name"].contains("<tab> & \"co\": missed")).unwrap();
    let failure = &of_class.children[0];
    assert_eq!((failure.name.as_str(), failure.attributes["type"].as_str()), ("failure", "missed"));
    let message = &failure.attributes["message"];
    assert!(message.starts_with("<tab> & \"co\": missed = 0.") && message.ends_with("at most 0"), "{message}");
    assert!(failure.text.starts_with("N = 4, 1 frame, drop-newest: "), "{}", failure.text);
    let again = sim(&folder, &[&sweep[..], &["--junit", "again.xml"]].concat());
    assert_eq!(again.status.code(), Some(1));
    assert_eq!(fs::read_to_string(folder.join("again.xml")).unwrap(), text, "the same runs give the same bytes");
}

#[test]
fn a_size_and_a_replay_have_reports_as_well() {
    let folder = folder("junit-others");
    let size = ["size", "--scenario", "small.toml", "--quick", "--subscribers", "4", "--missed", "0.02"];
    assert_eq!(sim(&folder, &[&size[..], &["--junit", "size.xml"]].concat()).status.code(), Some(0));
    let root = xml::read(&fs::read_to_string(folder.join("size.xml")).unwrap());
    assert_eq!((root.number("tests"), root.number("failures")), (1, 0));
    let replay = ["replay", "--scenario", "small.toml", "--buffer", "1", "--missed", "0", "--junit", "replay.xml"];
    assert_eq!(sim(&folder, &replay).status.code(), Some(1));
    let root = xml::read(&fs::read_to_string(folder.join("replay.xml")).unwrap());
    assert_eq!((root.number("tests"), root.number("failures")), (1, 1));
}

#[test]
fn a_report_replaces_no_file_unless_that_is_asked_for_and_needs_something_to_judge() {
    let folder = folder("junit-files");
    fs::write(folder.join("there.xml"), "mine").unwrap();
    let limit = ["--missed", "1", "--junit", "there.xml"];
    for command in ["sweep", "size", "load", "replay"] {
        let complaint = refused(&folder, &[&[command, "--scenario", "small.toml"], &limit[..]].concat());
        assert!(complaint.contains("--junit: there.xml: is there already and stays as it is"), "{complaint}");
        let complaint = refused(&folder, &[command, "--scenario", "small.toml", "--junit", "new.xml"]);
        assert!(complaint.contains("--junit: nothing is judged: give the scenario an [objective]"), "{complaint}");
    }
    assert_eq!(fs::read_to_string(folder.join("there.xml")).unwrap(), "mine");
    let replay = ["replay", "--scenario", "small.toml", "--world", "specified"];
    assert_eq!(sim(&folder, &[&replay[..], &limit, &["--force"]].concat()).status.code(), Some(0));
    assert!(fs::read_to_string(folder.join("there.xml")).unwrap().starts_with("<?xml"));
    write(&folder, "memory.toml", "[objective]\nmemory_bytes_per_subscriber = 9", "");
    let foreign = ["load", "--url", "http://127.0.0.1:1/", "--ingest-url", "http://127.0.0.1:1/"];
    let complaint = refused(&folder, &[&foreign[..], &["--scenario", "memory.toml", "--junit", "memory.xml"]].concat());
    assert!(
        complaint.contains("--junit: nothing is judged: "),
        "a foreign server does not say its memory: {complaint}"
    );
    assert!(!folder.join("memory.xml").exists());
    let one = ["size", "--scenario", "small.toml", "--missed", "1", "--junit", "a", "--json", "./a"];
    assert!(refused(&folder, &one).contains("--junit: a: is the file of --json already"));
}
