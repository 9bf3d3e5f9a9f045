//! What publishers and operators do to the stream.

use std::time::Duration;

use hubbub::event_log::{Entry, NotStored};
use hubbub::shared_log::Content;

use super::Brokers;
use super::life::Life;
use crate::cluster::draws::delay_below;

/// The epoch of a stream that is made at the beginning of a run, by a clock that is right.
const BEGINNING_MS: u64 = 1_764_000_000_000;
/// Most by which two clocks differ, less one millisecond.
const SKEW_MS: u64 = 2000;
const LATE_MS: u64 = 30;
const LAGS_MS: u64 = 2000;

impl Brokers {
    /// Keeps an event that was sent to a broker; its sequence. The outer `None` is no answer.
    pub(in crate::rooms::cluster) fn keep(
        &mut self,
        now: Duration,
        broker: usize,
        entry: Entry,
    ) -> Option<Result<u64, NotStored>> {
        if self.is_cut_off(broker) || !self.is_led(now) {
            return None;
        }
        let Some(life) = &self.life else { return Some(Err(NotStored::Away)) };
        if self.is_full {
            return Some(Err(NotStored::Refused("the stream is full".to_owned())));
        }
        let Entry { topic, payload, key } = entry;
        if let Some(sequence) = key.as_ref().and_then(|key| life.keys.get(key)) {
            self.sights.repetitions += 1;
            return Some(Ok(*sequence));
        }
        self.append(now, Content::Event { topic, payload: payload.clone() });
        let life = self.life.as_mut()?;
        let sequence = life.last;
        self.past.events.insert(life.id(sequence), payload);
        life.keys.extend(key.map(|key| (key, sequence)));
        self.trim();
        Some(Ok(sequence))
    }

    /// Keeps what some other program has published.
    pub(in crate::rooms::cluster) fn keep_foreign(&mut self, now: Duration) {
        if self.is_led(now) {
            self.append(now, Content::Other { subject: "hubbub.somebody".to_owned() });
            self.trim();
        }
    }

    fn append(&mut self, now: Duration, content: Content) {
        let Some(life) = &mut self.life else { return };
        life.last += 1;
        life.messages.insert(life.last, content);
        let (seed, sequence) = (self.seed, life.last);
        let away: Vec<bool> = (0..self.count()).map(|broker| self.is_away(broker)).collect();
        for (number, broker) in self.brokers.iter_mut().enumerate() {
            if Some(number) == self.leader {
                continue;
            }
            let at = if away[number] {
                Duration::MAX
            } else {
                let late = delay_below(if broker.lags { LAGS_MS } else { LATE_MS }, [seed, number as u64, 0, sequence]);
                // In order: what a broker that is catching up waits for is no measure.
                let before = broker.misses.range(..sequence).next_back().map(|(_, at)| *at);
                (now + late).max(before.filter(|at| *at < Duration::MAX).unwrap_or_default())
            };
            broker.misses.insert(sequence, at);
        }
    }

    /// Deletes one of the newest ten messages.
    pub(in crate::rooms::cluster) fn delete_one(&mut self) {
        let Some(life) = &mut self.life else { return };
        let newest: Vec<u64> = life.messages.keys().rev().take(10).copied().collect();
        let Some(sequence) = newest.get(usize::try_from(self.seed).unwrap_or(0) % newest.len().max(1)) else { return };
        life.messages.remove(sequence);
        self.past.deleted.insert(life.id(*sequence));
        self.sights.removed += 1;
    }

    /// Removes all messages.
    pub(in crate::rooms::cluster) fn purge(&mut self) {
        let Some(life) = &mut self.life else { return };
        let purged = std::mem::take(&mut life.messages);
        self.sights.removed += purged.len() as u64;
        self.past.removed.extend(purged.into_keys().map(|sequence| life.id(sequence)));
    }

    /// Sets the most messages that the stream keeps; `None` lifts the limit.
    pub(in crate::rooms::cluster) fn limit(&mut self, most_messages: Option<usize>) {
        self.most_messages = most_messages;
        self.trim();
    }

    /// Removes the oldest messages beyond the limit.
    fn trim(&mut self) {
        let (Some(life), Some(most)) = (&mut self.life, self.most_messages) else { return };
        while life.messages.len() > most
            && let Some((sequence, _)) = life.messages.pop_first()
        {
            self.past.removed.insert(life.id(sequence));
            self.sights.trimmed += 1;
        }
    }

    /// Deletes the stream, with its consumers.
    pub(in crate::rooms::cluster) fn delete_stream(&mut self, now: Duration) {
        if self.is_led(now) {
            self.life = None;
            self.brokers.iter_mut().for_each(|broker| broker.misses.clear());
        }
    }

    /// Whether the stream was never deleted.
    pub(in crate::rooms::cluster) fn has_one_life(&self) -> bool {
        self.life.is_some() && self.past.epochs.len() == 1
    }

    /// Makes the stream anew, where it was deleted and a majority agrees.
    pub(in crate::rooms::cluster) fn make_anew(&mut self, now: Duration) {
        if self.is_led(now) && self.life.is_none() {
            self.make(now);
            self.sights.made_anew += 1;
        }
    }

    pub(super) fn make(&mut self, now: Duration) {
        let skew = delay_below(SKEW_MS, [self.seed, 4, self.leader.unwrap_or(0) as u64, 0]);
        let mut epoch = BEGINNING_MS + u64::try_from((now + skew).as_millis()).unwrap_or(0);
        while self.past.epochs.contains(&epoch) {
            epoch += 1;
        }
        self.past.epochs.push(epoch);
        self.life = Some(Life::new(epoch));
    }
}
