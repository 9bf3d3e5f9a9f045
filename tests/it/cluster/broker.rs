//! The broker ends, hangs, or comes back.
//!
//! - [`kills`]: one of three servers or three brokers ends, again and again
//! - [`parted`]: the broker that leads and the two others do not reach each other
//! - [`three`]: three brokers that are one cluster

mod kills;
mod parted;
pub(super) mod three;

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::node::{Node, id};
use crate::support::nats::Broker;

#[tokio::test]
async fn a_broker_that_is_killed_and_comes_back_costs_nothing_that_it_has_acknowledged() {
    let Some(mut broker) = Broker::start("broker-killed").await else { return };
    let (a, b) = (Node::start(&broker).await, Node::start(&broker).await);
    let mut at_a = a.watch(None).await.begun().await;
    let mut at_b = b.watch(None).await.begun().await;
    let mut expected = a.publish_all(0..10).await;
    at_b.events(10).await;
    broker.kill().await;
    let (mut was_away, mut unknown) = (false, 0);
    let begun = Instant::now();
    while !was_away && begun.elapsed() < Duration::from_secs(10) {
        let (status, retry_after, answer) = a.post(&[], "{\"n\":99}").await;
        was_away = status == 503;
        assert!(was_away || status == 504, "{answer}");
        unknown += usize::from(status == 504);
        assert_eq!(retry_after.as_deref(), was_away.then_some("2"), "{answer}");
    }
    assert!(was_away, "a publisher is told to come back");
    assert_eq!(a.get("/readyz").await.0, 200, "no server is at fault");
    broker.restart().await;
    expected.push(published_when_back(&a, 10).await);
    // Each server comes back to the broker after a pause of its own.
    expected.push(published_when_back(&b, 11).await);
    expected.extend(b.publish_all(12..20).await);
    let expected: Vec<_> = expected.into_iter().zip(0..).collect();
    // What was answered with 504 may have been kept. The last sequence counts it.
    let kept: usize = expected[19].0.rsplit('-').next().unwrap().parse().unwrap();
    assert!(kept - 20 <= unknown, "{kept} events, and the fate of {unknown} was unknown");
    for at in [&mut at_a, &mut at_b] {
        let known = at.events(kept).await.into_iter().filter(|(_, number)| *number != 99);
        assert_eq!(known.collect::<Vec<_>>(), expected);
    }
    assert!(a.sample("hubbub_log_reconnects_total").await >= 1.0);
    b.until_ready_is(200).await;
}

/// Publishes an event again and again until the server's log is back, and then once more: its id, which is the same one.
async fn published_when_back(node: &Node, number: u64) -> String {
    let (key, body) = (number.to_string(), format!("{{\"n\":{number}}}"));
    let back = async {
        while node.post(&[("idempotency-key", key.as_str())], &body).await.0 != 202 {
            sleep(Duration::from_millis(100)).await;
        }
        id(&node.post(&[("idempotency-key", key.as_str())], &body).await.2)
    };
    crate::support::soon("the broker", back).await
}

#[tokio::test]
async fn a_server_without_its_broker_is_ready_for_the_grace_and_not_longer() {
    let Some(mut broker) = Broker::start("grace").await else { return };
    let node = Node::start_with(&broker, &[("WH_NATS_GRACE_SECONDS", "1")]).await;
    node.until_ready_is(200).await;
    broker.kill().await;
    let text = node.until_ready_is(503).await;
    assert!(text.contains("the broker has been away for "), "{text}");
    assert_eq!(node.get("/healthz").await.0, 200);
    broker.restart().await;
    node.until_ready_is(200).await;
}

#[tokio::test]
async fn an_acknowledgement_that_does_not_come_says_perhaps_and_a_repetition_with_the_key_is_one_event() {
    let Some(broker) = Broker::start("perhaps").await else { return };
    let node = Node::start_with(&broker, &[("WH_NATS_ACK_SECONDS", "1")]).await;
    let mut client = node.watch(None).await.begun().await;
    node.publish(0).await;
    broker.pause().await;
    let begun = Instant::now();
    let (status, _, answer) = node.post(&[("idempotency-key", "k")], "{\"n\":1}").await;
    assert_eq!(status, 504, "{answer}");
    assert!(answer.contains("perhaps") && begun.elapsed() < Duration::from_secs(3), "{answer}");
    let batch = ("content-type", "application/x-ndjson");
    let (status, _, answer) = node.post(&[batch, ("idempotency-key", "k")], &"{\"n\":2}\n".repeat(300)).await;
    assert_eq!((status, answer.lines().count()), (504, 300), "{answer}");
    assert!(answer.lines().last().unwrap().contains("not published: an event before it"), "{answer}");
    broker.resume().await;
    let (status, _, answer) = node.post(&[("idempotency-key", "k")], "{\"n\":1}").await;
    assert_eq!(status, 202, "{answer}");
    let events = client.events(2).await;
    assert_eq!(events.iter().filter(|(_, number)| *number == 1).count(), 1, "{events:?}");
    assert_eq!(id(&answer), events[1].0);
    // One event, and those of the batch that were sent before the first was late.
    assert_eq!(node.sample("hubbub_log_unacknowledged_total").await, 257.0);
}

#[tokio::test]
async fn a_server_that_has_read_everything_lags_by_nothing_and_says_how_long_acknowledgements_take() {
    let Some(broker) = Broker::start("figures").await else { return };
    let node = Node::start(&broker).await;
    let mut client = node.watch(None).await.begun().await;
    node.publish_all(0..5).await;
    client.events(5).await;
    node.until_ready_is(200).await;
    assert_eq!(node.sample("hubbub_log_acknowledgement_seconds_count").await, 5.0);
    assert_eq!(node.sample("hubbub_log_lag_events").await, 0.0);
    assert_eq!(node.sample("hubbub_log_lag_seconds").await, 0.0);
    assert_eq!(node.sample("hubbub_log_reconnects_total").await, 0.0);
}

#[tokio::test]
async fn the_page_of_the_cluster_lists_every_metric_of_the_log_and_no_other() {
    let Some(broker) = Broker::start("listed").await else { return };
    let node = Node::start(&broker).await;
    let (_, text) = node.get("/metrics").await;
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    // OpenMetrics names a counter without the ending of its samples.
    let named = |(name, kind): (&str, &str)| if kind == "counter" { format!("{name}_total") } else { name.to_owned() };
    let scraped: BTreeSet<_> = types.map(named).filter(|name| name.starts_with("hubbub_log_")).collect();
    let page = std::fs::read_to_string("docs/cluster.md").unwrap();
    let rows = page.lines().skip_while(|line| !line.starts_with("| metric |")).skip(2);
    let cells = rows.take_while(|line| line.starts_with('|')).map(|row| row.split(" | ").next().unwrap());
    let names = cells.flat_map(|cell| cell.split('`')).filter(|part| part.starts_with("hubbub_"));
    assert_eq!(names.map(str::to_owned).collect::<BTreeSet<_>>(), scraped);
}
