//! Any server under test: through the seam, with a probe and without.

mod bad_servers;
mod examples;
mod formats;
mod own_tasks;

use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, http::header::CONTENT_TYPE};
use futures_util::stream::unfold;
use hubbub_sim::client::Dialect;
use hubbub_sim::plan::{Plan, Reading};
use hubbub_sim::testbed::{Testbed, TestbedError};
use hubbub_sim::world::{Running, Server, Start};
use tokio::sync::mpsc::{Sender, channel};

use crate::plans::{ms, plan};

/// A server that a closure starts.
pub(crate) struct By<F>(pub(crate) F, pub(crate) Dialect);

impl<F: Fn(&Start) -> Running + Send + Sync> Server for By<F> {
    fn start(&self, start: &Start) -> Running {
        (self.0)(start)
    }

    fn dialect(&self) -> Dialect {
        self.1.clone()
    }
}

/// Streams that bring whatever is put into them.
#[derive(Clone, Default)]
pub(crate) struct Feed {
    clients: Arc<Mutex<Vec<Sender<String>>>>,
}

impl Feed {
    pub(crate) fn put(&self, text: &str) {
        self.clients.lock().unwrap().retain(|client| client.try_send(text.to_owned()).is_ok());
    }

    fn join(&self, kind: &'static str) -> Response {
        let (sender, receiver) = channel(1024);
        self.clients.lock().unwrap().push(sender);
        let body = unfold(receiver, |mut texts| async {
            let text = texts.recv().await?;
            Some((Ok::<_, std::convert::Infallible>(text), texts))
        });
        ([(CONTENT_TYPE, kind)], Body::from_stream(body)).into_response()
    }

    /// A process that serves the streams and publishes by a handle.
    pub(crate) fn running(self, kind: &'static str, publish: impl Fn(&Self, &str) + Send + Sync + 'static) -> Running {
        let feed = self.clone();
        let routes = Router::new().route("/watch", get(move || async move { feed.join(kind) }));
        Running::serving(routes).publishing(move |event| publish(&self, std::str::from_utf8(&event).unwrap()))
    }
}

/// Two readers and ten events, one every 10 ms.
pub(crate) fn small() -> Plan {
    plan(vec![Reading::AsItArrives, Reading::AsItArrives], 65_536, 10, ms(10), 100)
}

/// A server of events whose publishing is `publish`.
pub(crate) fn feeding(publish: impl Fn(&Feed, &str) + Send + Sync + Clone + 'static) -> impl Server {
    By(move |_: &Start| Feed::default().running("text/event-stream", publish.clone()), Dialect::sse("/watch"))
}

/// What ends a run of a server, in a line.
pub(crate) fn ends(server: impl Server + 'static) -> String {
    let why = Testbed::new("odd", server).run(&small(), 8).expect_err("it is no server of events");
    assert!(matches!(why, TestbedError::Server { .. }), "{why:?}");
    let text = why.to_string();
    assert_eq!(text.lines().count(), 1, "{text}");
    text.strip_prefix("odd on by-hand with N = 2, a buffer of 8, seed 3: ").expect(&text).to_owned()
}

#[test]
fn a_test_of_ones_own_is_five_lines() {
    let plan = small();
    let server = feeding(|feed, event| feed.put(&format!("data: {event}\n\n")));
    let run = Testbed::new("mine", server).run(&plan, 8).unwrap();
    assert_eq!(run.record.subscribers.iter().map(|one| one.dropped.total()).sum::<u64>(), 0);
    assert_eq!(run.record.subscribers[1].received, 10);
}
