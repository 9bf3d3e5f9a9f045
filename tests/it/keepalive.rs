//! Comments during silence, which move no client's cursor, and the first event after it.

use std::time::Duration;

use hubbub::ServerSettings;

use crate::support::wire::{Chunk, read_on_until, sequences};
use crate::support::{Served, Setup};

fn comments(chunks: &[Chunk]) -> usize {
    chunks.iter().filter(|chunk| chunk.text == ": keepalive\n\n").count()
}

#[tokio::test]
async fn a_silent_stream_gets_comments_and_then_its_next_event_at_once() {
    let settings = ServerSettings { keepalive: Duration::from_millis(30), ..ServerSettings::default() };
    let mut served = Served::start(Setup { settings, ..Setup::default() });
    let mut client = served.watch().await;
    let mut bytes = Vec::new();
    let chunks = read_on_until(&mut client, &mut bytes, |chunks| comments(chunks) >= 3).await;
    assert_eq!(chunks[0].text, ": hubbub\nretry: 1617\n\n");
    assert_eq!(chunks.len(), 1 + comments(&chunks), "comments and nothing else, none with an id: {chunks:?}");
    for event in 1..=3 {
        served.publish(100);
        read_on_until(&mut client, &mut bytes, |chunks| sequences(chunks).last() == Some(&event)).await;
    }
    let counts = served.hub.counts();
    assert_eq!(counts.offered, 3, "comments count nowhere");
    assert_eq!(counts.delivered, 3, "comments count nowhere");
}
