//! The broker that leads the stream and the two others do not reach each other. Each server talks to a broker of its own, so
//! one of them has only the old leader.
//!
//! In NATS 2.9.10 an old leader that is back may have other events than the others: some that it could not keep while it was
//! cut off, or new ones in the place of those that it has missed. Whoever reads there misses events, and no server can mend
//! that. With 2.15.1 that was not seen. So clients are there and events published all the time only with 2.11 or later, which
//! mended a fault of that kind (pull request 6415 of `nats-server`). With earlier versions the rest is tested.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::three::{Linked, keep, leader};
use crate::cluster::fleet::Fleet;
use crate::cluster::node::{Node, id};
use crate::support::link::Link;
use crate::support::nats::Broker;

/// The first version of `nats-server` whose brokers have the same events in the end.
const COPIES_STAY_THE_SAME: (u64, u64) = (2, 11);
/// Clients of the three servers.
const CLIENTS: usize = 50;
/// Longest time in which the others choose a leader and it keeps an event. NATS 2.9 takes 4 to 9 seconds.
const KEPT_WITHIN: Duration = Duration::from_secs(40);
/// Longest time for which a server believes a leader that nobody else reaches: the 3 seconds that it may be silent, one
/// between two signs of life, and one between two questions. A busy machine has some more.
const BELIEVED_FOR: Duration = Duration::from_millis(6500);

#[tokio::test]
async fn a_leader_whose_links_to_the_other_brokers_are_cut_is_not_believed_and_nothing_acknowledged_is_lost() {
    let Some(linked) = Linked::start("parted-cut").await else { return };
    survives("parted-cut", &linked, Link::cut).await;
}

#[tokio::test]
async fn a_leader_whose_links_to_the_other_brokers_carry_nothing_is_not_believed_and_nothing_acknowledged_is_lost() {
    let Some(linked) = Linked::start("parted-silent").await else { return };
    survives("parted-silent", &linked, Link::hold).await;
}

/// Whether the brokers, which there are, may have different events in the end.
async fn is_old() -> bool {
    Broker::version().await < COPIES_STAY_THE_SAME
}

async fn survives(name: &str, linked: &Linked, parts: impl Fn(&Link)) {
    keep(&linked.brokers[0], 3).await;
    let settings = [("WH_NATS_REPLICAS", "3"), ("WH_NATS_ACK_SECONDS", "2"), ("WH_NATS_GRACE_SECONDS", "1")];
    let start = async |broker: usize| Node::start_at(&linked.brokers[broker].url(), &settings).await;
    let nodes = [start(0).await, start(1).await, start(2).await];
    for node in &nodes {
        node.reads().await;
    }
    let addresses = nodes.each_ref().map(|node| node.address.as_str());
    let fleet = if is_old().await { None } else { Some(Fleet::begin(CLIENTS, addresses)) };
    sleep(Duration::from_secs(1)).await;
    let old = leader(&linked.brokers).await;
    let mut others = Vec::from(nodes);
    let mut at_the_old = others.remove(old);
    linked.at(old, parts);
    let parted_at = Instant::now();
    let not_believed = async {
        // That the broker leads no majority, or that a consumer at another broker is silent, whatever comes first.
        at_the_old.says("the stream cannot be read: ").await;
        parted_at.elapsed()
    };
    let both = async { tokio::join!(not_believed, kept(&others[0])) };
    let (believed_for, newer) = timeout(KEPT_WITHIN, both).await.expect("another leader, and a server that says so");
    eprintln!("{name}: believed for {believed_for:?}; the others kept an event after {:?}", parted_at.elapsed());
    assert!(believed_for < BELIEVED_FOR, "{believed_for:?}");
    // Its server says that it does not know, to publishers, to clients with a newer cursor and to balancers.
    let (status, _, answer) = at_the_old.post_to("others", &[], "{}").await;
    assert!([503, 504].contains(&status), "{status}: {answer}");
    let told = at_the_old.watch(Some(&newer)).await.text().await;
    assert!(told.contains("\nretry: ") && !told.contains("restarted") && !told.contains("id: "), "{told}");
    let why = at_the_old.until_ready_is(503).await;
    assert!(why.contains("the broker has been away for "), "{why}");
    kept(&others[1]).await;
    linked.at(old, Link::mend);
    let mended_at = Instant::now();
    at_the_old.reads().await;
    eprintln!("{name}: it reads again {:?} after the links are mended", mended_at.elapsed());
    let Some(fleet) = fleet else {
        eprintln!("{name}: no clients, since nats-server is older than 2.11");
        return;
    };
    // The same client comes back, and gets what comes after its cursor.
    at_the_old.watch(Some(&newer)).await.events(1).await;
    let events = fleet.end().await;
    eprintln!("{name}: {events} events acknowledged, {CLIENTS} clients: none missing, none doubled");
}

/// Publishes to a table that no client watches until that is acknowledged; the id.
async fn kept(node: &Node) -> String {
    loop {
        let (status, retry_after, answer) = node.post_to("others", &[], "{}").await;
        match status {
            202 => return id(&answer),
            503 => assert!(retry_after.is_some(), "{answer}"),
            _ => assert_eq!(status, 504, "{answer}"),
        }
        sleep(Duration::from_millis(100)).await;
    }
}
