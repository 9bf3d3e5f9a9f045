//! Over real TCP, a client that obeys comes back when the server asked it to, and any other when its plan says.

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::stream::unfold;
use tokio::sync::mpsc::{Sender, channel};
use tokio::time::{Instant, timeout_at};

use crate::command_line::{folder, sim};

/// How long each stream lasts. The first one is that of the look at the server before a load: it has to stay.
const LASTS: Duration = Duration::from_millis(700);

/// How much later than planned a client may be on a machine that does other things as well.
const LATE: Duration = Duration::from_millis(400);

/// One client, for four seconds.
const SCENARIO: &str = r#"
    name = "back"
    table = "t"
    duration_seconds = 4
    drain_seconds = 1
    subscribers = [1]
    arrivals = { kind = "constant", per_second = 100 }
    payload = { kind = "fixed", bytes = 200 }
    [[class]]
    name = "client"
    count = 1
    round_trip_ms = "minimum"
    window_bytes = 65536
    reads = "as-it-arrives"
    connect_seconds = [0, 0.01]
    reconnect_after_seconds = 0.25
"#;

/// When a stream began, and when it ended.
type Stream = (Instant, Option<Instant>);

/// A server that asks for a pause at the beginning of each stream, and ends the stream soon after.
#[derive(Clone)]
struct Asking {
    retry: &'static str,
    streams: Arc<Mutex<Vec<Stream>>>,
    watching: Arc<Mutex<Option<Sender<String>>>>,
}

impl Asking {
    fn stream(self) -> Response {
        let (sender, receiver) = channel(1024);
        sender.try_send(self.retry.to_owned()).unwrap();
        *self.watching.lock().unwrap() = Some(sender);
        let begun = Instant::now();
        self.streams.lock().unwrap().push((begun, None));
        let body = unfold((receiver, self), move |(mut texts, server)| async move {
            let next = timeout_at(begun + LASTS, texts.recv()).await.ok().flatten();
            if next.is_none() {
                server.streams.lock().unwrap().last_mut().unwrap().1 = Some(Instant::now());
            }
            Some((Ok::<_, std::convert::Infallible>(next?), (texts, server)))
        });
        ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(body)).into_response()
    }

    fn publish(&self, payload: &str) {
        let watching = self.watching.lock().unwrap();
        // Nobody watches between two streams.
        drop(watching.as_ref().map(|client| client.try_send(format!("data: {payload}\n\n"))));
    }
}

/// The pauses of a client between its streams, where each stream says `retry`.
fn pauses(name: &str, class: &str, retry: &'static str) -> Vec<Duration> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = Asking { retry, streams: Arc::default(), watching: Arc::default() };
    let (watched, published) = (server.clone(), server.clone());
    let routes = Router::new()
        .route("/watch", get(move || async move { watched.stream() }))
        .route("/publish", post(move |payload: String| async move { published.publish(&payload) }));
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    drop(runtime.spawn(async move { axum::serve(listener, routes).await }));
    let folder = folder(name);
    fs::write(folder.join("back.toml"), format!("{SCENARIO}{class}")).unwrap();
    let [watch, publish] = ["watch", "publish"].map(|path| format!("http://{address}/{path}"));
    let urls = ["--url", watch.as_str(), "--ingest-url", publish.as_str()];
    let output = sim(&folder, &[&["load", "--scenario", "./back.toml", "--json", "-"][..], &urls].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let streams = server.streams.lock().unwrap();
    // Not from the look before the load to its first stream.
    let pairs = streams.iter().skip(1).zip(streams.iter().skip(2));
    pairs.map(|((_, ended), (begun, _))| *begun - ended.unwrap()).collect()
}

/// At least so many pauses, each of so many ms or a little more.
fn assert_all(pauses: &[Duration], least: usize, ms: u64) {
    let planned = Duration::from_millis(ms);
    assert!(pauses.len() >= least, "{pauses:?}");
    assert!(pauses.iter().all(|pause| (planned..planned + LATE).contains(pause)), "{pauses:?}");
}

#[test]
fn a_client_that_obeys_comes_back_after_the_time_that_the_server_names() {
    let obeys = "obeys_retry = true";
    assert_all(&pauses("back-obeys", obeys, "retry: 900\n\n"), 1, 900);
    // The last one counts, and one that is no number is none.
    assert_all(&pauses("back-obeys-the-last", obeys, "retry: 5000\nretry: 600\nretry: x\n\n"), 2, 600);
}

#[test]
fn a_client_that_does_not_obey_and_one_that_is_asked_for_nothing_come_back_by_the_plan() {
    assert_all(&pauses("back-by-plan", "", "retry: 900\n\n"), 2, 250);
    assert_all(&pauses("back-unasked", "obeys_retry = true", ": hello\n\n"), 2, 250);
}
