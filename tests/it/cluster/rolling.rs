//! A rolling restart: one server after the other is asked to end, and another one takes its place.

use super::fleet::Fleet;
use super::node::Node;
use crate::support::nats::{Broker, send};
use crate::support::soon;

#[tokio::test]
async fn a_rolling_restart_of_three_servers_leaves_no_hole_with_50_clients() {
    restarts("rolling", 50, 1).await;
}

/// `cargo test --test it rolling_restart -- --ignored --nocapture`
#[tokio::test]
#[ignore = "a minute: the nightly run"]
async fn a_rolling_restart_of_three_servers_leaves_no_hole_with_1000_clients() {
    restarts("rolling-many", 1_000, 5).await;
}

async fn restarts(name: &str, clients: usize, rounds: usize) {
    let Some(broker) = Broker::start(name).await else { return };
    let mut nodes = [Node::start(&broker).await, Node::start(&broker).await, Node::start(&broker).await];
    let fleet = Fleet::begin(clients, nodes.each_ref().map(|node| node.address.as_str()));
    for round in 0..rounds {
        for (place, node) in nodes.iter_mut().enumerate() {
            // As a supervisor does: the new one gets clients once it is ready, and then the old one is asked to end.
            let new = Node::start(&broker).await;
            new.reads().await;
            fleet.balancer.is_at(place, Some(new.address.clone()));
            let mut old = std::mem::replace(node, new);
            send(&old.child, "-TERM").await;
            let ended = soon("the end of a server", old.child.wait()).await.unwrap();
            assert!(ended.success(), "round {round}, server {place}: {ended}");
        }
    }
    let events = fleet.end().await;
    eprintln!("{} restarts, {events} events acknowledged, {clients} clients: none missing, none doubled", 3 * rounds);
    assert!(events > 3 * rounds, "events were acknowledged between the restarts");
}
