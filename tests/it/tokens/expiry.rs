//! Streams end when their token does.

use super::*;

#[tokio::test]
async fn a_stream_ends_with_its_token_says_so_first_and_sends_nothing_of_what_waits() {
    let mut served = served();
    let ends_soon = token(json!({ "subscribe": ["ingest.t"], "exp": NOW.as_secs() + 1 }));
    let mut stream = watch(&served, &format!("table=t&access_token={ends_soon}"), "connection: close\r\n").await;
    served.subscribed().await;
    served.publish(10);
    let mut bytes = Vec::new();
    read_on_until(&mut stream, &mut bytes, |chunks| sequences(chunks) == [1]).await;
    *served.date.lock().unwrap() = NOW + Duration::from_secs(1);
    let rest = text_to_end(&mut stream).await;
    let farewell = rest.split("event: expired\ndata: {}\n\nretry: ").nth(1).unwrap_or_else(|| panic!("{rest}"));
    assert!(farewell.ends_with("\n\n\r\n0\r\n\r\n"), "an orderly end: {rest}");
    let counts = served.ended().await;
    assert_eq!((counts.delivered, counts.dropped.total()), (1, 0));
    served.hub.publish(Duration::ZERO, &crate::support::topic(), payload(10));
    // With a new token it comes back, and finds what it has missed.
    let again = token(json!({ "subscribe": ["ingest.t"], "exp": NOW.as_secs() + 5 }));
    let mut back = watch(&served, &format!("table=t&since=7-1&access_token={again}"), "").await;
    read_on_until(&mut back, &mut Vec::new(), |chunks| sequences(chunks) == [2]).await;
}

#[tokio::test]
async fn a_client_that_reads_on_only_after_its_token_has_expired_gets_no_more_events() {
    let mut served = served();
    let ends_soon = token(json!({ "subscribe": ["ingest.t"], "exp": NOW.as_secs() + 1 }));
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(2048).unwrap();
    let mut stream = socket.connect(served.address).await.unwrap();
    let request = format!(
        "GET /v1/stream/sse?table=t&access_token={ends_soon} HTTP/1.1\r\nhost: hub\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    served.subscribed().await;
    served.publish_at_once(4, 1_000_000).await;
    *served.date.lock().unwrap() = NOW + Duration::from_secs(1);
    tokio::time::sleep(Duration::from_millis(1200)).await;
    let rest = text_to_end(&mut stream).await;
    assert_eq!(rest.matches("\ndata: {\"x\"").count(), 1, "the one that was under way");
    assert!(rest.contains("event: expired\n"), "and then the end");
    let counts = served.ended().await;
    assert_eq!((counts.delivered, counts.dropped.evicted, counts.dropped.client_gone), (1, 3, 0));
}

#[tokio::test]
async fn a_websocket_is_held_to_its_token_at_every_command_and_closed_when_it_ends() {
    let mut served = served();
    let token = token(json!({ "subscribe": ["ingest.a", "ingest.b.*"], "exp": NOW.as_secs() + 1 }));
    let connect = async |query: &str| {
        let stream = TcpStream::connect(served.address).await.unwrap();
        soon("an answer", client_async(format!("ws://hub/v1/stream/ws?{query}"), stream)).await
    };
    assert!(connect("table=a").await.is_err_and(|why| why.to_string().contains("401")));
    assert!(connect(&format!("table=c&access_token={token}")).await.is_err_and(|why| why.to_string().contains("403")));
    let (mut socket, _) = connect(&format!("table=a&access_token={token}")).await.unwrap();
    served.subscribed().await;
    next(&mut socket).await;
    for (topic, is_allowed) in [("ingest.b.x", true), ("ingest.b.*", true), ("ingest.b.>", false), ("ingest.c", false)]
    {
        say(&mut socket, &format!("{{\"action\":\"subscribe\",\"topic\":\"{topic}\"}}")).await;
        let answer = next(&mut socket).await;
        assert_eq!(answer["subscribed"].is_string(), is_allowed, "{answer}");
        assert!(is_allowed || answer["error"] == "the token does not allow this topic", "{answer}");
    }
    *served.date.lock().unwrap() = NOW + Duration::from_secs(1);
    let Message::Close(Some(frame)) = soon("the end", socket.next()).await.unwrap().unwrap() else { panic!("a close") };
    assert_eq!(u16::from(frame.code), 3000);
    assert_eq!(frame.reason.as_str(), "the token has expired: come back with another");
}
