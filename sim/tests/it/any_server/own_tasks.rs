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
use tokio::task::yield_now;

use super::{By, small};
use crate::plans::ms;

/// A server with one slot for each client, and so many tasks between the slot and the body, each with a slot of its own.
/// A task lets others run so many times before it hands an event on.
fn with_tasks(tasks: usize, yields: usize) -> impl Server {
    By(
        move |_: &Start| {
            let clients = Arc::new(std::sync::Mutex::new(Vec::<Sender<String>>::new()));
            let joined = clients.clone();
            let watch = get(move || async move {
                let (sender, mut receiver) = channel(1);
                for _ in 0..tasks {
                    let (next, received) = channel(1);
                    drop(tokio::spawn(forward(receiver, next, yields)));
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

async fn forward(mut from: Receiver<String>, to: Sender<String>, yields: usize) {
    while let Some(text) = from.recv().await {
        for _ in 0..yields {
            yield_now().await;
        }
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
    let arrivals = (0..6).map(|n| Arrival { at: ms(100) + ms(1) * n / 10, payload_bytes: 100, key: 0, table: 0 });
    Plan { arrivals: arrivals.collect(), ..small() }
}

fn run(tasks: usize, yields: usize) -> ServerRun {
    Testbed::new("tasks", with_tasks(tasks, yields)).check_determinism(&within_a_tick(), 1).unwrap()
}

fn lost(run: &ServerRun) -> u64 {
    run.record.subscribers.iter().map(|one| one.dropped.total()).sum()
}

/// The longest time from a publish to the socket.
fn latest_us(run: &ServerRun) -> u64 {
    run.record.classes[0].flush_us.max()
}

#[test]
fn a_run_without_tasks_of_the_servers_own_is_exact_to_the_nanosecond() {
    let run = run(0, 0);
    assert_eq!(run.exactness, Exactness::Nanosecond);
    assert!(run.record.subscribers.iter().all(|one| one.received == 6 && one.dropped.total() == 0));
    assert_eq!(latest_us(&run), 0);
}

/// Between two events each task of the server's own runs once. Tasks that hand an event on at once, one to the next, are
/// done with it then: the run says that it is exact to a tick, and is no other than the exact one.
#[test]
fn tasks_of_the_servers_own_that_are_soon_done_change_nothing() {
    let run = run(8, 0);
    assert_eq!(run.exactness, Exactness::Tick { own_tasks: 16, is_posted: false });
    assert_eq!((lost(&run), latest_us(&run)), (0, 0));
}

/// A task that lets others run before it hands an event on is not waited for. The events behind it are published
/// meanwhile, at their own times: the first one reaches the socket late, though within the tick, and the slot of one loses
/// those that come before it is read. The same server without such tasks loses nothing.
#[test]
fn tasks_of_the_servers_own_that_take_several_turns_are_late_by_a_part_of_a_tick_and_their_slots_overflow() {
    let run = run(2, 3);
    assert_eq!(run.exactness, Exactness::Tick { own_tasks: 4, is_posted: false });
    let latest = latest_us(&run);
    assert!((100..=1000).contains(&latest), "{latest} µs");
    assert!(lost(&run) > 0);
}
