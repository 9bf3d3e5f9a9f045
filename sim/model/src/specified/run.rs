//! A run under way, and the order of its ticks.
//!
//! In each tick, in this order: what timers and messages have woken on the server; the exact events of the time since
//! the last tick, if the driver is awake; what the sockets have accepted goes on its way; then the clients, class by class.

mod driver;
mod over_path;
mod reach;

use std::collections::{BTreeMap, VecDeque};
use std::sync::MutexGuard;

use hubbub::Counts;
use hubbub::hub::Rules;

use super::client::Client;
use super::connection::Connection;
use super::cpu::Cpu;
use super::frames::{self, Frames};
use super::history::History;
use super::marks::{Mark, Marks};
use super::memory::Memory;
use super::path::Path;
use super::selections::Selections;
use super::time::{TICK, ticks};
use crate::client::time_to_come_back;
use crate::plan::{HubChoice, Plan};
use crate::record::Observations;
use crate::time::nanos;
use over_path::OverPaths;
pub use reach::Reach;

/// Ticks between two looks whether a draining run is over.
// As often as the full stack's driver looks, so that a run ends in the same tick in both worlds.
const OVER_CHECK: u64 = 20;

/// The end of the server's process, or the beginning of the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    End,
    Begin,
}

pub(super) struct Run<'a> {
    pub(super) plan: &'a Plan,
    pub(super) rules: Rules,
    pub(super) frames: Frames,
    pub(super) selections: Selections,
    /// By table: the bytes of its name.
    pub(super) table_bytes: Vec<u8>,
    pub(super) recorder: MutexGuard<'a, Observations>,
    /// The tick, and the exact time on the server.
    pub(super) tick: u64,
    pub(super) clock: u64,
    pub(super) memory: Memory,
    pub(super) history: History,
    /// By connection: what its stream needed of the history.
    pub(super) reaches: BTreeMap<usize, Reach>,
    /// Number of the server's process, whether it runs, and the subscribers that it has had.
    pub(super) process: usize,
    pub(super) is_up: bool,
    /// The process that listened when the tick began: connections are accepted then.
    pub(super) listening: Option<usize>,
    pub(super) subscribed: u64,
    pub(super) turns: VecDeque<(u64, Turn)>,
    /// Every connection there has been, and those with a stream, in the order of their ids.
    pub(super) connections: Vec<Connection>,
    pub(super) streams: Vec<usize>,
    /// In the order in which their streams are likely to begin.
    pub(super) clients: Vec<Client>,
    pub(super) paths: Vec<Path>,
    /// Where a class has a path.
    pub(super) over_paths: Option<Box<OverPaths>>,
    pub(super) cpu: Option<Cpu>,
    pub(super) next_arrival: usize,
    /// What reaches the server when: a request, or the word that a client has gone.
    pub(super) requests: VecDeque<(u64, usize)>,
    pub(super) byes: VecDeque<(u64, usize)>,
    /// Timers of connections, by tick.
    pub(super) silences: BTreeMap<u64, Vec<usize>>,
    pub(super) deadlines: BTreeMap<u64, Vec<usize>>,
    /// When the server gives up on connections that have lost bytes.
    pub(super) timeouts: VecDeque<(u64, usize)>,
    /// Connections that have accepted bytes or closed since the last look.
    pub(super) outgoing: Vec<usize>,
    /// Those that were woken, in that order: tasks of connections, and clients.
    pub(super) woken: VecDeque<usize>,
    pub(super) woken_clients: VecDeque<usize>,
    /// Rare states that have been reached, apart from those of mailboxes.
    pub(super) marks: Marks,
    /// Whether the driver is told of something new when it is not at work.
    has_news: bool,
    pub(super) is_driver_at_work: bool,
    /// When the driver looks whether all is over, if nothing makes it look before.
    looks_at: u64,
    /// When arrivals end, when all who come back have had the time to, and when the drain ends.
    sources_end: u64,
    all_back: u64,
    run_ends: u64,
}

impl<'a> Run<'a> {
    pub(super) fn new(plan: &'a Plan, choice: HubChoice, recorder: MutexGuard<'a, Observations>) -> Self {
        let memory = Memory::default();
        let turns =
            plan.restarts().flat_map(|fault| [(nanos(fault.at), Turn::End), (nanos(fault.until()), Turn::Begin)]);
        Self {
            plan,
            rules: choice.rules(plan),
            frames: Frames::of(plan),
            selections: Selections::of(plan),
            table_bytes: plan.tables().map(frames::name_bytes).collect(),
            recorder,
            tick: 0,
            clock: 0,
            history: History::new(plan.server.recovery, &memory),
            memory,
            reaches: BTreeMap::new(),
            process: 0,
            is_up: true,
            listening: None,
            subscribed: 0,
            turns: turns.collect(),
            connections: Vec::with_capacity(plan.subscribers.len()),
            streams: Vec::with_capacity(plan.subscribers.len()),
            clients: plan.likely_order().into_iter().map(|index| Client::new(plan, index)).collect(),
            paths: (0..plan.classes.len()).map(|class| Path::of(plan, class)).collect(),
            over_paths: OverPaths::of(plan),
            cpu: plan.server.cpu.map(Cpu::new),
            next_arrival: 0,
            requests: VecDeque::new(),
            byes: VecDeque::new(),
            silences: BTreeMap::new(),
            deadlines: BTreeMap::new(),
            timeouts: VecDeque::new(),
            outgoing: Vec::new(),
            woken: VecDeque::new(),
            woken_clients: VecDeque::new(),
            marks: Marks::default(),
            has_news: false,
            is_driver_at_work: false,
            looks_at: 0,
            sources_end: nanos(plan.duration),
            all_back: nanos(plan.duration + time_to_come_back(plan)),
            run_ends: nanos(plan.duration + plan.drain),
        }
    }

    /// Runs it to its end.
    pub(super) fn run(&mut self) {
        // In the order in which the full stack spawns them: timers of one tick fire in the order of their setting.
        for (subscriber, seat) in self.plan.subscribers.iter().zip(self.plan.seats()) {
            self.wake_client_at(seat as usize, ticks(nanos(subscriber.connect_at)));
        }
        let mut driver_wakes_at = 0;
        loop {
            let now = self.tick * TICK;
            self.clock = now;
            self.listening = self.is_up.then_some(self.process);
            self.begin_tick();
            let mut is_over = false;
            let looks = std::mem::take(&mut self.has_news) || driver_wakes_at <= self.tick;
            if looks || self.next_over_paths_at().is_some_and(|at| at <= now) {
                self.is_driver_at_work = true;
                self.work_through(now);
                self.transmit();
                self.is_driver_at_work = false;
                // Events of TCP that give nothing to a client are no reason to look.
                if looks | self.over_paths.as_mut().is_some_and(|paths| std::mem::take(&mut paths.has_given)) {
                    is_over = self.is_over(now);
                    self.looks_at = self.next_look(now);
                }
                driver_wakes_at = self.next_wake();
            }
            (0..self.paths.len()).for_each(|class| self.run_clients(class));
            // Only now: turmoil's step runs the hosts of the clients after the server's, also in the last tick.
            if is_over {
                return;
            }
            // Never the same tick again: what a client sets for a tick that is under way is due in the next one.
            self.tick = self.next_tick(driver_wakes_at).max(self.tick + 1);
        }
    }

    /// The next tick in which something is due: nothing happens in those before it.
    fn next_tick(&self, driver_wakes_at: u64) -> u64 {
        // Clients run after the driver, so it looks at what they tell it one tick later.
        let driver_at = if self.has_news { self.tick + 1 } else { driver_wakes_at };
        let messages = [self.byes.front(), self.requests.front()].into_iter().flatten().map(|(at, _)| *at);
        let timers = [&self.deadlines, &self.silences].into_iter().filter_map(|timers| timers.keys().next().copied());
        let clients = self.paths.iter().filter_map(Path::next_tick);
        let over_paths = self.next_over_paths_at().map(ticks);
        messages.chain(timers).chain(clients).chain(over_paths).fold(driver_at, u64::min)
    }

    /// The driver finds what is new by itself while it is at work.
    pub(super) fn tell_driver(&mut self) {
        self.has_news |= !self.is_driver_at_work;
    }

    /// What timers and messages have woken on the server. One poll of a connection sees both the client's end and its
    /// write deadline, and looks at the end first.
    ///
    /// Of several streams that begin in one tick, each writes what it can before the next one begins. In the full stack
    /// tokio takes the tasks that messages have woken from a queue of their own, and looks there first at every 31st poll.
    /// So another stream may begin there in the middle of a replay of some sixty events or more. The order between two
    /// subscribers at one moment is in no digest; it could show in the most bytes of events alive.
    fn begin_tick(&mut self) {
        while let Some((_, connection)) = self.byes.pop_front_if(|(at, _)| *at <= self.tick) {
            self.hear_of_the_clients_end(connection);
        }
        for connection in due(&mut self.deadlines, self.tick) {
            self.look_at_deadline(connection);
        }
        for connection in due(&mut self.silences, self.tick) {
            self.wake(connection);
            self.be_quiet();
        }
        while let Some((_, connection)) = self.requests.pop_front_if(|(at, _)| *at <= self.tick) {
            self.subscribe(connection);
            self.be_quiet();
        }
    }

    /// Everything due by `now`, in the order of exact times. At one time: reads that reach the server, connections it
    /// gives up on, the end or the beginning of its process, finished work of its CPU, arrivals.
    fn work_through(&mut self, now: u64) {
        loop {
            let read_at = self.next_release_at();
            let timed_out_at = self.timeouts.front().map(|(at, _)| *at);
            let turns_at = self.turns.front().map(|(at, _)| *at);
            let arrives_at = self.next_arrival_at();
            let worked_at = self.cpu.as_ref().and_then(Cpu::finishes_at);
            let over_paths_at = self.next_over_paths_at();
            let other_at = [read_at, over_paths_at, timed_out_at, turns_at, arrives_at].into_iter().flatten().min();
            let Some(first) = other_at.into_iter().chain(worked_at).min().filter(|first| *first <= now) else {
                // What still runs in this tick has the time of the tick, as on the full stack's host.
                self.clock = now;
                return;
            };
            self.clock = first;
            if arrives_at == Some(first) {
                let ties = [
                    (read_at, Mark::ReadAtAnArrival),
                    (worked_at, Mark::WorkAtAnArrival),
                    (turns_at, Mark::RestartAtAnArrival),
                ];
                self.mark_ties(first, ties);
            }
            // Room that is freed comes first, so that an event of the same nanosecond finds it. The CPU comes before
            // arrivals, so that a publish sees finished work done.
            if read_at == Some(first) {
                self.release_until(first);
            } else if over_paths_at == Some(first) {
                self.advance_over_paths(first);
            } else if timed_out_at == Some(first) {
                self.time_out_until(first);
            } else if turns_at == Some(first) {
                self.take_turn(first);
            } else if worked_at == Some(first) {
                // No further than the next event of another kind, which may change what there is to do.
                self.work_until(other_at.map_or(now, |other| other.min(now)));
            } else {
                self.arrive(first);
            }
            self.be_quiet();
        }
    }

    fn next_arrival_at(&self) -> Option<u64> {
        self.plan.arrivals.get(self.next_arrival).map(|arrival| nanos(arrival.at))
    }

    /// The account of all subscribers together.
    pub(super) fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        self.connections.iter().for_each(|connection| sum.add(&connection.mailbox.counts()));
        sum
    }
}

/// What is due by a tick.
fn due(timers: &mut BTreeMap<u64, Vec<usize>>, tick: u64) -> Vec<usize> {
    let mut due = Vec::new();
    while let Some(entry) = timers.first_entry().filter(|entry| *entry.key() <= tick) {
        due.extend(entry.remove());
    }
    due
}
