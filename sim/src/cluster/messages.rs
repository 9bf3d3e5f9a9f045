//! A consumer of the stream: what its broker has sent to a node, and what it still has.

use std::collections::VecDeque;
use std::time::Duration;

use hubbub::shared_log::{Interrupted, Message, Messages};
use tokio::time::sleep;

use super::model::{Side, now};

/// Silence after which a node takes the broker of its consumer for gone.
const HEARTBEATS: Duration = Duration::from_secs(4);

/// What keeps a consumer: the broker and the stream, each of one life.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keeper {
    pub(super) broker: usize,
    pub(super) life: u64,
    pub(super) epoch: u64,
}

/// What a broker sends to one node, from a sequence on.
#[derive(Debug)]
pub(super) struct ModelMessages {
    side: Side,
    broker: usize,
    /// The life of the broker that it belongs to.
    life: u64,
    /// The epoch of the stream that it belongs to.
    epoch: u64,
    connection: u64,
    /// How often the consumers of the node had been ended when it was made.
    ended: u64,
    next: u64,
    /// Messages that it has sent.
    sent: u64,
    pending: u64,
    ahead: usize,
    /// On their way, and when they arrive.
    coming: VecDeque<(Duration, Message)>,
    silent_since: Option<Duration>,
}

impl ModelMessages {
    pub(super) fn new(
        side: Side,
        Keeper { broker, life, epoch }: Keeper,
        (connection, ended): (u64, u64),
        (next, pending): (u64, u64),
        ahead: usize,
    ) -> Self {
        let coming = VecDeque::new();
        Self { side, broker, life, epoch, connection, ended, next, sent: 0, pending, ahead, coming, silent_since: None }
    }

    /// Lets the broker send what it has.
    fn send_ahead(&mut self) {
        let (now, latency) = (now(), self.side.latency());
        let mut world = self.side.model.world();
        while self.coming.len() < self.ahead
            && let Some((sequence, content)) = world.brokers.first_of(now, self.broker, self.next)
        {
            self.next = sequence + 1;
            self.sent += 1;
            let link = &mut world.links[self.side.node];
            if link.loses > 0 {
                link.loses -= 1;
                continue;
            }
            let pending = world.brokers.count_of(now, self.broker, self.next);
            let message = Message { sequence, number: self.sent, pending, content };
            self.coming.push_back((now + latency, message));
        }
    }

    /// Whether the broker still sends, and whether it has told that it will not.
    fn is_alive(&self) -> Result<bool, Interrupted> {
        let world = self.side.model.world();
        let broker = world.broker_of(self.side.node, self.connection);
        if broker.is_none_or(|broker| !world.brokers.reach_each_other(broker, self.broker)) {
            return Ok(false);
        }
        let is_another = world.brokers.lives(self.broker) != self.life
            || world.brokers.epoch_at(self.broker) != Some(self.epoch)
            || world.links[self.side.node].consumers_ended != self.ended;
        if is_another {
            return Err(Interrupted::Again("the consumer has ended".to_owned()));
        }
        Ok(world.brokers.is_up(self.broker))
    }
}

impl Messages for ModelMessages {
    fn pending(&self) -> u64 {
        self.pending
    }

    async fn next(&mut self) -> Result<Message, Interrupted> {
        loop {
            let changes = self.side.model.changes();
            if let Some((_, message)) = self.coming.pop_front_if(|(at, _)| *at <= now()) {
                return Ok(message);
            }
            // What is on its way arrives, whatever becomes of the broker.
            if let Some((at, _)) = self.coming.front() {
                sleep(at.saturating_sub(now())).await;
                continue;
            }
            let is_alive = self.is_alive()?;
            if is_alive {
                self.silent_since = None;
                self.send_ahead();
                if !self.coming.is_empty() {
                    continue;
                }
            }
            let silent_since = if is_alive { now() } else { *self.silent_since.get_or_insert_with(now) };
            let gives_up_at = silent_since + HEARTBEATS;
            if now() >= gives_up_at {
                return Err(Interrupted::Again("no heartbeat".to_owned()));
            }
            self.side.model.changes_from(changes, gives_up_at - now()).await;
        }
    }

    async fn end(self) {}
}
