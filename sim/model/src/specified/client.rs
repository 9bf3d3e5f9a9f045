//! The clients: they connect, ask for the stream, read as planned, leave, and come back.

use std::time::Duration;

use super::time::{at, ticks};
use crate::client::{Reader, SubscriberFaults};
use crate::plan::{Plan, Reading};
use crate::time::nanos;

/// How a client's life ends before the run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Left,
    Died,
}

/// What a client is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// It is to connect.
    Waiting,
    /// Its link is down.
    Held,
    /// The handshake and its request are on their way.
    Coming,
    /// It could not connect.
    Refused,
    /// The server's host has its first packet.
    Opening,
    /// It reads from that connection.
    Reading(usize),
    /// It has left, and the word of it is on its way, or waits for the link.
    Leaving(usize),
    /// It has no stream, and may come back.
    Away,
    /// For good.
    Gone,
}

// In this order in memory: what every arrival touches stands first.
#[repr(C)]
pub(super) struct Client {
    pub(super) stage: Stage,
    /// Bytes that have arrived since it was last woken, and whether the end of the stream has.
    pub(super) arrived: u64,
    pub(super) hears_end: bool,
    pub(super) is_over: bool,
    pub(super) is_woken: bool,
    pub(super) class: usize,
    /// Its index in the plan.
    pub(super) subscriber: usize,
    /// The tick before which it neither leaves nor dies.
    pub(super) ends_at: u64,
    pub(super) reader: Reader,
    /// The name of the timer that wakes it.
    pub(super) timer: Option<(u64, u64)>,
    /// The last id that it has read: a process of the server and a sequence.
    pub(super) cursor: Option<(usize, u64)>,
    /// How it ends.
    pub(super) end: Option<End>,
    /// The tick in which it asked for its present connection.
    pub(super) opened_at: u64,
    pub(super) faults: SubscriberFaults,
    /// What the last `retry:` asked for that it has read, in plan time.
    pub(super) retry: Option<Duration>,
}

impl Client {
    pub(super) fn new(plan: &Plan, index: usize) -> Self {
        let faults = SubscriberFaults::of(plan, index);
        let tick_of = |end| move |time| (ticks(nanos(time)), end);
        let leaves = faults.leaves_at.map(tick_of(End::Left));
        let dies = faults.dies_at.map(tick_of(End::Died));
        // Where both fall into one tick, the first entry wins: the client leaves.
        let end = leaves.into_iter().chain(dies).min_by_key(|(tick, _)| *tick);
        Self {
            stage: Stage::Waiting,
            arrived: 0,
            hears_end: false,
            is_over: false,
            is_woken: false,
            class: plan.subscribers[index].class,
            subscriber: index,
            ends_at: end.map_or(u64::MAX, |(tick, _)| tick),
            // A stand-in: every stream begins with a reader of its own, and nothing is read before.
            reader: Reader::new(&Reading::Never, &[], 1, 1, at(1)),
            timer: None,
            cursor: None,
            end: end.map(|(_, end)| end),
            opened_at: 0,
            faults,
            retry: None,
        }
    }

    pub(super) fn has_ended_by(&self, tick: u64) -> bool {
        self.ends_at <= tick
    }
}
