//! The brokers and the servers of a case, and what is done to them.

use std::collections::BTreeSet;
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::stream::{Config, Info, Stream};
use futures_util::TryStreamExt;
use tokio::time::{sleep, timeout};

use super::file::{Case, Kind};
use super::seen::{Id, Seen};
use crate::cluster::broker::three::{elected, keep, start_three};
use crate::cluster::node::Node;
use crate::support::nats::Broker;

/// Longest time in which brokers do what they are asked.
const OBEYS_WITHIN: Duration = Duration::from_secs(10);

/// The brokers and the servers, and what became of the stream.
pub(super) struct World {
    brokers: Vec<Broker>,
    is_up: Vec<bool>,
    nodes: Vec<Option<Node>>,
    urls: String,
    settings: Vec<(&'static str, String)>,
    seen: Seen,
    /// What the stream was before it was deleted.
    deleted: Option<Config>,
    pub(super) truth: Truth,
}

/// What was done to the stream.
#[derive(Debug, Clone, Default)]
pub(super) struct Truth {
    /// The epochs of its lives, in order.
    pub(super) epochs: Vec<u64>,
    /// What a purge or a limit has removed, as ids that were given out.
    pub(super) removed: BTreeSet<Id>,
    /// What was deleted.
    pub(super) deleted: BTreeSet<Id>,
}

impl World {
    /// Starts everything; `None` where there is no `nats-server`.
    pub(super) async fn start(name: &str, case: &Case, seen: &Seen) -> Option<Self> {
        let brokers = match case.brokers {
            1 => vec![Broker::start(name).await?],
            _ => Vec::from(start_three(name).await?),
        };
        if brokers.len() > 1 {
            keep(&brokers[0], brokers.len()).await;
        }
        let urls = brokers.iter().map(Broker::url).collect::<Vec<_>>().join(",");
        let settings = vec![
            ("WH_HISTORY_EVENTS", case.history_events.to_string()),
            ("WH_NATS_REPLAY_EVENTS", case.replay_events.to_string()),
            ("WH_NATS_REPLICAS", case.brokers.to_string()),
            ("WH_NATS_ACK_SECONDS", "2".to_owned()),
        ];
        let is_up = vec![true; brokers.len()];
        seen.lock().addresses = vec![None; case.nodes];
        let nodes = (0..case.nodes).map(|_| None).collect();
        let truth = Truth::default();
        let seen = seen.clone();
        let mut world = Self { brokers, is_up, nodes, urls, settings, seen, deleted: None, truth };
        for node in 0..case.nodes {
            world.start_node(node).await;
        }
        for node in world.nodes.iter().flatten() {
            node.reads().await;
        }
        let info = world.info().await;
        world.truth.epochs.push(epoch(&info));
        Some(world)
    }

    async fn start_node(&mut self, node: usize) {
        let settings: Vec<_> = self.settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let started = Node::start_at(&self.urls, &settings).await;
        self.seen.lock().addresses[node] = Some(started.address.clone());
        self.nodes[node] = Some(started);
    }

    /// Starts servers again whose process has ended by itself. Only a stream that was made anew is a reason.
    pub(super) async fn supervise(&mut self) {
        for number in 0..self.nodes.len() {
            let Some(node) = &mut self.nodes[number] else { continue };
            let Some(status) = node.child.try_wait().unwrap() else { continue };
            let was_made_anew = self.deleted.is_some() || self.truth.epochs.len() > 1;
            assert!(status.code() == Some(1) && was_made_anew, "server {number} has ended: {status}");
            self.start_node(number).await;
        }
    }

    /// Waits until all servers have read the stream.
    pub(super) async fn are_ready(&self) {
        for node in self.nodes.iter().flatten() {
            node.reads().await;
        }
    }

    /// What another program sees of the brokers, by one that is up.
    async fn jetstream(&self) -> Context {
        let up = self.brokers.iter().zip(&self.is_up).find(|(_, is_up)| **is_up);
        up.expect("a broker that is up").0.jetstream().await
    }

    async fn stream(&self) -> Stream {
        let jetstream = self.jetstream().await;
        let stream = async {
            loop {
                match jetstream.get_stream("hubbub").await {
                    Ok(stream) => return stream,
                    // Without a leader nobody answers.
                    Err(_) => sleep(Duration::from_millis(100)).await,
                }
            }
        };
        timeout(OBEYS_WITHIN, stream).await.expect("the stream")
    }

    async fn info(&self) -> Info {
        self.stream().await.get_info().await.unwrap()
    }

    /// Begins or ends a fault.
    pub(super) async fn strike(&mut self, case: &Case, kind: Kind, begins: bool) {
        match kind {
            Kind::NodeKilled(node) if begins => {
                self.seen.lock().addresses[node] = None;
                if let Some(mut killed) = self.nodes[node].take() {
                    killed.child.kill().await.unwrap();
                }
            }
            Kind::NodeKilled(node) => self.start_node(node).await,
            Kind::BrokerKilled(broker) if begins => {
                self.is_up[broker] = false;
                self.brokers[broker].kill().await;
            }
            Kind::BrokerKilled(broker) => {
                self.brokers[broker].restart().await;
                self.is_up[broker] = true;
                elected(&self.brokers[broker]).await;
            }
            Kind::Trimmed(most) => self.limit(if begins { most } else { -1 }).await,
            Kind::MadeAnew if begins => self.delete_stream().await,
            Kind::MadeAnew => self.make_anew().await,
            _ if begins => self.strike_once(case, kind).await,
            // What happens in a moment has no end.
            _ => {}
        }
    }

    async fn strike_once(&mut self, case: &Case, kind: Kind) {
        match kind {
            Kind::ConsumersEnd(_) => {
                // No broker knows which server a consumer belongs to, so those of all servers end.
                let stream = self.stream().await;
                let names: Vec<String> = stream.consumer_names().try_collect().await.unwrap();
                for name in names {
                    stream.delete_consumer(&name).await.unwrap();
                }
            }
            Kind::MessageDeleted => {
                let info = self.info().await;
                let newest = info.state.messages.min(10);
                // As in the simulated world: the seed decides which of the newest ten.
                let sequence = info.state.last_sequence - case.seed % newest.max(1);
                self.stream().await.delete_message(sequence).await.unwrap();
                self.truth.deleted.insert(Id { epoch: epoch(&info), sequence });
            }
            Kind::Purged => {
                self.stream().await.purge().await.unwrap();
                self.note_removed().await;
            }
            Kind::Foreign => {
                // Kept until the acknowledgement has come: its connection ends with it.
                let jetstream = self.jetstream().await;
                jetstream.publish("hubbub.elsewhere", "{}".into()).await.unwrap().await.unwrap();
            }
            other => panic!("{other:?}: cannot be done here"),
        }
    }

    async fn limit(&mut self, most: i64) {
        self.note_removed().await;
        let config = Config { max_messages: most, ..self.info().await.config };
        self.jetstream().await.update_stream(config).await.unwrap();
        self.note_removed().await;
    }

    /// Notes that everything before the first message was removed.
    pub(super) async fn note_removed(&mut self) {
        let info = self.info().await;
        let removed = (1..info.state.first_sequence).map(|sequence| Id { epoch: epoch(&info), sequence });
        self.truth.removed.extend(removed.filter(|id| !self.truth.deleted.contains(id)));
    }

    async fn delete_stream(&mut self) {
        self.deleted = Some(self.info().await.config);
        self.jetstream().await.delete_stream("hubbub").await.unwrap();
    }

    async fn make_anew(&mut self) {
        let config = self.deleted.take().expect("a stream that was deleted");
        // A server that was started meanwhile has made it with the same settings.
        self.jetstream().await.create_stream(config).await.unwrap();
        let info = self.info().await;
        self.truth.epochs.push(epoch(&info));
    }
}

/// The epoch of all ids: the time at which the stream was created, in milliseconds.
fn epoch(info: &Info) -> u64 {
    u64::try_from(info.created.unix_timestamp_nanos() / 1_000_000).unwrap()
}
