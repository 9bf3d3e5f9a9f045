//! `sweep --policy`: policies beside each other, and what each of them needs.

use std::fs;

use super::{folder, refused, sim};

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
    assert_ne!(roomy[0], roomy[1], "on a CPU it shows that one of them gives each frame a write of its own");
    assert_eq!(roomy[3], roomy[4], "with room, policies that need history and clients that come back are one run");
    assert_ne!(roomy[2], roomy[3], "and here as well");
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
fn a_size_under_a_policy_that_keeps_everything_says_what_it_means() {
    let folder = folder("size-of-policies");
    for (policy, note, said) in [
        ("park", "parks nobody on 8 seeds", "Under park a full buffer loses nothing."),
        ("disconnect", "cuts nobody off on 8 seeds", "Under disconnect a full buffer ends the stream."),
        ("conflate", "replaces no value on 8 seeds", "Under conflate a full buffer replaces old values."),
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
