//! Redirections: how far they are followed, and what goes along.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::HeaderMap;
use axum::response::Redirect;
use axum::routing::post;

use super::{TlsFront, ca, redirect, stream};
use crate::command_line::{folder, refused, sim};
use crate::real_world::{load, serve, urls, with_plan};
use crate::recording::scripted::ScriptedServer;

const HEADER: [&str; 2] = ["--header", "Authorization: Bearer SECRET"];

#[test]
fn a_redirection_on_the_same_server_takes_the_header_fields_along_and_one_to_another_does_not() {
    let other = ScriptedServer::start([stream()]);
    let away = redirect(302, &format!("http://{}/there", other.address));
    let server = ScriptedServer::start([redirect(307, "/v2/stream?table=t"), away]);
    let folder = folder("access-redirected");
    let url = format!("http://{}/v1/stream", server.address);
    let output = sim(&folder, &[&["record", &url, "--for", "1s", "-o", "t.jsonl"], &HEADER[..]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let [first, second] = <[String; 2]>::try_from(server.requests()).unwrap();
    assert!(first.starts_with("GET /v1/stream ") && second.starts_with("GET /v2/stream?table=t "), "{second}");
    assert!(first.contains("Bearer SECRET") && second.contains("Bearer SECRET"), "{second}");
    let last = &other.requests()[0];
    assert!(last.starts_with("GET /there ") && !last.contains("SECRET"), "{last}");
}

#[test]
fn a_redirection_to_a_place_that_is_too_long_is_refused_and_not_cut() {
    let server = ScriptedServer::start([redirect(302, &format!("/{}", "a".repeat(5000)))]);
    let url = format!("http://{}/stream", server.address);
    let why = refused(&folder("access-long"), &["record", &url, "-o", "t.jsonl"]);
    assert!(why.contains("aaa… with status 302, which is longer than this client follows"), "{why}");
    assert!(why.len() < 500, "{why}");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_loop_and_a_way_out_of_tls_end_in_one_line() {
    let folder = folder("access-loop");
    let server = ScriptedServer::start(vec![redirect(302, "/stream?key=SECRET"); 21]);
    let url = format!("http://{}/stream", server.address);
    let why = refused(&folder, &["record", &url, "-o", "t.jsonl"]);
    assert!(why.contains("redirects to /stream?key=REDACTED with status 302, after 20 redirections before"), "{why}");
    let plain = ScriptedServer::start([redirect(302, "http://127.0.0.1:1/")]);
    let front = TlsFront::of(plain.address);
    let url = format!("https://{}/", front.address);
    let why = refused(&folder, &["record", &url, "-o", "t.jsonl", "--ca", &ca()]);
    assert!(why.contains("which would send unencrypted what was to be encrypted"), "{why}");
}

/// Redirects every publish to another server, with these statuses by path.
fn redirecting(runtime: &tokio::runtime::Runtime, to: SocketAddr, let_in: Arc<AtomicUsize>) -> SocketAddr {
    let to = format!("http://{to}/v1/ingest/t");
    let permanent = to.clone();
    let routes = Router::new()
        .route(
            "/keeps",
            post(move |headers: HeaderMap| async move {
                let has_key = headers.get("authorization").is_some_and(|value| value == "Bearer SECRET");
                let_in.fetch_add(usize::from(has_key), Ordering::Relaxed);
                Redirect::temporary(&permanent)
            }),
        )
        .route("/changes", post(move || async move { Redirect::to(&to) }));
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(axum::serve(listener, routes).into_future());
    address
}

#[test]
fn a_publish_follows_a_redirection_that_keeps_its_method_and_no_other() {
    let (runtime, address, _) = serve(16);
    let let_in = Arc::new(AtomicUsize::new(0));
    let front = redirecting(&runtime, address, let_in.clone());
    let folder = with_plan("access-publish");
    let [flag, stream, other, _] = urls(address);
    let keeps = format!("http://{front}/keeps");
    let [option, field] = HEADER;
    let document = load(&folder, &[&flag, &stream, &other, &keeps, option, field]);
    let cell = &document["cells"][0];
    assert!(cell["received"].as_u64() > Some(500), "{cell}");
    // Each of them is redirected anew, to another origin, and the way there has what lets it in.
    assert!(let_in.load(Ordering::Relaxed) >= 600, "{let_in:?}");
    let arguments = ["load", "--scenario", "./two.toml", &flag, &stream, &other, &format!("http://{front}/changes")];
    let why = refused(&folder, &arguments);
    assert!(why.contains("/changes: answers a publish with status 303"), "{why}");
    drop(runtime);
}
