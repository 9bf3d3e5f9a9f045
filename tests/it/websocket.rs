//! A WebSocket watches many tables through one mailbox, does what it is told, and says why it ends.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hubbub::{LossReason, Overflow, PushOutcome, ServerSettings, Topic};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::support::{PATIENCE, Served, Setup, payload, soon, topic};

pub(crate) type Socket = WebSocketStream<TcpStream>;

pub(crate) async fn open(served: &Served, query: &str) -> Socket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(2048).unwrap();
    let stream = soon("a connection", socket.connect(served.address)).await.unwrap();
    let url = format!("ws://hub/v1/stream/ws{query}");
    soon("a handshake", client_async(url, stream)).await.unwrap().0
}

/// The next message with a text in it, as JSON.
pub(crate) async fn next(socket: &mut Socket) -> serde_json::Value {
    loop {
        match soon("a message", socket.next()).await.expect("it is open").unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Ping(_) => {}
            other => panic!("{other}"),
        }
    }
}

/// Why the server closed.
async fn end(socket: &mut Socket) -> (u16, String) {
    loop {
        if let Message::Close(frame) = soon("the end", socket.next()).await.expect("a reason").unwrap() {
            let frame = frame.expect("a reason");
            return (frame.code.into(), frame.reason.to_string());
        }
    }
}

pub(crate) async fn say(socket: &mut Socket, text: &str) {
    socket.send(Message::text(text)).await.unwrap();
}

fn publish(served: &Served, table: &str) {
    served.hub.publish(Duration::ZERO, &Topic::of_table(table).unwrap(), payload(10));
}

fn with_history(capacity: usize) -> Setup {
    let ws_channel_buffer = hubbub::Capacity::new(capacity).unwrap();
    let settings = ServerSettings { ws_channel_buffer, ..ServerSettings::default() };
    Setup { history: 1000, settings, ..Setup::default() }
}

#[tokio::test]
async fn tables_come_and_go_by_command_and_each_event_says_which_it_is_of() {
    let mut served = Served::start(Setup::default());
    let mut socket = open(&served, "").await;
    served.subscribed().await;
    assert_eq!(next(&mut socket).await.to_string(), r#"{"hello":{}}"#);
    publish(&served, "a");
    say(&mut socket, r#"{"action":"subscribe","table":"a"}"#).await;
    assert_eq!(next(&mut socket).await.to_string(), r#"{"subscribed":"a"}"#);
    say(&mut socket, r#"{"action":"subscribe","table":"b"}"#).await;
    assert_eq!(next(&mut socket).await["subscribed"], "b");
    for table in ["a", "c", "b"] {
        publish(&served, table);
    }
    let [first, second] = [next(&mut socket).await, next(&mut socket).await];
    assert_eq!(first["table"], "a");
    assert_eq!(first["id"], "7-2");
    assert_eq!(first["data"]["x"], "xx");
    assert_eq!(second["table"], "b");
    assert_eq!(second["id"], "7-4");
    say(&mut socket, r#"{"action":"unsubscribe","table":"a"}"#).await;
    assert_eq!(next(&mut socket).await["unsubscribed"], "a");
    publish(&served, "a");
    publish(&served, "b");
    assert_eq!(next(&mut socket).await["id"], "7-6");
    drop(socket);
    let counts = served.ended().await;
    assert_eq!(counts.offered, 3);
    assert_eq!(counts.dropped.total(), 0);
    served.assert_let_go();
}

#[tokio::test]
async fn what_means_nothing_is_answered_and_the_connection_goes_on() {
    let served = Served::start(Setup::default());
    let mut socket = open(&served, "?table=t").await;
    assert!(next(&mut socket).await["hello"].is_object());
    for nonsense in ["", "{", r#"{"action":"subscribe"}"#, r#"{"action":"subscribe","table":"a b"}"#] {
        say(&mut socket, nonsense).await;
        assert!(next(&mut socket).await["error"].is_string(), "{nonsense}");
    }
    socket.send(Message::binary(vec![0, 1, 2])).await.unwrap();
    assert_eq!(next(&mut socket).await["error"], "binary messages mean nothing here");
    say(&mut socket, r#"{"action":"unsubscribe","table":"never"}"#).await;
    assert_eq!(next(&mut socket).await["unsubscribed"], "never");
    socket.send(Message::Ping("are you there".into())).await.unwrap();
    let pong = soon("a pong", socket.next()).await.unwrap().unwrap();
    assert_eq!(pong, Message::Pong("are you there".into()));
    publish(&served, "t");
    assert_eq!(next(&mut socket).await["id"], "7-1");
}

#[tokio::test]
async fn a_million_subscriptions_are_refused_one_by_one_beyond_the_limit() {
    let served = Served::start(Setup::default());
    let mut socket = open(&served, "").await;
    next(&mut socket).await;
    for n in 0..1030 {
        say(&mut socket, &format!(r#"{{"action":"subscribe","table":"t{n}"}}"#)).await;
        let answer = next(&mut socket).await;
        assert_eq!(answer["subscribed"].is_string(), n < 1024, "{n}: {answer}");
    }
    publish(&served, "t1023");
    assert_eq!(next(&mut socket).await["table"], "t1023");
}

#[tokio::test]
async fn a_message_that_is_too_long_or_against_the_protocol_ends_it_with_the_reason() {
    let served = Served::start(Setup::default());
    let mut socket = open(&served, "").await;
    say(&mut socket, &"x".repeat(5_000)).await;
    assert_eq!(end(&mut socket).await, (1009, "a message has at most 4096 bytes".to_owned()));

    let mut socket = open(&served, "").await;
    next(&mut socket).await;
    // A text frame that is not masked.
    socket.get_mut().write_all(&[0x81, 0x01, b'x']).await.unwrap();
    assert_eq!(end(&mut socket).await.0, 1002);

    let mut socket = open(&served, "").await;
    next(&mut socket).await;
    socket.get_mut().write_all(&[0x81, 0x81, 0, 0, 0, 0, 0xff]).await.unwrap();
    assert_eq!(end(&mut socket).await.0, 1007);
}

#[tokio::test]
async fn a_full_server_says_so_and_when_to_come_back() {
    let settings = ServerSettings { max_subscribers: 1, ..ServerSettings::default() };
    let mut served = Served::start(Setup { settings, ..Setup::default() });
    let _first = open(&served, "?table=t").await;
    served.subscribed().await;
    let (code, why) = end(&mut open(&served, "?table=t").await).await;
    assert_eq!(code, 1013);
    let after: u64 = why.strip_prefix("full: come back after ").unwrap().strip_suffix(" ms").unwrap().parse().unwrap();
    assert!((5_000..10_000).contains(&after), "{why}");
}

#[tokio::test]
async fn a_server_that_stops_sends_what_waits_and_says_when_to_come_back() {
    let mut served = Served::start(Setup::default());
    let mut socket = open(&served, "?table=t").await;
    served.subscribed().await;
    publish(&served, "t");
    served.stop();
    assert!(next(&mut socket).await["hello"].is_object());
    assert_eq!(next(&mut socket).await["id"], "7-1");
    let (code, why) = end(&mut socket).await;
    assert_eq!(code, 1001);
    assert!(why.starts_with("the server stops: come back after 1"), "{why}");
    served.stopped().await;
    assert_eq!(served.ended().await.delivered, 1);
    served.assert_let_go();
}

#[tokio::test]
async fn a_hole_is_told_before_the_event_that_follows_it_and_a_cursor_fills_it() {
    let mut served = Served::start(with_history(4));
    let mut socket = open(&served, "?table=t").await;
    served.subscribed().await;
    assert_eq!(next(&mut socket).await["hello"]["at"], "7-0");
    let mut lost = 0;
    while lost < 10 {
        tokio::task::yield_now().await;
        let publication = served.hub.publish(Duration::ZERO, &topic(), payload(400));
        lost += publication.dropped;
    }
    // It reads again: everything is there, or in a notice in front of what follows.
    let mut expected = 1;
    let mut holes = 0;
    let last = served.hub.counts().offered + 1;
    let feed = async {
        loop {
            let message = next(&mut socket).await;
            if let Some(gap) = message.get("gap") {
                let of = |name: &str| gap[name].as_str().unwrap().strip_prefix("7-").unwrap().parse::<u64>().unwrap();
                assert_eq!(of("first"), expected);
                assert_eq!(gap["count"], of("last") + 1 - expected);
                assert_eq!(gap["reason"], "buffer_full");
                expected = of("last") + 1;
                holes += 1;
            } else {
                assert_eq!(message["id"], format!("7-{expected}"));
                expected += 1;
            }
            if served.hub.counts().waiting == 0 && expected < last {
                publish(&served, "t");
            }
            if expected > last {
                return;
            }
        }
    };
    soon("all of them", feed).await;
    assert!(holes > 0);
    let mut socket = open(&served, "?table=t&table=u&since=7-0").await;
    assert!(next(&mut socket).await["hello"].is_object());
    for sequence in 1..=last {
        assert_eq!(next(&mut socket).await["id"], format!("7-{sequence}"));
    }
}

#[tokio::test]
async fn one_that_never_reads_is_cut_off_within_the_write_deadline_and_let_go() {
    let mut setup = with_history(4);
    setup.history = 0;
    setup.overflow = Overflow::DropNewest;
    setup.settings.write_deadline = Duration::from_millis(300);
    let mut served = Served::start(setup);
    let socket = open(&served, "?table=t").await;
    served.subscribed().await;
    assert_eq!(served.fill(1, 2_000).await, PushOutcome::Refused { reason: LossReason::BufferFull });
    let counts = served.ended().await;
    // The one in flight may have got through after all.
    assert!((4..=5).contains(&counts.dropped.evicted) && counts.waiting + counts.in_flight == 0, "{counts:?}");
    served.assert_let_go();
    drop(socket);
}

#[tokio::test]
async fn one_that_is_gone_without_a_word_is_noticed_behind_a_full_socket() {
    let mut setup = with_history(4);
    setup.history = 0;
    setup.overflow = Overflow::DropNewest;
    let mut served = Served::start(setup);
    let mut socket = open(&served, "?table=t").await;
    served.subscribed().await;
    assert_eq!(served.fill(1, 2_000).await, PushOutcome::Refused { reason: LossReason::BufferFull });
    // It says that nothing more comes from it, and reads nothing.
    socket.get_mut().shutdown().await.unwrap();
    let counts = served.ended().await;
    assert!((4..=5).contains(&counts.dropped.client_gone), "{counts:?}");
    served.assert_let_go();
    drop(socket);
}

#[tokio::test]
async fn a_request_that_is_no_handshake_is_told_what_is_wanted() {
    let served = Served::start(Setup::default());
    let answer = soon("an answer", reqwest::get(served.url("/v1/stream/ws"))).await.unwrap();
    assert_eq!(answer.status().as_u16(), 426);
    assert_eq!(answer.headers()["sec-websocket-version"], "13");
    for (table, key, status) in [
        ("a", "dGhlIHNhbXBsZSBub25jZQ==", "101"),
        ("a.b", "dGhlIHNhbXBsZSBub25jZQ==", "400"),
        ("a", "dGhlIHNhbXBsZSBub25jZ===", "426"),
        ("a", "x", "426"),
    ] {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        let request = format!(
            "GET /v1/stream/ws?table={table} HTTP/1.1\r\nhost: hub\r\nconnection: keep-alive, Upgrade\r\n\
             upgrade: WebSocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: {key}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = [0; 64];
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut answer)).await.unwrap().unwrap();
        let answer = String::from_utf8_lossy(&answer[..read]);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{table} {key}: {answer}");
    }
}

/// The command is there before the server has said a word.
#[tokio::test]
async fn hello_comes_first_whatever_a_client_asks_for_with_its_handshake() {
    let served = Served::start(Setup::default());
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    let command = b"{\"action\":\"subscribe\",\"table\":\"a\"}";
    let mut bytes = b"GET /v1/stream/ws HTTP/1.1\r\nhost: hub\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        .to_vec();
    bytes.extend([0x81, 0x80 | u8::try_from(command.len()).unwrap(), 0, 0, 0, 0]);
    bytes.extend(command);
    stream.write_all(&bytes).await.unwrap();
    let mut read = Vec::new();
    while !String::from_utf8_lossy(&read).contains("subscribed") {
        assert!(soon("an answer", stream.read_buf(&mut read)).await.unwrap() > 0);
    }
    let text = String::from_utf8_lossy(&read);
    assert!(text.find("hello") < text.find("subscribed"), "{text}");
}
