//! `sim probe`: of the server alone, and of what is no path to probe. Through proxies it is in `proxies`.

mod front;
mod proxies;
mod started;
mod troubled;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use hubbub::hub::{HistorySettings, Rules};
use hubbub::transport::Tokio;
use hubbub::{Capacity, Hub, Limits, Overflow, ServerSettings};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::access::{TlsFront, ca};
use crate::command_line::{folder, refused, sim};
use crate::recording::scripted::{Act, HEAD, ScriptedServer, event};

/// Frames in the buffer of the server that is probed.
const BUFFER: u64 = 64;

/// Our own server, with its defaults and a history.
struct Probed {
    address: SocketAddr,
    hub: Hub,
    runtime: Runtime,
}

impl Probed {
    fn start(overflow: Overflow) -> Self {
        Self::with(overflow, ServerSettings::default())
    }

    fn with(overflow: Overflow, settings: ServerSettings) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let limits = Limits::frames(Capacity::new(usize::try_from(BUFFER).unwrap()).unwrap());
        let history = HistorySettings { events: 100, bytes: 1 << 20 };
        let hub = Hub::with(1, Rules { history, announces_gaps: true, ..Rules::plain(limits, overflow) });
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(hubbub::serve(listener, hub.clone(), settings, Tokio::start(), std::future::pending()));
        Self { address, hub, runtime }
    }

    /// The options of a probe by its clients, through `front`.
    fn urls(&self, front: &str) -> Vec<String> {
        let (stream, ingest) =
            (format!("{front}/v1/stream/sse?table=t"), format!("http://{}/v1/ingest/t", self.address));
        ["--url".to_owned(), stream, "--ingest-url".to_owned(), ingest].to_vec()
    }

    /// The option with the server's own account.
    fn debug(&self) -> Vec<String> {
        vec!["--debug-url".to_owned(), format!("http://{}/debug/subscribers?limit=1000", self.address)]
    }

    fn plain(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// The document of a probe.
fn probe(folder: &PathBuf, options: &[String]) -> Value {
    let arguments: Vec<_> = ["probe", "--json", "-"].into_iter().chain(options.iter().map(String::as_str)).collect();
    let output = sim(folder, &arguments);
    assert_eq!(output.status.code(), Some(0), "{options:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn what_the_server_says_of_a_path_is_what_a_client_sees_of_it() {
    let probed = Probed::start(Overflow::DropNewest);
    let folder = folder("probe-direct");
    let buffers = ["--receive-buffer".to_owned(), "8192".to_owned()];
    let of_server = probe(&folder, &[probed.urls(&probed.plain()), probed.debug(), buffers.to_vec()].concat());
    assert_eq!(of_server["schema"].as_str(), Some("hubbub.probe/1"));
    assert_eq!(of_server["head_before_event"].as_bool(), Some(true), "{of_server}");
    assert_eq!(of_server["seen_by"].as_str(), Some("server"));
    assert_eq!(of_server["is_lower_bound"].as_bool(), Some(false), "{of_server}");
    assert_eq!(of_server["resumes"].as_bool(), Some(true), "{of_server}");
    assert!(of_server["compression"]["coding"].is_null() && of_server["compression"]["event_ms"].is_f64());
    assert!(of_server["leave_noticed_ms"].as_f64().unwrap() < 3000.0, "before a keepalive: {of_server}");
    let frames = of_server["hidden_frames"].as_u64().unwrap();
    assert!((10..2000).contains(&frames), "{of_server}");
    let bytes = of_server["hidden_bytes"].as_f64().unwrap() / frames as f64;
    assert!((400.0..600.0).contains(&bytes), "an event with its id and its chunk: {of_server}");
    // The kernel decides anew for each connection how it fills its buffers.
    let by_number = ["--buffer".to_owned(), BUFFER.to_string()];
    let of_client = probe(&folder, &[probed.urls(&probed.plain()), by_number.to_vec(), buffers.to_vec()].concat());
    assert_eq!(of_client["seen_by"].as_str(), Some("client"));
    let seen = of_client["hidden_frames"].as_u64().unwrap();
    assert!((10..2000).contains(&seen), "{of_client}");
    assert_eq!(of_client["held_frames"].as_u64(), Some(seen + BUFFER));
    assert!(of_client["leave_noticed_ms"].is_null(), "{of_client}");
}

#[test]
fn a_server_that_keeps_the_newest_events_shows_what_is_hidden_without_its_buffers_size() {
    let probed = Probed::start(Overflow::DropOldest);
    let buffers = ["--receive-buffer".to_owned(), "8192".to_owned()];
    let found = probe(&folder("probe-oldest"), &[probed.urls(&probed.plain()), buffers.to_vec()].concat());
    let frames = found["hidden_frames"].as_u64().unwrap();
    assert!((10..2000).contains(&frames) && found["held_frames"].is_null(), "{found}");
}

#[test]
fn the_text_says_what_to_set_a_window_to_and_a_limit_makes_it_a_lower_bound() {
    let probed = Probed::start(Overflow::DropNewest);
    let front = TlsFront::of(probed.address);
    let folder = folder("probe-text");
    let urls = probed.urls(&format!("https://{}", front.address));
    let run = |more: &[&str]| {
        let arguments = ["probe"].into_iter().chain(urls.iter().map(String::as_str)).chain(more.iter().copied());
        let output = sim(&folder, &arguments.collect::<Vec<_>>());
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let text = run(&["--ca", &ca(), "--buffer", "64", "--most-frames", "20"]);
    assert!(text.contains("at least 0 frames, 0 B"), "the buffer alone holds 64: {text}");
    assert!(text.contains("What a scenario's window_bytes has to be is not known."), "{text}");
    let debug = probed.debug();
    let header = "X-Key: SECRET";
    let text = run(&["--ca", &ca(), &debug[0], &debug[1], "--header", header, "--bytes", "4000"]);
    assert!(text.contains("has window_bytes = "), "{text}");
    for row in
        ["\n  head  ", "before any event\n", "\n  a leave  ", "by Last-Event-ID, without a hole", "\n  compression "]
    {
        assert!(text.contains(row), "{row:?}: {text}");
    }
    assert!(!text.contains("SECRET"));
}

#[test]
fn a_table_with_events_of_others_is_refused() {
    let probed = Probed::start(Overflow::DropNewest);
    let hub = probed.hub.clone();
    let topic = hubbub::Topic::of_table("t").unwrap();
    probed.runtime.spawn(async move {
        loop {
            hub.publish(Duration::ZERO, &topic, "{\"n\":7}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let urls = probed.urls(&probed.plain());
    let arguments: Vec<_> = ["probe"].into_iter().chain(urls.iter().map(String::as_str)).collect();
    let why = refused(&folder("probe-others"), &arguments);
    assert!(why.contains("there are events that this probe did not publish: it needs a table of its own"), "{why}");
}

#[test]
fn what_is_no_path_to_probe_is_refused_in_one_line() {
    let probed = Probed::start(Overflow::DropNewest);
    let folder = folder("probe-refused");
    let [_, stream, _, ingest] = <[String; 4]>::try_from(probed.urls(&probed.plain())).unwrap();
    let probe = |stream: &str, ingest: &str, more: &[&str]| {
        refused(&folder, &[&["probe", "--url", stream, "--ingest-url", ingest], more].concat())
    };
    let other = probe(&stream, &ingest.replace("ingest/t", "ingest/other"), &[]);
    assert!(other.contains("did not come within 5s: are both of the same table?"), "{other}");
    let not_there = probe(&stream, &ingest.replace("ingest/t", "nowhere"), &[]);
    assert!(not_there.contains("/v1/nowhere: answers a publish with status 404"), "{not_there}");
    let metrics = format!("{}/healthz", probed.plain());
    let no_list = probe(&stream, &ingest, &["--debug-url", &metrics]);
    assert!(no_list.contains("/healthz: is no list of hubbub's subscribers"), "{no_list}");
    let short = probed.debug()[1].replace("limit=1000", "limit=1");
    let not_all = probe(&stream, &ingest, &["--debug-url", &short]);
    assert!(not_all.contains("lists 1 of 2 subscribers: set limit=1000 in its query"), "{not_all}");
    let elsewhere = Probed::start(Overflow::DropNewest);
    let not_its_own = probe(&stream, &ingest, &["--debug-url", &elsewhere.debug()[1]]);
    assert!(not_its_own.contains("does not list the client of this probe: is it another server's?"), "{not_its_own}");
    for (more, why) in [
        (&["--bytes", "4"][..], "--bytes 4: must be 40 ..= 1000000"),
        (&["--most-frames", "0"], "--most-frames 0: must be 1 ..= 900000"),
        (&["--buffer", "0"], "--buffer 0: must be 1 ..= 1048576"),
        (&["--receive-buffer", "0"], "--receive-buffer 0: must be 1 ..="),
        (&["--most-time", "2h"], "--most-time 2h: must be above 0 and at most 1 hour"),
        (&["--leave-timeout", "1s"], "--debug-url"),
        (&["--buffer", "64", "--debug-url", "http://h/"], "cannot be used with"),
    ] {
        let told = probe(&stream, &ingest, more);
        assert!(told.contains(why), "{told}");
    }
    assert!(refused(&folder, &["probe", "--url", &stream]).contains("--ingest-url"));
}

#[test]
fn a_foreign_stream_with_events_of_its_own_is_refused() {
    // Its first event is no event of a probe: a foreign server may send anything.
    let script = [Act::send(HEAD), event(": hello")];
    let server = ScriptedServer::start([script.to_vec()]);
    let url = format!("http://{}/stream", server.address);
    let why = refused(&folder("probe-foreign"), &["probe", "--url", &url, "--ingest-url", &url]);
    assert!(why.contains("it needs a table of its own"), "{why}");
}
