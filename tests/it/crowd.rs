//! Many subscribers at once: a lost wake-up would leave one of them waiting.

use eventsource_stream::Eventsource;
use futures_util::StreamExt;
use tokio::sync::mpsc;

use crate::support::{EPOCH, Served, Setup, payload, soon, topic};

const SUBSCRIBERS: usize = 200;
const EVENTS: usize = 50;

/// Publishes all events in bursts of `burst`, each after everybody has the one before.
async fn everybody_sees_everything_in_order(burst: usize) {
    let mut served = Served::start(Setup::default());
    let (seen, mut everybody) = mpsc::channel(SUBSCRIBERS);
    let client = reqwest::Client::new();
    for _ in 0..SUBSCRIBERS {
        let answer = client.get(served.url("/v1/stream/sse?table=t")).send();
        let seen = seen.clone();
        tokio::spawn(async move {
            let mut events = answer.await.unwrap().bytes_stream().eventsource();
            for sequence in 1..=EVENTS {
                let event = events.next().await.unwrap().unwrap();
                assert_eq!(event.id, format!("{EPOCH}-{sequence}"));
                seen.send(()).await.unwrap();
            }
        });
        served.subscribed().await;
    }
    for _ in 0..EVENTS / burst {
        for _ in 0..burst {
            served.hub.publish(std::time::Duration::ZERO, &topic(), payload(300));
        }
        for _ in 0..SUBSCRIBERS * burst {
            soon("everybody's events", everybody.recv()).await.unwrap();
        }
    }
    for _ in 0..SUBSCRIBERS {
        served.ended().await;
    }
    let counts = served.hub.counts();
    assert_eq!(counts.delivered, (SUBSCRIBERS * EVENTS) as u64);
    assert_eq!(counts.dropped.total(), 0);
    served.assert_let_go();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_subscribers_see_a_burst_in_order() {
    everybody_sees_everything_in_order(EVENTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_subscribers_see_single_events_in_order() {
    everybody_sees_everything_in_order(1).await;
}
