//! The whole server at the other end of a pipe, in virtual time: what it is sent is the fuzzer's.
//!
//! A panic anywhere, also in a connection's task, ends the process: libFuzzer's hook sees to that.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use hubbub::metrics::Measured;
use hubbub::transport::{Listener, Tokio};
use hubbub::{Capacity, Hub, HubSettings, Overflow, ServerSettings};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

/// Small, so that the limits are within a fuzzer's reach.
pub const MAX_HEADER_BYTES: usize = 1024;
/// Small, so that a body can pass the limit within a fuzzer's reach.
pub const MAX_INGEST_BYTES: usize = 2048;

/// In virtual time, which costs nothing.
const LONGER_THAN_ANY_TIMEOUT: Duration = Duration::from_secs(100);

/// One connection, and then none.
struct Once(Option<DuplexStream>);

impl Listener for Once {
    type Stream = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, SocketAddr)> {
        match self.0.take() {
            Some(stream) => Ok((stream, SocketAddr::from(([127, 0, 0, 1], 1)))),
            None => std::future::pending().await,
        }
    }

    fn bound(&self, _stream: &DuplexStream, _unsent_bytes: u32, _user_timeout: Duration) {}
}

/// A Hub with room for what one input can publish.
pub fn hub() -> Hub {
    let capacity = Capacity::new(1 << 12).expect("a capacity");
    Hub::new(HubSettings { epoch: 1, capacity, overflow: Overflow::DropNewest })
}

/// Sends the bytes, leaves when the server has had time for them, and returns the answer. Panics if the server does not come to an end.
pub fn exchange(input: &[u8], hub: &Hub) -> Vec<u8> {
    thread_local! {
        static RUNTIME: Runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
    }
    RUNTIME.with(|runtime| runtime.block_on(exchange_with(input, hub)))
}

async fn exchange_with(input: &[u8], hub: &Hub) -> Vec<u8> {
    let subscribers = hub.subscribers();
    let (client, server) = tokio::io::duplex(1 << 12);
    let settings = ServerSettings {
        max_header_bytes: MAX_HEADER_BYTES,
        max_ingest_bytes: MAX_INGEST_BYTES,
        ..ServerSettings::default()
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let environment = Measured::new(Tokio::start());
    let stopped = async { drop(stopped.await) };
    let serving = tokio::spawn(hubbub::serve(Once(Some(server)), hub.clone(), settings, environment, stopped));
    let (mut read, mut write) = tokio::io::split(client);
    let mut answer = Vec::new();
    let send = async {
        // The server may have had enough before the end.
        let _ = write.write_all(input).await;
        // Whatever the server does by itself, it has done by then; the rest is streams.
        tokio::time::sleep(LONGER_THAN_ANY_TIMEOUT).await;
    };
    tokio::select! {
        biased;
        () = send => {}
        _ = read.read_to_end(&mut answer) => {}
    }
    drop((read, write));
    stop.send(()).expect("it serves");
    serving.await.expect("it ends");
    assert_eq!(hub.subscribers(), subscribers, "a stream has outlived its connection");
    assert!(hub.counts().is_conserved());
    answer
}
