//! A broker that the others cannot reach: what it has and says meanwhile.

use std::time::Duration;

use hubbub::shared_log::Content;

use super::life::Life;
use super::{Brokers, SILENCE};
use crate::cluster::draws::delay_below;

/// How long a leader without a majority goes on to answer, at least, and what a run adds to it. NATS looks every ten seconds
/// whether the majority has been silent for ten seconds.
const STEPS_DOWN_MS: [u64; 2] = [10_000, 10_000];

/// A broker that is cut off from the others. Servers still reach it.
#[derive(Debug)]
pub(super) struct Island {
    pub(super) broker: usize,
    /// Since when it is cut off.
    pub(super) since: Duration,
    /// Until when it takes itself for the leader; `None` where it did not lead.
    leads_until: Option<Duration>,
    /// The number of elections of a leader that there had been when the broker was cut off.
    leaders: u64,
    /// The stream as this broker has it; `None` where it was deleted.
    pub(super) life: Option<Life>,
}

impl Island {
    /// Whether it takes itself for the leader.
    pub(super) fn leads(&self, now: Duration) -> bool {
        self.leads_until.is_some_and(|until| now < until)
    }

    /// Since when it has heard from no majority; the inner `None` says that nobody leads, and the outer one nothing.
    pub(super) fn confirmed_ago(&self, now: Duration) -> Option<Option<Duration>> {
        let ago = now - self.since;
        if self.leads(now) {
            return Some(Some(ago));
        }
        // Until then it takes the leader for one that it still reaches, and leaves the answer to that one.
        (self.leads_until.is_some() || ago >= SILENCE).then_some(None)
    }

    /// The first message from a sequence on that it has.
    pub(super) fn first_from(&self, from: u64) -> Option<(u64, Content)> {
        let (sequence, content) = self.life.as_ref()?.messages.range(from..).next()?;
        Some((*sequence, content.clone()))
    }

    pub(super) fn count_from(&self, from: u64) -> u64 {
        self.life.as_ref().map_or(0, |life| life.messages.range(from..).count() as u64)
    }
}

impl Brokers {
    /// A broker and the others reach each other no more. There is at most one such broker at a time.
    pub(in crate::rooms::cluster) fn cut_off(&mut self, now: Duration, broker: usize) {
        self.settle(now);
        if self.island.is_some() {
            return;
        }
        let mut life = self.life.clone();
        if let Some(life) = &mut life {
            life.messages.retain(|sequence, _| self.has(now, broker, *sequence));
        }
        let leads_until = (self.leader == Some(broker)).then(|| {
            let [least, more] = STEPS_DOWN_MS;
            now + Duration::from_millis(least) + delay_below(more, [self.seed, 5, self.elections, 0])
        });
        self.island = Some(Island { broker, since: now, leads_until, leaders: self.sights.leaders, life });
        self.sights.cut_off += 1;
        self.is_left(now, broker);
    }

    /// A broker that was cut off and the others reach each other again.
    pub(in crate::rooms::cluster) fn heal(&mut self, now: Duration, broker: usize) {
        self.settle(now);
        let Some(island) = self.island.take_if(|island| island.broker == broker) else { return };
        let was_replaced = island.leaders != self.sights.leaders;
        if self.leader.is_none() && !was_replaced && island.leads(now) {
            // Nobody else was chosen, so nothing was kept without it.
            self.leader = Some(broker);
            self.elects_at = None;
            self.brokers[broker].misses.clear();
        }
        self.catches_up(now, broker);
        self.seek_leader(now);
    }

    /// A killed broker no longer takes itself for the leader, wherever it is.
    pub(super) fn island_ends(&mut self, broker: usize) {
        if let Some(island) = self.island.as_mut().filter(|island| island.broker == broker) {
            island.leads_until = None;
        }
    }

    pub(super) fn island_of(&self, broker: usize) -> Option<&Island> {
        self.island.as_ref().filter(|island| island.broker == broker)
    }

    /// Whether a broker and the others do not reach each other.
    pub(in crate::rooms::cluster) fn is_cut_off(&self, broker: usize) -> bool {
        self.island_of(broker).is_some()
    }

    /// Whether two brokers reach each other.
    pub(in crate::rooms::cluster) fn reach_each_other(&self, one: usize, other: usize) -> bool {
        one == other || !(self.is_cut_off(one) || self.is_cut_off(other))
    }
}
