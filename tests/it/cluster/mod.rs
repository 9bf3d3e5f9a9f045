//! Several servers on one stream of a real NATS: the same ids everywhere, clients that come back to another server, and
//! what happens when servers and brokers end.
//!
//! - [`broker`]: the broker ends, hangs, or comes back
//! - [`cases`]: cases of the simulated world, with real brokers and servers
//! - [`clocks`]: clocks that differ, and cursors of a time to come
//! - [`costs`]: what the log costs, measured
//! - [`fleet`]: many clients behind a balancer, and a publisher
//! - [`links`]: a link to the broker that fails, and a broker without space
//! - [`refused`]: what keeps a server from beginning
//! - [`rolling`]: servers are replaced one after the other
//! - [`stream`]: streams that were deleted from, purged or made anew
//! - [`node`]: one server as a process

mod broker;
mod cases;
mod clocks;
mod costs;
mod fleet;
mod links;
mod node;
mod refused;
mod rolling;
mod stream;

use node::Node;

use crate::support::nats::Broker;

#[tokio::test]
async fn two_servers_on_one_stream_give_every_event_one_id_and_one_place() {
    let Some(broker) = Broker::start("one-id").await else { return };
    let (a, b) = (Node::start(&broker).await, Node::start(&broker).await);
    let mut at_a = a.watch(None).await.begun().await;
    let mut at_b = b.watch(None).await.begun().await;
    let mut published = Vec::new();
    for number in 0..40 {
        let node = if number % 3 == 0 { &a } else { &b };
        published.push((node.publish(number).await, number));
    }
    assert_eq!(at_a.events(40).await, published);
    assert_eq!(at_b.events(40).await, published);
    assert!(published[0].0.ends_with("-1") && published[39].0.ends_with("-40"), "{published:?}");
}

#[tokio::test]
async fn a_client_that_comes_back_to_another_server_misses_nothing_and_gets_nothing_twice() {
    let Some(broker) = Broker::start("comes-back").await else { return };
    let (a, b) = (Node::start(&broker).await, Node::start(&broker).await);
    let mut client = a.watch(None).await.begun().await;
    a.publish_all(0..10).await;
    let mut seen = client.events(10).await;
    drop(client);
    b.publish_all(10..20).await;
    // At a server that began after all of these, too: it fills its history with them.
    let c = Node::start(&broker).await;
    c.until_ready_is(200).await;
    for (node, until) in [(&b, 30), (&c, 40), (&a, 50)] {
        let mut client = node.watch(Some(&seen.last().unwrap().0)).await.begun().await;
        let from = seen.len() as u64;
        a.publish_all(from.max(20)..until).await;
        seen.extend(client.events(usize::try_from(until - from).unwrap()).await);
    }
    let numbers: Vec<_> = seen.iter().map(|(_, number)| *number).collect();
    assert_eq!(numbers, (0..50).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_server_that_is_killed_loses_nothing_that_was_acknowledged() {
    let Some(broker) = Broker::start("killed").await else { return };
    let (mut a, b) = (Node::start(&broker).await, Node::start(&broker).await);
    let mut client = a.watch(None).await.begun().await;
    a.publish_all(0..20).await;
    // It is killed while its client has read some events and not others.
    let mut seen = client.events(5).await;
    a.child.kill().await.unwrap();
    let ids = b.publish_all(20..30).await;
    let mut client = b.watch(Some(&seen.last().unwrap().0)).await;
    seen.extend(client.events(30 - seen.len()).await);
    assert_eq!(seen.iter().map(|(_, number)| *number).collect::<Vec<_>>(), (0..30).collect::<Vec<_>>());
    assert_eq!(seen.last().unwrap().0, *ids.last().unwrap());
    // Started again it has the same ids, and not those of a new epoch.
    let a = Node::start(&broker).await;
    let mut client = a.watch(Some(&seen[7].0)).await;
    assert_eq!(client.events(22).await, seen[8..]);
}

#[tokio::test]
async fn a_cursor_of_a_server_that_is_ahead_waits_for_the_one_that_is_behind() {
    let Some(broker) = Broker::start("ahead").await else { return };
    let (ahead, behind) = (Node::start(&broker).await, Node::start(&broker).await);
    behind.until_ready_is(200).await;
    behind.pause().await;
    let ids = ahead.publish_all(0..50).await;
    let mut client = behind.watch(ids.last().map(String::as_str)).await;
    behind.resume().await;
    let next = ahead.publish(50).await;
    assert_eq!(client.events(1).await, [(next, 50)]);
}

#[tokio::test]
async fn a_cursor_that_the_stream_has_never_reached_is_of_another_life() {
    let Some(broker) = Broker::start("beyond").await else { return };
    let node = Node::start(&broker).await;
    let ids = node.publish_all(0..3).await;
    let beyond = ids[2].replace("-3", "-900");
    let mut client = node.watch(Some(&beyond)).await;
    assert_eq!(client.gap().await["reason"], "restarted");
}

#[tokio::test]
async fn a_batch_is_answered_line_by_line_and_its_key_makes_a_repetition_safe() {
    let Some(broker) = Broker::start("batch").await else { return };
    let (a, b) = (Node::start(&broker).await, Node::start(&broker).await);
    let mut client = b.watch(None).await.begun().await;
    let batch: String = (0..600).map(|number| format!("{{\"n\":{number}}}\n")).collect();
    let headers = [("content-type", "application/x-ndjson"), ("idempotency-key", "orders-7")];
    let (status, _, answer) = a.post(&headers, &batch).await;
    assert_eq!(status, 202, "{answer}");
    let ids: Vec<_> = answer.lines().map(node::id).collect();
    assert_eq!(ids.len(), 600);
    // The publisher has lost the answer, and asks another server.
    assert_eq!(b.post(&headers, &batch).await.2, answer);
    let one = [("idempotency-key", "orders-7")];
    let (_, _, last) = b.post(&one, "{\"n\":600}").await;
    assert_eq!(b.post(&one, "{\"n\":600}").await.2, last, "the key of one event is not that of a batch");
    let expected: Vec<_> = ids.into_iter().chain([node::id(&last)]).zip(0..).collect();
    assert_eq!(client.events(601).await, expected);
    let (status, _, answer) = a.post(&[("idempotency-key", "two words")], "{}").await;
    assert_eq!((status, answer.contains("1 to 256 visible ASCII characters")), (400, true), "{answer}");
}
