//! The brokers that keep the stream, as a model. The rules:
//!
//! 1. One broker leads. It gives an event its sequence, keeps it, and answers all questions about the stream.
//! 2. With three brokers the leader needs another one that it reaches, and with one broker only itself. Nothing is kept
//!    otherwise, and nobody answers.
//! 3. Another broker has a new message up to 30 ms later, or up to two seconds later while it lags, and never before an
//!    earlier one.
//! 4. A broker that comes back after it was killed has what it missed within two seconds, each message at its own time: so
//!    later ones may be there before earlier ones.
//! 5. When the leader is gone, the brokers choose another one after 0.2 to 1.2 seconds. It has everything that was kept. For
//!    up to 0.8 seconds after that it may say that the stream ends one or two messages before its end.
//! 6. A repetition with the same key is not kept again, and has the sequence of the first.
//! 7. Messages that were deleted or purged, or that a limit has removed, are gone, and their sequences are not given out
//!    again.
//! 8. A stream that is made anew has another epoch, begins with the sequence 1, and knows no key. The consumers of the
//!    earlier one end. The clocks of brokers differ by up to two seconds, so the new epoch may be the smaller one.
//! 9. A broker that is cut off from the two others keeps nothing, and has nothing newer than that moment. If it led, it
//!    takes itself for the leader for ten to twenty seconds, and says how long the others have been silent. After that, or
//!    after four seconds where it did not lead, it still says how far the stream goes, and that nobody leads. The others
//!    choose another leader 4 to 5.2 seconds after that moment. When it is back, it catches up by rule 4.
//!
//! NATS does 3 to 5 less wildly. That is on purpose: what a reader does right here it does right there. The times of 9 are
//! those of NATS 2.9, which takes 4 to 9 seconds for another leader.

mod changes;
mod island;
mod life;

use std::collections::BTreeMap;
use std::time::Duration;

use hubbub::shared_log::{Content, Interrupted, State, Times};

use super::draws::delay_below;
use super::sights::Sights;
use island::Island;
use life::Life;
pub(super) use life::Past;

/// After this time a broker that was killed is the only one's leader again.
const ALONE_AGAIN_MS: u64 = 100;
/// Least time until another leader is chosen, and what a run adds to it.
const ELECTION_MS: [u64; 2] = [200, 1000];
/// Time after which brokers take a leader for gone that they do not reach.
const SILENCE: Duration = Duration::from_secs(4);
const STALE_MS: u64 = 800;
const CATCHES_UP_MS: u64 = 2000;

#[derive(Debug, Default)]
struct Broker {
    is_down: bool,
    lags: bool,
    /// How often it was started again.
    lives: u64,
    /// Messages that it does not have yet, and when it will. What it misses while it is away it gets at no time.
    misses: BTreeMap<u64, Duration>,
}

/// All brokers, and the stream that they keep.
#[derive(Debug)]
pub(super) struct Brokers {
    seed: u64,
    brokers: Vec<Broker>,
    leader: Option<usize>,
    elects_at: Option<Duration>,
    is_stale_until: Duration,
    elections: u64,
    /// The broker that the others cannot reach.
    island: Option<Island>,
    /// The stream; `None` while there is none.
    life: Option<Life>,
    /// Most messages that the stream keeps.
    most_messages: Option<usize>,
    pub(super) is_full: bool,
    pub(super) past: Past,
    pub(super) sights: Sights,
}

impl Brokers {
    pub(super) fn new(seed: u64, brokers: usize) -> Self {
        let mut new = Self {
            seed,
            brokers: (0..brokers).map(|_| Broker::default()).collect(),
            leader: Some(0),
            elects_at: None,
            is_stale_until: Duration::ZERO,
            elections: 0,
            island: None,
            life: None,
            most_messages: None,
            is_full: false,
            past: Past::default(),
            sights: Sights::default(),
        };
        new.make(Duration::ZERO);
        new
    }

    pub(super) fn count(&self) -> usize {
        self.brokers.len()
    }

    pub(super) fn is_up(&self, broker: usize) -> bool {
        !self.brokers[broker].is_down
    }

    /// How often a broker was started again: what it kept in memory is of one life.
    pub(super) fn lives(&self, broker: usize) -> u64 {
        self.brokers[broker].lives
    }

    pub(super) fn lags(&mut self, broker: usize, lags: bool) {
        self.brokers[broker].lags = lags;
    }

    /// A broker is killed.
    pub(super) fn end(&mut self, now: Duration, broker: usize) {
        self.settle(now);
        self.brokers[broker].is_down = true;
        self.island_ends(broker);
        self.is_left(now, broker);
    }

    /// A broker is started again.
    pub(super) fn begin(&mut self, now: Duration, broker: usize) {
        self.settle(now);
        let begun = &mut self.brokers[broker];
        begun.is_down = false;
        begun.lives += 1;
        self.catches_up(now, broker);
        self.seek_leader(now);
    }

    /// Nothing more reaches a broker.
    fn is_left(&mut self, now: Duration, broker: usize) {
        self.brokers[broker].misses.values_mut().for_each(|at| *at = Duration::MAX);
        if self.leader == Some(broker) {
            self.leader = None;
        }
        self.seek_leader(now);
    }

    /// A broker gets what it has missed, unless it is still away.
    fn catches_up(&mut self, now: Duration, broker: usize) {
        if self.is_away(broker) {
            return;
        }
        let seed = self.seed;
        let Broker { lives, misses, .. } = &mut self.brokers[broker];
        for (sequence, at) in misses {
            *at = now + delay_below(CATCHES_UP_MS, [seed, broker as u64, *lives, *sequence]);
        }
    }

    /// Whether the others do not reach a broker.
    fn is_away(&self, broker: usize) -> bool {
        self.brokers[broker].is_down || self.is_cut_off(broker)
    }

    fn has_majority(&self) -> bool {
        2 * (0..self.count()).filter(|broker| !self.is_away(*broker)).count() > self.count()
    }

    fn seek_leader(&mut self, now: Duration) {
        if !self.has_majority() {
            self.leader = None;
            self.elects_at = None;
        } else if self.leader.is_none() && self.elects_at.is_none() {
            self.elections += 1;
            let [least, more] = ELECTION_MS;
            let is_alone = self.brokers.len() == 1;
            let after = Duration::from_millis(if is_alone { ALONE_AGAIN_MS } else { least });
            let more = delay_below(if is_alone { 1 } else { more }, [self.seed, 1, self.elections, 0]);
            // A leader that nobody reaches is waited for longer than one whose connections are closed.
            let led = self.island.as_ref().filter(|island| island.leads(now));
            let begins_at = led.map_or(now, |island| now.max(island.since + SILENCE));
            self.elects_at = Some(begins_at + after + more);
        }
    }

    /// What has come with time: a leader, and messages that arrived.
    fn settle(&mut self, now: Duration) {
        for broker in &mut self.brokers {
            broker.misses.retain(|_, at| *at > now);
        }
        let Some(at) = self.elects_at.filter(|at| *at <= now) else { return };
        self.elects_at = None;
        let there = (0..self.brokers.len()).filter(|broker| !self.is_away(*broker));
        let chosen = there.min_by_key(|broker| self.brokers[*broker].misses.len());
        let Some(chosen) = chosen else { return };
        self.brokers[chosen].misses.clear();
        self.leader = Some(chosen);
        self.sights.leaders += 1;
        if self.brokers.len() > 1 {
            self.is_stale_until = at + delay_below(STALE_MS, [self.seed, 2, self.elections, 0]);
        }
    }

    /// When something comes with time, if anything does.
    pub(super) fn next_change(&self) -> Option<Duration> {
        let misses = self.brokers.iter().flat_map(|broker| broker.misses.values().copied());
        misses.chain(self.elects_at).filter(|at| *at < Duration::MAX).min()
    }

    /// Whether there is a leader of a majority.
    pub(super) fn is_led(&mut self, now: Duration) -> bool {
        self.settle(now);
        self.leader.is_some()
    }

    /// The stream as the leader has it that a broker reaches; the outer `None` is no leader.
    fn led_at(&self, now: Duration, broker: usize) -> Option<Option<&Life>> {
        match self.island_of(broker) {
            Some(island) => island.leads(now).then_some(island.life.as_ref()),
            None => self.leader.map(|_| self.life.as_ref()),
        }
    }

    /// How far the stream goes, as it is said at a broker; `None` where nobody answers.
    pub(super) fn state(&mut self, now: Duration, broker: usize) -> Option<Result<State, Interrupted>> {
        self.settle(now);
        let mut says_too_little = 0;
        let (life, confirmed_ago) = match self.island_of(broker) {
            Some(island) => (island.life.as_ref(), island.confirmed_ago(now)?),
            None => {
                self.leader?;
                says_too_little = if now < self.is_stale_until { 1 + self.elections % 2 } else { 0 };
                (self.life.as_ref(), Some(Duration::ZERO))
            }
        };
        let Some(life) = life else { return Some(Err(deleted())) };
        let last = life.last.saturating_sub(says_too_little);
        // It tells no times: nodes compare them with the date of the machine.
        let times = Times::default();
        let state = State { epoch: life.epoch, first: life.first().min(last + 1), last, confirmed_ago, times };
        self.sights.stale_answers += u64::from(says_too_little > 0);
        self.sights.answers_of_the_cut_off += u64::from(self.is_cut_off(broker));
        Some(Ok(state))
    }

    /// The first message after a position, as it is said at a broker; the outer `None` is no answer.
    pub(super) fn next_after(
        &mut self,
        now: Duration,
        broker: usize,
        position: u64,
    ) -> Option<Result<Option<u64>, Interrupted>> {
        self.settle(now);
        let life = self.led_at(now, broker)?;
        Some(life.map(|life| life.next_after(position)).ok_or_else(deleted))
    }

    /// The epoch of the stream as a broker has it; `None` where it has none.
    pub(super) fn epoch_at(&self, broker: usize) -> Option<u64> {
        self.island_of(broker).map_or(self.life.as_ref(), |island| island.life.as_ref()).map(|life| life.epoch)
    }

    /// Whether a broker has a message that there is.
    fn has(&self, now: Duration, broker: usize, sequence: u64) -> bool {
        self.brokers[broker].misses.get(&sequence).is_none_or(|at| *at <= now)
    }

    /// The first message from a sequence on that a broker has.
    pub(super) fn first_of(&mut self, now: Duration, broker: usize, from: u64) -> Option<(u64, Content)> {
        self.settle(now);
        if let Some(island) = self.island_of(broker) {
            return island.first_from(from);
        }
        let messages = &self.life.as_ref()?.messages;
        let (sequence, content) = messages.range(from..).find(|(sequence, _)| self.has(now, broker, **sequence))?;
        let found = (*sequence, content.clone());
        self.sights.passed_over += messages.range(from..found.0).count() as u64;
        Some(found)
    }

    /// Messages from a sequence on that a broker has.
    pub(super) fn count_of(&self, now: Duration, broker: usize, from: u64) -> u64 {
        if let Some(island) = self.island_of(broker) {
            return island.count_from(from);
        }
        let has = |sequence: &u64| self.has(now, broker, *sequence);
        self.life.as_ref().map_or(0, |life| life.messages.range(from..).filter(|(one, _)| has(one)).count() as u64)
    }
}

fn deleted() -> Interrupted {
    Interrupted::Doubtful("the stream has been deleted".to_owned())
}
