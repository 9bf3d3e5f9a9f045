//! Bodies that are used otherwise than they are meant to be: each ends its subscription, says so, and is counted.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::routing::get;
use hubbub::Hub;
use hubbub::transport::{GatedBody, GatedBodyError, SseError, SseGate};
use hyper::Response;
use hyper::body::Body;

use crate::support::wire::read_to_end;
use crate::support::{App, Setup, hub, publish, soon, topic};

/// What a handler has made and not returned.
type Kept<T> = Arc<Mutex<Option<T>>>;

fn stream(gate: &SseGate, hub: &Hub) -> Result<Response<GatedBody>, SseError> {
    gate.sse(hub.subscribe(&[topic().into()]))
}

fn gate_of(request: &Request) -> SseGate {
    request.extensions().get::<SseGate>().cloned().expect("every request has a gate")
}

/// An application whose route `/keep` makes a body and keeps it.
fn keeper(hub: &Hub) -> (App, Kept<Response<GatedBody>>) {
    let kept = Kept::default();
    let (to_keep, hub) = (kept.clone(), hub.clone());
    let keep = async move |request: Request| {
        *to_keep.lock().unwrap() = Some(stream(&gate_of(&request), &hub).unwrap());
        "kept"
    };
    let taken = kept.clone();
    let take = async move || taken.lock().unwrap().take().expect("one was kept");
    let routes = Router::new().route("/keep", get(keep)).route("/take", get(take));
    (App::start(Setup { routes, ..Setup::default() }), kept)
}

async fn ask_and_close(app: &App, path: &str) -> String {
    let mut client = app.ask(&format!("GET {path} HTTP/1.1\r\nhost: hub\r\nconnection: close\r\n\r\n")).await;
    String::from_utf8(read_to_end(&mut client).await).unwrap()
}

fn poll(body: &mut GatedBody) -> Poll<Option<Result<usize, GatedBodyError>>> {
    let frame = Pin::new(body).poll_frame(&mut Context::from_waker(Waker::noop()));
    frame.map(|frame| frame.map(|frame| frame.map(|frame| frame.data_ref().map_or(0, |data| data.len()))))
}

#[tokio::test]
async fn a_body_that_is_dropped_unserved_ends_its_subscription() {
    let hub = hub(64, hubbub::Overflow::DropNewest, 0);
    let (app, kept) = keeper(&hub);
    ask_and_close(&app, "/keep").await;
    assert_eq!(hub.subscribers(), 1);
    publish(&hub, 10);
    kept.lock().unwrap().take();
    let counts = hub.counts();
    assert_eq!([counts.offered, counts.dropped.client_gone, hub.subscribers() as u64], [1, 1, 0]);
}

#[tokio::test]
async fn a_body_that_is_polled_outside_of_its_connection_fails_and_ends_its_subscription() {
    let hub = hub(64, hubbub::Overflow::DropNewest, 0);
    let (app, kept) = keeper(&hub);
    ask_and_close(&app, "/keep").await;
    publish(&hub, 10);
    let mut body = kept.lock().unwrap().take().unwrap().into_body();
    assert_eq!(poll(&mut body), Poll::Ready(Some(Err(GatedBodyError::OtherConnection))));
    assert_eq!(hub.subscribers(), 0);
    assert!(body.is_end_stream());
    // Polled after its end.
    assert_eq!(poll(&mut body), Poll::Ready(None));
    let counts = hub.counts();
    assert_eq!([counts.offered, counts.delivered, counts.dropped.client_gone], [1, 0, 1]);
}

#[tokio::test]
async fn a_body_that_is_served_on_another_connection_is_cut_short_and_no_frame_of_it_counts_as_delivered() {
    let hub = hub(64, hubbub::Overflow::DropNewest, 0);
    let (app, _kept) = keeper(&hub);
    // The gate of a connection that is over, and one that is open.
    for keeps_open in [false, true] {
        let keeping = app.ask("GET /keep HTTP/1.1\r\nhost: hub\r\n\r\n").await;
        let subscribed = async {
            while hub.subscribers() == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        soon("a subscription", subscribed).await;
        let keeping = keeps_open.then_some(keeping);
        publish(&hub, 10);
        let answer = ask_and_close(&app, "/take").await;
        assert!(!answer.contains("data:") && !answer.ends_with("0\r\n\r\n"), "it looks whole: {answer}");
        assert_eq!(hub.subscribers(), 0);
        drop(keeping);
    }
    let counts = hub.counts();
    assert_eq!([counts.offered, counts.delivered, counts.dropped.client_gone], [2, 0, 2]);
    assert!(counts.is_conserved());
}

#[tokio::test]
async fn a_body_that_is_passed_on_by_a_task_is_cut_short() {
    let watched = hub(64, hubbub::Overflow::DropNewest, 0);
    let hub = watched.clone();
    let passed_on = async move |request: Request| {
        let mut body = stream(&gate_of(&request), &hub).unwrap().into_body();
        // A task of its own would read ahead of the socket, and be woken for nothing.
        let first = tokio::spawn(async move { poll(&mut body) }).await.unwrap();
        format!("{first:?}")
    };
    let routes = Router::new().route("/passed-on", get(passed_on));
    let app = App::start(Setup { routes, ..Setup::default() });
    let answer = ask_and_close(&app, "/passed-on").await;
    assert!(answer.ends_with("Ready(Some(Err(OtherConnection)))"), "{answer}");
    assert_eq!(watched.subscribers(), 0);
}

#[tokio::test]
async fn a_connection_has_one_stream_at_a_time() {
    let watched = hub(64, hubbub::Overflow::DropNewest, 0);
    let hub = watched.clone();
    let two = async move |request: Request| {
        let gate = gate_of(&request);
        let first = stream(&gate, &hub).unwrap();
        let second = stream(&gate, &hub).map(drop);
        assert_eq!(hub.subscribers(), 1, "the second has not subscribed");
        drop(first);
        let third = stream(&gate, &hub).map(drop);
        format!("{second:?} {third:?}")
    };
    let app = App::start(Setup { routes: Router::new().route("/two", get(two)), ..Setup::default() });
    let answer = ask_and_close(&app, "/two").await;
    assert!(answer.ends_with("\r\n\r\nErr(Busy) Ok(())"), "{answer}");
    assert_eq!(watched.subscribers(), 0);
}

#[tokio::test]
async fn a_policy_that_would_lose_what_it_keeps_is_refused_before_it_subscribes() {
    let watched = hub(64, hubbub::Overflow::DropNewest, 0);
    let hub = watched.clone();
    let park = async move |request: Request| {
        let parked = hub.subscribe(&[topic().into()]).overflow(hubbub::Overflow::Park);
        let refused = gate_of(&request).sse(parked).map(drop).unwrap_err();
        let again = stream(&gate_of(&request), &hub).map(drop);
        format!("{refused}; {again:?}")
    };
    let app = App::start(Setup { routes: Router::new().route("/park", get(park)), ..Setup::default() });
    let answer = ask_and_close(&app, "/park").await;
    assert!(answer.contains("the policy park needs a history") && answer.ends_with("; Ok(())"), "{answer}");
    assert_eq!(watched.subscribers(), 0);
}
