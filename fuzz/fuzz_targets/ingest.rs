//! Bodies, as one event or as a batch: what is accepted arrives as it was sent, and is nothing but lines of data in its
//! frame; what is refused is published to nobody.
#![no_main]

use hubbub::frame::sse;
use hubbub::{Pattern, Subscription, Taken};
use hubbub_fuzz::{MAX_INGEST_BYTES, exchange, hub};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((kind, body)) = input.split_first() else { return };
    let is_batch = kind % 2 == 1;
    let hub = hub();
    let mut subscription = hub.subscribe(&[Pattern::new("ingest.t").expect("a pattern")]).open().expect("no cursor");
    let kind = if is_batch { "application/x-ndjson" } else { "application/json" };
    let length = body.len();
    let head = format!(
        "POST /v1/ingest/t HTTP/1.1\r\nhost: hub\r\nconnection: close\r\ncontent-type: {kind}\r\n\
         content-length: {length}\r\n\r\n"
    );
    let answer = exchange(&[head.as_bytes(), body].concat(), &hub);
    let published = published(&mut subscription);
    match answer.get(9..12).expect("a status") {
        b"202" => {
            let text = std::str::from_utf8(body).expect("what is accepted is text");
            let sent: Vec<_> = match is_batch {
                true => text.lines().filter(|line| !line.trim_ascii().is_empty()).collect(),
                false => vec![text],
            };
            assert_eq!(published, sent);
        }
        b"400" => assert!(published.is_empty()),
        b"413" => assert!(published.is_empty() && length > MAX_INGEST_BYTES),
        other => panic!("{:?}", String::from_utf8_lossy(other)),
    }
});

/// The payloads that wait, each checked against its frame.
fn published(subscription: &mut Subscription) -> Vec<String> {
    let mut payloads = Vec::new();
    while let Ok(Taken { event, .. }) = subscription.try_recv() {
        let payload = String::from_utf8(event.payload().to_vec()).expect("text");
        let frame = String::from_utf8(sse::event(&event).to_vec()).expect("text");
        let data = frame.strip_prefix(&format!("id: {}\n", event.id())).expect("an id");
        let lines = data.strip_suffix("\n\n").expect("an end").split('\n');
        let data: Vec<_> = lines.map(|line| line.strip_prefix("data: ").expect("data")).collect();
        assert_eq!(data.join("\n"), payload.replace("\r\n", "\n").replace('\r', "\n"));
        assert!(payload.trim_ascii_start().starts_with('{'));
        payloads.push(payload);
    }
    payloads
}
