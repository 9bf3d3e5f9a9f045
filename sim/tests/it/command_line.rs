//! The program as a user has it: options, files, exit codes, one clear line for what is wrong.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// A folder of this test's own, empty.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("small.toml"), include_str!("small.toml")).unwrap();
    folder
}

pub(crate) fn sim(folder: &PathBuf, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sim")).args(arguments).current_dir(folder).output().unwrap()
}

pub(crate) fn refused(folder: &PathBuf, arguments: &[&str]) -> String {
    let output = sim(folder, arguments);
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {complaint}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    assert_eq!(complaint.lines().filter(|line| !line.contains("warning:")).count(), 1, "{arguments:?}: {complaint}");
    complaint
}

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
fn policies_are_compared_on_one_plan_and_each_cell_says_whose_it_is() {
    let folder = folder("policies");
    let all = ["sweep", "--scenario", "small.toml", "--policy", "all", "--subscribers", "4", "--buffers", "1,64"];
    let all = [&all[..], &["--seeds", "2", "--out", "results"]].concat();
    let output = sim(&folder, &all);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.lines().all(|line| line.chars().count() <= 80) && text.contains("park"), "{text}");
    let results = folder.join("results/small");
    assert!(["README.md", "policies.svg", "policies.png"].iter().all(|file| results.join(file).exists()));
    let document = fs::read_to_string(results.join("sweep.json")).unwrap();
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["policy"], "all");
    let cells = document["cells"].as_array().unwrap();
    let policies: Vec<_> = cells.iter().map(|cell| cell["policy"].as_str().unwrap()).collect();
    let each = ["drop-newest", "drop-oldest", "conflate", "disconnect", "park"];
    assert_eq!(policies, each.into_iter().flat_map(|policy| [policy; 2]).collect::<Vec<_>>());
    assert!(cells.iter().all(|cell| cell["duplicates"] == 0 && cell["receipt_latency_ms"]["p99"].is_number()));
    let missed = |policy: &str| {
        let cell = cells.iter().find(|cell| cell["policy"] == policy && cell["buffer"] == 1).unwrap();
        cell["missed"].as_u64().unwrap()
    };
    assert!(missed("park") < missed("drop-newest"), "{document}");
    let roomy: Vec<_> = cells.iter().filter(|cell| cell["buffer"] == 64).map(|cell| &cell["digest"]).collect();
    assert_eq!(roomy[0], roomy[1], "with room, policies that need nothing are one run");
    assert_eq!(roomy[2], roomy[3], "with room, policies that need history and clients that come back are one run");
    let run_with: Vec<_> = document["run_with"].as_array().unwrap().iter().map(|with| &with["policy"]).collect();
    assert_eq!(run_with, ["conflate", "disconnect", "park"], "what needs more than a mailbox is said");
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("Policies have what they need: conflate with a history of 10,000 events or 16.8 MB, 20 keys,"),
        "{text}"
    );
    let check: Vec<_> = all.iter().copied().chain(["--check"]).collect();
    assert_eq!(sim(&folder, &check).status.code(), Some(0));
    for other in ["size", "load"] {
        let complaint = refused(&folder, &[other, "--scenario", "small.toml", "--policy", "all"]);
        assert!(complaint.contains("only a sweep compares policies"), "{complaint}");
    }
    let complaint = refused(&folder, &["sweep", "--scenario", "small.toml", "--policy", "all", "--sensitivity"]);
    assert!(complaint.contains("sizes are the same for every policy"), "{complaint}");
}

#[test]
fn a_scenario_without_keys_cannot_be_conflated_and_says_so_in_one_line() {
    let folder = folder("keyless-scenario");
    let text = fs::read_to_string(folder.join("small.toml")).unwrap();
    fs::write(folder.join("small.toml"), text.replace("keys = 20\n", "")).unwrap();
    let complaint = refused(&folder, &["sweep", "--scenario", "small.toml", "--policy", "conflate"]);
    assert!(complaint.contains("keys = 1: policy conflate needs events about at least 2 things"), "{complaint}");
}

#[test]
fn a_policy_that_cannot_be_run_is_left_out_of_a_comparison_and_named() {
    let folder = folder("keyless-comparison");
    let text = fs::read_to_string(folder.join("small.toml")).unwrap();
    fs::write(folder.join("small.toml"), text.replace("keys = 20\n", "")).unwrap();
    let all = ["sweep", "--scenario", "small.toml", "--policy", "all", "--subscribers", "4", "--buffers", "4"];
    let output = sim(&folder, &[&all[..], &["--seeds", "1", "--out", "results"]].concat());
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    let said = "policy conflate is left out: keys = 1: policy conflate needs events about at least 2 things";
    assert!(told.contains(said), "{told}");
    let text = String::from_utf8(output.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    let readme = fs::read_to_string(folder.join("results/small/README.md")).unwrap();
    assert!(text.contains(&format!("Not run: {said}")) && readme.contains(&format!("Not run: {said}")), "{text}");
    let document: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(folder.join("results/small/sweep.json")).unwrap()).unwrap();
    let policies: Vec<_> = document["cells"].as_array().unwrap().iter().map(|cell| &cell["policy"]).collect();
    assert_eq!(policies, ["drop-newest", "drop-oldest", "disconnect", "park"]);
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
fn what_is_not_a_file_of_this_kind_is_named_with_what_it_may_be() {
    let folder = folder("other-files");
    fs::create_dir(folder.join("incidents")).unwrap();
    let events = "{\"at_ns\":1,\"subscriber\":0}\n{\"at_ns\":2,\"subscriber\":0}\n";
    fs::write(folder.join("ev.jsonl"), events).unwrap();
    for command in ["replay", "shrink"] {
        for (file, said) in [
            ("small.toml", "small.toml: an incident is JSON; a scenario is run with replay --scenario small.toml"),
            ("ev.jsonl", "ev.jsonl: no incident: "),
            ("incidents", "incidents: is a folder: replay --all incidents repeats every incident in it"),
        ] {
            assert!(refused(&folder, &[command, file]).contains(said), "{command} {file}");
        }
    }
    let sweep = ["sweep", "--scenario", "small.toml", "--trace", "small.toml"];
    assert!(refused(&folder, &sweep).contains(": a trace is JSON Lines of {\"at_ms\", \"bytes\", \"key\"}"));
    assert!(
        refused(&folder, &["check", "./ev.jsonl"]).contains(": a scenario is TOML; sim replay FILE runs an incident")
    );
}

#[test]
fn a_size_under_a_policy_that_keeps_everything_says_what_it_means() {
    let folder = folder("size-of-policies");
    for (policy, note, said) in [
        ("park", "parks nobody on these seeds", "Under park a full buffer loses nothing."),
        ("disconnect", "cuts nobody off on these seeds", "Under disconnect a full buffer ends the stream."),
        ("conflate", "replaces no value on these seeds", "Under conflate a full buffer replaces old values."),
    ] {
        let size = ["size", "--scenario", "small.toml", "--quick", "--subscribers", "4", "--policy", policy];
        let output = sim(&folder, &size);
        let text = String::from_utf8(output.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains(note) && text.contains(said), "{policy}: {told}{text}");
    }
}

/// As the server has it: nothing that follows makes such an event old, so a subscriber without room for it is cut off.
#[test]
fn events_of_a_trace_that_do_not_say_what_they_are_about_are_about_nothing_else() {
    let folder = folder("keyless");
    let keyed = |has_key: fn(u32) -> bool| -> String {
        let key = |n| if has_key(n) { ",\"key\":\"a\"" } else { "" };
        (0..300).map(|n| format!("{{\"at_ms\":{n},\"bytes\":700{}}}\n", key(n))).collect()
    };
    fs::write(folder.join("keyless.jsonl"), keyed(|_| false)).unwrap();
    fs::write(folder.join("first-and-last.jsonl"), keyed(|n| n == 0 || n == 299)).unwrap();
    fs::write(folder.join("one-key.jsonl"), keyed(|_| true)).unwrap();
    let conflated = |trace: &str| {
        let sweep = ["sweep", "--scenario", "small.toml", "--policy", "all", "--subscribers", "4", "--buffers", "1"];
        let output = sim(&folder, &[&sweep[..], &["--seeds", "1", "--json", "-", "--trace", trace]].concat());
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let cell = document["cells"].as_array().unwrap().iter().find(|cell| cell["policy"] == "conflate").unwrap();
        let count = |key: &str| cell["dropped"][key].as_u64().unwrap_or(0);
        (count("conflated"), count("evicted"))
    };
    assert!(matches!(conflated("one-key.jsonl"), (1.., 0)));
    assert!(matches!(conflated("first-and-last.jsonl"), (0..=1, 1..)));
    let small = ["sweep", "--scenario", "small.toml", "--policy", "conflate", "--trace", "keyless.jsonl"];
    assert!(refused(&folder, &small).contains("policy conflate needs a trace in which keys repeat"));
}

/// A run in which a limit in bytes bound is nobody else's run, however few frames ever waited.
#[test]
fn where_a_limit_in_bytes_binds_policies_differ_and_no_size_is_said_to_be_enough() {
    let folder = folder("bytes");
    let scenario = fs::read_to_string(folder.join("small.toml")).unwrap();
    fs::write(folder.join("small.toml"), scenario + "[server.recovery]\nwaiting_bytes = 3000\n").unwrap();
    let sweep = ["sweep", "--scenario", "small.toml", "--policy", "all", "--subscribers", "4", "--buffers", "64"];
    let output = sim(&folder, &[&sweep[..], &["--seeds", "1", "--json", "-"]].concat());
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let of = |policy: &str| document["cells"].as_array().unwrap().iter().find(|cell| cell["policy"] == policy).unwrap();
    assert!(of("drop-newest")["dropped"]["bytes"].as_u64() > Some(0), "{document}");
    assert_eq!(of("park")["dropped"]["bytes"].as_u64().unwrap_or(0), 0, "{document}");
    let output = sim(&folder, &["size", "--scenario", "small.toml", "--subscribers", "4", "--json", "-"]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["zero_drop"][0]["reason"], "bytes_or_age_limit");
    assert!(document["recommendation"]["because"].as_str().unwrap().contains("raise that limit first"));
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
    assert_eq!(size["zero_drop"], document["zero_drop"]);
    assert_eq!(size["cells"].as_array().unwrap().len(), 0);
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
fn bad_input_gets_one_line_and_writes_nothing() {
    let folder = folder("bad-input");
    fs::write(folder.join("empty.jsonl"), "").unwrap();
    fs::write(folder.join("unsorted.jsonl"), "{\"at_ms\":5,\"bytes\":1}\n{\"at_ms\":4,\"bytes\":1}\n").unwrap();
    let of_small = |arguments: &[&str]| {
        let arguments = [&["sweep", "--scenario", "small.toml", "--out", "results"], arguments].concat();
        refused(&folder, &arguments)
    };
    for (arguments, what) in [
        (&["--buffers", "0,1"][..], "buffers[0] = 0"),
        (&["--buffers", "4,4"], "buffers"),
        (&["--subscribers", "1000000000"], "subscribers"),
        (&["--seeds", "0"], "seeds = 0"),
        (&["--duration", "0s"], "duration"),
        (&["--duration", "soon"], "--duration"),
        (&["--policy", "hope"], "must be drop-newest, drop-oldest, conflate, disconnect or park"),
        (&["--speed-up", "2"], "speed"),
        (&["--trace", "empty.jsonl"], "empty.jsonl"),
        (&["--trace", "unsorted.jsonl"], "unsorted.jsonl:2"),
        (&["--trace", "unsorted.jsonl", "--speed-up", "0"], "unsorted.jsonl"),
        (&["--trace", "absent.jsonl"], "absent.jsonl"),
        (&["--bogus"], "--bogus"),
    ] {
        let complaint = of_small(arguments);
        assert!(complaint.contains(what), "{arguments:?}: {complaint}");
    }
    assert!(!folder.join("results").exists(), "nothing is written");
    assert!(refused(&folder, &["sweep", "--scenario", "nobody"]).contains("alpha"), "it names the known ones");
    assert!(refused(&folder, &["sweep", "--scenario", "small.toml", "--out", "small.toml"]).contains("--out"));
    fs::write(folder.join("wrong.toml"), include_str!("small.toml").replace("share = 0.5", "share = 0.4")).unwrap();
    assert!(refused(&folder, &["size", "--scenario", "wrong.toml"]).contains("share"));
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

#[test]
fn an_incident_is_saved_replayed_drawn_and_refused_where_it_was_tampered_with() {
    let folder = folder("incident");
    let run = ["replay", "--scenario", "small.toml", "--buffer", "4", "--seed", "3", "--title", "A tab stalls"];
    let files = ["--save", "tab.json", "--events", "tab.jsonl", "--timeline", "tab.svg"];
    let told = sim(&folder, &[&run[..], &files[..]].concat());
    let text = String::from_utf8(told.stdout).unwrap();
    assert_eq!(told.status.code(), Some(0), "{text}");
    assert!(text.contains("Who lost what") && text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let events = fs::read_to_string(folder.join("tab.jsonl")).unwrap();
    let refused_events = events.lines().filter(|line| line.contains("\"refused\"")).count();
    let again = sim(&folder, &["replay", "tab.json", "--json", "-"]);
    let document: serde_json::Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(document["schema"].as_str(), Some("hubbub.replay/1"));
    assert_eq!(document["verdict"].as_str(), Some("as-expected"));
    assert_eq!(document["dropped"]["buffer_full"], refused_events);
    assert!(refused_events > 0 && fs::read_to_string(folder.join("tab.svg")).unwrap().contains("A tab stalls"));

    let stored = fs::read_to_string(folder.join("tab.json")).unwrap();
    let edited = |name: &str, text: String| fs::write(folder.join(name), text).unwrap();
    let other_digest = stored.replace(document["digest"].as_str().unwrap(), &"0".repeat(32));
    edited("other-digest.json", other_digest.clone());
    assert_eq!(sim(&folder, &["replay", "other-digest.json"]).status.code(), Some(3));
    edited("older.json", other_digest.replace("\"0.1.0\"", "\"0.0.9\""));
    let older = sim(&folder, &["replay", "older.json"]);
    assert_eq!(older.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&older.stderr).contains("trajectory differs, verdict same"));
    edited("truncated.json", stored[..stored.len() / 2].to_owned());
    assert!(refused(&folder, &["replay", "truncated.json"]).contains("truncated.json"));
    edited("schema.json", stored.replace("hubbub.incident/1", "hubbub.incident/9"));
    assert!(refused(&folder, &["replay", "schema.json"]).contains("hubbub.incident/9"));
    edited("absent.json", stored.replacen("\"class\":1", "\"class\":7", 1));
    assert!(refused(&folder, &["replay", "absent.json"]).contains("there are 2 classes"));
    edited("no-digest.json", stored.replacen("\"digest\":\"", "\"digest\":\"0", 1));
    assert!(refused(&folder, &["replay", "no-digest.json"]).contains("must be 32 hex digits"));
    edited("endless.json", stored.replacen("\"drain\":{\"secs\":", "\"drain\":{\"secs\":18446744073709551", 1));
    assert!(refused(&folder, &["replay", "endless.json"]).contains("plan.drain: each at most a year"));
    edited("unknown.json", stored.replacen("\"drain\":", "\"grain\":", 1));
    assert!(refused(&folder, &["replay", "unknown.json"]).contains("`grain`"));
    edited("counts.json", stored.replacen("\"buffer_full\":", "\"buffer_full\":1", 1));
    assert!(refused(&folder, &["replay", "counts.json"]).contains("expected.dropped.buffer_full = 1"));
}

#[test]
fn a_soak_of_some_seeds_catches_its_canary_and_breaks_nothing() {
    let folder = folder("soak");
    let told = sim(&folder, &["soak", "--seeds", "6", "--first-seed", "0", "--out", "incidents"]);
    let text = String::from_utf8(told.stdout).unwrap();
    assert_eq!(told.status.code(), Some(0), "{text}");
    assert!(text.contains("6 cases") && text.contains("(a canary)"), "{text}");
    assert!(
        text.contains("cases were judged by runs of the specification") && text.contains("NEVER REACHED"),
        "{text}"
    );
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert_eq!(fs::read_dir(folder.join("incidents")).unwrap().count(), 0, "nothing is left where nothing is broken");
    assert!(refused(&folder, &["soak", "--seeds", "1", "--out", "small.toml"]).contains("--out: small.toml"));
    for wrong in [&["soak", "0"][..], &["soak", "--seeds", "0"], &["soak", "5", "--seeds", "5"], &["soak", "long"]] {
        assert!(refused(&folder, wrong).lines().count() == 1, "{wrong:?}");
    }
}

#[test]
fn the_full_stack_runs_every_case_of_a_soak_in_the_simulated_world_or_by_the_law_of_agreement() {
    let folder = folder("soak-simulated");
    for options in [&["--world", "simulated"][..], &["--law", "agreement"]] {
        let soak = [&["soak", "--seeds", "3", "--first-seed", "0", "--out", "incidents"], options].concat();
        let text = String::from_utf8(sim(&folder, &soak).stdout).unwrap();
        let told = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let worlds = "0 cases were judged by runs of the specification, and 3 by runs of the full stack.";
        assert!(told.contains(worlds) && told.contains("No law was broken."), "{options:?}: {text}");
    }
}

#[test]
fn an_incident_shrinks_to_what_shows_the_same() {
    let folder = folder("shrink");
    let run = ["replay", "--scenario", "small.toml", "--buffer", "4", "--seed", "3", "--save", "tab.json"];
    assert_eq!(sim(&folder, &run).status.code(), Some(0));
    let told = sim(&folder, &["shrink", "tab.json", "--most-runs", "400"]);
    let text = String::from_utf8(told.stdout).unwrap();
    assert!(told.status.code() == Some(0) && text.contains("somebody loses a frame, buffer_full"), "{text}");
    let shrunk: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(folder.join("tab-shrunk.json")).unwrap()).unwrap();
    let arrivals = shrunk["plan"]["arrivals"].as_array().unwrap().len();
    assert_eq!(shrunk["plan"]["subscribers"].as_array().unwrap().len(), 1);
    assert!((5..60).contains(&arrivals), "a mailbox of 4 and what its socket holds: {arrivals}");
    assert!(shrunk["expected"]["dropped"]["buffer_full"].as_u64() >= Some(1));
    assert_eq!(sim(&folder, &["replay", "tab-shrunk.json"]).status.code(), Some(0));
    let fine = ["replay", "--scenario", "small.toml", "--buffer", "1048576", "--save", "fine.json"];
    assert_eq!(sim(&folder, &fine).status.code(), Some(0));
    assert!(refused(&folder, &["shrink", "fine.json"]).contains("no subscriber loses anything"));
    assert!(refused(&folder, &["shrink", "absent.json"]).contains("absent.json"));
}

#[test]
fn a_scenario_with_faults_names_the_one_that_cannot_be() {
    let folder = folder("faults");
    let small = include_str!("small.toml");
    for (fault, what) in [
        ("kind = \"partition\"\nat_seconds = 1\nlasts_seconds = 1\nclass = \"nobody\"", "class = \"nobody\""),
        ("kind = \"partition\"\nat_seconds = 1\nclass = \"tab\"", "lasts_seconds"),
        ("kind = \"class-leaves\"\nat_seconds = 1e9\nclass = \"tab\"", "fault[0].at_seconds"),
        ("kind = \"server-restarts\"\nat_seconds = 1\nlasts_seconds = 0", "fault[0].lasts_seconds"),
        ("kind = \"meteor\"\nat_seconds = 1", "meteor"),
    ] {
        fs::write(folder.join("faulty.toml"), format!("{small}\n[[fault]]\n{fault}\n")).unwrap();
        let complaint = refused(&folder, &["replay", "--scenario", "faulty.toml"]);
        assert!(complaint.contains(what), "{fault}: {complaint}");
    }
    let fault = "kind = \"server-restarts\"\nat_seconds = 1\nlasts_seconds = 0.5";
    fs::write(folder.join("faulty.toml"), format!("{small}\n[[fault]]\n{fault}\n")).unwrap();
    let told = sim(&folder, &["size", "--scenario", "faulty.toml", "--subscribers", "4"]);
    let text = String::from_utf8(told.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("Goes wrong: server restarts at 1 s for 0.5 s."), "what a size rests on is said: {text}");
}

#[test]
fn a_second_stage_is_put_beside_one_mailbox_and_leaves_no_files_unless_asked() {
    let folder = folder("stages");
    let output = sim(&folder, &["stages", "--quick", "--json", "-"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["schema"], "hubbub.stages/1");
    let rows = document["rows"].as_array().unwrap();
    for ways in rows.chunks(3) {
        let [one, larger, two] = ways else { panic!("{ways:?}") };
        let frames = serde_json::json!([one["frames"], larger["frames"], two["frames"]]);
        assert_eq!(frames, serde_json::json!([[64], [128], [64, 64]]));
        assert_eq!(two["lost"], 0, "{}", one["scenario"]);
        assert_eq!(two["missed"], one["missed"], "{}", one["scenario"]);
        assert!(larger["missed"].as_u64() <= one["missed"].as_u64());
    }
    assert!(rows[0]["missed"].as_u64() > Some(1000) && !folder.join("plots").exists());
    let unpublished = refused(&folder, &["stages", "--check"]);
    assert!(unpublished.contains("plots/stages/stages.json"), "{unpublished}");
}

#[test]
fn figures_and_tables_are_drawn_anew_from_their_documents_and_nothing_is_run() {
    let folder = folder("docs");
    let small = ["sweep", "--scenario", "small.toml", "--buffers", "1,8", "--subscribers", "4", "--out", "plots"];
    assert_eq!(sim(&folder, &small).status.code(), Some(0));
    let results = folder.join("plots/small");
    let read = |file: &str| fs::read(results.join(file)).unwrap();
    let document = read("sweep.json");
    let drawn = read("drop-rate.png");
    let table = read("README.md");
    let check = || {
        let output = sim(&folder, &["docs", "--check"]);
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(check(), (Some(0), String::new()));
    fs::write(results.join("drop-rate.png"), "of another day").unwrap();
    fs::write(results.join("stray.svg"), "of nothing").unwrap();
    fs::remove_file(results.join("README.md")).unwrap();
    let (code, said) = check();
    assert_eq!(code, Some(1), "{said}");
    for (file, why) in [("drop-rate.png", "not what"), ("README.md", "not what"), ("stray.svg", "nothing makes")] {
        assert!(said.lines().any(|line| line.contains(file) && line.contains(why)), "{file}: {said}");
    }
    assert_eq!(sim(&folder, &["docs"]).status.code(), Some(0));
    assert_eq!(read("sweep.json"), document);
    assert_eq!(read("drop-rate.png"), drawn);
    assert_eq!(read("README.md"), table);
    assert!(!results.join("stray.svg").exists());
    assert_eq!(check(), (Some(0), String::new()));
}

#[test]
fn a_new_scenario_passes_its_check_and_is_never_written_over_another_file() {
    let folder = folder("new");
    let made = sim(&folder, &["new", "my-load"]);
    assert_eq!(made.status.code(), Some(0), "{}", String::from_utf8_lossy(&made.stderr));
    let checked = sim(&folder, &["check", "my-load.toml"]);
    assert_eq!(checked.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&checked.stderr).as_ref(), "");
    let text = String::from_utf8(checked.stdout).unwrap();
    assert!(
        text.starts_with("my-load · What buffer does my-load need?\n") && text.contains("class \"desktop\""),
        "{text}"
    );
    let before = fs::read(folder.join("my-load.toml")).unwrap();
    assert!(refused(&folder, &["new", "my-load"]).contains("my-load.toml: is there already"));
    assert_eq!(fs::read(folder.join("my-load.toml")).unwrap(), before);
    assert!(refused(&folder, &["new", "../x"]).contains("NAME = \"../x\": must be 1 to 64 of a-z"));
    for name in ["alpha", "backlog-flush", "steady-overload", "wavehouse-ceiling", "ci-build"] {
        let checked = sim(&folder, &["check", name]);
        assert_eq!(checked.status.code(), Some(0), "{name}");
        let text = String::from_utf8(checked.stdout).unwrap();
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
}

#[test]
fn a_check_names_everything_that_is_wrong_with_a_scenario_and_where() {
    let folder = folder("check");
    let text = include_str!("../../scenarios/alpha.toml");
    let text = text.replace("publish_us = 50", "publish_us = -1").replace("sigma = 0.7", "sigma = 1e300");
    let text = text.replace("window_bytes = 32768", "window_bytes = 0");
    fs::write(folder.join("bad.toml"), &text).unwrap();
    let output = sim(&folder, &["check", "bad.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(output.stdout.len(), 0);
    let line = |part: &str| text.lines().position(|line| line.starts_with(part)).unwrap() + 1;
    let expected = format!(
        "bad.toml:{}: server.cpu.publish_us = -1: must be 0 ..= 1000000\n\
         bad.toml:{}: payload.sigma = 1e300: must be 0 ..= 10\n\
         bad.toml:{}: class[1].window_bytes = 0: must be 1 ..= 1073741824\n",
        line("publish_us"),
        line("sigma"),
        line("window_bytes = 0")
    );
    assert_eq!(String::from_utf8(output.stderr).unwrap(), expected);
}

#[test]
fn a_check_names_every_unknown_key_and_every_wrong_type_with_the_line_of_the_key() {
    let folder = folder("check-shape");
    let text = include_str!("small.toml").replace("duration_seconds = 4", "duration_seconds = \"2m\"");
    let text =
        text.replace("per_second = 50", "per_secnd = 50").replace("share = 0.5\nround_trip_ms = 20", "share = 0.5");
    fs::write(folder.join("bad.toml"), text).unwrap();
    let output = sim(&folder, &["check", "bad.toml"]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    let expected = "bad.toml:4: `duration_seconds = \"2m\"`: invalid type: string \"2m\", expected a number of seconds\n\
         bad.toml:17: `per_secnd = 50`: unknown field `per_secnd`, expected one of `kind`, `per_second`\n\
         bad.toml:15: missing field `per_second`\nbad.toml:26: missing field `round_trip_ms`\n";
    assert_eq!(String::from_utf8(output.stderr).unwrap(), expected);
}
