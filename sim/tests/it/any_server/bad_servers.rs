//! Servers that do what no server of events may do: each run ends with one line that names subscriber and moment.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use hubbub_sim::{Dialect, RunWorld, Running, ServerIncident, Start, Testbed};

use super::{By, Feed, ends, feeding, small};
use crate::command_line::folder;

fn event(text: &str) -> String {
    format!("data: {text}\n\n")
}

fn routes(routes: Router) -> impl hubbub_sim::Server {
    By(move |_: &Start| Running::serving(routes.clone()).publishing(drop), Dialect::sse("/watch"))
}

#[test]
fn a_server_that_never_answers_is_named_with_the_first_who_waits() {
    let never = get(|| async { std::future::pending::<StatusCode>().await });
    let line = ends(routes(Router::new().route("/watch", never)));
    assert_eq!(line, "subscriber 0 (all), 0.003 s: the server has sent no response to its request");
}

#[test]
fn a_server_that_answers_500_is_named() {
    let broken = get(|| async { StatusCode::INTERNAL_SERVER_ERROR });
    let line = ends(routes(Router::new().route("/watch", broken)));
    assert!(line.starts_with("subscriber 0 (all), 0.0"), "{line}");
    assert!(line.contains("the server answers with status 500, where 200 was expected"), "{line}");
}

#[test]
fn a_test_that_unwraps_prints_the_line_and_not_the_plan() {
    let broken = get(|| async { StatusCode::INTERNAL_SERVER_ERROR });
    let server = routes(Router::new().route("/watch", broken));
    let failed = Testbed::new("broken", server).run(&small(), 4).expect_err("a server without streams");
    let unwrapped = format!("{failed:?}");
    assert_eq!(unwrapped, failed.to_string());
    assert!(unwrapped.len() < 200 && !unwrapped.contains('\n'), "{unwrapped}");
}

#[test]
fn a_server_that_closes_at_once_is_named() {
    let closes = |_: &Start| Running::serving_connections(|stream, _| async { drop(stream) }).publishing(drop);
    let line = ends(By(closes, Dialect::sse("/watch")));
    assert!(line.ends_with("s: the server closes the connection without a response"), "{line}");
    let empty = get(|| async { ([("content-type", "text/event-stream")], "") });
    let line = ends(routes(Router::new().route("/watch", empty)));
    assert!(line.ends_with("s: the server ends the stream at once"), "{line}");
}

#[test]
fn a_server_that_sends_garbage_is_named() {
    let line = ends(feeding(|feed, _| feed.put("\u{1}\u{2}\n\n")));
    assert!(line.contains("of 10 events that were published, nobody received one; this stream brought"), "{line}");
    let line = ends(feeding(|feed, _| feed.put("data: hello\n\n")));
    assert!(line.contains("none of the 10 events that it received has the number of a published one"), "{line}");
}

#[test]
fn a_server_that_doubles_reorders_or_invents_an_event_is_named_with_the_event() {
    let line = ends(feeding(|feed, text| (0..2).for_each(|_| feed.put(&event(text)))));
    assert_eq!(line, "subscriber 0 (all), 0.101 s: event 0 is received twice in one stream");
    let kept = std::sync::Arc::new(Mutex::new(None::<String>));
    let swaps = move |feed: &Feed, text: &str| {
        let before = kept.lock().unwrap().take();
        match before {
            None => *kept.lock().unwrap() = Some(text.to_owned()),
            Some(before) => [text.to_owned(), before].iter().for_each(|text| feed.put(&event(text))),
        }
    };
    let line = ends(feeding(swaps));
    assert_eq!(line, "subscriber 0 (all), 0.111 s: event 0 is received after event 1");
    let line = ends(feeding(|feed, text| feed.put(&event(&text.replace("\"n\":3,", "\"n\":7,")))));
    assert_eq!(line, "subscriber 0 (all), 0.131 s: event 7 is received, and was not published before");
}

#[test]
fn a_server_that_panics_in_a_task_is_named_with_the_message() {
    let panics = get(|| async { if true { panic!("out of\ncheese") } else { StatusCode::OK } });
    let line = ends(routes(Router::new().route("/watch", panics)));
    assert!(line.starts_with("subscriber 0 (all), 0.00"), "{line}");
    assert!(line.contains("a task of the server panicked: out of cheese (sim/tests/it/any_server/"), "{line}");
    // In a task of its own, which no connection waits for.
    let spawns = get(|| async {
        drop(tokio::spawn(async { panic!("unseen") }));
        StatusCode::OK
    });
    let line = ends(routes(Router::new().route("/watch", spawns)));
    assert!(line.contains("a task of the server panicked: unseen"), "{line}");
    let line = ends(By(|_: &Start| panic!("at the start"), Dialect::sse("/watch")));
    assert!(line.contains("a task of the server panicked: at the start"), "{line}");
}

#[test]
fn a_server_that_blocks_the_thread_is_named_and_left_to_itself() {
    let blocks = get(|| async {
        loop {
            std::thread::park();
        }
        #[expect(unreachable_code, reason = "the type of the answer")]
        StatusCode::OK
    });
    let line = ends(routes(Router::new().route("/watch", blocks)));
    assert!(line.starts_with("subscriber 0 (all), 0.00"), "{line}");
    assert!(line.contains("the server blocks its thread: no progress within 10 s"), "{line}");
}

#[test]
fn a_server_that_is_not_deterministic_is_named_with_the_first_difference_and_code_3() {
    let counter = std::sync::Arc::new(AtomicUsize::new(0));
    let server = feeding(move |feed, text| {
        // Every eleventh publish of the process is lost, whichever run it is in.
        if counter.fetch_add(1, Ordering::Relaxed) % 11 != 10 {
            feed.put(&event(text));
        }
    });
    let why = Testbed::new("odd", server).check_determinism(&small(), 8).unwrap_err();
    let line = why.to_string();
    assert!(line.contains("subscriber 0 (all), 0.1"), "{line}");
    assert!(
        line.contains("the server is not deterministic: \"event 1 is flushed\" at 100.000000 ms in one run"),
        "{line}"
    );
    assert_eq!(format!("{:?}", why.exit_code()), format!("{:?}", std::process::ExitCode::from(3)));
    let steady = feeding(|feed, text| feed.put(&event(text)));
    assert!(Testbed::new("steady", steady).check_determinism(&small(), 8).is_ok());
}

#[test]
fn a_publish_that_is_refused_is_named() {
    let refuses = By(
        |_: &Start| {
            let feed = Feed::default();
            let watch = get(move || async move { feed.join("text/event-stream") });
            let publish = post(|| async { StatusCode::SERVICE_UNAVAILABLE });
            Running::serving(Router::new().route("/watch", watch).route("/publish", publish))
        },
        Dialect::sse("/watch"),
    );
    let line = ends(refuses);
    assert!(line.starts_with("0.10") && line.ends_with("the server answers a publish with status 503"), "{line}");
}

#[test]
fn a_run_that_a_server_did_not_survive_is_an_incident_that_is_stored_and_run_again() {
    let folder = folder("server-incident");
    let doubles = || feeding(|feed, text| (0..2).for_each(|_| feed.put(&event(text))));
    let testbed = Testbed::new("odd", doubles());
    let hubbub_sim::TestbedError::Server { fault, incident } = testbed.run(&small(), 8).unwrap_err() else {
        panic!("an incident")
    };
    let file = folder.join("doubles.json");
    incident.write(&file).unwrap();
    assert!(incident.write(&file).unwrap_err().to_string().contains("doubles.json"), "it stays as it is");
    let stored = ServerIncident::read(&file).unwrap();
    assert_eq!(stored.what(), fault.to_string());
    assert!(testbed.replay(&stored).unwrap_err().to_string().ends_with(&fault.to_string()));
    let repaired = feeding(|feed, text| feed.put(&event(text)));
    assert!(Testbed::new("repaired", repaired).replay(&stored).is_ok());
    let other = ServerIncident::read(&folder.join("small.toml")).unwrap_err().to_string();
    assert!(other.contains("small.toml: no incident of a server: "), "{other}");
}

#[test]
fn the_specification_says_that_it_knows_no_other_server() {
    let testbed = Testbed::new("mine", feeding(|feed, text| feed.put(&event(text))));
    let why = testbed.by_world(RunWorld::Specified).unwrap_err().to_string();
    assert_eq!(why, "mine: the specification is that of hubbub's own server and knows no other; use the full stack");
}
