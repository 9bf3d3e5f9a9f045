//! The server's CPU as one worker: publishes first, then deliveries in the order they were ready; constant costs.
//!
//! Publishing goes first because an ingest does not wait behind the fan-out of the event before it: were it last in
//! line, a saturated server would slow its own publisher down and never drop. A job that has begun is finished first.
//! Ideal finishing times are carried on, so that no rounding to ticks takes or gives CPU time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::wire::Wire;
use crate::plan::CpuPlan;

/// What the worker has finished.
pub(super) enum Work {
    /// Ready to publish the arrival of that index.
    Publish(usize),
    /// Ready to write to that connection.
    Delivery(Arc<Wire>),
}

/// The worker. It is told the time, and keeps none.
pub(super) struct Cpu {
    costs: CpuPlan,
    publishes: VecDeque<usize>,
    deliveries: VecDeque<Arc<Wire>>,
    running: Option<(Duration, Work)>,
}

impl Cpu {
    pub(super) fn new(costs: CpuPlan) -> Self {
        Self { costs, publishes: VecDeque::new(), deliveries: VecDeque::new(), running: None }
    }

    pub(super) fn publish(&mut self, now: Duration, arrival: usize) {
        self.publishes.push_back(arrival);
        self.start(now);
    }

    pub(super) fn deliver(&mut self, now: Duration, wire: Arc<Wire>) {
        self.deliveries.push_back(wire);
        self.start(now);
    }

    /// When the work under way will be finished.
    pub(super) fn finishes_at(&self) -> Option<Duration> {
        self.running.as_ref().map(|(at, _)| *at)
    }

    /// Takes the finished work and begins the next.
    pub(super) fn finish(&mut self) -> Option<Work> {
        let (at, work) = self.running.take()?;
        self.start(at);
        Some(work)
    }

    fn start(&mut self, now: Duration) {
        if self.running.is_some() {
            return;
        }
        self.running = match self.publishes.pop_front() {
            Some(arrival) => Some((now + self.costs.publish, Work::Publish(arrival))),
            None => self.deliveries.pop_front().map(|wire| (now + self.costs.delivery, Work::Delivery(wire))),
        };
    }
}
