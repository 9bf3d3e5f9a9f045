//! Cursors that are older than the history of a server: the stream still has what came after them.

use std::time::Duration;

use async_nats::jetstream::stream::Config;
use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::cluster::node::Node;
use crate::cluster::node::client::Client;
use crate::support::nats::Broker;

/// A history that soon ends.
const SHORT: (&str, &str) = ("WH_HISTORY_EVENTS", "20");

#[tokio::test]
async fn a_herd_with_old_cursors_gets_all_that_the_stream_has_while_events_go_on_and_each_is_read_once() {
    let Some(broker) = Broker::start("older").await else { return };
    let node = Node::start_with(&broker, &[SHORT]).await;
    let ids = node.publish_all(0..600).await;
    let client = async |place: usize| {
        let (_end, mut ended) = watch::channel(Some(700));
        let mut client = Client::after(&ids[place]);
        while !client.has_all(Some(700)) {
            // An end without the last event tells it to come back.
            let _ = client.read(&node.address, &mut ended).await;
        }
        client.seen
    };
    let herd = join_all((0..100).map(|number| client(number * 5)));
    let all = async { tokio::join!(herd, node.publish_all(600..700)) };
    let (herd, live) = timeout(Duration::from_secs(60), all).await.unwrap();
    let all = [&ids[..], &live].concat();
    assert!(herd.iter().zip(0..).all(|(seen, number)| *seen == all[number * 5 + 1..]));
    let read = node.sample("hubbub_log_reread_total").await;
    assert!((560.0..=700.0).contains(&read), "{read} events were read for 100 clients");
}

#[tokio::test]
async fn a_client_with_an_old_cursor_gets_its_stream_although_the_full_stream_removes_an_event_for_each_new_one() {
    let Some(broker) = Broker::start("older-full").await else { return };
    let node = Node::start_with(&broker, &[SHORT]).await;
    let ids = node.publish_all(0..10).await;
    let jetstream = broker.jetstream().await;
    let config = broker.stream().await.get_info().await.unwrap().config;
    jetstream.update_stream(Config { max_messages: 500, ..config }).await.unwrap();
    let publishing = tokio::spawn(async move {
        for number in 10.. {
            let event = format!("{{\"n\":{number}}}").into();
            jetstream.publish("hubbub.ingest.t", event).await.unwrap().await.unwrap();
        }
    });
    let is_full = async { while broker.stream().await.get_info().await.unwrap().state.first_sequence < 50 {} };
    timeout(Duration::from_secs(30), is_full).await.unwrap();
    let gap = node.watch(Some(&ids[4])).await.gap().await;
    publishing.abort();
    assert_eq!((&gap["reason"], &gap["first"]), (&"out_of_reach".into(), &ids[5].clone().into()), "{gap}");
}

#[tokio::test]
async fn what_is_read_for_old_cursors_has_a_limit_and_the_rest_is_told() {
    let Some(broker) = Broker::start("older-limit").await else { return };
    let node = Node::start_with(&broker, &[SHORT, ("WH_NATS_REPLAY_EVENTS", "50")]).await;
    let ids = node.publish_all(0..200).await;
    // An acknowledged event has yet to be read. This stream begins once they all are.
    let _live = node.watch(ids.last().map(String::as_str)).await.begun().await;
    let mut client = node.watch(Some(&ids[9])).await;
    let gap = client.gap().await;
    assert_eq!(
        (&gap["reason"], &gap["first"], &gap["last"]),
        (&"out_of_reach".into(), &ids[10].clone().into(), &ids[129].clone().into())
    );
    let none = Node::start_with(&broker, &[SHORT, ("WH_NATS_REPLAY_EVENTS", "0")]).await;
    none.until_ready_is(200).await;
    let gap = none.watch(Some(&ids[9])).await.gap().await;
    assert_eq!(gap["last"], ids[179].clone(), "{gap}");
}

#[tokio::test]
async fn an_old_cursor_without_a_broker_comes_back_later_and_misses_nothing() {
    let Some(mut broker) = Broker::start("older-away").await else { return };
    let node = Node::start_with(&broker, &[SHORT]).await;
    let ids = node.publish_all(0..100).await;
    let mut live = node.watch(Some(&ids[97])).await;
    assert_eq!(live.events(2).await.len(), 2, "the history is enough");
    broker.kill().await;
    let early = node.watch(Some(&ids[4])).await;
    // It is told when to come back, and not that anything is missing.
    let text = timeout(Duration::from_secs(30), early.text()).await.unwrap();
    assert!(text.contains("retry: ") && !text.contains("gap") && !text.contains("data: "), "{text}");
    broker.restart().await;
    let (_end, mut ended) = watch::channel(Some(100));
    let mut client = Client::after(&ids[4]);
    let back = async {
        while !client.has_all(Some(100)) {
            let _ = client.read(&node.address, &mut ended).await;
        }
    };
    timeout(Duration::from_secs(30), back).await.unwrap();
    assert_eq!(client.seen, ids[5..]);
}
