//! The file: what it holds, where it goes, and what is refused.

use std::fs;
use std::path::PathBuf;

use crate::command_line::{folder, refused, sim};

/// A name that would be markup, and must be text.
const EVIL: &str = "<script>alert(1)</script>";

fn report(folder: &PathBuf, arguments: &[&str], code: i32) -> String {
    let output = sim(folder, &[arguments, &["--report", "report.html", "--force"]].concat());
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {complaint}");
    assert!(complaint.contains("wrote report.html"), "{complaint}");
    fs::read_to_string(folder.join("report.html")).unwrap()
}

#[test]
fn a_report_has_the_answer_first_and_the_same_bytes_each_time() {
    let folder = folder("report");
    let evil = fs::read_to_string(folder.join("small.toml")).unwrap();
    let evil = evil.replace("\"tab\"", &format!("\"{EVIL}\"")).replace("Does it work", &format!("{EVIL} Does it work"));
    fs::write(folder.join("evil.toml"), evil).unwrap();
    let size = ["size", "--scenario", "evil.toml", "--quick"];
    let sweep = ["sweep", "--scenario", "evil.toml", "--runs", "30", "--out", "out"];
    let search = ["size", "--scenario", "evil.toml", "--quick", "--missed", "0.02"];
    let replay = ["replay", "--scenario", "evil.toml", "--buffer", "2", "--world", "specified"];
    for (arguments, answer) in [
        (&size[..], "of unknown risk"),
        (&sweep[..], "server.sse_channel_buffer = "),
        (&search[..], " under drop-newest"),
        (&replay[..], " lost</p>"),
    ] {
        let html = report(&folder, arguments, 0);
        assert!(html.starts_with("<!doctype html>"), "{arguments:?}");
        let place = html.find(answer).unwrap_or_else(|| panic!("{arguments:?} has no {answer}"));
        assert!(html.find("<figure").is_some_and(|figure| place < figure), "{arguments:?}");
        assert!(html.find("<table").is_some_and(|table| place < table), "{arguments:?}");
        assert_eq!(html.matches("<script").count(), 1, "{arguments:?}");
        assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{arguments:?}");
        assert_eq!(report(&folder, arguments, 0), html, "{arguments:?}");
    }
}

#[test]
fn a_load_test_has_a_report_and_an_objective_that_is_not_met_is_in_it() {
    let folder = folder("report-load");
    let load = ["load", "--scenario", "small.toml", "--subscribers", "4", "--duration", "1s", "--out", "out"];
    let html = report(&folder, &[&load[..], &["--missed", "0", "--age-p99-ms", "0.001"]].concat(), 1);
    assert!(html.contains("The objective is not met") && html.contains("class=\"answer bad\""));
    assert!(html.contains("Losses and latency") && html.contains("kernel"));
}

#[test]
fn a_report_that_cannot_be_written_is_refused_before_the_run() {
    let folder = folder("report-refused");
    fs::create_dir(folder.join("there")).unwrap();
    fs::write(folder.join("mine.html"), "mine").unwrap();
    for command in ["size", "sweep", "load", "replay"] {
        let report = |file: &str| refused(&folder, &[command, "--scenario", "small.toml", "--report", file]);
        assert!(report("there").contains("--report: there: is a folder: name a file"), "{command}");
        assert!(report("mine.html").contains("--report: mine.html: is there already and stays as it is"), "{command}");
        assert!(
            report("no/such/folder.html").contains("--report: no/such/folder.html: cannot be written to: "),
            "{command}"
        );
    }
    assert_eq!(fs::read_to_string(folder.join("mine.html")).unwrap(), "mine");
    let both = ["size", "--scenario", "small.toml", "--report", "./one", "--json", "one"];
    assert!(refused(&folder, &both).contains("--report: ./one: is the file of --json already"));
    let both = ["replay", "--scenario", "small.toml", "--report", "./one", "--save", "one"];
    assert!(refused(&folder, &both).contains("--report: ./one: is the file of --save already"));
    assert!(!folder.join("one").exists() && !folder.join("target").exists());
}
