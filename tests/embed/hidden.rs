//! How many frames a body without the gate hides: counted as delivered, and never seen by a client that reads nothing.
//!
//! `cargo test --test embed --no-default-features --features sse hidden -- --nocapture` prints the figures that
//! `docs/embedding.md` has.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::response::sse::{Event, Sse};
use axum::routing::get;
use axum::{Extension, Router};
use futures_util::StreamExt;
use hubbub::transport::{ConnectionSettings, Connections, SseGate};
use hubbub::{Hub, Overflow};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use crate::support::wire::{parse, read_to_end, sequences};
use crate::support::{hub, soon, topic};

/// Capacity of the mailbox, in frames: the default of the server.
const K: usize = 256;
/// Bytes of a payload, as in the burst.
const PAYLOAD_BYTES: usize = 400;

/// What became of the events for a client that read nothing.
#[derive(Debug)]
struct Found {
    /// Events that the Hub counts as delivered.
    delivered: u64,
    /// Events that the client reads after the server's end: what the kernel had.
    in_sockets: u64,
}

async fn events_of(hub: Hub) -> Sse<impl futures_util::Stream<Item = Result<Event, Infallible>>> {
    let subscription = hub.subscribe(&[topic().into()]).open().unwrap();
    Sse::new(subscription.map(|taken| {
        let payload = String::from_utf8_lossy(taken.event.payload());
        Ok(Event::default().id(taken.event.id().to_string()).data(payload))
    }))
}

/// An axum application whose stream is axum's own `Sse` over a subscription.
async fn serve_plain(listener: TcpListener, hub: Hub, bounds: fn(&TcpStream)) {
    use axum::serve::ListenerExt;
    let routes = Router::new().route("/", get(async move || events_of(hub).await));
    axum::serve(listener.tap_io(move |stream| bounds(stream)), routes).await.unwrap();
}

/// The same application behind the gate.
async fn serve_gated(listener: TcpListener, hub: Hub, bounds: fn(&TcpStream)) {
    let watch = async move |Extension(gate): Extension<SseGate>| {
        gate.sse(hub.subscribe(&[topic().into()])).map_err(|why| why.to_string())
    };
    let routes = Router::new().route("/", get(watch));
    let connections = Connections::new(ConnectionSettings::default());
    let (stream, peer): (_, SocketAddr) = listener.accept().await.unwrap();
    bounds(&stream);
    connections.serve(stream, peer, routes).await;
}

/// Publishes until the mailbox of a client that reads nothing is full and stays so, ends the server, and lets the
/// client read what is left.
async fn measure(hub: Hub, address: SocketAddr, server: impl Future<Output = ()> + Send + 'static) -> Found {
    // A thread of its own, which takes what it can while this one publishes.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.spawn(server);
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nhost: hub\r\n\r\n").await.unwrap();
    let subscribed = async {
        while hub.subscribers() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    soon("a subscription", subscribed).await;
    let mut before = 0;
    loop {
        for _ in 0..K / 4 {
            hub.publish(Duration::ZERO, &topic(), "x".repeat(PAYLOAD_BYTES));
        }
        // The transport's thread takes what it can, and the kernel's buffers grow as far as they may.
        tokio::time::sleep(Duration::from_millis(10)).await;
        let counts = hub.counts();
        if counts.waiting == K as u64 && counts.delivered == before {
            break;
        }
        before = counts.delivered;
    }
    runtime.shutdown_background();
    let ended = async {
        while hub.subscribers() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    // Read at the end: the kernel may make room for one more frame until then.
    soon("the end of the subscription", ended).await;
    let delivered = hub.counts().delivered;
    let left = read_to_end(&mut client).await;
    // Whole frames: of the one in flight a part may have gone.
    let (_, chunks) = parse(&left).expect("a response");
    Found { delivered, in_sockets: sequences(&chunks).len() as u64 }
}

fn as_the_kernel_likes(_: &TcpStream) {}

#[tokio::test]
async fn a_body_without_the_gate_counts_frames_as_delivered_that_no_socket_has() {
    let row = |name: &str, found: &Found| {
        let Found { delivered, in_sockets } = found;
        let kib = delivered * PAYLOAD_BYTES as u64 / 1024;
        eprintln!("| {name} | {delivered} | {kib} KiB | {} |", delivered.saturating_sub(*in_sockets));
    };
    eprintln!("K = {K}, payloads of {PAYLOAD_BYTES} B, loopback, a client that reads nothing");
    eprintln!("| served by | counted as delivered | payload bytes | of these in no socket |");
    for (sockets, bounds) in [("", as_the_kernel_likes as fn(&TcpStream)), (", bounded socket", crate::support::bound)]
    {
        for is_gated in [false, true] {
            let hub = hub(K, Overflow::DropNewest, 0);
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
            let address = listener.local_addr().unwrap();
            let found = if is_gated {
                measure(hub.clone(), address, serve_gated(listener, hub, bounds)).await
            } else {
                measure(hub.clone(), address, serve_plain(listener, hub, bounds)).await
            };
            let name = if is_gated { "`Connections` and `SseGate`" } else { "`axum::serve` and `Sse`" };
            row(&format!("{name}{sockets}"), &found);
            if is_gated {
                assert_eq!(found.delivered, found.in_sockets, "{sockets}");
            } else {
                assert!(found.delivered > found.in_sockets, "{found:?}{sockets}");
            }
        }
    }
}
