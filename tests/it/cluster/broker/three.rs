//! Three brokers that are one cluster.

use std::net::TcpListener;
use std::time::Duration;

use async_nats::jetstream::stream::Config;
use tokio::time::{sleep, timeout};

use crate::support::link::Link;
use crate::support::nats::Broker;

/// Longest time in which brokers choose a leader. A slow machine needs some of it.
const ELECTED_WITHIN: Duration = Duration::from_secs(30);
/// An address where nobody listens.
const NOWHERE: &str = "127.0.0.1:1";

/// Starts them; `None` where there is no `nats-server`.
pub(in crate::cluster) async fn start_three(name: &str) -> Option<[Broker; 3]> {
    let ports = [free_port(), free_port(), free_port()];
    start(name, ports, |_, to| at(ports[to]), &[]).await
}

/// Three brokers that reach each other over links alone.
pub(in crate::cluster) struct Linked {
    pub(in crate::cluster) brokers: [Broker; 3],
    /// From each broker to each other one.
    links: Vec<(usize, usize, Link)>,
}

impl Linked {
    /// Starts them; `None` where there is no `nats-server`.
    pub(in crate::cluster) async fn start(name: &str) -> Option<Self> {
        let ports = [free_port(), free_port(), free_port()];
        let mut links = Vec::new();
        for (from, to) in [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)] {
            links.push((from, to, Link::to(&format!("127.0.0.1:{}", ports[to])).await));
        }
        // To itself there is no link. A broker knows its own address, and leaves it out.
        let route = |from: usize, to: usize| {
            let link = links.iter().find(|(one, other, _)| (*one, *other) == (from, to));
            link.map_or_else(|| at(ports[to]), |(.., link)| link.url())
        };
        // What brokers tell each other of a third one would lead past its link. What they tell their clients would lead a
        // server to another broker than its own.
        let options = ["--cluster_advertise", NOWHERE, "--no_advertise"];
        let brokers = start(name, ports, route, &options).await?;
        Some(Self { brokers, links })
    }

    /// Does something to the links between a broker and the two others, in both directions.
    pub(in crate::cluster) fn at(&self, broker: usize, does: impl Fn(&Link)) {
        let of_it = self.links.iter().filter(|(from, to, _)| *from == broker || *to == broker);
        of_it.for_each(|(.., link)| does(link));
    }
}

/// Starts three brokers, of which each seeks the others, and itself, by routes.
async fn start(
    name: &str,
    ports: [u16; 3],
    route: impl Fn(usize, usize) -> String,
    options: &[&str],
) -> Option<[Broker; 3]> {
    let start = async |number: usize| {
        let member = format!("{name}-{number}");
        let routes = [0, 1, 2].map(|to| route(number, to)).join(",");
        let listens = at(ports[number]);
        let of_cluster = ["-n", &member, "--cluster_name", name, "--cluster", &listens, "--routes", &routes];
        Broker::start_with(&member, &[&of_cluster, options].concat()).await
    };
    Some([start(0).await?, start(1).await?, start(2).await?])
}

/// The broker that leads the stream of the servers, by its place.
pub(in crate::cluster) async fn leader(brokers: &[Broker; 3]) -> usize {
    let info = brokers[0].stream().await.get_info().await.unwrap();
    let name = info.cluster.and_then(|cluster| cluster.leader).expect("a leader");
    name.rsplit('-').next().unwrap().parse().unwrap()
}

/// Waits until so many brokers keep what is given to them.
pub(in crate::cluster) async fn keep(broker: &Broker, replicas: usize) {
    let jetstream = broker.jetstream().await;
    let config = Config { name: "try".to_owned(), num_replicas: replicas, ..Config::default() };
    let kept = async {
        while jetstream.create_stream(config.clone()).await.is_err() {
            sleep(Duration::from_millis(100)).await;
        }
        jetstream.delete_stream("try").await.unwrap();
    };
    timeout(ELECTED_WITHIN, kept).await.expect("brokers that keep a stream");
}

/// Waits until the stream of the servers has a leader.
pub(in crate::cluster) async fn elected(broker: &Broker) {
    let jetstream = broker.jetstream().await;
    let elected = async {
        while jetstream.get_stream("hubbub").await.is_err() {
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(ELECTED_WITHIN, elected).await.expect("a leader of the stream");
}

/// A port that the system chooses.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn at(port: u16) -> String {
    format!("nats://127.0.0.1:{port}")
}
