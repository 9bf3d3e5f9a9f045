//! What is good enough, from the scenario and the options to the exit code: `size`, `sweep`, `load`, `replay`, `--junit`.

mod reports;
mod sizes;
mod xml;

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::command_line::{folder, refused, sim};

/// A scenario like `small.toml`, with more lines for tables of its own and for its last class.
fn write(folder: &Path, name: &str, tables: &str, class: &str) {
    let small =
        include_str!("../../../model/src/scenario/small.toml").replace("[arrivals]", &format!("{tables}\n[arrivals]"));
    fs::write(folder.join(name), format!("{small}{class}\n")).unwrap();
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What is printed, without line ends and indents.
fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|why| panic!("{why}: {}", complaint(output)))
}

#[test]
fn a_value_that_cannot_be_is_refused_in_one_line_with_its_place() {
    let folder = folder("objective-values");
    for (tables, class, said) in [
        ("[objective]\nmissed = 1.01", "", "objective.missed = 1.01: must be 0 ..= 1"),
        ("[objective]\nmissed = nan", "", "objective.missed = NaN: must be 0 ..= 1"),
        ("[objective]\nage_p99_ms = 0", "", "objective.age_p99_ms = 0: must be above 0"),
        ("[objective]\nmemory_bytes_per_subscriber = 0", "", "memory_bytes_per_subscriber = 0: must be 1 ..="),
        ("[objective]\nmemory_bytes_per_subscriber = 1.5", "", "expected a whole number of bytes"),
        ("[objective]\nlost = 0.1", "", "unknown field `lost`, expected one of `missed`, `age_p99_ms`"),
        ("", "[class.objective]\nmissed = -0.5", "class[1].objective.missed = -0.5: must be 0 ..= 1"),
        ("", "[class.objective]\nmemory_bytes_per_subscriber = 9", "unknown field `memory_bytes_per_subscriber`"),
    ] {
        write(&folder, "bad.toml", tables, class);
        for command in [&["check", "bad.toml"][..], &["size", "--scenario", "bad.toml"]] {
            let complaint = refused(&folder, command);
            assert!(complaint.contains(said), "{tables}{class}: {complaint}");
        }
    }
    for (option, said) in [
        (["--missed", "2"], "objective.missed = 2: must be 0 ..= 1"),
        (["--missed", "-1"], "objective.missed = -1: must be 0 ..= 1"),
        (["--missed", "few"], "must be a number, 0 ..= 1"),
        (["--age-p99-ms", "0"], "objective.age_p99_ms = 0: must be above 0"),
        (["--memory-bytes-per-subscriber", "0"], "objective.memory_bytes_per_subscriber = 0: must be 1 ..="),
    ] {
        for command in ["sweep", "size", "load", "replay"] {
            let complaint = refused(&folder, &[&[command, "--scenario", "small.toml"], &option[..]].concat());
            assert!(complaint.contains(said), "{command} {option:?}: {complaint}");
        }
    }
}

#[test]
fn a_check_says_what_is_good_enough() {
    let folder = folder("objective-check");
    write(&folder, "good.toml", "[objective]\nmissed = 0.001", "[class.objective]\nage_p99_ms = 2000");
    let told = printed(&sim(&folder, &["check", "good.toml"]));
    assert!(told.contains("objective missed ≤ 0.1 %; tab: age p99 ≤ 2000 ms"), "{told}");
}

#[test]
fn a_sweep_is_judged_at_the_size_that_the_server_has_or_at_those_that_are_asked_for() {
    let folder = folder("objective-sweep");
    let limits = "[objective]\nmissed = 0.0";
    write(&folder, "has-64.toml", limits, "");
    fs::write(
        folder.join("has-3.toml"),
        fs::read_to_string(folder.join("has-64.toml")).unwrap().replace("seeds = 8", "seeds = 8\ncurrent_buffer = 3"),
    )
    .unwrap();
    let sweep = |file: &str, more: &[&str]| {
        let arguments = ["sweep", "--scenario", file, "--subscribers", "4", "--no-validate", "--out", "out"];
        sim(&folder, &[&arguments[..], more].concat())
    };
    let met = sweep("has-64.toml", &[]);
    assert_eq!(met.status.code(), Some(0), "{}", complaint(&met));
    assert!(printed(&met).contains("→ The objective is met: 1 limit kept."), "{}", printed(&met));
    let unmet = sweep("has-3.toml", &["--json", "-"]);
    assert_eq!(unmet.status.code(), Some(1));
    let told = complaint(&unmet);
    assert!(told.contains("sim: N = 4, 3 frames, drop-newest: all subscribers: missed = 0."), "{told}");
    assert!(told.contains(", and the objective is at most 0\n"), "{told}");
    let document = document(&unmet);
    let swept: Vec<_> = document["cells"].as_array().unwrap().iter().map(|cell| cell["buffer"].as_u64()).collect();
    assert_eq!(swept, [1, 3, 4, 64].map(Some), "the size that is judged is swept as well");
    assert_eq!(document["objective"]["judged"][0]["judgements"][0]["is_met"], false);
    let asked = sweep("has-3.toml", &["--buffers", "64"]);
    assert_eq!(asked.status.code(), Some(0), "{}", complaint(&asked));
    let both = sweep("has-64.toml", &["--buffers", "1,64"]);
    assert_eq!(both.status.code(), Some(1));
    let text = printed(&both);
    assert!(text.contains("NOT MET: 1 of 2 limits not kept. Of the sizes swept, these meet it: N = 4: 64."), "{text}");
    let readme = fs::read_to_string(folder.join("out/small/README.md")).unwrap();
    assert!(readme.contains("## The objective\n\nmissed ≤ 0 %.\n"), "{readme}");
}

#[test]
fn an_option_takes_the_place_of_the_limit_of_its_name_and_leaves_the_others() {
    let folder = folder("objective-options");
    write(&folder, "strict.toml", "[objective]\nmissed = 0.0\nage_p99_ms = 60000", "[class.objective]\nmissed = 0.5");
    let sweep = ["sweep", "--scenario", "strict.toml", "--subscribers", "4", "--buffers", "1", "--no-validate"];
    let output = sim(&folder, &[&sweep[..], &["--json", "-", "--missed", "1"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
    let document = document(&output);
    let limit = |place: usize| {
        let limit = &document["objective"]["limits"][place];
        (
            limit["class"].as_str().map(str::to_owned),
            limit["figure"].as_str().unwrap().to_owned(),
            limit["at_most"].as_f64(),
        )
    };
    assert_eq!(limit(0), (None, "missed".to_owned(), Some(1.0)));
    assert_eq!(limit(1), (None, "age_p99_ms".to_owned(), Some(60_000.0)));
    assert_eq!(limit(2), (Some("tab".to_owned()), "missed".to_owned(), Some(0.5)));
    assert!(document["command"].as_str().unwrap().contains(" --missed 1"));
}

#[test]
fn limits_are_exact_to_the_byte_and_left_out_for_a_class_without_members() {
    let folder = folder("objective-exact");
    write(&folder, "exact.toml", "[objective]\nmemory_bytes_per_subscriber = 1048577", "[class.objective]\nmissed = 1");
    let sweep = ["sweep", "--scenario", "exact.toml", "--subscribers", "1,4", "--buffers", "64", "--no-validate"];
    let output = sim(&folder, &[&sweep[..], &["--json", "-"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
    let document = document(&output);
    assert_eq!(document["objective"]["limits"][0]["at_most"], 1_048_577);
    let judged = document["objective"]["judged"].as_array().unwrap();
    let limits: Vec<_> = judged.iter().map(|cell| cell["judgements"].as_array().unwrap().len()).collect();
    let members: Vec<_> =
        document["cells"].as_array().unwrap().iter().map(|cell| &cell["by_class"]["tab"]["subscribers"]).collect();
    assert_eq!((members, limits), (vec![&Value::from(0), &Value::from(2)], vec![1, 2]));
}

#[test]
fn force_is_refused_where_no_file_is_replaced() {
    let folder = folder("objective-force");
    let part = ["sweep", "--scenario", "small.toml", "--shard", "1/2", "--out", "out", "--force"];
    let complaint = refused(&folder, &part);
    assert!(complaint.contains("--force"), "{complaint}");
    assert!(!folder.join("out").exists());
}

#[test]
fn a_limit_of_a_class_is_judged_for_its_members_alone() {
    let folder = folder("objective-class");
    write(&folder, "tab.toml", "", "[class.objective]\nmissed = 0.0");
    let replay = ["replay", "--scenario", "tab.toml", "--buffer", "1", "--world", "specified"];
    let output = sim(&folder, &replay);
    assert_eq!(output.status.code(), Some(1));
    let told = complaint(&output);
    assert!(told.contains("sim: N = 4, 1 frame, drop-newest, seed 0: tab: missed = 0."), "{told}");
    assert!(!told.contains("all subscribers"), "{told}");
}

#[test]
fn a_replay_is_held_against_the_scenario_s_objective_or_against_options() {
    let folder = folder("objective-replay");
    let run = ["replay", "--scenario", "small.toml", "--buffer", "64", "--save", "run.json"];
    assert_eq!(sim(&folder, &run).status.code(), Some(0));
    let kept = sim(&folder, &["replay", "run.json", "--missed", "0.5", "--json", "-"]);
    assert_eq!(kept.status.code(), Some(0), "{}", complaint(&kept));
    assert_eq!(document(&kept)["objective"][0]["is_met"], true);
    let old = sim(&folder, &["replay", "run.json", "--age-p99-ms", "0.5"]);
    assert_eq!(old.status.code(), Some(1));
    assert!(printed(&old).contains("verdict as expected"), "the run itself is the stored one: {}", printed(&old));
    assert!(printed(&old).contains("objective NOT MET: all subscribers: age_p99_ms = "), "{}", printed(&old));
    let without = sim(&folder, &["replay", "run.json", "--json", "-"]);
    assert!(document(&without).get("objective").is_none(), "nothing is said where nobody asks");
}

#[test]
fn a_load_test_exits_with_1_where_what_it_measured_is_not_good_enough() {
    let folder = folder("objective-load");
    let load = [
        "load",
        "--scenario",
        "small.toml",
        "--subscribers",
        "4",
        "--duration",
        "1s",
        "--buffers",
        "64",
        "--out",
        "out",
    ];
    let kept = sim(&folder, &[&load[..], &["--missed", "1"]].concat());
    assert_eq!(kept.status.code(), Some(0), "{}", complaint(&kept));
    assert!(printed(&kept).contains("→ The objective is met: 1 limit kept."), "{}", printed(&kept));
    let memory = sim(&folder, &[&load[..], &["--memory-bytes-per-subscriber", "1", "--junit", "report.xml"]].concat());
    assert_eq!(memory.status.code(), Some(1));
    let told = complaint(&memory);
    let named = "sim: N = 4, 64 frames, drop-newest: all subscribers: memory_bytes_per_subscriber = ";
    assert!(told.contains(named) && told.contains("and the objective is at most 1\n"), "{told}");
    let report = xml::read(&fs::read_to_string(folder.join("report.xml")).unwrap());
    assert_eq!(report.all("failure").len(), 1);
    let foreign = ["--url", "http://127.0.0.1:1/", "--ingest-url", "http://127.0.0.1:1/"];
    let asked = [&["load", "--memory-bytes-per-subscriber", "9"], &foreign[..]].concat();
    assert!(refused(&folder, &asked).contains("does not say its memory"));
}
