//! The server's CPU: one worker, publishes first, then deliveries in the order in which they were asked for, each at a
//! cost that depends on the number of frames, and on whether the connection is new. Work that has begun is finished, and the
//! next begins at the exact time at which it was.

use std::collections::VecDeque;

use crate::plan::CpuPlan;
use crate::time::nanos;

/// What the worker does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// Publishes the arrival of that index.
    Publish(usize),
    /// Writes to the connection of that index.
    Deliver(usize),
}

#[derive(Debug)]
pub(super) struct Cpu {
    publish_cost: u64,
    delivery_cost: u64,
    frame_cost: u64,
    connect_cost: u64,
    publishes: VecDeque<usize>,
    /// Connections that have something to write, each with what the write costs.
    deliveries: VecDeque<(usize, u64)>,
    running: Option<(u64, Work)>,
    /// When the last work was finished.
    free_at: u64,
}

impl Cpu {
    pub(super) fn new(plan: CpuPlan) -> Self {
        Self {
            publish_cost: nanos(plan.publish),
            delivery_cost: nanos(plan.delivery),
            frame_cost: nanos(plan.frame),
            connect_cost: nanos(plan.connect),
            publishes: VecDeque::new(),
            deliveries: VecDeque::new(),
            running: None,
            free_at: 0,
        }
    }

    /// When the work under way will be finished.
    pub(super) fn finishes_at(&self) -> Option<u64> {
        self.running.map(|(at, _)| at)
    }

    /// Asks for a publish.
    pub(super) fn ask_to_publish(&mut self, now: u64, arrival: usize, has_ended: impl Fn(usize) -> bool) {
        self.publishes.push_back(arrival);
        self.start(now, has_ended);
    }

    /// Asks for a write of so many frames, the connection's first or a later one. It costs nothing if the connection has
    /// ended by its turn.
    pub(super) fn ask_to_deliver(
        &mut self,
        now: u64,
        connection: usize,
        (frames, is_first): (u32, bool),
        has_ended: impl Fn(usize) -> bool,
    ) {
        let connects = if is_first { self.connect_cost } else { 0 };
        let cost = self.delivery_cost + self.frame_cost * u64::from(frames) + connects;
        self.deliveries.push_back((connection, cost));
        self.start(now, has_ended);
    }

    /// Takes work that is finished by `until`, and begins the next; a publish only if it `may_publish`.
    pub(super) fn finish(
        &mut self,
        until: u64,
        may_publish: bool,
        has_ended: impl Fn(usize) -> bool,
    ) -> Option<(u64, Work)> {
        let is_wanted = |work: &Work| may_publish || matches!(work, Work::Deliver(_));
        // A finished publish that is not wanted yet stays where it is, so that nothing behind it overtakes it.
        let (at, work) = self.running.take_if(|(at, work)| *at <= until && is_wanted(work))?;
        self.free_at = at;
        self.start(at, has_ended);
        Some((at, work))
    }

    /// The process it works for has ended.
    pub(super) fn clear(&mut self, now: u64) {
        self.publishes.clear();
        self.deliveries.clear();
        self.running = None;
        self.free_at = now;
    }

    fn start(&mut self, now: u64, has_ended: impl Fn(usize) -> bool) {
        if self.running.is_some() {
            return;
        }
        // Finished work is handed on in batches, so the worker may be past the time at which this is asked for.
        let begins_at = now.max(self.free_at);
        // Publishes first: behind the fan-out, a saturated server would slow its own publisher and never drop.
        if let Some(arrival) = self.publishes.pop_front() {
            self.running = Some((begins_at + self.publish_cost, Work::Publish(arrival)));
            return;
        }
        let mut waiting = std::iter::from_fn(|| self.deliveries.pop_front());
        let next = waiting.find(|(connection, _)| !has_ended(*connection));
        self.running = next.map(|(connection, cost)| (begins_at + cost, Work::Deliver(connection)));
    }
}
