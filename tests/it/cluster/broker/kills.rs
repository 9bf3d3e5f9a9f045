//! Three servers on three brokers that keep the stream three times. One of the six is killed at a time, and comes back.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::three::{elected, keep, start_three};
use crate::cluster::node::client::Client;
use crate::cluster::node::{Node, id};
use crate::support::nats::Broker;

/// Longest time until everything that was acknowledged has reached every client, after the last kill.
const HEALED_WITHIN: Duration = Duration::from_secs(60);

#[tokio::test]
async fn what_was_acknowledged_reaches_every_client_once_and_in_order_over_5_kills() {
    survives("kills", 5, 50, 1).await;
}

/// `cargo test --test it 200_kills -- --ignored --nocapture`
#[tokio::test]
#[ignore = "it takes a quarter of an hour: the nightly run"]
async fn what_was_acknowledged_reaches_every_client_once_and_in_order_over_200_kills() {
    survives("many-kills", 200, 1_000, 2).await;
}

async fn survives(name: &str, kills: u32, clients: usize, seed: u64) {
    let Some(mut brokers) = start_three(name).await else { return };
    let urls = brokers.each_ref().map(Broker::url).join(",");
    let start = async || Node::start_at(&urls, &[("WH_NATS_REPLICAS", "3"), ("WH_NATS_ACK_SECONDS", "2")]).await;
    keep(&brokers[0], 3).await;
    let mut nodes = [start().await, start().await, start().await];
    let balancer = Balancer::default();
    (0..3).for_each(|place| balancer.is_at(place, Some(nodes[place].address.clone())));
    let (end, ended) = watch::channel(None);
    let mut watching = JoinSet::new();
    (0..clients).for_each(|number| drop(watching.spawn(watch(number, balancer.clone(), ended.clone()))));
    let (stop, stopped) = watch::channel(false);
    // So that the machine has about as many deliveries with few clients as with many.
    let pause = Duration::from_micros(clients as u64 * 100);
    let publishing = tokio::spawn(publish(balancer.clone(), pause, stopped));
    let mut draws = seed;
    for kill in 1..=kills {
        sleep(Duration::from_millis(300 + next(&mut draws) % 700)).await;
        let victim = usize::try_from(next(&mut draws) % 6).unwrap();
        eprintln!("seed {seed}, kill {kill}: {} {}", if victim < 3 { "server" } else { "broker" }, victim % 3);
        let away = Duration::from_millis(next(&mut draws) % 1_500);
        if victim < 3 {
            nodes[victim].child.kill().await.unwrap();
            balancer.is_at(victim, None);
            sleep(away).await;
            nodes[victim] = start().await;
            let reads = async {
                while nodes[victim].get("/readyz").await.0 != 200 {
                    sleep(Duration::from_millis(100)).await;
                }
            };
            timeout(HEALED_WITHIN, reads).await.expect("a server that has read the stream");
            balancer.is_at(victim, Some(nodes[victim].address.clone()));
        } else {
            brokers[victim - 3].kill().await;
            sleep(away).await;
            brokers[victim - 3].restart().await;
            // A server that is started next does not wait until the brokers have a leader.
            elected(&brokers[victim - 3]).await;
        }
    }
    stop.send_replace(true);
    let ids = publishing.await.unwrap();
    eprintln!("seed {seed}: {kills} kills, {} events acknowledged, {clients} clients", ids.len());
    assert!(ids.len() > kills as usize, "events were acknowledged between the kills");
    let expected = Arc::new(ids);
    end.send_replace(Some(expected.len()));
    let all = async {
        while let Some(seen) = watching.join_next().await {
            let seen = seen.unwrap();
            let begins_at = expected.len() - seen.len();
            assert!(seen.iter().eq(&expected[begins_at..]), "a client has {seen:?} of {expected:?}");
            assert!(begins_at < expected.len() / 2, "it was there from nearly the beginning");
        }
    };
    timeout(HEALED_WITHIN, all).await.expect("all clients have all events in time");
}

/// The addresses of the servers that are there.
#[derive(Debug, Clone, Default)]
struct Balancer(Arc<Mutex<[Option<String>; 3]>>);

impl Balancer {
    fn is_at(&self, place: usize, address: Option<String>) {
        self.0.lock().unwrap()[place] = address;
    }

    /// A server for an attempt: another one for each.
    fn choose(&self, attempt: usize) -> Option<String> {
        self.0.lock().unwrap()[attempt % 3].clone()
    }
}

/// Publishes one event after the other, each until it is acknowledged; the ids.
async fn publish(balancer: Balancer, pause: Duration, stopped: watch::Receiver<bool>) -> Vec<String> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().unwrap();
    let mut ids = Vec::new();
    let mut attempt = 0;
    while !*stopped.borrow() {
        let begun = Instant::now();
        let event = ids.len();
        loop {
            attempt += 1;
            assert!(begun.elapsed() < HEALED_WITHIN, "event {event} is not acknowledged");
            let Some(address) = balancer.choose(attempt) else { continue };
            let request = client.post(format!("http://{address}/v1/ingest/t")).header("idempotency-key", event);
            match request.body(format!("{{\"n\":{event}}}")).send().await {
                Ok(answer) if answer.status() == 202 => {
                    let Ok(text) = answer.text().await else { continue };
                    ids.push(id(&text));
                    break;
                }
                // Killed meanwhile, or without a broker: it asks the next.
                Ok(_) | Err(_) => sleep(Duration::from_millis(20)).await,
            }
        }
        sleep(pause).await;
    }
    ids
}

/// Watches at one server after the other until the last event has come; the ids of all events since the first.
async fn watch(number: usize, balancer: Balancer, mut ended: watch::Receiver<Option<usize>>) -> Vec<String> {
    let mut client = Client::default();
    let mut attempt = number;
    while !client.has_all(*ended.borrow()) {
        if let Some(address) = balancer.choose(attempt) {
            // An error is a server that was killed; an end without one tells the client to come back.
            let _ = client.read(&address, &mut ended).await;
        }
        attempt += 1;
        sleep(Duration::from_millis(50)).await;
    }
    client.seen
}

/// The next draw of a small generator (SplitMix64).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
