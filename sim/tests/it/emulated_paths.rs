//! Plans over emulated paths: the kernel's TCP in namespaces that the program makes.
//!
//! Where the system allows none it says so; with `HUBBUB_NETNS=required`, as CI has it, it fails instead. Links that stay
//! late show nothing, and are passed over with a message.

use std::fs;
use std::path::PathBuf;

use crate::command_line::{folder, refused, sim};

/// One reader who is 200 ms away.
const FAR: &str = r#"
    name = "far"
    question = "How late is it?"
    table = "t"
    duration_seconds = 2
    drain_seconds = 2
    subscribers = [1]
    arrivals = { kind = "constant", per_second = 50 }
    payload = { kind = "fixed", bytes = 500 }
    [[class]]
    name = "far"
    count = 1
    round_trip_ms = 200
    window_bytes = 65536
    reads = "as-it-arrives"
"#;

/// How often a command is run whose links are late, as beside other tests on few cores.
const TRIES: usize = 3;

/// What a command prints over emulated paths; `None` where there can be none, and where links that are late show nothing.
fn over_paths(folder: &PathBuf, arguments: &[&str]) -> Option<(String, String)> {
    let is_late = |told: &[u8]| String::from_utf8_lossy(told).contains("so that it is no evidence; run it again");
    let mut output = sim(folder, arguments);
    for _ in 1..TRIES {
        if is_late(&output.stderr) {
            output = sim(folder, arguments);
        }
    }
    if is_late(&output.stderr) {
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        eprintln!("skipped: {}", String::from_utf8_lossy(&output.stderr));
        return None;
    }
    let [said, told] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    if told.contains("no emulated paths here") {
        let is_required = std::env::var_os("HUBBUB_NETNS").is_some_and(|value| value == "required");
        assert!(!is_required, "{told}");
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(told.lines().count(), 1, "{told}");
        eprintln!("skipped: {told}");
        return None;
    }
    assert_eq!(output.status.code(), Some(0), "{said}{told}");
    Some((said, told))
}

#[test]
fn over_emulated_paths_every_event_takes_half_a_round_trip_and_the_kernel_says_its_congestion_control() {
    let folder = folder("load-emulated");
    fs::write(folder.join("far.toml"), FAR).unwrap();
    let load = ["load", "--scenario", "./far.toml", "--paths", "emulated", "--json", "-"];
    let Some((document, _)) = over_paths(&folder, &load) else { return };
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["world"].as_str(), Some("emulated"));
    assert!(document["command"].as_str().unwrap().contains("--paths emulated"), "{document}");
    let cell = &document["cells"][0];
    assert_eq!(cell["received"], cell["offered"]);
    assert!(cell["offered"].as_u64() > Some(60), "{cell}");
    let receipt = cell["receipt_latency_ms"]["p50"].as_f64().unwrap();
    // Loopback takes a millisecond or two; a busy machine may be late, and never early.
    assert!((100.0..300.0).contains(&receipt), "{receipt}");
    assert_eq!(cell["links"]["congestion"], serde_json::json!(["cubic"]));
    assert!(cell["links"]["late_p99_ms"].as_f64().unwrap() < 200.0);
    assert!(cell["memory_bytes_per_subscriber"]["resident"].is_null());
}

/// Two tables, watched by name, by a pattern and all of them, over a line that all events fit through.
const TABLES: &str = r#"
    name = "tables"
    duration_seconds = 2
    drain_seconds = 2
    subscribers = [3]
    buffers = [64]
    seeds = 1
    arrivals = { kind = "constant", per_second = 100 }
    payload = { kind = "fixed", bytes = 300 }
    [tables]
    builds = 0.75
    logs = 0.25
    [[class]]
    name = "all"
    count = 1
    round_trip_ms = 40
    window_bytes = 65536
    reads = "as-it-arrives"
    [[class]]
    name = "builds"
    count = 1
    round_trip_ms = 40
    window_bytes = 65536
    reads = "as-it-arrives"
    tables = ["builds"]
    path = { down_kbit_per_second = 2000, up_kbit_per_second = 500 }
    [[class]]
    name = "pattern"
    count = 1
    round_trip_ms = 40
    window_bytes = 65536
    reads = "as-it-arrives"
    topic = "ingest.>"
"#;

#[test]
fn over_emulated_paths_a_client_gets_the_events_of_its_tables_and_misses_no_others() {
    let folder = folder("load-emulated-tables");
    for transport in ["sse", "ws"] {
        fs::write(folder.join("tables.toml"), format!("server.transport = {transport:?}\n{TABLES}")).unwrap();
        let load = ["load", "--scenario", "./tables.toml", "--paths", "emulated", "--json", "-"];
        let Some((document, _)) = over_paths(&folder, &load) else { return };
        let document: serde_json::Value = serde_json::from_str(&document).unwrap();
        let cell = &document["cells"][0];
        assert_eq!((cell["missed"].as_u64(), cell["drop_rate"].as_f64()), (Some(0), Some(0.0)), "{cell}");
        let offered = ["all", "builds", "pattern"]
            .map(|class| cell["by_class"][class]["offered"].as_f64().unwrap_or_else(|| panic!("{class}: {cell}")));
        assert!(offered[0] > 150.0 && offered[2] > 150.0, "{cell}");
        assert!((0.6..0.9).contains(&(offered[1] / offered[0])), "{cell}");
    }
}

#[test]
fn during_an_outage_of_a_second_the_frames_of_a_second_and_more_wait() {
    let folder = folder("outage-emulated");
    let Some((_, told)) = over_paths(&folder, &["fidelity", "--paths", "measure", "--quick"]) else { return };
    let row = told.lines().find(|line| line.starts_with("quick: waiting")).unwrap_or_else(|| panic!("{told}"));
    let waiting = row.split_whitespace().nth(2).and_then(|frames| frames.parse::<u64>().ok()).unwrap();
    // 100 events a second, and what comes until the kernel tries again. Of these the socket holds some.
    assert!((50..200).contains(&waiting), "{row}");
    assert!(row.contains("cubic"), "{row}");
}

#[test]
fn without_emulated_paths_a_load_says_that_loopback_has_none_and_a_path_that_no_kernel_has_is_refused() {
    let folder = folder("load-paths");
    let path = "[class.path]\n    down_kbit_per_second = 1000\n    up_kbit_per_second = 1000\n";
    fs::write(folder.join("far.toml"), format!("{FAR}    {path}").replace("window_bytes = 65536\n", "")).unwrap();
    let output = sim(&folder, &["load", "--scenario", "./far.toml"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("- paths: loopback has none; --paths emulated runs over them\n"), "{said}");
    fs::write(folder.join("far.toml"), format!("{FAR}    {path}    congestion = \"none\"\n")).unwrap();
    let output = sim(&folder, &["load", "--scenario", "./far.toml", "--paths", "emulated"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    let is_said =
        told.contains("\"far\": congestion = \"none\" is a model's") || told.contains("no emulated paths here");
    assert!(is_said, "{told}");
}

#[test]
fn emulated_paths_are_no_option_of_a_server_that_runs_already() {
    let folder = folder("load-emulated-refused");
    let url = ["load", "--paths", "emulated", "--url", "http://127.0.0.1:1/", "--ingest-url", "http://127.0.0.1:1/"];
    assert!(refused(&folder, &url).contains("cannot be used with"));
    assert!(refused(&folder, &["load", "--paths", "real"]).contains("emulated"));
}
