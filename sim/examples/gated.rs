//! An axum application whose streams are made of hubbub's Hub and gated body. Its probe is the Hub, so a run of it is exact:
//! the smallest size without a loss is read off one run, and every loss has its reason.
//!
//! `cargo run --release -p hubbub-sim --example gated` sweeps it on the named scenario `alpha`.

#![allow(
    clippy::print_stdout,
    dead_code,
    reason = "a program that prints a page; tests and another example take the server from this file"
)]

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Extension, Router, http::StatusCode};
use hubbub::hub::{Policy, Rules};
use hubbub::server::DEFAULT_HISTORY;
use hubbub::transport::{ConnectionSettings, Connections, SseGate};
use hubbub::{Capacity, Hub, Limits, Overflow, Topic};
use hubbub_sim::{Dialect, HubProbe, Overrides, Running, Scenario, Server, ServerSweep, Start, Testbed, TestbedError};

async fn watch(
    State((hub, topic)): State<(Hub, Topic)>,
    Extension(gate): Extension<SseGate>,
) -> Result<impl IntoResponse, (StatusCode, String)> {
    let stream = gate.sse(hub.subscribe(&[topic.into()]));
    stream.map_err(|why| (StatusCode::INTERNAL_SERVER_ERROR, why.to_string()))
}

/// The routes of the application. They need connections that are served by `hubbub::transport::Connections`.
pub(crate) fn routes(hub: Hub, topic: Topic) -> Router {
    Router::new().route("/watch", get(watch)).with_state((hub, topic))
}

/// The application as a server under test, with a policy for full mailboxes.
pub(crate) struct Gated(pub(crate) Overflow);

impl Gated {
    fn rules(&self, frames: usize) -> Rules {
        let capacity = Capacity::new(frames).unwrap_or(Capacity::UNBOUNDED);
        let plain = Rules::plain(Limits::frames(capacity), self.0);
        match self.0 {
            Overflow::DropNewest | Overflow::DropOldest => plain,
            // These send clients to the history, and `Conflate` replaces old values of a key, which is the payload's "k".
            Overflow::Conflate | Overflow::Disconnect | Overflow::Park => {
                let policy = Policy { key: "k".parse().ok(), ..plain.policy };
                Rules { policy, history: DEFAULT_HISTORY, announces_gaps: true, by_topic: Vec::new() }
            }
        }
    }
}

impl Server for Gated {
    fn start(&self, start: &Start) -> Running {
        let hub = Hub::with(start.epoch(), self.rules(start.frames()));
        let topic = Topic::of_table("builds").unwrap_or_else(|why| unreachable!("a valid table: {why}"));
        let settings = ConnectionSettings { retry: None, request_timeout: None, ..ConnectionSettings::default() };
        let settings = ConnectionSettings { keepalive: Duration::from_secs(15), frames_per_write: 1, ..settings };
        let connections = Connections::with_observer(settings, start.environment());
        let routes = routes(hub.clone(), topic.clone());
        Running::serving_connections(move |stream, peer| connections.serve(stream, peer, routes.clone()))
            .probed(HubProbe::new(hub, topic))
    }

    fn dialect(&self) -> Dialect {
        // The gate resumes a stream by itself, where there is a history.
        Dialect::sse("/watch").resuming()
    }
}

fn sweep() -> Result<ServerSweep, TestbedError> {
    let few = Overrides { subscribers: Some(vec![50]), seeds: Some(3), ..Overrides::default() };
    let scenario = Scenario::named("alpha")?.with(few)?;
    let swept = Testbed::new("gated", Gated(Overflow::DropNewest)).sweep(&scenario)?;
    swept.write(Path::new("target/testbed/gated"))?;
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
