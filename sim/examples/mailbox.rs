//! A server with one bounded `mpsc` channel for each client: an event that does not fit is dropped by `try_send`.
//!
//! `cargo run --release -p hubbub-sim --example mailbox` sweeps it on the named scenario `alpha`.

#![allow(
    clippy::print_stdout,
    dead_code,
    reason = "a program that prints a page; tests and another example take the server from this file"
)]

use std::convert::Infallible;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::Event;
use axum::routing::{get, post};
use axum::{Router, http::StatusCode};
use futures_util::stream::{Stream, unfold};
use hubbub_sim::{Dialect, Overrides, Running, Scenario, Server, ServerSweep, Start, Testbed, TestbedError};
use tokio::sync::mpsc::{self, Receiver, Sender, error::TrySendError};

/// The senders of all clients, and the size of each channel.
#[derive(Clone)]
pub(crate) struct Clients {
    frames: usize,
    senders: Arc<Mutex<Vec<Sender<Arc<str>>>>>,
}

impl Clients {
    pub(crate) fn new(frames: usize) -> Self {
        Self { frames, senders: Arc::default() }
    }

    fn join(&self) -> Receiver<Arc<str>> {
        let (sender, receiver) = mpsc::channel(self.frames);
        self.senders.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        receiver
    }

    /// The most events that wait for one client.
    pub(crate) fn waiting(&self) -> usize {
        let senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
        senders.iter().map(|sender| self.frames - sender.capacity()).max().unwrap_or(0)
    }

    pub(crate) fn publish(&self, event: &Arc<str>) {
        let mut senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
        // A full channel loses the event, and its client stays. A closed one is a client that has gone.
        senders.retain(|sender| !matches!(sender.try_send(event.clone()), Err(TrySendError::Closed(_))));
    }
}

async fn watch(State(clients): State<Clients>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    Sse::new(unfold(clients.join(), |mut events| async {
        let event = events.recv().await?;
        Some((Ok(Event::default().data(&*event)), events))
    }))
}

async fn publish(State(clients): State<Clients>, event: String) -> StatusCode {
    clients.publish(&event.into());
    StatusCode::ACCEPTED
}

/// The routes of the application, as they would be served over TCP.
pub(crate) fn routes(clients: Clients) -> Router {
    Router::new().route("/watch", get(watch)).route("/publish", post(publish)).with_state(clients)
}

/// The application as a server under test. It gives a handle to publish by, so no request is simulated for an event.
pub(crate) struct Mailbox;

impl Server for Mailbox {
    fn start(&self, start: &Start) -> Running {
        let clients = Clients::new(start.frames());
        Running::serving(routes(clients.clone())).publishing(move |event| {
            clients.publish(&String::from_utf8_lossy(&event).into());
        })
    }

    fn dialect(&self) -> Dialect {
        Dialect::sse("/watch")
    }
}

fn sweep() -> Result<ServerSweep, TestbedError> {
    let few = Overrides { subscribers: Some(vec![50]), seeds: Some(3), ..Overrides::default() };
    let scenario = Scenario::named("alpha")?.with(few)?;
    let swept = Testbed::new("mailbox", Mailbox).sweep(&scenario)?;
    swept.write(Path::new("target/testbed/mailbox"))?;
    Ok(swept)
}

fn main() -> ExitCode {
    match sweep() {
        Ok(swept) => {
            println!("{swept}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{why}");
            why.exit_code()
        }
    }
}
