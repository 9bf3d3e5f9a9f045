//! A server as many are: axum, server-sent events, and one `tokio::sync::broadcast` channel for all. A client that is more
//! than the channel's size behind loses the oldest events.
//!
//! `cargo run --release -p hubbub-sim --example broadcast` sweeps it and draws its curve.

#![allow(
    clippy::print_stdout,
    dead_code,
    reason = "a program that prints a page; tests and another example take the server from this file"
)]

use std::convert::Infallible;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::Event;
use axum::routing::{get, post};
use axum::{Router, http::StatusCode};
use futures_util::stream::{Stream, unfold};
use hubbub_sim::{Dialect, Running, Scenario, Server, ServerSweep, Start, Testbed, TestbedError};
use tokio::sync::broadcast::{self, Receiver, Sender, error::RecvError};

type Events = Sender<Arc<str>>;

async fn watch(State(events): State<Events>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    Sse::new(unfold(events.subscribe(), next))
}

async fn next(mut events: Receiver<Arc<str>>) -> Option<(Result<Event, Infallible>, Receiver<Arc<str>>)> {
    loop {
        match events.recv().await {
            Ok(event) => return Some((Ok(Event::default().data(&*event)), events)),
            // The oldest are gone. Most servers go on without a word, as this one does.
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return None,
        }
    }
}

async fn publish(State(events): State<Events>, event: String) -> StatusCode {
    // It fails where nobody listens.
    drop(events.send(event.into()));
    StatusCode::ACCEPTED
}

/// The routes of the application, as they would be served over TCP.
pub(crate) fn routes(events: Events) -> Router {
    Router::new().route("/watch", get(watch)).route("/publish", post(publish)).with_state(events)
}

/// The application as a server under test.
pub(crate) struct Broadcast;

impl Server for Broadcast {
    fn start(&self, start: &Start) -> Running {
        Running::serving(routes(broadcast::channel(start.frames()).0))
    }

    fn dialect(&self) -> Dialect {
        Dialect::sse("/watch").publishing_at("/publish")
    }

    /// The channel rounds up to a power of two.
    fn effective_frames(&self, frames: usize) -> usize {
        frames.next_power_of_two()
    }
}

fn sweep() -> Result<ServerSweep, TestbedError> {
    let scenario = Scenario::parse("dashboard.toml", SCENARIO)?;
    let swept = Testbed::new("broadcast", Broadcast).sweep(&scenario)?;
    swept.write(Path::new("target/testbed/broadcast"))?;
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

/// Viewers on good lines, tabs that stall, and phones on slow lines.
const SCENARIO: &str = r#"
name = "dashboard"
question = "Which size does the broadcast channel of a dashboard need?"
table = "builds"
duration_seconds = 30
drain_seconds = 20
seeds = 5
subscribers = [20, 100]
buffers = [4, 8, 16, 32, 64, 100, 128, 256, 512]
arrivals = { kind = "bursts", quiet_per_second = 3, burst_per_second = 40, quiet_seconds = [4, 8], burst_seconds = [1, 3] }
payload = { kind = "log-normal", median_bytes = 600, sigma = 0.8, min_bytes = 64, max_bytes = 16384 }

[[class]]
name = "viewer"
share = 0.6
round_trip_ms = 20
window_bytes = 65536
reads = "as-it-arrives"

[[class]]
name = "stalling-tab"
share = 0.3
round_trip_ms = 40
window_bytes = 16384
reads.stalls = { after_seconds = [2, 8], for_seconds = [0.5, 3] }

[[class]]
name = "phone"
share = 0.1
round_trip_ms = 120
window_bytes = 8192
reads.rate.bytes_per_second = 20000
"#;
