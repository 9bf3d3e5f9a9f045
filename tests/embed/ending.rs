//! How streams end, and connections with them.

use std::time::Duration;

use hubbub::transport::ConnectionSettings;
use hubbub::{LossReason, Overflow, PushOutcome};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::support::wire::{read_to_end, read_until, sequences};
use crate::support::{App, Setup, soon};

const WRITE_DEADLINE: Duration = Duration::from_millis(300);
/// More than the kernel takes on both sides together, so that the one in flight stays there.
const LARGE: usize = 200_000;

fn impatient() -> ConnectionSettings {
    ConnectionSettings { write_deadline: WRITE_DEADLINE, ..ConnectionSettings::default() }
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_evicted_at_the_write_deadline() {
    let mut app = App::start(Setup { capacity: 4, settings: impatient(), ..Setup::default() });
    let mut client = app.watch().await;
    let before = Instant::now();
    assert_eq!(app.fill(LARGE).await, PushOutcome::Refused { reason: LossReason::BufferFull });
    let counts = app.ended().await;
    assert!(before.elapsed() >= WRITE_DEADLINE);
    assert_eq!([counts.dropped.evicted, counts.dropped.buffer_full, counts.dropped.client_gone], [4 + 1, 1, 0]);
    app.let_go().await;
    read_to_end(&mut client).await;
}

#[tokio::test]
async fn a_slow_client_is_not_evicted_as_long_as_its_socket_takes_something() {
    let mut app = App::start(Setup { capacity: 4, settings: impatient(), ..Setup::default() });
    let mut client = app.watch().await;
    assert_eq!(app.fill(LARGE).await, PushOutcome::Refused { reason: LossReason::BufferFull });
    let until = Instant::now() + WRITE_DEADLINE * 4;
    let mut bytes = [0; 4096];
    while Instant::now() < until {
        tokio::time::sleep(WRITE_DEADLINE / 20).await;
        assert!(soon("bytes", client.read(&mut bytes)).await.unwrap() > 0);
    }
    assert_eq!(app.hub.subscribers(), 1);
    drop(client);
    let counts = app.ended().await;
    assert_eq!(counts.dropped.evicted, 0);
    assert!(counts.dropped.client_gone > 0);
}

/// TLS has a buffer of its own: it takes bytes that the socket does not, and only its flush waits for the socket.
#[tokio::test]
async fn a_stream_with_a_buffer_of_its_own_does_not_hide_a_client_that_takes_nothing() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let hub = crate::support::hub(4, Overflow::DropNewest, 0);
    let connections = hubbub::transport::Connections::new(impatient());
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, peer) = listener.accept().await.unwrap();
    let watched = hub.clone();
    let service = hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let gate = request.extensions().get::<hubbub::transport::SseGate>().expect("every request has a gate");
        let answer = gate.sse(watched.subscribe(&[crate::support::topic().into()]));
        async move { answer }
    });
    // Larger than any frame: a write never waits.
    let stream = BufStream::with_capacity(1024, 64 << 20, stream);
    let served = tokio::spawn(connections.serve_hyper(stream, peer, service));
    client.write_all(b"GET / HTTP/1.1\r\nhost: hub\r\n\r\n").await.unwrap();
    let filled = async {
        while hub.counts().dropped.buffer_full == 0 {
            hub.publish(Duration::ZERO, &crate::support::topic(), "x".repeat(8 << 20));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    soon("a full mailbox", filled).await;
    soon("the end of the connection", served).await.unwrap();
    let counts = hub.counts();
    assert_eq!([counts.waiting, counts.in_flight, counts.dropped.client_gone], [0, 0, 0], "{counts:?}");
    assert_eq!(counts.dropped.evicted, 4 + 1, "{counts:?}");
}

#[tokio::test]
async fn a_policy_that_disconnects_ends_the_connection() {
    let mut app = App::start(Setup { capacity: 4, overflow: Overflow::Disconnect, ..Setup::default() });
    let mut client = app.watch().await;
    assert!(matches!(app.fill(LARGE).await, PushOutcome::Disconnected { .. }));
    let counts = app.ended().await;
    assert_eq!(counts.dropped.total(), 4 + 1 + 1, "{counts:?}");
    read_to_end(&mut client).await;
    app.let_go().await;
}

#[tokio::test]
async fn a_client_that_leaves_is_accounted_for() {
    let mut app = App::start(Setup { capacity: 4, ..Setup::default() });
    let client = app.watch().await;
    assert_eq!(app.fill(LARGE).await, PushOutcome::Refused { reason: LossReason::BufferFull });
    drop(client);
    let counts = app.ended().await;
    assert_eq!(counts.dropped.client_gone, 4 + 1);
    app.let_go().await;
}

#[tokio::test]
async fn a_shutdown_sends_what_waits_and_says_when_to_come_back() {
    let mut app = App::start(Setup::default());
    let mut client = app.watch().await;
    assert!(!app.connections.is_ending());
    app.publish(10);
    app.connections.shutdown(Duration::from_secs(5)).await;
    assert!(app.connections.is_ending() && app.connections.is_empty());
    assert_eq!(app.ended().await.delivered, 1);
    let answer = String::from_utf8(read_to_end(&mut client).await).unwrap();
    assert!(
        answer.contains("id: 7-1\n") && answer.contains("\r\nretry: ") && answer.ends_with("\r\n0\r\n\r\n"),
        "{answer}"
    );
    // A client that comes nevertheless is not left waiting.
    let mut late = app.ask("GET /watch/t HTTP/1.1\r\nhost: hub\r\n\r\n").await;
    read_to_end(&mut late).await;
    app.let_go().await;
}

#[tokio::test]
async fn a_shutdown_cuts_off_clients_that_take_nothing_when_its_grace_is_over() {
    let mut app = App::start(Setup { capacity: 4, ..Setup::default() });
    let _client = app.watch().await;
    assert_eq!(app.fill(LARGE).await, PushOutcome::Refused { reason: LossReason::BufferFull });
    app.connections.shutdown(Duration::from_millis(50)).await;
    assert_eq!(app.ended().await.dropped.evicted, 4 + 1);
    assert!(app.connections.is_empty());
}

#[tokio::test]
async fn a_stream_beyond_the_limit_of_connections_is_closed_and_the_next_one_is_served() {
    let settings = ConnectionSettings { max_connections: 1, ..ConnectionSettings::default() };
    let app = App::start(Setup { settings, ..Setup::default() });
    let client = app.watch().await;
    let mut refused = app.ask("GET /watch/t HTTP/1.1\r\nhost: hub\r\n\r\n").await;
    assert_eq!(read_to_end(&mut refused).await, b"");
    drop(client);
    app.let_go().await;
    let left = async {
        while !app.connections.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    soon("a place", left).await;
    let mut client = app.watch().await;
    app.publish(10);
    read_until(&mut client, |chunks| sequences(chunks) == [1]).await;
}
