//! Three servers on three brokers that keep the stream three times. One of the six is killed at a time, and comes back.

use std::time::Duration;

use tokio::time::sleep;

use super::three::{elected, keep, start_three};
use crate::cluster::fleet::Fleet;
use crate::cluster::node::Node;
use crate::support::nats::Broker;

#[tokio::test]
async fn what_was_acknowledged_reaches_every_client_once_and_in_order_over_5_kills() {
    survives("kills", 5, 50, 1).await;
}

/// `HUBBUB_KILLS_SEED=7 cargo test --test it 200_kills -- --ignored --nocapture`
#[tokio::test]
#[ignore = "it takes a quarter of an hour: the nightly run"]
async fn what_was_acknowledged_reaches_every_client_once_and_in_order_over_200_kills() {
    let seed = std::env::var("HUBBUB_KILLS_SEED").map_or(2, |seed| seed.parse().expect("a seed"));
    survives("many-kills", 200, 1_000, seed).await;
}

async fn survives(name: &str, kills: u32, clients: usize, seed: u64) {
    let Some(mut brokers) = start_three(name).await else { return };
    let urls = brokers.each_ref().map(Broker::url).join(",");
    let start = async || Node::start_at(&urls, &[("WH_NATS_REPLICAS", "3"), ("WH_NATS_ACK_SECONDS", "2")]).await;
    keep(&brokers[0], 3).await;
    let mut nodes = [start().await, start().await, start().await];
    let fleet = Fleet::begin(clients, nodes.each_ref().map(|node| node.address.as_str()));
    let mut draws = seed;
    for kill in 1..=kills {
        sleep(Duration::from_millis(300 + next(&mut draws) % 700)).await;
        let victim = usize::try_from(next(&mut draws) % 6).unwrap();
        eprintln!("seed {seed}, kill {kill}: {} {}", if victim < 3 { "server" } else { "broker" }, victim % 3);
        let away = Duration::from_millis(next(&mut draws) % 1_500);
        if victim < 3 {
            nodes[victim].child.kill().await.unwrap();
            fleet.balancer.is_at(victim, None);
            sleep(away).await;
            nodes[victim] = start().await;
            nodes[victim].reads().await;
            fleet.balancer.is_at(victim, Some(nodes[victim].address.clone()));
        } else {
            brokers[victim - 3].kill().await;
            sleep(away).await;
            brokers[victim - 3].restart().await;
            // A server that is started next does not wait until the brokers have a leader.
            elected(&brokers[victim - 3]).await;
        }
    }
    let events = fleet.end().await;
    eprintln!(
        "seed {seed}: {kills} kills, {events} events acknowledged, {clients} clients: none missing, none doubled"
    );
    assert!(events > kills as usize, "events were acknowledged between the kills");
}

/// The next draw of a small generator (SplitMix64).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
