//! An axum application with a stream of events: its own listener, routes, tokens and page.
//!
//! `cargo run --example axum_app`, then open <http://127.0.0.1:4000/> and publish:
//! `curl -H 'authorization: Bearer writer' -d '{"step":1}' http://127.0.0.1:4000/publish/builds`

use std::io;
use std::time::Duration;

use axum::extract::{Path, Query, Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use hubbub::hub::{HistorySettings, Rules};
use hubbub::transport::{ConnectionSettings, Connections, Runtime, SseGate, Tokio};
use hubbub::{Capacity, Hub, Limits, Overflow, Topic};
use hyper::StatusCode;
use hyper::header::AUTHORIZATION;
use tokio::net::{TcpListener, TcpStream};

/// The token of the page. An `EventSource` sends no headers of one's own, so it is in the address.
const READER: &str = "reader";
const WRITER: &str = "Bearer writer";

const PAGE: &str = r##"<!doctype html><title>builds</title><h1>builds</h1><ol id="events"></ol>
<script>
  const show = (text) => document.querySelector("#events").appendChild(document.createElement("li")).textContent = text;
  const events = new EventSource("/watch/builds?token=reader");
  events.onmessage = (event) => show(event.data);
  events.addEventListener("gap", (gap) => show("missing: " + gap.data));
</script>"##;

#[derive(Clone)]
struct App {
    hub: Hub,
    clock: Tokio,
}

#[derive(serde::Deserialize)]
struct Access {
    token: String,
}

async fn watch(
    State(app): State<App>,
    Path(table): Path<String>,
    Query(access): Query<Access>,
    Extension(gate): Extension<SseGate>,
) -> Result<impl IntoResponse, (StatusCode, String)> {
    if access.token != READER {
        return Err((StatusCode::UNAUTHORIZED, "which token?".to_owned()));
    }
    let topic = Topic::of_table(&table).map_err(|why| (StatusCode::NOT_FOUND, why.to_string()))?;
    let stream = gate.sse(app.hub.subscribe(&[topic.into()]).label("page"));
    stream.map_err(|why| (StatusCode::INTERNAL_SERVER_ERROR, why.to_string()))
}

async fn publish(State(app): State<App>, Path(table): Path<String>, payload: String) -> Response {
    match Topic::of_table(&table) {
        Ok(topic) => app.hub.publish(app.clock.now(), &topic, payload).id.to_string().into_response(),
        Err(why) => (StatusCode::NOT_FOUND, why.to_string()).into_response(),
    }
}

async fn only_writers(request: Request, next: Next) -> Response {
    let is_writer = request.headers().get(AUTHORIZATION).is_some_and(|token| token == WRITER);
    if is_writer { next.run(request).await } else { StatusCode::UNAUTHORIZED.into_response() }
}

/// Serves the application until `stop` is ready.
pub(crate) async fn run(listener: TcpListener, stop: impl Future<Output = ()>) -> io::Result<()> {
    let capacity = Capacity::new(256).expect("1 to 1,048,576 frames");
    let history = HistorySettings { events: 10_000, bytes: 16 << 20 };
    // A new number at every start, so that the ids of the last run are not taken for those of this one.
    let epoch = std::time::UNIX_EPOCH.elapsed().map_or(1, |since| since.as_secs());
    let rules = Rules { history, announces_gaps: true, ..Rules::plain(Limits::frames(capacity), Overflow::DropNewest) };
    let app = App { hub: Hub::with(epoch, rules), clock: Tokio::start() };
    let routes = Router::new()
        .route("/publish/{table}", post(publish))
        .layer(from_fn(only_writers))
        .route("/watch/{table}", get(watch))
        .route("/", get(async || Html(PAGE)))
        .with_state(app);
    let connections = Connections::new(ConnectionSettings::default());
    let mut stop = std::pin::pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = listener.accept() => accepted?,
        };
        bound(&stream)?;
        tokio::spawn(connections.serve(stream, peer, routes.clone()));
    }
    // Closed first, so that no client comes back to a server that stops.
    drop(listener);
    connections.shutdown(Duration::from_secs(5)).await;
    Ok(())
}

/// Lets events wait in the mailbox, where a policy reaches them, and not in the kernel.
fn bound(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    socket2::SockRef::from(stream).set_tcp_notsent_lowat(16 * 1024)?;
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
#[allow(dead_code, reason = "a test runs the application without it")]
async fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:4000").await?;
    run(listener, async { drop(tokio::signal::ctrl_c().await) }).await
}
