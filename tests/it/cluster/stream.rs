//! Streams that were deleted from, purged or made anew, and messages that other programs publish.
//!
//! - [`older`]: cursors that are older than the history of a server

mod older;

use async_nats::jetstream::stream::Config;

use super::node::{Node, id};
use crate::support::nats::Broker;
use crate::support::soon;

#[tokio::test]
async fn deleted_messages_are_no_hole_for_anybody_and_no_server_waits_for_them() {
    let Some(broker) = Broker::start("deleted").await else { return };
    let a = Node::start(&broker).await;
    let ids = a.publish_all(0..10).await;
    let stream = broker.stream().await;
    // In the middle and at the end.
    for sequence in [4, 5, 9, 10] {
        assert!(stream.delete_message(sequence).await.unwrap());
    }
    let b = Node::start(&broker).await;
    b.until_ready_is(200).await;
    let mut client = b.watch(Some(&ids[1])).await;
    let numbers: Vec<_> = client.events(4).await.into_iter().map(|(_, number)| number).collect();
    assert_eq!(numbers, [2, 5, 6, 7]);
    // A cursor of an event that was deleted since, at a server that has never had it.
    let mut client = b.watch(Some(&ids[9])).await;
    let next = a.publish(10).await;
    assert_eq!(client.events(1).await, [(next, 10)]);
}

#[tokio::test]
async fn events_that_were_purged_before_a_server_read_them_are_told_to_its_clients() {
    let Some(broker) = Broker::start("purged").await else { return };
    let (a, b) = (Node::start(&broker).await, Node::start(&broker).await);
    let mut client = b.watch(None).await.begun().await;
    a.publish_all(0..3).await;
    let last = client.events(3).await.last().unwrap().0.clone();
    b.pause().await;
    a.publish_all(3..2_000).await;
    broker.stream().await.purge().await.unwrap();
    b.resume().await;
    let next = a.publish(2_000).await;
    // What the broker had sent ahead is delivered. What it had not is gone, and that ends the stream.
    client.ended().await;
    let mut client = b.watch(Some(&last)).await;
    let gap = client.gap().await;
    assert_eq!(gap["reason"], "out_of_reach", "{gap}");
    assert_eq!(gap["last"].as_str().unwrap(), next.replace("-2001", "-2000"), "{gap}");
}

#[tokio::test]
async fn a_stream_that_is_made_anew_ends_the_server_whose_ids_it_no_longer_has() {
    let Some(broker) = Broker::start("anew").await else { return };
    let mut node = Node::start(&broker).await;
    node.publish_all(0..5).await;
    let client = node.watch(None).await.begun().await;
    let jetstream = broker.jetstream().await;
    jetstream.delete_stream("hubbub").await.unwrap();
    let subjects = vec!["hubbub.>".to_owned()];
    jetstream.create_stream(Config { name: "hubbub".to_owned(), subjects, ..Config::default() }).await.unwrap();
    client.ended().await;
    assert_eq!(soon("the end", node.child.wait()).await.unwrap().code(), Some(1));
    let mut said = Vec::new();
    while let Ok(Some(line)) = node.said.next_line().await {
        said.push(line);
    }
    let why = "hubbub: stream \"hubbub\" has been created anew: its ids begin again";
    assert!(said.iter().any(|line| line == why), "{said:?}");
}

#[tokio::test]
async fn what_another_program_publishes_to_the_stream_is_an_event_if_it_can_be_one() {
    let Some(broker) = Broker::start("others").await else { return };
    let node = Node::start(&broker).await;
    let mut client = node.watch(None).await.begun().await;
    let jetstream = broker.jetstream().await;
    for (subject, payload) in [
        ("hubbub.ingest.t", "no JSON"),
        ("hubbub.ingest.t", "[1]"),
        ("hubbub.elsewhere", "{\"n\":1}"),
        ("hubbub.ingest.t", "{\"n\":2}"),
    ] {
        jetstream.publish(subject, payload.into()).await.unwrap().await.unwrap();
    }
    let events = client.events(1).await;
    assert_eq!(events[0].1, 2);
    assert!(events[0].0.ends_with("-4"), "{events:?}");
    assert_eq!(node.sample("hubbub_log_skipped_total").await, 3.0);
    assert!(id(&node.post(&[], "{\"n\":3}").await.2).ends_with("-5"));
}
