//! `serve` in a build without WebSockets.

use hubbub::transport::Tokio;
use hubbub::{ServerSettings, serve};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::support::wire::read_to_end;
use crate::support::{hub, soon, topic};

async fn ask(address: std::net::SocketAddr, path: &str) -> String {
    let mut client = soon("a connection", TcpStream::connect(address)).await.unwrap();
    let upgrade = "connection: upgrade, close\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
        sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==";
    let request = format!("GET {path} HTTP/1.1\r\nhost: hub\r\n{upgrade}\r\n\r\n");
    client.write_all(request.as_bytes()).await.unwrap();
    String::from_utf8(read_to_end(&mut client).await).unwrap()
}

#[tokio::test]
async fn a_server_without_websockets_streams_and_says_what_it_has() {
    let hub = hub(64, hubbub::Overflow::DropNewest, 0);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let until = async { drop(stopped.await) };
    let server = tokio::spawn(serve(listener, hub.clone(), ServerSettings::default(), Tokio::start(), until));

    let refused = ask(address, "/v1/stream/ws?table=t").await;
    assert!(refused.starts_with("HTTP/1.1 404 "), "{refused}");
    assert!(refused.contains("/v1/stream/sse") && !refused.contains("/v1/stream/ws"), "{refused}");
    let nothing = ask(address, "/v1/stream/sse").await;
    assert!(nothing.starts_with("HTTP/1.1 400 ") && !nothing.contains("/v1/stream/ws"), "{nothing}");

    let watching = tokio::spawn(async move { ask(address, "/v1/stream/sse?table=t").await });
    let subscribed = async {
        while hub.subscribers() == 0 {
            tokio::task::yield_now().await;
        }
    };
    soon("a subscription", subscribed).await;
    hub.publish(std::time::Duration::ZERO, &topic(), "last");
    stop.send(()).unwrap();
    soon("the server's end", server).await.unwrap();
    let stream = watching.await.unwrap();
    assert!(stream.contains("id: 7-1\ndata: last\n\n") && stream.contains("\r\nretry: "), "{stream}");
}
