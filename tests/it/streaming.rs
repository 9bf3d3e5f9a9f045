//! What an SSE client library sees of what was published over HTTP.

use futures_util::StreamExt;
use reqwest::StatusCode;
use reqwest_eventsource::{Event, EventSource};

use crate::support::{EPOCH, Served, Setup, soon};

async fn next_message(source: &mut EventSource) -> (String, String) {
    match soon("a message", source.next()).await {
        Some(Ok(Event::Message(message))) => (message.id, message.data),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_posted_arrives_byte_for_byte_with_its_id() {
    let mut served = Served::start(Setup::default());
    let client = reqwest::Client::new();
    let mut source = EventSource::new(client.get(served.url("/v1/stream/sse?table=t"))).unwrap();
    assert!(matches!(soon("the stream", source.next()).await, Some(Ok(Event::Open))));
    served.subscribed().await;
    let bodies =
        ["{}", "{\"a\": [1,  2.50, null], \"b\":\"\\u00e9 é\"}", " {\n \"c\":\t\"d\"\n}\n", "{\"a\":1,\"a\":1e999}"];
    for (sequence, body) in (1..).zip(bodies) {
        let answer = soon("an answer", client.post(served.url("/v1/ingest/t")).body(body).send()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
        let id = format!("{EPOCH}-{sequence}");
        assert_eq!(answer.text().await.unwrap(), format!("{{\"id\":\"{id}\"}}\n"));
        assert_eq!(next_message(&mut source).await, (id, body.to_owned()));
    }
    client.post(served.url("/v1/ingest/other")).body("{}").send().await.unwrap();
    client.post(served.url("/v1/ingest/t")).body("{\"last\":1}").send().await.unwrap();
    let id = format!("{EPOCH}-{}", bodies.len() + 2);
    assert_eq!(next_message(&mut source).await, (id, "{\"last\":1}".to_owned()), "another table's event is not ours");
    drop(source);
    let counts = served.ended().await;
    assert_eq!(counts.offered, 5);
    assert_eq!(counts.delivered, 5);
    served.assert_let_go();
}

#[tokio::test]
async fn a_stream_says_that_it_is_one_and_must_be_neither_stored_nor_held_back() {
    let served = Served::start(Setup::default());
    let answer = soon("an answer", reqwest::get(served.url("/v1/stream/sse?x=y&table=a-B_9"))).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(header("content-type").as_deref(), Some("text/event-stream"));
    assert_eq!(header("cache-control").as_deref(), Some("no-cache"));
    assert_eq!(header("x-accel-buffering").as_deref(), Some("no"));
}
