//! Tasks that a server spawns by itself are not counted by the world, and a run with them says so.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::stream::unfold;
use hubbub_sim::{Arrival, Dialect, Exactness, Plan, Running, Server, ServerRun, Start, Testbed};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::{By, small};
use crate::plans::ms;

/// A server with one slot for each client, and so many tasks between the slot and the body, each with a slot of its own.
fn with_tasks(tasks: usize) -> impl Server {
    By(
        move |_: &Start| {
            let clients = Arc::new(std::sync::Mutex::new(Vec::<Sender<String>>::new()));
            let joined = clients.clone();
            let watch = get(move || async move {
                let (sender, mut receiver) = channel(1);
                for _ in 0..tasks {
                    let (next, received) = channel(1);
                    drop(tokio::spawn(forward(receiver, next)));
                    receiver = received;
                }
                joined.lock().unwrap().push(sender);
                stream(receiver)
            });
            Running::serving(Router::new().route("/watch", watch)).publishing(move |event| {
                let text = format!("data: {}\n\n", std::str::from_utf8(&event).unwrap());
                for client in clients.lock().unwrap().iter() {
                    drop(client.try_send(text.clone()));
                }
            })
        },
        Dialect::sse("/watch"),
    )
}

async fn forward(mut from: Receiver<String>, to: Sender<String>) {
    while let Some(text) = from.recv().await {
        if to.send(text).await.is_err() {
            return;
        }
    }
}

fn stream(receiver: Receiver<String>) -> Response {
    let body = unfold(receiver, |mut texts| async {
        let text = texts.recv().await?;
        Some((Ok::<_, std::convert::Infallible>(text), texts))
    });
    ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(body)).into_response()
}

/// Six events within one tick of 1 ms, 0.1 ms apart, which a slot of one takes if its reader runs between any two.
fn within_a_tick() -> Plan {
    let arrivals = (0..6).map(|n| Arrival { at: ms(100) + ms(1) * n / 10, payload_bytes: 100, key: 0 });
    Plan { arrivals: arrivals.collect(), ..small() }
}

fn run(tasks: usize) -> ServerRun {
    Testbed::new("tasks", with_tasks(tasks)).check_determinism(&within_a_tick(), 1).unwrap()
}

#[test]
fn a_run_without_tasks_of_the_servers_own_is_exact_to_the_nanosecond() {
    let run = run(0);
    assert_eq!(run.exactness, Exactness::Nanosecond);
    assert!(run.record.subscribers.iter().all(|one| one.received == 6 && one.dropped.total() == 0));
}

/// The world waits for the connection that reads from a slot, so each event is in its socket at the time at which it was
/// published. It cannot wait for tasks that the server spawned: an event that has to pass eight of them may be in its socket
/// only at the end of the tick. All times of such a run are off by a tick at most. Nothing else differs here.
#[test]
fn a_run_with_tasks_of_the_servers_own_is_exact_to_a_tick_and_says_so() {
    let [exact, to_a_tick] = [0, 8].map(run);
    assert_eq!(to_a_tick.exactness, Exactness::Tick { own_tasks: 16, is_posted: false });
    let lost = |run: &ServerRun| run.record.subscribers.iter().map(|one| one.dropped.total()).sum::<u64>();
    assert_eq!([lost(&exact), lost(&to_a_tick)], [0, 0]);
    let latest_us = |run: &ServerRun| run.record.classes[0].flush_us.max();
    assert_eq!(latest_us(&exact), 0);
    assert!(latest_us(&to_a_tick) <= 1001, "{} µs", latest_us(&to_a_tick));
}
