//! What clients have received: the events that each client has, those that its streams owed it, and those it wanted.

use std::ops::Range;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::plan::{Arrival, Plan, Selected};
use crate::record::{self, SubscriberRecord};

/// What the clients of a run have received, and what their open streams owed them.
#[derive(Debug)]
pub struct Receipts {
    arrivals: Vec<Arrival>,
    subscribers: Vec<Subscriber>,
    /// Publish, as planned, to receipt; by class.
    receipt_us: Vec<Histogram<u64>>,
    /// Receipts while events arrived.
    in_time: u64,
    sources_end: Duration,
}

#[derive(Debug)]
struct Subscriber {
    class: usize,
    /// The events that it wants.
    selected: Selected,
    /// Arrivals that were published while a stream of its was open, by their index.
    offered: Vec<Range<u64>>,
    is_open: bool,
    /// The first arrival that it wants, once a stream has been open, and the first that it wants no more, once it has
    /// left for good: whether it has a stream between the two makes no difference.
    wanted_from: Option<u64>,
    wanted_until: Option<u64>,
    /// A bit an arrival.
    seen: Vec<u64>,
    /// Different events.
    received: u64,
    /// Events received once more than once.
    duplicates: u64,
}

impl Receipts {
    /// The receipts of the clients of a plan, before any of them has received anything.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let words = plan.arrivals.len().div_ceil(64);
        let selected = plan.all_selected();
        let subscriber = |class: usize| Subscriber {
            class,
            selected: selected[class],
            offered: Vec::new(),
            is_open: false,
            wanted_from: None,
            wanted_until: None,
            seen: vec![0; words],
            received: 0,
            duplicates: 0,
        };
        Self {
            arrivals: plan.arrivals.clone(),
            subscribers: plan.subscribers.iter().map(|plan| subscriber(plan.class)).collect(),
            receipt_us: plan.classes.iter().map(|_| record::histogram()).collect(),
            in_time: 0,
            sources_end: plan.duration,
        }
    }

    /// A stream has opened. It owes its client no event whose publishing had begun by then.
    pub fn joined(&mut self, index: usize, begun: u64) {
        let subscriber = &mut self.subscribers[index];
        subscriber.is_open = true;
        // Only by the first stream, since a client that is away wants what is published meanwhile.
        subscriber.wanted_from.get_or_insert(begun);
        // Empty for now: what the stream owes is known when it ends, or when everything is published.
        subscriber.offered.push(begun..begun);
    }

    /// A stream has ended.
    pub fn ended(&mut self, index: usize, begun: u64) {
        let subscriber = &mut self.subscribers[index];
        if std::mem::take(&mut subscriber.is_open)
            && let Some(offered) = subscriber.offered.last_mut()
        {
            // The last one begun may not have been offered yet.
            offered.end = begun.saturating_sub(1).max(offered.start);
        }
    }

    /// A client has left for good: it wants nothing more.
    pub fn left(&mut self, index: usize, begun: u64) {
        self.subscribers[index].wanted_until.get_or_insert(begun.saturating_sub(1));
    }

    /// Everything has been published: streams that are open were owed all of it.
    pub fn close(&mut self) {
        let all = self.arrivals.len() as u64;
        for subscriber in self.subscribers.iter_mut().filter(|subscriber| subscriber.is_open) {
            if let Some(offered) = subscriber.offered.last_mut() {
                offered.end = all;
            }
        }
    }

    /// A client has read an event whole; `number` is the one in its payload.
    pub fn received(&mut self, now: Duration, index: usize, number: Option<u64>) {
        // A server under test may have other publishers, whose payloads carry any number.
        let Some(number) = number.filter(|number| *number < self.arrivals.len() as u64) else { return };
        let Some(arrival) = usize::try_from(number).ok().and_then(|number| self.arrivals.get(number)) else { return };
        let subscriber = &mut self.subscribers[index];
        if !subscriber.see(number) {
            subscriber.duplicates += 1;
            return;
        }
        subscriber.received += 1;
        self.in_time += u64::from(now <= self.sources_end);
        record::count(&mut self.receipt_us[subscriber.class], now.saturating_sub(arrival.at));
    }

    /// Frames that clients have read.
    pub fn total(&self) -> u64 {
        // With the duplicates, because the sum is compared with the number of frames that the server flushed.
        self.subscribers.iter().map(|subscriber| subscriber.received + subscriber.duplicates).sum()
    }

    /// Whether every client has received everything that its open streams owed it.
    pub fn are_complete(&self) -> bool {
        self.subscribers.iter().all(|subscriber| subscriber.lost(&self.arrivals).next().is_none())
    }

    /// Receipts of different events while events still arrived.
    #[must_use]
    pub fn in_time(&self) -> u64 {
        self.in_time
    }

    /// The times from publish, as planned, to receipt in microseconds, a histogram for each class; none are left here.
    pub fn receipt_us(&mut self) -> Vec<Histogram<u64>> {
        std::mem::take(&mut self.receipt_us)
    }

    /// Puts a client's side of the account beside the server's.
    pub fn complete(&self, index: usize, record: &mut SubscriberRecord) {
        let subscriber = &self.subscribers[index];
        record.received = subscriber.received + subscriber.duplicates;
        record.doubled = subscriber.duplicates;
        record.wanted = subscriber.received + subscriber.missed(&self.arrivals).count() as u64;
    }

    /// A subscriber's account as its client sees it: everything missing of an open stream counts as lost to a full
    /// buffer, since a client cannot tell why.
    pub fn as_seen(&self, index: usize) -> SubscriberRecord {
        let subscriber = &self.subscribers[index];
        let first_lost = subscriber.lost(&self.arrivals).next().and_then(|number| usize::try_from(number).ok());
        let lost = subscriber.lost(&self.arrivals).count() as u64;
        let mut record = SubscriberRecord {
            class: subscriber.class,
            offered: subscriber.received + lost,
            delivered: subscriber.received,
            first_drop_at: first_lost.and_then(|number| Some(self.arrivals.get(number)?.at)),
            connections: subscriber.offered.len() as u64,
            ..SubscriberRecord::default()
        };
        // A client cannot know the reason. This is the one that a load test is about.
        record.dropped.buffer_full = lost;
        self.complete(index, &mut record);
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

    fn has_seen(&self, number: u64) -> bool {
        let (word, bit) = place(number);
        self.seen[word] & bit != 0
    }

    /// What it was owed by an open stream and has not received.
    fn lost<'a>(&'a self, arrivals: &'a [Arrival]) -> impl Iterator<Item = u64> {
        let owed = self.offered.iter().cloned().flatten();
        owed.filter(move |number| self.wants(arrivals, *number) && !self.has_seen(*number))
    }

    /// What was published while it wanted it, of all arrivals, and it has not received.
    fn missed<'a>(&'a self, arrivals: &'a [Arrival]) -> impl Iterator<Item = u64> {
        let all = arrivals.len() as u64;
        let wanted = self.wanted_from.unwrap_or(all)..self.wanted_until.unwrap_or(all);
        wanted.filter(move |number| self.wants(arrivals, *number) && !self.has_seen(*number))
    }

    /// Whether an event is of a table that it watches.
    fn wants(&self, arrivals: &[Arrival], number: u64) -> bool {
        let arrival = usize::try_from(number).ok().and_then(|number| arrivals.get(number));
        arrival.is_some_and(|arrival| self.selected.has(arrival.table))
    }
}

fn place(number: u64) -> (usize, u64) {
    (usize::try_from(number / 64).unwrap_or(usize::MAX), 1 << (number % 64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;

    const TEXT: &str = r#"
        name = "receipts"
        question = "?"
        table = "t"
        duration_seconds = 1
        arrivals = { kind = "constant", per_second = 20 }
        payload = { kind = "fixed", bytes = 100 }
        [[class]]
        name = "viewer"
        share = 1
        round_trip_ms = "minimum"
        window_bytes = 65536
        reads = "as-it-arrives"
    "#;

    fn of_two() -> Receipts {
        Receipts::new(&Plan::draw(&Scenario::parse("receipts", TEXT).unwrap(), 2, 0))
    }

    fn account(receipts: &Receipts, index: usize) -> [u64; 4] {
        let mut record = SubscriberRecord::default();
        receipts.complete(index, &mut record);
        [record.wanted, record.received, record.doubled, record.wanted - (record.received - record.doubled)]
    }

    fn read(receipts: &mut Receipts, index: usize, numbers: Range<u64>) {
        for number in numbers {
            receipts.received(Duration::from_secs(1), index, Some(number));
        }
    }

    #[test]
    fn what_is_published_while_a_client_is_cut_off_is_missed_until_it_is_read_after_all() {
        let mut receipts = of_two();
        receipts.joined(0, 2);
        read(&mut receipts, 0, 2..5);
        receipts.ended(0, 6);
        assert_eq!(account(&receipts, 0), [18, 3, 0, 15], "20 events, two of which came before it");
        assert_eq!(receipts.as_seen(0).dropped.buffer_full, 0, "of what its stream owed it, nothing");
        receipts.joined(0, 15);
        read(&mut receipts, 0, 4..20);
        assert_eq!(account(&receipts, 0), [18, 19, 1, 0], "it has come back for all, and has read one twice");
    }

    #[test]
    fn who_has_left_misses_nothing_that_comes_afterwards() {
        let mut receipts = of_two();
        receipts.joined(1, 0);
        read(&mut receipts, 1, 0..8);
        receipts.ended(1, 11);
        receipts.left(1, 11);
        assert_eq!(account(&receipts, 1), [10, 8, 0, 2]);
    }
}
