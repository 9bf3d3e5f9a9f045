//! The link between a server and its broker is cut or swallows everything, and a broker has no space left.

use std::time::Duration;

use async_nats::jetstream::stream::{Config, DiscardPolicy};
use tokio::time::{sleep, timeout};

use super::node::{Node, Watch};
use crate::command::file;
use crate::support::link::Link;
use crate::support::nats::Broker;
use crate::support::soon;

/// Waits until an event is acknowledged; how often it was refused before.
async fn published(node: &Node, number: u64) -> usize {
    let body = format!("{{\"n\":{number}}}");
    let mut refused = 0;
    let published = async {
        while node.post(&[("idempotency-key", &number.to_string())], &body).await.0 != 202 {
            refused += 1;
            sleep(Duration::from_millis(50)).await;
        }
    };
    soon("an acknowledgement", published).await;
    refused
}

async fn numbers(client: &mut Watch, count: usize) -> Vec<u64> {
    client.events(count).await.into_iter().map(|(_, number)| number).collect()
}

#[tokio::test]
async fn a_server_whose_link_to_the_broker_is_cut_refuses_events_and_reads_all_of_them_when_it_is_back() {
    let Some(broker) = Broker::start("link-cut").await else { return };
    let link = Link::to(&broker.address()).await;
    let (cut, whole) = (Node::start_at(&link.url(), &[]).await, Node::start(&broker).await);
    let mut at_the_cut = cut.watch(None).await.begun().await;
    let mut at_the_whole = whole.watch(None).await.begun().await;
    cut.publish_all(0..5).await;
    assert_eq!(numbers(&mut at_the_cut, 5).await, [0, 1, 2, 3, 4]);
    link.cut();
    whole.publish_all(5..10).await;
    let is_away = async { while cut.post(&[], "{\"n\":99}").await.0 != 503 {} };
    soon("a refusal", is_away).await;
    assert_eq!(cut.get("/readyz").await.0, 200, "for the grace");
    // Streams stay open, and nothing comes.
    assert!(timeout(Duration::from_millis(300), at_the_cut.events(6)).await.is_err());
    link.mend();
    published(&cut, 10).await;
    for client in [&mut at_the_cut, &mut at_the_whole] {
        assert_eq!(numbers(client, 11).await, (0..11).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn over_a_link_that_swallows_everything_an_event_is_perhaps_published_and_comes_once() {
    let Some(broker) = Broker::start("link-swallows").await else { return };
    let link = Link::to(&broker.address()).await;
    let far = Node::start_at(&link.url(), &[("WH_NATS_ACK_SECONDS", "1")]).await;
    let near = Node::start(&broker).await;
    let mut at_the_far = far.watch(None).await.begun().await;
    let mut at_the_near = near.watch(None).await.begun().await;
    far.publish(0).await;
    link.hold();
    let (status, _, answer) = far.post(&[("idempotency-key", "1")], "{\"n\":1}").await;
    assert_eq!(status, 504, "{answer}");
    near.publish(2).await;
    link.mend();
    // It was on its way all the time, so the repetition is recognised.
    published(&far, 1).await;
    published(&far, 3).await;
    for client in [&mut at_the_far, &mut at_the_near] {
        assert_eq!(numbers(client, 4).await, [0, 2, 1, 3]);
    }
}

#[tokio::test]
async fn a_broker_without_space_refuses_events_and_none_that_it_has_acknowledged_is_lost() {
    let config = file("little-space.conf", b"jetstream { max_file_store: 1MB }\n");
    let Some(broker) = Broker::start_with("little-space", &["-c", &config]).await else { return };
    let unlimited = Config {
        name: "hubbub".to_owned(),
        subjects: vec!["hubbub.>".to_owned()],
        discard: DiscardPolicy::Old,
        ..Config::default()
    };
    broker.jetstream().await.create_stream(unlimited).await.unwrap();
    let node = Node::start(&broker).await;
    let mut client = node.watch(None).await.begun().await;
    let large = "x".repeat(40_000);
    let mut acknowledged = 0;
    let refused = loop {
        let (status, retry_after, answer) =
            node.post(&[], &format!("{{\"n\":{acknowledged},\"x\":\"{large}\"}}")).await;
        if status != 202 {
            break (status, retry_after, answer);
        }
        acknowledged += 1;
        assert!(acknowledged < 60, "1 MB has room for no more than 26");
    };
    assert_eq!((refused.0, refused.1.is_some()), (503, true), "{}", refused.2);
    assert!(acknowledged > 10, "{acknowledged}");
    let expected: Vec<u64> = (0..acknowledged).collect();
    assert_eq!(numbers(&mut client, expected.len()).await, expected);
    // Whoever is in charge makes room, and the server goes on without being started anew.
    broker.stream().await.purge().await.unwrap();
    published(&node, acknowledged).await;
    let mut after = node.watch(None).await.begun().await;
    published(&node, acknowledged + 1).await;
    assert_eq!(numbers(&mut after, 1).await, [acknowledged + 1]);
}
