//! The brokers that keep the stream, as a model. The rules:
//!
//! 1. One broker leads. It gives an event its sequence, keeps it, and answers all questions about the stream.
//! 2. With three brokers the leader needs another one that is up, and with one broker only itself. Nothing is kept
//!    otherwise, and nobody answers.
//! 3. Another broker has a new message up to 30 ms later, or up to two seconds later while it lags, and never before an
//!    earlier one.
//! 4. A broker that comes back after it was killed has what it missed within two seconds, each message at its own time: so
//!    later ones may be there before earlier ones.
//! 5. When the leader is gone, the brokers choose another one after 0.2 to 1.2 seconds. It has everything that was kept. For
//!    up to 0.8 seconds after that it may say that the stream ends one or two messages before its end.
//! 6. A repetition with the same key is not kept again, and has the sequence of the first.
//! 7. Messages that were deleted or purged are gone, and their sequences are not given out again.
//!
//! NATS does 3 to 5 less wildly. That is on purpose: what a reader does right here it does right there.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use hubbub::event_log::Entry;
use hubbub::shared_log::{Content, State};

use super::draws::delay_below;
use super::sights::Sights;

/// The stream's life. There is only one in a run.
pub(super) const EPOCH: u64 = 1_764_000_000_000;
/// After this time a broker that was killed is the only one's leader again.
const ALONE_AGAIN_MS: u64 = 100;
/// Least time until another leader is chosen, and what a run adds to it.
const ELECTION_MS: [u64; 2] = [200, 1000];
const STALE_MS: u64 = 800;
const CATCHES_UP_MS: u64 = 2000;
const LATE_MS: u64 = 30;
const LAGS_MS: u64 = 2000;

/// A message of the stream.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) content: Content,
}

#[derive(Debug, Default)]
struct Broker {
    is_down: bool,
    lags: bool,
    /// How often it was started again.
    lives: u64,
    /// Messages that it does not have yet, and when it will. What it misses while it is down it gets at no time.
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
    messages: BTreeMap<u64, Kept>,
    last: u64,
    keys: BTreeMap<String, u64>,
    /// The payload of every event that was ever kept, by its sequence.
    pub(super) ever: BTreeMap<u64, Bytes>,
    /// Sequences of events that were removed by a purge, which servers have to tell of; and of those that were deleted.
    pub(super) purged: Vec<u64>,
    pub(super) deleted: Vec<u64>,
    pub(super) is_full: bool,
    pub(super) sights: Sights,
}

impl Brokers {
    pub(super) fn new(seed: u64, brokers: usize) -> Self {
        Self {
            seed,
            brokers: (0..brokers).map(|_| Broker::default()).collect(),
            leader: Some(0),
            elects_at: None,
            is_stale_until: Duration::ZERO,
            elections: 0,
            messages: BTreeMap::new(),
            last: 0,
            keys: BTreeMap::new(),
            ever: BTreeMap::new(),
            purged: Vec::new(),
            deleted: Vec::new(),
            is_full: false,
            sights: Sights::default(),
        }
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
        let ended = &mut self.brokers[broker];
        ended.is_down = true;
        ended.misses.values_mut().for_each(|at| *at = Duration::MAX);
        if self.leader == Some(broker) {
            self.leader = None;
        }
        self.seek_leader(now);
    }

    /// A broker is started again.
    pub(super) fn begin(&mut self, now: Duration, broker: usize) {
        self.settle(now);
        let seed = self.seed;
        let begun = &mut self.brokers[broker];
        begun.is_down = false;
        begun.lives += 1;
        let lives = begun.lives;
        for (sequence, at) in &mut begun.misses {
            *at = now + delay_below(CATCHES_UP_MS, [seed, broker as u64, lives, *sequence]);
        }
        self.seek_leader(now);
    }

    fn has_majority(&self) -> bool {
        2 * self.brokers.iter().filter(|broker| !broker.is_down).count() > self.brokers.len()
    }

    fn seek_leader(&mut self, now: Duration) {
        if !self.has_majority() {
            (self.leader, self.elects_at) = (None, None);
        } else if self.leader.is_none() && self.elects_at.is_none() {
            self.elections += 1;
            let [least, more] = ELECTION_MS;
            let is_alone = self.brokers.len() == 1;
            let after = if is_alone { ALONE_AGAIN_MS } else { least };
            let more = delay_below(if is_alone { 1 } else { more }, [self.seed, 1, self.elections, 0]);
            self.elects_at = Some(now + Duration::from_millis(after) + more);
        }
    }

    /// What has come with time: a leader, and messages that arrived.
    fn settle(&mut self, now: Duration) {
        for broker in &mut self.brokers {
            broker.misses.retain(|_, at| *at > now);
        }
        let Some(at) = self.elects_at.filter(|at| *at <= now) else { return };
        self.elects_at = None;
        let up = (0..self.brokers.len()).filter(|broker| self.is_up(*broker));
        let chosen = up.min_by_key(|broker| self.brokers[*broker].misses.len());
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

    /// Whether there is a leader, which answers.
    pub(super) fn is_led(&mut self, now: Duration) -> bool {
        self.settle(now);
        self.leader.is_some()
    }

    /// How far the stream goes, as the leader says it.
    pub(super) fn state(&mut self, now: Duration) -> State {
        let mut last = self.last;
        if now < self.is_stale_until {
            self.sights.stale_answers += 1;
            last = last.saturating_sub(1 + self.elections % 2);
        }
        let first = self.messages.keys().next().copied().unwrap_or(self.last + 1);
        State { epoch: EPOCH, first: first.min(last + 1), last }
    }

    /// The first message after a position, as the leader says it.
    pub(super) fn next_after(&self, position: u64) -> Option<u64> {
        self.messages.range(position + 1..).next().map(|(sequence, _)| *sequence)
    }

    /// Whether a broker has a message that there is.
    fn has(&self, now: Duration, broker: usize, sequence: u64) -> bool {
        self.brokers[broker].misses.get(&sequence).is_none_or(|at| *at <= now)
    }

    /// The first message from a sequence on that a broker has.
    pub(super) fn first_of(&mut self, now: Duration, broker: usize, from: u64) -> Option<(u64, Kept)> {
        self.settle(now);
        let found = self.messages.range(from..).find(|(sequence, _)| self.has(now, broker, **sequence));
        let (sequence, kept) = found.map(|(sequence, kept)| (*sequence, kept.clone()))?;
        self.sights.passed_over += self.messages.range(from..sequence).count() as u64;
        Some((sequence, kept))
    }

    /// Messages from a sequence on that a broker has.
    pub(super) fn count_of(&self, now: Duration, broker: usize, from: u64) -> u64 {
        self.messages.range(from..).filter(|(sequence, _)| self.has(now, broker, **sequence)).count() as u64
    }

    /// Keeps an event; its sequence.
    pub(super) fn keep(&mut self, now: Duration, entry: Entry) -> u64 {
        if let Some(sequence) = entry.key.as_ref().and_then(|key| self.keys.get(key)) {
            self.sights.repetitions += 1;
            return *sequence;
        }
        let Entry { topic, payload, key } = entry;
        let sequence = self.append(now, Content::Event { topic, payload: payload.clone() });
        self.ever.insert(sequence, payload);
        self.keys.extend(key.map(|key| (key, sequence)));
        sequence
    }

    /// Keeps what some other program has published.
    pub(super) fn keep_foreign(&mut self, now: Duration) {
        if self.is_led(now) {
            self.append(now, Content::Other { subject: "hubbub.somebody".to_owned() });
        }
    }

    fn append(&mut self, now: Duration, content: Content) -> u64 {
        self.last += 1;
        let (sequence, seed) = (self.last, self.seed);
        self.messages.insert(sequence, Kept { content });
        for (number, broker) in self.brokers.iter_mut().enumerate() {
            if Some(number) == self.leader {
                continue;
            }
            let at = if broker.is_down {
                Duration::MAX
            } else {
                let late = delay_below(if broker.lags { LAGS_MS } else { LATE_MS }, [seed, number as u64, 0, sequence]);
                // In order: what a broker that is catching up waits for is no measure.
                let before = broker.misses.range(..sequence).next_back().map(|(_, at)| *at);
                (now + late).max(before.filter(|at| *at < Duration::MAX).unwrap_or_default())
            };
            broker.misses.insert(sequence, at);
        }
        sequence
    }

    /// Deletes one of the newest ten messages.
    pub(super) fn delete_one(&mut self) {
        let newest: Vec<u64> = self.messages.keys().rev().take(10).copied().collect();
        let Some(sequence) = newest.get(usize::try_from(self.seed).unwrap_or(0) % newest.len().max(1)) else { return };
        self.messages.remove(sequence);
        self.deleted.push(*sequence);
        self.sights.removed += 1;
    }

    /// Removes all messages.
    pub(super) fn purge(&mut self) {
        self.sights.removed += self.messages.len() as u64;
        self.purged.extend(std::mem::take(&mut self.messages).into_keys());
    }
}
