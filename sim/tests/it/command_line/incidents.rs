//! `replay`, `soak` and `shrink`: plans with a verdict; `cluster`: cases of several servers.

use std::fs;

use super::{folder, refused, sim};

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
fn the_case_of_a_cluster_is_run_from_its_file_and_refused_in_one_line() {
    let folder = folder("cluster-case");
    let kept = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/incidents/cluster/trimmed.json")).unwrap();
    let edited = |name: &str, from: &str, to: &str| fs::write(folder.join(name), kept.replacen(from, to, 1)).unwrap();
    edited("kept.json", "", "");
    let told = sim(&folder, &["cluster", "--case", "kept.json", "kept.json"]);
    let text = String::from_utf8(told.stdout).unwrap();
    assert_eq!(told.status.code(), Some(0), "{text}");
    assert!(text.matches("No law was broken.").count() == 2 && text.contains("removed by a limit"), "{text}");
    edited("more.json", "\"received\": 8", "\"received\": 9");
    let differs = sim(&folder, &["cluster", "--case", "more.json"]);
    assert_eq!(differs.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&differs.stderr).contains("viewer 1: received: 8, and every world must see 9"));
    for (from, to, why) in [
        ("trimmed\": 2", "trimmed\": 0", "case.faults[0]: trimmed: must leave a message at least"),
        ("\"trimmed\"", "\"trimmd\"", "unknown variant `trimmd`"),
        ("{\"trimmed\": 2}", "{\"node-killed\": 2}", "case.faults[0]: node 2: must be below nodes, which is 2"),
        ("{\"trimmed\": 2}", "{\"broker-cut-off\": 0}", "case.faults[0]: broker-cut-off: must be one of 3 brokers"),
        ("{\"trimmed\": 2}", "\"purged\"", "case.faults[0]: lasts_ms = 300: must be left out of what lasts no time"),
        ("\"seed\"", "\"sede\"", "unknown field `sede`"),
        ("cluster-case/1", "cluster-case/9", "schema = \"hubbub.cluster-case/9\": must be"),
    ] {
        edited("wrong.json", from, to);
        let complaint = refused(&folder, &["cluster", "--case", "wrong.json"]);
        assert!(complaint.contains("--case: wrong.json: ") && complaint.contains(why), "{complaint}");
    }
    assert!(refused(&folder, &["cluster", "--case", "none.json"]).contains("none.json"));
}

#[test]
fn a_case_of_a_cluster_that_breaks_a_law_is_made_smaller_and_left_in_a_file_that_breaks_it_again() {
    let folder = folder("cluster-shrinks");
    let wrong = ["cluster", "--trusts", "any-broker"];
    let drawn = [&wrong[..], &["--first-seed", "20", "--seeds", "10", "--most-runs", "150", "--out", "kept"]].concat();
    let told = sim(&folder, &drawn);
    let text = String::from_utf8(told.stdout).unwrap();
    assert_eq!(told.status.code(), Some(1), "{text}");
    // The case as it was drawn, and the small one.
    let events: Vec<u64> = text.lines().filter_map(events_published).collect();
    let [before, after] = events[..] else { panic!("{text}") };
    assert!(after < before && text.matches("BROKEN by seed").count() == 2, "{text}");
    let law = text.split_once("BROKEN by seed ").unwrap().1.split(": ").nth(1).unwrap();
    let files: Vec<_> = fs::read_dir(folder.join("kept")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let [file] = &files[..] else { panic!("{files:?}") };
    let file = format!("kept/{}", file.to_str().unwrap());
    assert!(file.starts_with(&format!("kept/{law}-seed-")), "{file}");
    let reproduce = format!("REPRODUCE WITH: cargo sim cluster --trusts any-broker --case {file}");
    assert!(String::from_utf8_lossy(&told.stderr).contains(&reproduce), "{reproduce}");
    // The same servers break the same law, word for word, and right ones do not.
    let again = sim(&folder, &[&wrong[..], &["--case", &file]].concat());
    let again_text = String::from_utf8(again.stdout).unwrap();
    assert_eq!(again.status.code(), Some(1), "{again_text}");
    let of_the_small = text.rsplit_once("BROKEN by seed").unwrap().1;
    assert!(again_text.ends_with(of_the_small) && events_published(&again_text) == Some(after), "{again_text}");
    let right = sim(&folder, &["cluster", "--case", &file]);
    assert_eq!(right.status.code(), Some(0), "{}", String::from_utf8_lossy(&right.stdout));
}

/// The number of events of a case, in a text about it.
fn events_published(text: &str) -> Option<u64> {
    text.split_once(" events published")?.0.rsplit(' ').next()?.parse().ok()
}
