//! The driver: one task on the server's host that moves a run forward, in the order of exact times.
//!
//! In every tick it takes what has become due (reads that reach the server, finished CPU work, arrivals to publish)
//! one after the other, and passes the quiescence barrier after each. When all is quiet it puts what the sockets have
//! accepted on its way. It also says when the run is over.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::select;
use tokio::time::{Instant, sleep_until};

use super::account::Account;
use super::clock::{TICK, tick_not_before};
use super::cpu::Work;
use super::environment::ServerEnvironment;
use super::process::Processes;
use super::publisher::Outbox;
use super::tasks::OwnTasks;
use crate::client::{LEAST_NUMBERED_BYTES, payload};
use crate::plan::{Arrival, Plan};

/// How often a draining run is asked whether it is over.
// Not every tick: the question adds up the accounts of all subscribers. The specification looks as often.
const OVER_CHECK: Duration = TICK.saturating_mul(20);

pub(super) struct Driver {
    pub(super) environment: ServerEnvironment,
    pub(super) processes: Processes,
    pub(super) account: Account,
    pub(super) outbox: Outbox,
    pub(super) own_tasks: OwnTasks,
    /// In virtual time.
    pub(super) arrivals: Vec<Arrival>,
    pub(super) restarts: Restarts,
    /// How many processes the run has had before the running one.
    pub(super) lives: usize,
    /// When arrivals end, and when the drain does.
    pub(super) sources_end: Duration,
    /// The time by which every client that comes back for missed events has done so. Without such clients it is the end of
    /// the arrivals.
    pub(super) all_back: Duration,
    pub(super) run_ends: Duration,
    pub(super) is_over: Arc<AtomicBool>,
}

/// When the server's process ends, and when the next begins, one after the other.
pub(super) struct Restarts(VecDeque<(Duration, Turn)>);

#[derive(Clone, Copy)]
enum Turn {
    End,
    Begin,
}

impl Restarts {
    pub(super) fn of(plan: &Plan) -> Self {
        Self(plan.restarts().flat_map(|fault| [(fault.at, Turn::End), (fault.until(), Turn::Begin)]).collect())
    }

    fn next_at(&self) -> Option<Duration> {
        self.0.front().map(|(at, _)| *at)
    }
}

impl Driver {
    pub(super) async fn run(mut self) {
        let zero = self.environment.clock.start();
        let mut next_arrival = 0;
        let (mut wakes_at, mut looks_at) = (Duration::ZERO, Duration::ZERO);
        loop {
            self.environment.network.bell.set_driver_at_work(true);
            self.settle().await;
            // After the barrier: what timers have woken runs before the exact events of the tick, as the specification
            // has it.
            let now = self.environment.clock.host_now();
            let looks = self.environment.network.bell.take_news() || wakes_at <= now;
            self.environment.network.bell.set_working_exactly(true);
            self.work_through(now, &mut next_arrival).await;
            let has_given = self.transmit(now);
            self.environment.network.bell.set_working_exactly(false);
            // Only from here on does the network ring. While the driver works it looks by itself, and a ring would wake
            // it in vain.
            self.environment.network.bell.set_driver_at_work(false);
            // Events of TCP that give nothing to a client are no reason to look.
            if looks || has_given {
                if self.has_ended(now, next_arrival) {
                    self.is_over.store(true, Ordering::Relaxed);
                    return;
                }
                looks_at = self.next_look(now);
            }
            wakes_at = self.next_wake(looks_at, next_arrival);
            let over_paths_at = self.environment.network.next_over_paths_at().map(tick_not_before);
            self.rest_until(zero + over_paths_at.map_or(wakes_at, |at| at.min(wakes_at))).await;
        }
    }

    /// Waits until every task that was woken has run, as far as tasks are known.
    async fn settle(&self) {
        self.environment.barrier.quiet().await;
        self.own_tasks.settle(&self.environment.barrier).await;
    }

    /// Does everything due by `now`.
    async fn work_through(&mut self, now: Duration, next_arrival: &mut usize) {
        let network = self.environment.network.clone();
        loop {
            let read_at = network.next_release_at();
            let arrives_at = self.arrivals.get(*next_arrival).map(|arrival| arrival.at);
            let worked_at = network.cpu_finishes_at();
            let timed_out_at = network.next_timeout_at();
            let turns_at = self.restarts.next_at();
            let over_paths_at = network.next_over_paths_at();
            // Without the CPU: this is also the time up to which the CPU's own work may be handed on.
            let others = [read_at, over_paths_at, arrives_at, timed_out_at, turns_at];
            let other_at = others.into_iter().flatten().min();
            let Some(at) = other_at.into_iter().chain(worked_at).min().filter(|at| *at <= now) else {
                self.environment.clock.clear();
                return;
            };
            self.environment.clock.set(at);
            // The order at equal times is a rule that the specification repeats. Room that is freed comes first, so
            // that an event of the same nanosecond finds it. The CPU comes before arrivals, so that a publish sees
            // finished work done.
            if read_at == Some(at) {
                network.release_until(at);
            } else if over_paths_at == Some(at) {
                network.advance_over_paths(at);
            } else if timed_out_at == Some(at) {
                network.time_out_until(at);
            } else if turns_at == Some(at) {
                self.turn(at);
            } else if worked_at == Some(at) {
                // No further than the next event of another kind, which may change what there is to do.
                self.work_until(other_at.map_or(now, |other| other.min(now)));
            } else {
                // While there is no server, the event is not published.
                let is_up = self.processes.running().is_some();
                if is_up && network.with_cpu(|cpu| cpu.publish(at, *next_arrival)).is_none() {
                    self.publish(*next_arrival);
                    self.look_at_memory();
                }
                *next_arrival += 1;
            }
            self.settle().await;
        }
    }

    /// Hands finished CPU work on, up to a time before which nothing else happens: a publish, or any number of
    /// deliveries. These do not touch each other, but a publish must see them done.
    fn work_until(&self, until: Duration) {
        let network = &self.environment.network;
        let mut has_granted = false;
        // What has been let go over a path may make something happen there.
        let next = || network.next_over_paths_at().map_or(until, |at| at.min(until));
        while let Some((at, work)) = network.with_cpu(|cpu| cpu.finish(next(), !has_granted)).flatten() {
            match work {
                Work::Delivery(wire) => network.grant(at, wire),
                Work::Publish(arrival) => {
                    self.environment.clock.set(at);
                    return self.publish(arrival);
                }
            }
            has_granted = true;
        }
    }

    /// The server's process ends, or the next begins.
    fn turn(&mut self, now: Duration) {
        match self.restarts.0.pop_front() {
            Some((_, Turn::End)) => {
                self.processes.end();
                self.environment.network.with_cpu(|cpu| cpu.clear(now));
            }
            Some((_, Turn::Begin)) => {
                self.lives += 1;
                self.processes.begin(self.lives);
            }
            None => {}
        }
    }

    /// Publishes an arrival. Its time is the planned one: what the server keeps waiting counts as latency.
    fn publish(&self, arrival: usize) {
        let Some(process) = self.processes.running() else { return };
        let Arrival { at, payload_bytes, key, table } = self.arrivals[arrival];
        let Some(probe) = process.running.probe_of(table) else {
            // A smaller payload has no room for the number that a client knows the event by.
            let payload = payload(arrival, key, payload_bytes.max(LEAST_NUMBERED_BYTES));
            self.account.sightings().iter().for_each(|sightings| sightings.published(at, arrival));
            match &process.running.publish {
                Some(publish) => publish(payload),
                None => self.outbox.put(payload),
            }
            return;
        };
        let number = process.number;
        let payload = payload(arrival, key, payload_bytes);
        let now = self.environment.clock.now();
        // Locked for the whole fan-out. No hook of the environment runs meanwhile: waking a task only queues it.
        let mut recorder = self.environment.recorder.lock();
        let sequence = recorder.published(at, table);
        let id = probe.publish(at, payload, &mut |subscriber, outcome| {
            recorder.offered(now, (number, subscriber), sequence, outcome);
        });
        // The server counts anew in each process and the recorder over all of them. Both must mean the same event.
        debug_assert_eq!(recorder.sequence(number, id.sequence), sequence);
    }

    /// Sends off what the sockets have accepted, and delivers what has come all the way. Returns whether anything has come
    /// over a path.
    fn transmit(&self, now: Duration) -> bool {
        // Before what is due is sent: at the shortest one-way time, bytes accepted in this tick are due in it.
        self.environment.network.dispatch(now);
        while let Some(transmission) = self.environment.network.next_transmission(now) {
            transmission.wire.send(transmission.bytes, transmission.end);
        }
        // What has closed may tell its client at once.
        self.environment.network.advance_over_paths(now);
        self.environment.network.deliver_over_paths()
    }

    fn has_ended(&self, now: Duration, next_arrival: usize) -> bool {
        // All may be quiet while a client is about to come back for what it missed.
        if now < self.all_back || next_arrival < self.arrivals.len() {
            return false;
        }
        let network = &self.environment.network;
        let is_idle = || {
            // An arrival may still wait for the CPU, and be published into mailboxes that are empty now.
            let counts = self.processes.counts();
            counts.waiting + counts.in_flight == 0 && network.cpu_is_idle()
        };
        // The bytes first: they are one load, and the accounts behind `is_idle` are many.
        now >= self.run_ends || (self.tells_when_idle() && network.outstanding_bytes() == 0 && is_idle())
    }

    /// Whether the server says what it has left. One without a probe may hold events although nothing moves, so its run
    /// goes on to the end of the drain.
    fn tells_when_idle(&self) -> bool {
        self.account.sightings().is_none()
    }

    /// Looks at how much the server holds, if it says so.
    fn look_at_memory(&self) {
        let running = self.processes.running();
        let held = running.as_ref().and_then(|process| process.running.held.as_ref());
        if let (Some(held), Some(sightings)) = (held, self.account.sightings()) {
            sightings.holds(held());
        }
    }

    /// When to look again whether the run is over.
    fn next_look(&self, now: Duration) -> Duration {
        // A run that is cut off ends at the same time, however many clients are left.
        if now < self.sources_end { self.sources_end } else { (now + OVER_CHECK).min(self.run_ends) }
    }

    /// The next tick in which there is something to do.
    fn next_wake(&self, looks_at: Duration, next_arrival: usize) -> Duration {
        let network = &self.environment.network;
        let times = [
            network.next_release_at(),
            network.cpu_finishes_at(),
            self.arrivals.get(next_arrival).map(|arrival| arrival.at),
            network.next_transmission_at(),
            network.next_timeout_at(),
            self.restarts.next_at(),
            Some(looks_at),
        ];
        tick_not_before(times.into_iter().flatten().min().unwrap_or(looks_at))
    }

    /// Sleeps until `deadline`, or until something new may be due earlier.
    async fn rest_until(&self, deadline: Instant) {
        // The first is asked first: the order of polls is part of what makes a run repeat.
        select(pin!(self.environment.network.bell.rung()), pin!(sleep_until(deadline))).await;
    }
}
