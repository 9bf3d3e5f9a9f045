//! `sweep` and `size`: what they leave, and what their results say.

use std::fs;
use std::process::{Command, Stdio};

use super::{folder, sim};

#[test]
fn a_sweep_leaves_its_document_and_figures_and_can_be_checked() {
    let folder = folder("sweep");
    let small = ["sweep", "--scenario", "small.toml", "--buffers", "1,8", "--subscribers", "4", "--out", "results"];
    let output = sim(&folder, &small);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.lines().all(|line| line.chars().count() <= 80) && text.ends_with('\n'), "{text}");
    let results = folder.join("results/small");
    for file in ["sweep.json", "README.md", "drop-rate.svg", "drop-rate.png", "memory.svg", "latency.png"] {
        assert!(results.join(file).exists(), "{file}");
    }
    let check: Vec<_> = small.iter().copied().chain(["--check"]).collect();
    assert_eq!(sim(&folder, &check).status.code(), Some(0));
    let document = fs::read_to_string(results.join("sweep.json")).unwrap();
    let offered = document.find("\"offered\": ").unwrap() + 11;
    fs::write(results.join("sweep.json"), format!("{}9{}", &document[..offered], &document[offered..])).unwrap();
    let output = sim(&folder, &check);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("published"), "it says what differs");
}

#[test]
fn a_result_names_the_command_that_makes_it_again() {
    let folder = folder("again");
    fs::create_dir(folder.join("my loads")).unwrap();
    fs::rename(folder.join("small.toml"), folder.join("my loads/small.toml")).unwrap();
    let lines: String = (0..20).map(|n| format!("{{\"at_ms\":{},\"bytes\":200,\"key\":\"k\"}}\n", n * 50)).collect();
    fs::write(folder.join("my loads/t.jsonl"), lines).unwrap();
    let all = ["sweep", "--scenario", "my loads/small.toml", "--policy", "all", "--subscribers", "4", "--buffers", "4"];
    let rest = ["--seeds", "1", "--trace", "my loads/t.jsonl", "--out", "results/here"];
    let output = sim(&folder, &[&all[..], &rest[..]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let readme = fs::read_to_string(folder.join("results/here/small/README.md")).unwrap();
    let command = "cargo sim sweep --scenario 'my loads/small.toml' --subscribers 4 --seeds 1 --policy all --trace \
                   'my loads/t.jsonl' --buffers 4";
    assert!(readme.contains(&format!("\n{command} --out results/here\n")), "{readme}");
    let document = fs::read_to_string(folder.join("results/here/small/sweep.json")).unwrap();
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["command"], command, "the document is the same in every folder");
    let without = sim(&folder, &[&all[..], &["--seeds", "1"]].concat());
    assert_eq!(without.status.code(), Some(0), "{}", String::from_utf8_lossy(&without.stderr));
    let readme = fs::read_to_string(folder.join("target/sweeps/policies/small/README.md")).unwrap();
    assert!(readme.contains("--buffers 4\n```"), "{readme}");
}

#[test]
fn a_trace_of_the_command_line_says_that_the_file_s_duration_has_no_effect() {
    let folder = folder("trace-duration");
    let lines: String = (0..20).map(|n| format!("{{\"at_ms\":{},\"bytes\":200}}\n", n * 50)).collect();
    fs::write(folder.join("t.jsonl"), lines).unwrap();
    let size = ["size", "--scenario", "small.toml", "--quick", "--subscribers", "4", "--trace", "t.jsonl"];
    let told = |more: &[&str]| String::from_utf8(sim(&folder, &[&size[..], more].concat()).stderr).unwrap();
    let warning = "warning: duration_seconds has no effect: with --trace a run is one cycle of the trace";
    assert!(told(&[]).contains(warning), "{}", told(&[]));
    assert!(!told(&["--duration", "2s"]).contains(warning));
}

#[test]
fn a_trace_replaces_the_arrivals() {
    let folder = folder("trace");
    let lines = (0..100).map(|n| format!("{{\"at_ms\":{}.5,\"bytes\":200,\"key\":\"k\"}}\n", n * 50));
    fs::write(folder.join("trace.jsonl"), lines.collect::<String>()).unwrap();
    let options = ["--trace", "trace.jsonl", "--speed-up", "2", "--subscribers", "4", "--json", "-"];
    let output = sim(&folder, &[&["size", "--scenario", "small.toml"], &options[..]].concat());
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["arrivals"]["events"], 100.0);
    assert_eq!(document["trace"]["speed_up"], 2.0);
}

#[test]
fn json_on_stdout_is_the_document_and_nothing_else_and_leaves_no_files() {
    let folder = folder("json");
    let output = sim(&folder, &["sweep", "--scenario", "small.toml", "--buffers", "4", "--json", "-"]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["schema"], "hubbub.sweep/2");
    assert_eq!(document["cells"].as_array().unwrap().len(), 2);
    for field in ["offered", "delivered", "received", "in_flight", "drop_rate", "flush_latency_ms", "digest"] {
        assert!(!document["cells"][0][field].is_null(), "{field}");
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "only the scenario");
    let size = sim(&folder, &["size", "--scenario", "small.toml", "--json", "-"]);
    let size: serde_json::Value = serde_json::from_slice(&size.stdout).unwrap();
    for field in ["buffer", "per_seed", "marks", "tolerance", "validation"] {
        assert_eq!(size["zero_drop"][0][field], document["zero_drop"][0][field], "{field}");
    }
    assert_eq!(size["cells"].as_array().unwrap().len(), 0);
}

#[test]
fn a_reader_that_closes_the_pipe_ends_it_quietly() {
    let folder = folder("pipe");
    let mut child = Command::new(env!("CARGO_BIN_EXE_sim"))
        .args(["size", "--scenario", "small.toml", "--subscribers", "4"])
        .current_dir(&folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{complaint}");
    assert!(!complaint.contains("panicked") && !complaint.contains("roken pipe"), "{complaint}");
}
