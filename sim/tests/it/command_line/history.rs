//! `size --history`: the two settings that it names, and what it refuses.

use std::fs;

use super::{folder, refused, sim};

/// A history is sized for clients that are cut off and come back three seconds later.
const SIZE: [&str; 11] = [
    "size",
    "--history",
    "--back-within",
    "5s",
    "--scenario",
    "small.toml",
    "--policy",
    "disconnect",
    "--buffer",
    "2",
    "--duration=9s",
];

#[test]
fn a_history_is_sized_in_events_and_in_bytes_and_the_risk_is_told() {
    let folder = folder("history");
    let output = sim(&folder, &[&SIZE[..], &["--runs", "40"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert!(text.contains("→ server.history_events = ") && text.contains("\n  server.history_bytes = "), "{text}");
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("In 40 runs each at N = 4 and 8 subscribers came back"), "{text}");
    let json = || sim(&folder, &[&SIZE[..], &["--runs", "40", "--json", "-"]].concat()).stdout;
    let document = json();
    assert_eq!(document, json(), "the same command writes the same bytes");
    let document: serde_json::Value = serde_json::from_slice(&document).unwrap();
    let number = |value: &serde_json::Value| value.as_u64().unwrap();
    for size in document["sizes"].as_array().unwrap() {
        for (limit, named) in [("events", "events"), ("bytes", "bytes")] {
            let [exact, largest] = ["exact", "largest"].map(|key| number(&size[limit][key]));
            assert!(1 < exact && exact <= largest && largest < number(&document["recommendation"][named]), "{size}");
        }
        assert!((3000.0..5000.0).contains(&size["longest_absence_ms"].as_f64().unwrap()), "{size}");
    }
    assert!(number(&document["runs"]["agreed"]) >= 6, "the full stack has repeated those that decide");
    let command = document["command"].as_str().unwrap();
    assert!(command.ends_with("--policy disconnect --history --back-within 5s --buffer 2 --runs 40"), "{command}");
}

#[test]
fn a_quick_size_names_no_setting_because_its_risk_is_not_known() {
    let folder = folder("quick-history");
    let output = sim(&folder, &[&SIZE[..], &["--quick"]].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("→ no setting can be recommended"), "{text}");
    assert!(
        text.split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .contains("How likely another run needs more is not known")
    );
}

#[test]
fn a_history_that_nobody_can_need_is_refused_in_one_line() {
    let folder = folder("no-history");
    let small = include_str!("../../../model/src/scenario/small.toml");
    fs::write(folder.join("kept.toml"), small.replace("[server.cpu]", "[server.recovery]\n[server.cpu]")).unwrap();
    let of = |scenario: &str, arguments: &[&str]| {
        let size = ["size", "--history", "--scenario", scenario, "--runs", "8"];
        refused(&folder, &[&size[..], arguments].concat())
    };
    for (scenario, arguments, said) in [
        ("small.toml", &["--back-within", "3s"][..], "--history: small has no history: give it a [server.recovery]"),
        (
            "kept.toml",
            &["--back-within", "3s"],
            "--history: nobody comes back in small: no class has reconnect_after_seconds",
        ),
        (
            "small.toml",
            &["--back-within", "5m", "--policy", "disconnect"],
            "--back-within 5m: must be longer than 0s and at most 4s",
        ),
        ("small.toml", &["--back-within", "0s", "--policy", "disconnect"], "--back-within 0s: must be longer than 0s"),
        ("small.toml", &["--back-within", "soon", "--policy", "disconnect"], "--back-within"),
        ("small.toml", &["--policy", "disconnect"], "--back-within"),
        (
            "small.toml",
            &["--back-within", "1s", "--policy", "disconnect", "--buffer", "2", "--duration", "9s"],
            "the shortest absence is 3s",
        ),
        (
            "small.toml",
            &["--back-within", "3s", "--policy", "disconnect", "--buffer", "4096"],
            "nobody came back in 8 runs",
        ),
        (
            "small.toml",
            &["--back-within", "3s", "--policy", "disconnect", "--buffer", "0"],
            "must be one whole number, 1 ..= 1048576",
        ),
        (
            "small.toml",
            &["--back-within", "3s", "--policy", "disconnect", "--world", "simulated"],
            "--world simulated: with --history",
        ),
        ("small.toml", &["--back-within", "3s", "--policy", "disconnect", "--missed", "0.1"], "--missed"),
    ] {
        let complaint = of(scenario, arguments);
        assert!(complaint.contains(said), "{arguments:?}: {complaint}");
    }
    for option in [["--back-within", "3s"], ["--buffer", "3"]] {
        let complaint = refused(&folder, &[&["size", "--scenario", "small.toml"][..], &option].concat());
        assert!(complaint.contains("--history"), "{complaint}");
    }
}
