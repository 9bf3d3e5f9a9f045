//! A consumer of the stream: what its broker has sent to a node, and what it still has.

use std::collections::VecDeque;
use std::time::Duration;

use hubbub::shared_log::{Interrupted, Message, Messages};
use tokio::time::sleep;

use super::brokers::Kept;
use super::model::{Side, now};

/// Silence after which a node takes the broker of its consumer for gone.
const HEARTBEATS: Duration = Duration::from_secs(4);

/// What a broker sends to one node, from a sequence on.
#[derive(Debug)]
pub(super) struct ModelMessages {
    side: Side,
    broker: usize,
    /// The life of the broker that it belongs to.
    life: u64,
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
        (broker, life): (usize, u64),
        (connection, ended): (u64, u64),
        (next, pending): (u64, u64),
        ahead: usize,
    ) -> Self {
        let coming = VecDeque::new();
        Self { side, broker, life, connection, ended, next, sent: 0, pending, ahead, coming, silent_since: None }
    }

    /// Lets the broker send what it has.
    fn send_ahead(&mut self) {
        let (now, latency) = (now(), self.side.latency());
        let mut world = self.side.model.world();
        while self.coming.len() < self.ahead
            && let Some((sequence, Kept { content })) = world.brokers.first_of(now, self.broker, self.next)
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
        if !world.is_connected(self.side.node, self.connection) {
            return Ok(false);
        }
        if world.brokers.lives(self.broker) != self.life || world.links[self.side.node].consumers_ended != self.ended {
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
