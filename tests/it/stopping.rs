//! A server that is told to stop accepts no more, tells its streams to come back, and ends: soon if clients read,
//! within the grace period if they do not.

use std::time::Duration;

use hubbub::{LossReason, PushOutcome, ServerSettings};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::support::wire::{parse, read_to_end, sequences, text_to_end};
use crate::support::{Served, Setup, soon};

const GRACE: Duration = Duration::from_millis(400);

fn setup() -> Setup {
    let settings = ServerSettings { shutdown_grace: GRACE, ..ServerSettings::default() };
    Setup { capacity: 4, settings, ..Setup::default() }
}

#[tokio::test]
async fn a_stream_has_what_waits_for_it_then_is_told_when_to_come_back_then_ends() {
    let settings = ServerSettings { shutdown_grace: Duration::from_secs(60), ..ServerSettings::default() };
    let mut served = Served::start(Setup { settings, ..Setup::default() });
    let mut client = served.watch().await;
    for _ in 0..3 {
        assert!(matches!(served.publish(100), PushOutcome::Queued { .. }));
    }
    served.stop();
    let bytes = read_to_end(&mut client).await;
    served.stopped().await;
    assert!(bytes.ends_with(b"\r\n0\r\n\r\n"), "an orderly end: {}", String::from_utf8_lossy(&bytes));
    let bytes = &bytes[..bytes.len() - b"0\r\n\r\n".len()];
    let (_, chunks) = parse(bytes).unwrap();
    assert_eq!(sequences(&chunks), [1, 2, 3]);
    let retry = chunks.last().unwrap().text.strip_prefix("retry: ").unwrap().trim_end().parse::<u64>().unwrap();
    assert!((1000..2000).contains(&retry), "{retry} ms");
    let counts = served.ended().await;
    assert_eq!(counts.delivered, 3);
    assert_eq!(counts.dropped.total(), 0);
    served.assert_let_go();
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off_when_the_grace_period_is_over_and_no_later() {
    let mut served = Served::start(setup());
    let _stalled = served.watch().await;
    assert_eq!(served.fill(1, 200_000).await, PushOutcome::Refused { reason: LossReason::BufferFull });
    let before = Instant::now();
    served.stop();
    served.stopped().await;
    let took = before.elapsed();
    assert!(took >= GRACE && took < GRACE * 5, "{took:?}");
    let counts = served.ended().await;
    assert_eq!(counts.dropped.evicted, 4 + 1);
    assert_eq!(counts.dropped.client_gone, 0);
    served.assert_let_go();
}

#[tokio::test]
async fn connections_without_a_request_do_not_keep_it_up() {
    let settings = ServerSettings { shutdown_grace: Duration::from_secs(60), ..ServerSettings::default() };
    let mut served = Served::start(Setup { settings, ..Setup::default() });
    let mut silent = TcpStream::connect(served.address).await.unwrap();
    let mut idle = TcpStream::connect(served.address).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: hub\r\n\r\n").await.unwrap();
    soon("an answer", idle.peek(&mut [0; 1])).await.unwrap();
    served.stop();
    served.stopped().await;
    assert!(read_to_end(&mut silent).await.is_empty());
    assert!(text_to_end(&mut idle).await.starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn a_server_that_stops_accepts_no_more() {
    let mut served = Served::start(setup());
    let _stalled = served.watch().await;
    assert_eq!(served.fill(1, 200_000).await, PushOutcome::Refused { reason: LossReason::BufferFull });
    served.stop();
    tokio::task::yield_now().await;
    soon("a refusal", async {
        // The kernel may still take a connection that nobody will answer: it is closed with the listener.
        while let Ok(mut late) = TcpStream::connect(served.address).await {
            assert!(read_to_end(&mut late).await.is_empty());
        }
    })
    .await;
    served.stopped().await;
}
