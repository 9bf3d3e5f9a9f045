//! The same plans over real TCP, in processes of their own: bounded in time and number, on loopback only.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Command;

use hubbub::transport::Tokio;
use hubbub::{Capacity, Hub, HubSettings, Overflow, ServerSettings};

use crate::any_server::Feed;
use crate::command_line::{folder, refused, sim};

/// One reader keeps up; the other takes nothing, and its socket holds little.
const PLAN: &str = r#"
    name = "two"
    question = "Who loses what?"
    table = "t"
    duration_seconds = 2
    drain_seconds = 2
    subscribers = [2]
    arrivals = { kind = "constant", per_second = 300 }
    payload = { kind = "fixed", bytes = 1000 }
    [[class]]
    name = "fast"
    count = 1
    round_trip_ms = "minimum"
    window_bytes = 262144
    reads = "as-it-arrives"
    [[class]]
    name = "stuck"
    count = 1
    round_trip_ms = "minimum"
    window_bytes = 4096
    reads = "never"
"#;

pub(crate) fn with_plan(name: &str) -> PathBuf {
    let folder = folder(name);
    fs::write(folder.join("two.toml"), PLAN).unwrap();
    folder
}

pub(crate) fn load(folder: &PathBuf, options: &[&str]) -> serde_json::Value {
    let arguments: Vec<_> =
        ["load", "--scenario", "./two.toml", "--json", "-"].iter().chain(options).copied().collect();
    let output = sim(folder, &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Our own server, in this process.
pub(crate) fn serve(capacity: usize) -> (tokio::runtime::Runtime, SocketAddr, Hub) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let capacity = Capacity::new(capacity).unwrap();
    let hub = Hub::new(HubSettings { epoch: 1, capacity, overflow: Overflow::DropNewest });
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let settings = ServerSettings { ws_channel_buffer: capacity, ..ServerSettings::default() };
    let serving = hubbub::serve(listener, hub.clone(), settings, Tokio::start(), std::future::pending());
    runtime.spawn(serving);
    (runtime, address, hub)
}

pub(crate) fn urls(address: SocketAddr) -> [String; 4] {
    let [stream, ingest] = ["stream/sse?table=t", "ingest/t"].map(|path| format!("http://{address}/v1/{path}"));
    ["--url".into(), stream, "--ingest-url".into(), ingest]
}

#[test]
fn one_who_keeps_up_has_everything_and_one_who_is_stuck_loses_what_its_buffer_and_socket_do_not_hold() {
    let document = load(&with_plan("load-own"), &["--buffers", "16"]);
    assert_eq!(document["schema"].as_str(), Some("hubbub.sweep/2"));
    assert_eq!(document["world"].as_str(), Some("real"));
    assert!(document["zero_drop"].as_array().unwrap().is_empty() && document["recommendation"]["buffer"].is_null());
    assert!(document["machine"]["cores"].as_u64() > Some(0) && document["partial"].is_null());
    let cell = &document["cells"][0];
    let count = |field: &str| cell[field].as_u64().unwrap();
    let lost = cell["dropped"]["buffer_full"].as_u64().unwrap();
    assert_eq!(count("offered"), count("delivered") + lost + count("in_flight"));
    assert_eq!((count("in_flight"), count("buffer")), (17, 16), "16 wait, and one is half in the socket");
    let [fast, stuck] = ["fast", "stuck"].map(|class| &cell["by_class"][class]);
    assert_eq!(fast["drop_rate"].as_f64(), Some(0.0));
    assert_eq!(cell["duplicates"].as_u64(), Some(0));
    assert!(fast["offered"].as_u64() > Some(500), "{fast}");
    assert!(stuck["drop_rate"].as_f64() > Some(0.7), "{stuck}");
    assert_eq!(
        count("received"),
        fast["offered"].as_u64().unwrap(),
        "what the stuck one's socket holds is not received"
    );
    for part in ["slots", "payload", "allocator", "resident", "kernel"] {
        assert!(!cell["memory_bytes_per_subscriber"][part].is_null(), "{part}");
    }
    let latency = |kind: &str| cell[kind]["p50"].as_f64().unwrap();
    assert!(latency("flush_latency_ms") > 0.0 && latency("receipt_latency_ms") > 0.0);
}

/// Both fall behind for a second and then catch up, if their policy lets them.
const STALLS: &str = r#"
    name = "two"
    question = "Who misses what?"
    table = "t"
    duration_seconds = 2
    drain_seconds = 8
    subscribers = [2]
    keys = 5
    arrivals = { kind = "constant", per_second = 200 }
    payload = { kind = "fixed", bytes = 2000 }
    [[class]]
    name = "tab"
    share = 1
    round_trip_ms = "minimum"
    window_bytes = 4096
    reads.stalls = { after_seconds = [0.3, 0.3], for_seconds = [1, 1] }
    connect_seconds = [0, 0.01]
    reconnect_after_seconds = 0.2
"#;

#[test]
fn every_policy_is_run_to_its_end_over_real_tcp_by_readers_who_fall_behind() {
    for transport in ["sse", "ws"] {
        for policy in Overflow::ALL {
            let folder = folder(&format!("load-{transport}-{policy}"));
            let text = STALLS.replace("[[class]]", &format!("server.transport = \"{transport}\"\n[[class]]"));
            fs::write(folder.join("two.toml"), text).unwrap();
            let document = load(&folder, &["--buffers", "8", "--policy", policy.name()]);
            let cell = &document["cells"][0];
            let count = |field: &str| cell[field].as_u64().unwrap();
            let lost: u64 = cell["dropped"].as_object().unwrap().values().filter_map(serde_json::Value::as_u64).sum();
            assert_eq!(count("offered"), count("delivered") + lost + count("in_flight"), "{policy} over {transport}");
            assert_eq!(cell["policy"].as_str(), Some(policy.name()));
            assert_eq!(count("duplicates"), 0);
            let keeps_all = match policy {
                Overflow::Disconnect | Overflow::Park => true,
                Overflow::DropNewest | Overflow::DropOldest | Overflow::Conflate => false,
            };
            assert_eq!(count("missed") == 0, keeps_all, "{policy} over {transport}: {cell}");
            assert!(count("wanted") > 700, "{policy} over {transport}: {cell}");
            assert_eq!(document["run_with"].as_array().map_or(0, Vec::len), usize::from(needs_more(policy)));
        }
    }
}

/// Whether a policy needs more than a mailbox.
fn needs_more(policy: Overflow) -> bool {
    match policy {
        Overflow::DropNewest | Overflow::DropOldest => false,
        Overflow::Conflate | Overflow::Disconnect | Overflow::Park => true,
    }
}

#[test]
fn over_websockets_the_same_events_are_lost_but_for_a_frame_or_two_in_the_socket() {
    let folder = with_plan("load-twins");
    // Not the losses: who connects a moment later is offered an event less, and loses one less.
    let accepted = |document: &serde_json::Value| {
        let cell = &document["cells"][0];
        assert_eq!(cell["in_flight"], 17, "16 wait, and one is half in the socket");
        assert_eq!(cell["received"], cell["by_class"]["fast"]["offered"]);
        assert_eq!(cell["by_class"]["fast"]["drop_rate"], 0.0);
        let lost = cell["dropped"]["buffer_full"].as_i64().unwrap();
        assert!(lost > 400, "{lost}");
        cell["by_class"]["stuck"]["offered"].as_i64().unwrap() - lost
    };
    let sse = accepted(&load(&folder, &["--buffers", "16"]));
    let over_websockets = PLAN.replacen("[[class]]", "[server]\ntransport = \"ws\"\n[[class]]", 1);
    fs::write(folder.join("two.toml"), over_websockets).unwrap();
    let document = load(&folder, &["--buffers", "16"]);
    assert!(!document["not_applied"].to_string().contains("WebSocket"), "{}", document["not_applied"]);
    let websocket = accepted(&document);
    // A stuck reader loses everything behind what was accepted for it, so as many are the same ones. Those in its socket
    // are longer on one wire than on the other; where none fits into a socket, they are the same to the last one (the
    // server's own twins).
    assert!((sse - websocket).abs() <= 2, "{sse} and {websocket}");
}

#[test]
fn what_a_foreign_server_loses_is_found_from_the_numbers_in_its_payloads() {
    let (runtime, address, hub) = serve(16);
    let options = urls(address);
    let document = load(&with_plan("load-other"), &options.each_ref().map(String::as_str));
    let cell = &document["cells"][0];
    let counts = hub.counts();
    assert_eq!((cell["buffer"].as_u64(), document["policy"].as_str()), (Some(0), Some("its own")));
    assert!(counts.dropped.buffer_full > 300);
    // Of the stuck one the client sees nothing at all, so that all of it is missing, what its socket holds as well.
    let [fast, stuck] = ["fast", "stuck"].map(|class| &cell["by_class"][class]);
    assert_eq!(fast["drop_rate"].as_f64(), Some(0.0), "it never read the head");
    assert_eq!(stuck["offered"].as_u64(), Some(0), "it never read the head");
    assert_eq!(cell["received"], fast["offered"]);
    assert!(cell["flush_latency_ms"]["p50"].is_null() && cell["memory_bytes_per_subscriber"]["resident"].is_null());
    drop(runtime);
}

#[test]
fn a_foreign_server_is_judged_over_websockets_and_over_newline_delimited_json_as_well() {
    let (runtime, address, hub) = serve(16);
    let [stream, ingest] = ["stream/ws?table=t", "ingest/t"].map(|path| format!("http://{address}/v1/{path}"));
    let folder = with_plan("load-dialects");
    let of_ws = load(&folder, &["--url", &stream, "--ingest-url", &ingest, "--dialect", "ws"]);
    let lost = hub.counts().dropped.buffer_full;
    assert!(lost > 100, "{lost}");
    assert!(of_ws["command"].as_str().unwrap().ends_with(" --dialect ws"), "{}", of_ws["command"]);
    let feed = Feed::default();
    let publishes = feed.clone();
    let publish = axum::routing::post(move |event: String| async move { publishes.put(&format!("{event}\n")) });
    let watch = axum::routing::get(move || async move { feed.join("application/x-ndjson") });
    let routes = axum::Router::new().route("/watch", watch).route("/publish", publish);
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let [stream, ingest] = ["watch", "publish"].map(|path| format!("http://{}/{path}", listener.local_addr().unwrap()));
    runtime.spawn(axum::serve(listener, routes).into_future());
    let of_ndjson = load(&folder, &["--url", &stream, "--ingest-url", &ingest, "--dialect", "ndjson"]);
    for document in [of_ws, of_ndjson] {
        let fast = &document["cells"][0]["by_class"]["fast"];
        // Of 600, without those before it had connected.
        assert!(fast["offered"].as_u64() > Some(500), "{document}");
        assert_eq!(fast["drop_rate"].as_f64(), Some(0.0), "{document}");
    }
    // The stream is what it is: another dialect says so before a run.
    let wrong = refused(&folder, &["load", "--url", &stream, "--ingest-url", &ingest, "--dialect", "sse"]);
    assert!(wrong.contains("answers with application/x-ndjson, where text/event-stream was expected"), "{wrong}");
    let unknown = refused(&folder, &["load", "--url", &stream, "--ingest-url", &ingest, "--dialect", "xml"]);
    assert!(unknown.contains("must be sse, ws or ndjson"), "{unknown}");
    assert!(refused(&folder, &["load", "--dialect", "ws"]).contains("--url"));
}

#[test]
fn a_stream_is_recorded_as_a_trace_that_a_sweep_takes() {
    let (runtime, address, hub) = serve(1000);
    let topic = hubbub::Topic::of_table("t").unwrap();
    runtime.spawn(async move {
        for size in (100..).step_by(10) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            let payload = vec![b'x'; size];
            hub.publish(std::time::Duration::ZERO, &topic, payload);
        }
    });
    let folder = with_plan("record");
    let url = &urls(address)[1];
    let output = sim(&folder, &["record", url, "--for", "1s", "-o", "trace.jsonl"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let trace = fs::read_to_string(folder.join("trace.jsonl")).unwrap();
    let sizes = trace.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["bytes"].as_u64());
    let sizes: Vec<_> = sizes.map(Option::unwrap).collect();
    assert!(sizes.len() > 10 && sizes.windows(2).all(|pair| pair[1] == pair[0] + 10), "{sizes:?}");
    let sweep = ["sweep", "--scenario", "small.toml", "--trace", "trace.jsonl", "--buffers", "8", "--seeds", "1"];
    let sweep: Vec<_> = sweep.into_iter().chain(["--json", "-"]).collect();
    let output = sim(&folder, &sweep);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let complaint = refused(&folder, &["record", url, "--for", "1s", "-o", "trace.jsonl"]);
    assert!(complaint.contains("is there already"), "{complaint}");
}

/// Answers the first connections with these bytes and closes them.
fn answering(bytes: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for connection in listener.incoming().take(3) {
            let mut connection = connection.unwrap();
            let _ = connection.read(&mut [0; 1024]);
            let _ = connection.write_all(bytes);
        }
    });
    address
}

#[test]
fn what_is_no_stream_is_refused_in_one_line_that_says_what_it_is() {
    let folder = with_plan("load-refused");
    let complaint = |address: SocketAddr| {
        let urls = urls(address);
        let arguments = ["load", "--scenario", "./two.toml"].into_iter().chain(urls.iter().map(String::as_str));
        refused(&folder, &arguments.collect::<Vec<_>>())
    };
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert!(complaint(nobody).contains("cannot be reached"));
    assert!(complaint(answering(b"HTTP/1.1 404 Not Found\r\n\r\n")).contains("status 404"));
    let html = answering(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<html>");
    assert!(complaint(html).contains("text/html, where text/event-stream was expected"));
    let brief = answering(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n");
    assert!(complaint(brief).contains("ends the stream at once"));
    let url = ["load", "--url", "http://127.0.0.1:1/"];
    assert!(refused(&folder, &url).contains("--ingest-url"));
    let few_files = "ulimit -n 50 && exec \"$0\" load --scenario ./two.toml";
    let output = Command::new("sh").args(["-c", few_files, env!("CARGO_BIN_EXE_sim")]).current_dir(&folder).output();
    let output = output.unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{complaint}");
    assert!(complaint.contains("need 66 open files and the hard limit is 50"), "{complaint}");
}

#[test]
fn a_server_that_refuses_what_is_published_ends_the_load_and_says_so() {
    let (runtime, address, _) = serve(16);
    let [flag, stream, other, ingest] = urls(address);
    let nowhere = ingest.replace("/v1/ingest/t", "/nowhere");
    let folder = with_plan("load-unpublished");
    let complaint = refused(&folder, &["load", "--scenario", "./two.toml", &flag, &stream, &other, &nowhere]);
    assert!(complaint.contains("/nowhere: answers a publish with status 404"), "{complaint}");
    drop(runtime);
}
