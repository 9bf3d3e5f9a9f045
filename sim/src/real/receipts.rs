//! What clients have received: per subscriber which events, of which it wanted which.

use std::ops::Range;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::stream::Received;
use crate::plan::{Arrival, Plan};
use crate::record::{self, SubscriberRecord};

#[derive(Debug)]
pub(super) struct Receipts {
    arrivals: Vec<Arrival>,
    subscribers: Vec<Subscriber>,
    /// Publish, as planned, to receipt; by class.
    receipt_us: Vec<Histogram<u64>>,
    /// Receipts while events arrived.
    in_time: u64,
    sources_end: Duration,
    /// Events received once more than once.
    duplicates: u64,
}

#[derive(Debug)]
struct Subscriber {
    class: usize,
    /// Arrivals that were published while a stream of its was open, by their index.
    wanted: Vec<Range<u64>>,
    is_open: bool,
    /// A bit an arrival.
    seen: Vec<u64>,
    received: u64,
}

impl Receipts {
    pub(super) fn new(plan: &Plan) -> Self {
        let words = plan.arrivals.len().div_ceil(64);
        let subscriber =
            |class| Subscriber { class, wanted: Vec::new(), is_open: false, seen: vec![0; words], received: 0 };
        Self {
            arrivals: plan.arrivals.clone(),
            subscribers: plan.subscribers.iter().map(|plan| subscriber(plan.class)).collect(),
            receipt_us: plan.classes.iter().map(|_| record::histogram()).collect(),
            in_time: 0,
            sources_end: plan.duration,
            duplicates: 0,
        }
    }

    /// A stream is open. Of the events whose publishing had begun by then it may have missed some, and owes none.
    pub(super) fn joined(&mut self, index: usize, begun: u64) {
        let subscriber = &mut self.subscribers[index];
        subscriber.is_open = true;
        subscriber.wanted.push(begun..begun);
    }

    /// A stream has ended.
    pub(super) fn left(&mut self, index: usize, begun: u64) {
        let subscriber = &mut self.subscribers[index];
        if std::mem::take(&mut subscriber.is_open)
            && let Some(wanted) = subscriber.wanted.last_mut()
        {
            // The last one begun may not have been offered yet.
            wanted.end = begun.saturating_sub(1).max(wanted.start);
        }
    }

    /// Everything has been published: streams that are open wanted all of it.
    pub(super) fn close(&mut self) {
        let all = self.arrivals.len() as u64;
        for subscriber in self.subscribers.iter_mut().filter(|subscriber| subscriber.is_open) {
            if let Some(wanted) = subscriber.wanted.last_mut() {
                wanted.end = all;
            }
        }
    }

    pub(super) fn received(&mut self, now: Duration, index: usize, event: Received) {
        let Some(number) = event.number.filter(|number| *number < self.arrivals.len() as u64) else { return };
        let Some(arrival) = usize::try_from(number).ok().and_then(|number| self.arrivals.get(number)) else { return };
        let subscriber = &mut self.subscribers[index];
        if !subscriber.see(number) {
            self.duplicates += 1;
            return;
        }
        subscriber.received += 1;
        self.in_time += u64::from(now <= self.sources_end);
        record::count(&mut self.receipt_us[subscriber.class], now.saturating_sub(arrival.at));
    }

    pub(super) fn total(&self) -> u64 {
        self.subscribers.iter().map(|subscriber| subscriber.received).sum()
    }

    /// Whether everybody has everything that it wanted.
    pub(super) fn are_complete(&self) -> bool {
        self.subscribers.iter().all(|subscriber| subscriber.missing().next().is_none())
    }

    pub(super) fn in_time(&self) -> u64 {
        self.in_time
    }

    pub(super) fn duplicates(&self) -> u64 {
        self.duplicates
    }

    pub(super) fn of(&self, index: usize) -> u64 {
        self.subscribers[index].received
    }

    pub(super) fn receipt_us(&mut self) -> Vec<Histogram<u64>> {
        std::mem::take(&mut self.receipt_us)
    }

    /// A subscriber's account as its client sees it: everything missing counts as lost to a full buffer, since a client
    /// cannot tell why.
    pub(super) fn as_seen(&self, index: usize) -> SubscriberRecord {
        let subscriber = &self.subscribers[index];
        let first_missing = subscriber.missing().next().and_then(|number| usize::try_from(number).ok());
        let missing = subscriber.missing().count() as u64;
        let mut record = SubscriberRecord {
            class: subscriber.class,
            offered: subscriber.received + missing,
            delivered: subscriber.received,
            received: subscriber.received,
            first_drop_at: first_missing.and_then(|number| Some(self.arrivals.get(number)?.at)),
            connections: subscriber.wanted.len() as u64,
            ..SubscriberRecord::default()
        };
        record.dropped.buffer_full = missing;
        record
    }
}

impl Subscriber {
    /// Whether an event is seen for the first time.
    fn see(&mut self, number: u64) -> bool {
        let (word, bit) = place(number);
        let was = self.seen[word];
        self.seen[word] |= bit;
        was & bit == 0
    }

    fn missing(&self) -> impl Iterator<Item = u64> {
        self.wanted.iter().cloned().flatten().filter(|number| {
            let (word, bit) = place(*number);
            self.seen[word] & bit == 0
        })
    }
}

fn place(number: u64) -> (usize, u64) {
    (usize::try_from(number / 64).unwrap_or(usize::MAX), 1 << (number % 64))
}
