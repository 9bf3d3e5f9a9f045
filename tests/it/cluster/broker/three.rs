//! Three brokers that are one cluster.

use std::net::TcpListener;
use std::time::Duration;

use async_nats::jetstream::stream::Config;
use tokio::time::{sleep, timeout};

use crate::support::nats::Broker;

/// Longest time in which brokers choose a leader. A slow machine needs some of it.
const ELECTED_WITHIN: Duration = Duration::from_secs(30);

/// Starts them; `None` where there is no `nats-server`.
pub(in crate::cluster) async fn start_three(name: &str) -> Option<[Broker; 3]> {
    let routes = [free_port(), free_port(), free_port()].map(|port| format!("nats://127.0.0.1:{port}"));
    let all = routes.join(",");
    let start = async |number: usize| {
        let member = format!("{name}-{number}");
        let options = ["-n", &member, "--cluster_name", name, "--cluster", &routes[number], "--routes", &all];
        Broker::start_with(&member, &options).await
    };
    Some([start(0).await?, start(1).await?, start(2).await?])
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
