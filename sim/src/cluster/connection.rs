//! What a node sees of the stream: the client that its server has. The rules:
//!
//! 1. A node is connected to one broker. When that is killed, or the node is cut off, the connection is lost. Every 100 ms
//!    the node tries to connect again, to the next broker that is up.
//! 2. A message to or from a broker takes 1 to 5 ms, the same for all of a node.
//! 3. A question waits for a second where nobody answers.
//! 4. An event that is sent is kept, or not, whether or not somebody still waits for its acknowledgement. An acknowledgement
//!    comes only over the connection that the event was sent over, and is waited for two seconds.
//! 5. A consumer is kept by one broker, which need not be the node's. It ends with that, with the stream, and when its
//!    connection is lost. While its broker and the node's do not reach each other, it sends nothing.
//! 6. A broker that is cut off from the others answers questions, as the text of `brokers` says. It makes no consumer.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hubbub::event_log::{Entry, NotStored};
use hubbub::shared_log::{Appended, Interrupted, ReadState, State, Stream};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::messages::{Keeper, ModelMessages};
use super::model::{Side, Trusts, World, now};

/// Time between two attempts to connect.
const RECONNECTS_EVERY: Duration = Duration::from_millis(100);
/// How long a question waits where nobody answers.
const QUESTION: Duration = Duration::from_secs(1);
/// How long an acknowledgement is waited for.
const ACKNOWLEDGEMENT: Duration = Duration::from_secs(2);

/// The stream, as one node's client sees it.
#[derive(Clone)]
pub(super) struct ModelStream(pub(super) Side);

impl fmt::Debug for ModelStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelStream").field("node", &self.0.node).finish_non_exhaustive()
    }
}

impl ModelStream {
    /// Connects, as soon as that is possible, and connects again whenever it has to. It does not end.
    pub(super) async fn stay_connected(self, state: Arc<ReadState>) {
        loop {
            while !self.0.model.change(|world| world.connects(self.0.node)) {
                sleep(RECONNECTS_EVERY).await;
            }
            state.connected();
            let connection = self.0.connection();
            loop {
                let changes = self.0.model.changes();
                if !self.0.model.world().is_connected(self.0.node, connection) {
                    break;
                }
                self.0.model.changes_from(changes, QUESTION).await;
            }
            state.away("the connection to the broker is lost");
            sleep(RECONNECTS_EVERY).await;
        }
    }

    /// Waits until the node is connected.
    pub(super) async fn connected(&self) {
        loop {
            let connection = self.0.connection();
            if self.0.model.world().is_connected(self.0.node, connection) {
                return;
            }
            sleep(RECONNECTS_EVERY).await;
        }
    }

    /// Asks the leader that the node's broker reaches. The question is told which broker that is, and has no answer where
    /// nobody leads.
    async fn ask<T>(&self, question: impl FnOnce(&mut World, usize) -> Option<T> + Send) -> Result<T, Interrupted> {
        let connection = self.0.connection();
        sleep(self.0.latency()).await;
        let answer = {
            let mut world = self.0.model.world();
            let broker = world.broker_of(self.0.node, connection);
            let answer = broker.and_then(|broker| question(&mut world, broker));
            world.brokers.sights.unanswered += u64::from(answer.is_none());
            answer
        };
        match answer {
            Some(answer) => {
                sleep(self.0.latency()).await;
                Ok(answer)
            }
            None => {
                sleep(QUESTION).await;
                Err(Interrupted::Again("no answer".to_owned()))
            }
        }
    }

    /// The epoch of the stream, which is made anew if there is none.
    pub(super) async fn opened(&self) -> u64 {
        loop {
            let epoch = self.ask(|world, broker| {
                let state = world.brokers.state(now(), broker)?;
                if matches!(state, Err(Interrupted::Doubtful(_))) {
                    world.brokers.make_anew(now());
                }
                Some(state)
            });
            if let Ok(Ok(State { epoch, .. })) = epoch.await {
                return epoch;
            }
            sleep(RECONNECTS_EVERY).await;
        }
    }

    /// Keeps an event; the sequence, if its acknowledgement arrives.
    async fn send(self, entry: Entry, connection: u64) -> Option<Result<u64, NotStored>> {
        sleep(self.0.latency()).await;
        let kept = self.0.model.change(|world| {
            let broker = world.broker_of(self.0.node, connection)?;
            let kept = world.brokers.keep(now(), broker, entry)?;
            if kept.is_ok() && world.links[self.0.node].loses_acknowledgements {
                world.brokers.sights.acknowledgements_lost += 1;
                return None;
            }
            Some(kept)
        });
        sleep(self.0.latency()).await;
        kept.filter(|_| self.0.model.world().is_connected(self.0.node, connection))
    }
}

impl Stream for ModelStream {
    type Messages = ModelMessages;

    fn name(&self) -> &str {
        "model"
    }

    async fn state(&self) -> Result<State, Interrupted> {
        let state = self.ask(|world, broker| world.brokers.state(now(), broker)).await??;
        let believes_anybody = self.0.model.trusts() == Trusts::CutOff;
        let confirmed_ago = if believes_anybody { Some(Duration::ZERO) } else { state.confirmed_ago };
        Ok(State { confirmed_ago, ..state })
    }

    async fn next_after(&self, position: u64) -> Result<Option<u64>, Interrupted> {
        let trusts = self.0.model.trusts();
        self.ask(|world, broker| match trusts {
            Trusts::Leader | Trusts::CutOff => world.brokers.next_after(now(), broker, position),
            Trusts::AnyBroker => {
                let broker = usize::try_from(position).unwrap_or(0) % world.brokers.count();
                let found = world.brokers.first_of(now(), broker, position + 1);
                Some(Ok(found.map(|(sequence, _)| sequence)))
            }
        })
        .await?
    }

    async fn consume(&self, position: u64, ahead: usize) -> Result<ModelMessages, Interrupted> {
        let connection = self.0.connection();
        let made = self.ask(|world, asked| {
            if world.brokers.is_cut_off(asked) || !world.brokers.is_led(now()) {
                return None;
            }
            world.brokers.sights.consumers += 1;
            let count = world.brokers.count();
            let wanted = usize::try_from(world.brokers.sights.consumers).unwrap_or(0);
            let mut brokers = (0..count).map(|step| (wanted + step) % count);
            // There is one, since the leader has answered.
            let is_there = |broker: &usize| world.brokers.is_up(*broker) && !world.brokers.is_cut_off(*broker);
            let broker = brokers.find(is_there)?;
            let pending = world.brokers.count_of(now(), broker, position + 1);
            let ended = world.links[self.0.node].consumers_ended;
            let life = world.brokers.lives(broker);
            Some(world.brokers.epoch_at(broker).map(|epoch| (Keeper { broker, life, epoch }, ended, pending)))
        });
        let Some((keeper, ended, pending)) = made.await? else {
            return Err(Interrupted::Again("there is no stream".to_owned()));
        };
        Ok(ModelMessages::new(self.0.clone(), keeper, (connection, ended), (position + 1, pending), ahead))
    }

    fn append(&self, entry: Entry) -> Appended {
        let stream = self.clone();
        Box::pin(async move {
            let connection = stream.0.connection();
            if !stream.0.model.world().is_connected(stream.0.node, connection) {
                return Err(NotStored::Away);
            }
            let (answer, answered) = oneshot::channel();
            // A task of its own: what was sent is on its way.
            drop(tokio::spawn(async move {
                if let Some(kept) = stream.send(entry, connection).await {
                    // Whoever asked may be gone.
                    let _ = answer.send(kept);
                }
            }));
            let stored = async move {
                let perhaps = NotStored::Perhaps(ACKNOWLEDGEMENT.as_secs());
                let begun = Instant::now();
                match timeout(ACKNOWLEDGEMENT, answered).await {
                    Ok(Ok(kept)) => kept,
                    // Nobody will answer, which a client does not know before its patience is at an end.
                    Ok(Err(_)) => {
                        sleep_until(begun + ACKNOWLEDGEMENT).await;
                        Err(perhaps)
                    }
                    Err(_) => Err(perhaps),
                }
            };
            Ok(Box::pin(stored) as _)
        })
    }
}
