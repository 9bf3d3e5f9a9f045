//! Any server under test: through the seam, with a probe and without.

mod bad_servers;
mod examples;
mod formats;
mod own_tasks;
#[expect(clippy::print_stdout, reason = "a page has this file as an example, and prints what was found")]
mod your_own;

use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, http::header::CONTENT_TYPE};
use futures_util::stream::unfold;
use hubbub_sim::{Dialect, Objective, Plan, Reading, Running, Server, Start, Testbed, TestbedError};
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

    pub(crate) fn join(&self, kind: &'static str) -> Response {
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
    let server = feeding(|feed, event| feed.put(&format!("data: {event}\n\n")));
    let objective = Objective::default().missed(0.0).age_p99_ms(5.0);
    let run = Testbed::new("mine", server).check(&small(), 8, &objective).unwrap();
    assert_eq!(run.record.subscribers[1].received, 10);
}

#[test]
fn an_objective_that_is_not_met_names_class_figure_and_value() {
    let plan = plan(vec![Reading::AsItArrives, Reading::Never], 2_048, 40, ms(10), 400);
    let server = || feeding(|feed, event| feed.put(&format!("data: {event}\n\n")));
    let unmet = |objective: Objective| Testbed::new("mine", server()).check(&plan, 8, &objective).unwrap_err();
    let missed = unmet(Objective::default().missed(0.25)).to_string();
    assert_eq!(missed, "mine: all subscribers: missed = 0.5, and the objective is at most 0.25");
    let aged = unmet(Objective::default().of_class("all", |all| all.age_p99_ms(0.5))).to_string();
    assert!(aged.starts_with("mine: all: age_p99_ms = "), "{aged}");
    let nobody = unmet(Objective::default().of_class("phones", |phones| phones.missed(1.0)));
    assert_eq!(nobody.to_string(), "mine: phones: missed has no value, and the objective is at most 1");
    assert_eq!(format!("{:?}", nobody.exit_code()), format!("{:?}", std::process::ExitCode::from(1)));
}
