//! The server's CPU as one worker: publishes first, then deliveries in the order they were ready; constant costs, of which
//! a new connection has one more.
//!
//! Publishing goes first because an ingest does not wait behind the fan-out of the event before it: were it last in
//! line, a saturated server would slow its own publisher down and never drop. A job that has begun is finished first.
//! Ideal finishing times are carried on, so that no rounding to ticks takes or gives CPU time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::plan::CpuPlan;

/// A connection that the worker may have a delivery for.
pub(super) trait Connection {
    /// Whether the connection has ended, so that nothing is delivered any more.
    fn is_closed(&self) -> bool;
}

/// What a write is, for its price.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct WriteWork {
    /// The number of frames in it.
    pub(super) frames: u32,
    /// Whether it is the first of its connection.
    pub(super) is_first: bool,
}

/// What the worker has finished.
pub(super) enum Work<C> {
    /// Ready to publish the arrival of that index.
    Publish(usize),
    /// Ready to write to that connection.
    Delivery(Arc<C>),
}

/// The worker. Callers tell it the time; it has no clock.
pub(super) struct Cpu<C> {
    costs: CpuPlan,
    publishes: VecDeque<usize>,
    /// Connections that have something to write, each with the work of it.
    deliveries: VecDeque<(Arc<C>, WriteWork)>,
    running: Option<(Duration, Work<C>)>,
    /// When the last finished work was finished.
    free_at: Duration,
}

impl<C: Connection> Cpu<C> {
    pub(super) fn new(costs: CpuPlan) -> Self {
        Self { costs, publishes: VecDeque::new(), deliveries: VecDeque::new(), running: None, free_at: Duration::ZERO }
    }

    pub(super) fn publish(&mut self, now: Duration, arrival: usize) {
        self.publishes.push_back(arrival);
        self.start(now);
    }

    /// A connection begins a write.
    pub(super) fn deliver(&mut self, now: Duration, connection: Arc<C>, work: WriteWork) {
        self.deliveries.push_back((connection, work));
        self.start(now);
    }

    /// The process it worked for has ended: nothing is left to do.
    pub(super) fn clear(&mut self, now: Duration) {
        self.publishes.clear();
        self.deliveries.clear();
        self.running = None;
        self.free_at = now;
    }

    /// When the work under way will be finished.
    pub(super) fn finishes_at(&self) -> Option<Duration> {
        self.running.as_ref().map(|(at, _)| *at)
    }

    /// Takes work that is finished by `until` and begins the next; a publish only if it `may_publish`.
    pub(super) fn finish(&mut self, until: Duration, may_publish: bool) -> Option<(Duration, Work<C>)> {
        let is_wanted = |work: &Work<C>| may_publish || matches!(work, Work::Delivery(_));
        // A finished publish that is not wanted yet stays where it is, so that nothing behind it overtakes it.
        let (at, work) = self.running.take_if(|(at, work)| *at <= until && is_wanted(work))?;
        self.free_at = at;
        self.start(at);
        Some((at, work))
    }

    fn start(&mut self, now: Duration) {
        if self.running.is_some() {
            return;
        }
        // A delivery may be ready by a time at which the worker has since done others.
        let now = now.max(self.free_at);
        self.running = match self.publishes.pop_front() {
            Some(arrival) => Some((now + self.costs.publish, Work::Publish(arrival))),
            None => self.next_delivery().map(|(connection, WriteWork { frames, is_first })| {
                let connects = if is_first { self.costs.connect } else { Duration::ZERO };
                let cost = self.costs.delivery + self.costs.frame * frames + connects;
                (now + cost, Work::Delivery(connection))
            }),
        };
    }

    /// The first of those that wait; nothing is done for a connection that has ended meanwhile.
    fn next_delivery(&mut self) -> Option<(Arc<C>, WriteWork)> {
        std::iter::from_fn(|| self.deliveries.pop_front()).find(|(connection, _)| !connection.is_closed())
    }
}
