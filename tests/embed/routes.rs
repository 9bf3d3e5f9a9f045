//! Routes and authentication of the application, beside a stream.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use hyper::StatusCode;
use hyper::header::AUTHORIZATION;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::wire::{read_to_end, read_until, sequences};
use crate::support::{App, Setup, soon};

async fn text_of(app: &App, request: &str) -> String {
    let mut client = app.ask(request).await;
    String::from_utf8(read_to_end(&mut client).await).unwrap()
}

#[tokio::test]
async fn routes_of_the_application_answer_beside_a_stream_and_on_the_same_connection() {
    let routes = Router::new().route("/echo", post(async |body: String| body.to_uppercase()));
    let app = App::start(Setup { routes, ..Setup::default() });
    let watching = app.watch().await;
    let request = "POST /echo HTTP/1.1\r\nhost: hub\r\ncontent-length: 3\r\nconnection: close\r\n\r\nabc";
    let answer = text_of(&app, request).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nABC"), "{answer}");
    let answer = text_of(&app, "GET /other HTTP/1.1\r\nhost: hub\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");

    // First a request of another kind, then a stream.
    let mut client = app.ask("POST /echo HTTP/1.1\r\nhost: hub\r\ncontent-length: 1\r\n\r\na").await;
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\nA") {
        soon("the first answer", client.read_buf(&mut bytes)).await.unwrap();
    }
    drop(watching);
    app.let_go().await;
    client.write_all(b"GET /watch/t HTTP/1.1\r\nhost: hub\r\n\r\n").await.unwrap();
    let subscribed = async {
        while app.hub.subscribers() == 0 {
            tokio::task::yield_now().await;
        }
    };
    soon("a subscription", subscribed).await;
    app.publish(10);
    read_until(&mut client, |chunks| sequences(chunks) == [1]).await;
}

async fn only_with_token(request: Request, next: Next) -> Response {
    let is_known = request.headers().get(AUTHORIZATION).is_some_and(|token| token == "Bearer secret");
    if is_known { next.run(request).await } else { StatusCode::UNAUTHORIZED.into_response() }
}

#[tokio::test]
async fn a_middleware_of_the_application_decides_who_may_watch() {
    let gate_of = |request: &Request| request.extensions().get::<hubbub::transport::SseGate>().cloned();
    let hub = crate::support::hub(64, hubbub::Overflow::DropNewest, 0);
    let watched = hub.clone();
    let watch = async move |request: Request| {
        let gate = gate_of(&request).expect("every request has a gate");
        gate.sse(watched.subscribe(&[crate::support::topic().into()])).map_err(|why| why.to_string())
    };
    let routes = Router::new().route("/private", get(watch)).layer(from_fn(only_with_token));
    let app = App::start(Setup { routes, ..Setup::default() });
    let answer = text_of(&app, "GET /private HTTP/1.1\r\nhost: hub\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert_eq!(hub.subscribers(), 0);
    let request = "GET /private HTTP/1.1\r\nhost: hub\r\nauthorization: Bearer secret\r\n\r\n";
    let mut client = app.ask(request).await;
    let subscribed = async {
        while hub.subscribers() == 0 {
            tokio::task::yield_now().await;
        }
    };
    soon("a subscription", subscribed).await;
    crate::support::publish(&hub, 10);
    read_until(&mut client, |chunks| sequences(chunks) == [1]).await;
}

#[tokio::test]
async fn a_handler_may_upgrade_its_connection_to_a_protocol_of_its_own() {
    let upgrade = async |mut request: Request| {
        let upgraded = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            let mut stream = TokioIo::new(upgraded.await.expect("the connection is handed over"));
            let mut byte = [0];
            stream.read_exact(&mut byte).await.unwrap();
            stream.write_all(&[byte[0] + 1]).await.unwrap();
        });
        (StatusCode::SWITCHING_PROTOCOLS, [("connection", "upgrade"), ("upgrade", "next-byte")])
    };
    let app = App::start(Setup { routes: Router::new().route("/upgrade", get(upgrade)), ..Setup::default() });
    let request = "GET /upgrade HTTP/1.1\r\nhost: hub\r\nconnection: upgrade\r\nupgrade: next-byte\r\n\r\n";
    let mut client = app.ask(request).await;
    client.write_all(b"a").await.unwrap();
    let answer = String::from_utf8(read_to_end(&mut client).await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 101 ") && answer.ends_with("\r\n\r\nb"), "{answer}");
    assert!(app.connections.is_empty(), "the handler has it");
}
