//! The way between the server and a class of clients: what is under way in either direction.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::links::Link;
use super::time::{TICK, ticks};
use crate::plan::Plan;
use crate::time::nanos;

/// Bytes on their way to a client.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flight {
    /// The tick in which they are sent over the last millisecond of the way.
    pub(super) sent_in: u64,
    /// Whose they are, so that the client is found without a look at the connection.
    pub(super) client: usize,
    pub(super) connection: usize,
    pub(super) bytes: u64,
    /// Whether nothing follows.
    pub(super) is_end: bool,
}

/// The word of a read on its way to the server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Release {
    pub(super) due: u64,
    pub(super) connection: usize,
    pub(super) bytes: u64,
}

#[derive(Debug)]
pub(super) struct Path {
    pub(super) one_way: u64,
    /// The first tick that is not before it.
    pub(super) one_way_ticks: u64,
    pub(super) link: Link,
    /// In the order in which they were sent.
    flights: VecDeque<Flight>,
    /// Sent over the last millisecond, to arrive in the next tick.
    landing: VecDeque<Flight>,
    /// Clients that TCP has told something.
    told: VecDeque<usize>,
    /// In the order in which they arrive.
    releases: VecDeque<Release>,
    /// Timers of clients: the tick, the order in which they were set, and whose.
    timers: BinaryHeap<Reverse<(u64, u64, usize)>>,
    timers_set: u64,
}

impl Path {
    pub(super) fn of(plan: &Plan, class: usize) -> Self {
        let class_plan = &plan.classes[class];
        // turmoil carries no message in less than a tick.
        let one_way = class_plan.round_trip.map_or(TICK, |trip| nanos(trip / 2)).max(TICK);
        Self {
            one_way,
            one_way_ticks: ticks(one_way),
            link: Link::of(plan, class),
            flights: VecDeque::new(),
            landing: VecDeque::new(),
            told: VecDeque::new(),
            releases: VecDeque::new(),
            timers: BinaryHeap::new(),
            timers_set: 0,
        }
    }

    pub(super) fn send(&mut self, flight: Flight) {
        self.flights.push_back(flight);
    }

    /// The time at which the next bytes go on the last millisecond of their way.
    pub(super) fn next_sent_at(&self) -> Option<u64> {
        self.flights.front().map(|flight| flight.sent_in * TICK)
    }

    /// What is sent by a tick begins the last millisecond of its way; nothing overtakes what was sent before.
    pub(super) fn land(&mut self, tick: u64) {
        while let Some(flight) = self.flights.pop_front_if(|flight| flight.sent_in <= tick) {
            // Noted anew: bytes behind others that an outage has held go later than they were planned to.
            self.landing.push_back(Flight { sent_in: tick, ..flight });
        }
    }

    /// The next bytes that have arrived by a tick.
    pub(super) fn arrived(&mut self, tick: u64) -> Option<Flight> {
        self.landing.pop_front_if(|flight| flight.sent_in < tick)
    }

    /// Bytes that have come over a client's path arrive in the next tick.
    pub(super) fn give(&mut self, flight: Flight) {
        self.landing.push_back(flight);
    }

    /// TCP has something to tell a client, in the tick under way.
    pub(super) fn tell_client(&mut self, client: usize) {
        self.told.push_back(client);
    }

    /// The next client that has been told something.
    pub(super) fn next_told(&mut self) -> Option<usize> {
        self.told.pop_front()
    }

    /// The next tick in which a client has something to do.
    pub(super) fn next_tick(&self) -> Option<u64> {
        let timer = self.timers.peek().map(|timer| timer.0.0);
        let arrival = self.landing.front().map(|flight| flight.sent_in + 1);
        timer.into_iter().chain(arrival).min()
    }

    /// A client has read bytes; what arrives at one time arrives in the order in which it was told.
    pub(super) fn tell(&mut self, release: Release) {
        // Times of reads are exact inside a tick, and clients do not run in their order. Most reads need no search.
        if self.releases.back().is_none_or(|last| last.due <= release.due) {
            self.releases.push_back(release);
        } else {
            let place = self.releases.partition_point(|other| other.due <= release.due);
            self.releases.insert(place, release);
        }
    }

    pub(super) fn next_release_at(&self) -> Option<u64> {
        self.releases.front().map(|release| release.due)
    }

    pub(super) fn released(&mut self, now: u64) -> Option<Release> {
        self.releases.pop_front_if(|release| release.due <= now)
    }

    /// Sets a timer of a client, and returns its name.
    pub(super) fn set_timer(&mut self, tick: u64, client: usize) -> (u64, u64) {
        // A timer that is replaced stays in the heap: its name is no longer the client's, so it wakes nobody.
        self.timers_set += 1;
        self.timers.push(Reverse((tick, self.timers_set, client)));
        (tick, self.timers_set)
    }

    /// The first timer that is due by a tick: its name, and whose it is.
    pub(super) fn due_timer(&mut self, tick: u64) -> Option<((u64, u64), usize)> {
        let Reverse((at, nth, client)) = *self.timers.peek().filter(|timer| timer.0.0 <= tick)?;
        self.timers.pop();
        Some(((at, nth), client))
    }
}
