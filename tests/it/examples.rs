//! The programs in `examples/`, each run as it is.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::support::soon;
use crate::support::wire::{read_to_end, read_until, sequences};

#[path = "../../examples/axum_app.rs"]
mod axum_app;
#[path = "../../examples/channel.rs"]
mod channel;
#[path = "../../examples/no_runtime.rs"]
mod no_runtime;
#[path = "../../examples/own_registry.rs"]
mod own_registry;

#[test]
fn a_publisher_that_reads_a_channel_runs() {
    channel::main().unwrap();
}

#[test]
fn a_hub_among_plain_threads_runs() {
    no_runtime::main().unwrap();
}

#[test]
fn figures_in_a_registry_of_ones_own_are_there() {
    own_registry::main().unwrap();
}

async fn ask(address: std::net::SocketAddr, request: &str) -> TcpStream {
    let mut client = soon("a connection", TcpStream::connect(address)).await.unwrap();
    client.write_all(request.as_bytes()).await.unwrap();
    client
}

async fn answer_to(address: std::net::SocketAddr, request: &str) -> String {
    let mut client = ask(address, request).await;
    String::from_utf8(read_to_end(&mut client).await).unwrap()
}

#[tokio::test]
async fn an_axum_application_streams_asks_for_tokens_has_a_page_and_stops() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let app = tokio::spawn(axum_app::run(listener, async { drop(stopped.await) }));

    let page = answer_to(address, "GET / HTTP/1.1\r\nhost: app\r\nconnection: close\r\n\r\n").await;
    assert!(page.contains("new EventSource(\"/watch/builds?token=reader\")"), "{page}");
    let stranger = "GET /watch/builds?token=guessed HTTP/1.1\r\nhost: app\r\nconnection: close\r\n\r\n";
    assert!(answer_to(address, stranger).await.starts_with("HTTP/1.1 401 "));
    let publish = |token: &str| {
        let head = "POST /publish/builds HTTP/1.1\r\nhost: app\r\nconnection: close\r\ncontent-length: 2\r\n";
        format!("{head}authorization: Bearer {token}\r\n\r\n{{}}")
    };
    assert!(answer_to(address, &publish("reader")).await.starts_with("HTTP/1.1 401 "));

    let mut watching = ask(address, "GET /watch/builds?token=reader HTTP/1.1\r\nhost: app\r\n\r\n").await;
    read_until(&mut watching, |chunks| chunks.len() == 1).await;
    assert!(answer_to(address, &publish("writer")).await.contains("-1"));
    let resumes = "GET /watch/builds?token=reader HTTP/1.1\r\nhost: app\r\nlast-event-id: 1-9\r\n\r\n";
    let mut again = ask(address, resumes).await;
    let chunks = read_until(&mut again, |chunks| sequences(chunks) == [1]).await;
    assert!(chunks[0].gap().is_some_and(|gap| gap.contains("restarted")), "{chunks:?}");

    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(10), app).await.expect("it stops").unwrap().unwrap();
    let rest = String::from_utf8(read_to_end(&mut watching).await).unwrap();
    assert!(rest.contains("data: {}\n\n") && rest.contains("\r\nretry: "), "{rest}");
}
