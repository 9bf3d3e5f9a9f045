//! Connections over paths: TCP decides what has room and what has arrived, and turmoil carries the contents in the last tick.
//!
//! The rules of time are those of `tcp/connections`. The specification states what else there is to say, in
//! `specified/run/over_path.rs`. The driver works through the events of TCP with all other exact events. What is in order at a
//! client by a tick is what turmoil delivers for the next one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use super::super::clock::TICK;
use super::super::wire::Wire;
use super::Network;
use crate::client::SubscriberFaults;
use crate::plan::Plan;
use crate::tcp::{Connections, News, Ways};
use crate::time::nanos;

/// What a client that waits is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Asked,
    NotConnected,
    Left,
}

/// A client's end: what it was told last, the task that waits for that, and the wire of its connection.
#[derive(Default)]
struct ClientEnd {
    word: Option<Word>,
    waker: Option<Waker>,
    wire: Option<Arc<Wire>>,
}

/// What goes on turmoil's link in a tick.
struct Given {
    wire: Arc<Wire>,
    bytes: u64,
    is_end: bool,
}

pub(in crate::rooms::world) struct OverPaths {
    tcp: Connections,
    clients: Vec<ClientEnd>,
    given: Vec<Given>,
}

impl OverPaths {
    /// `None` where no class has a path.
    pub(in crate::rooms::world) fn of(plan: &Plan) -> Option<Mutex<Self>> {
        plan.class_with_path()?;
        let ways = (0..plan.subscribers.len()).map(|subscriber| {
            let path = plan.tcp_path(subscriber)?;
            let class = &plan.classes[plan.subscribers[subscriber].class];
            let one_way = class.round_trip.map_or(TICK, |trip| trip / 2).max(TICK);
            let ways = Ways::new(path.down, path.up, path.settings, (nanos(one_way), nanos(TICK)));
            // A reader with faults is slower than its plan says, also one that reads as it arrives.
            Some(ways.told_if(!SubscriberFaults::of(plan, subscriber).slow_periods.is_empty()))
        });
        Some(Mutex::new(Self {
            tcp: Connections::new(nanos(TICK), ways),
            clients: plan.subscribers.iter().map(|_| ClientEnd::default()).collect(),
            given: Vec::new(),
        }))
    }

    /// Tells a client's task.
    fn tell(&mut self, subscriber: usize, word: Word) -> Option<Waker> {
        let client = &mut self.clients[subscriber];
        client.word = Some(word);
        client.waker.take()
    }

    fn has_wire(&self, subscriber: usize, wire: &Arc<Wire>) -> bool {
        self.clients[subscriber].wire.as_ref().is_some_and(|own| Arc::ptr_eq(own, wire))
    }
}

impl Network {
    fn over_paths(&self) -> Option<MutexGuard<'_, OverPaths>> {
        self.over_paths.as_ref().map(|paths| paths.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What was sent again over paths, in plan time.
    pub(in crate::rooms::world) fn retransmissions(&self, time_scale: u32) -> Vec<(Duration, usize)> {
        let all = self.over_paths().map(|mut paths| paths.tcp.take_retransmissions()).unwrap_or_default();
        all.into_iter().map(|(at, subscriber)| (Duration::from_nanos(at) / time_scale, subscriber)).collect()
    }

    /// A client connects over its path, and asks with so many bytes. `true` when the request has reached the server, `false`
    /// when the client has given up.
    pub(in crate::rooms::world) async fn ask_over_path(
        &self,
        subscriber: usize,
        request_bytes: usize,
        now: Duration,
    ) -> bool {
        if let Some(mut paths) = self.over_paths() {
            paths.clients[subscriber] = ClientEnd::default();
            paths.tcp.open(subscriber, request_bytes as u64, nanos(now));
        }
        self.bell.wake_driver();
        self.word(subscriber).await == Word::Asked
    }

    /// A client leaves over its path; ready when the server's socket has seen the end.
    pub(in crate::rooms::world) async fn leave_over_path(&self, subscriber: usize, now: Duration) {
        if let Some(mut paths) = self.over_paths() {
            paths.clients[subscriber].word = None;
            paths.tcp.leave(subscriber, nanos(now));
        }
        self.bell.wake_driver();
        self.word(subscriber).await;
    }

    async fn word(&self, subscriber: usize) -> Word {
        std::future::poll_fn(|cx| {
            let Some(mut paths) = self.over_paths() else { return Poll::Pending };
            let client = &mut paths.clients[subscriber];
            match client.word.take() {
                Some(word) => Poll::Ready(word),
                None => {
                    client.waker = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// A client has no connection any more.
    pub(in crate::rooms::world) fn abandon_path(&self, subscriber: usize, now: Duration) {
        if let Some(mut paths) = self.over_paths() {
            paths.tcp.abandon(subscriber, nanos(now));
            paths.clients[subscriber].wire = None;
        }
    }

    /// A client has died.
    pub(in crate::rooms::world) fn vanish_over_path(&self, subscriber: usize, now: Duration) {
        if let Some(mut paths) = self.over_paths() {
            paths.tcp.vanish(subscriber, nanos(now));
        }
        self.bell.wake_driver();
    }

    /// A client has its end of a connection over its path.
    pub(in crate::rooms::world) fn claimed_over_path(&self, subscriber: usize, wire: &Arc<Wire>) {
        if let Some(mut paths) = self.over_paths() {
            paths.clients[subscriber].wire = Some(wire.clone());
        }
    }

    /// A client has read bytes that came over its path.
    pub(in crate::rooms::world) fn has_read_over_path(&self, at: Duration, subscriber: usize, bytes: u64) {
        if let Some(mut paths) = self.over_paths() {
            paths.tcp.read(subscriber, bytes, nanos(at));
        }
    }

    /// The server writes over a path; returns what its socket takes.
    pub(in crate::rooms::world) fn write_over_path(
        &self,
        subscriber: usize,
        wire: &Arc<Wire>,
        bytes: u64,
        is_held: bool,
    ) -> u64 {
        let now = self.time_over_paths();
        let paths = self.over_paths().filter(|paths| paths.has_wire(subscriber, wire));
        paths.map_or(0, |mut paths| paths.tcp.write(subscriber, bytes, is_held, now))
    }

    /// The CPU has done the work for what the server's socket holds.
    pub(in crate::rooms::world) fn let_go_over_path(&self, at: Duration, subscriber: usize, wire: &Arc<Wire>) {
        if let Some(mut paths) = self.over_paths().filter(|paths| paths.has_wire(subscriber, wire)) {
            paths.tcp.let_go(subscriber, nanos(at));
        }
    }

    /// The server has closed a connection.
    pub(in crate::rooms::world) fn close_over_path(&self, now: Duration, subscriber: usize, wire: &Arc<Wire>) {
        if let Some(mut paths) = self.over_paths().filter(|paths| paths.has_wire(subscriber, wire)) {
            paths.tcp.close(subscriber, nanos(now));
        }
    }

    /// When something happens next over a path.
    pub(in crate::rooms::world) fn next_over_paths_at(&self) -> Option<Duration> {
        self.over_paths().and_then(|paths| paths.tcp.next_at()).map(Duration::from_nanos)
    }

    /// Lets everything happen over paths that happens by `now`.
    pub(in crate::rooms::world) fn advance_over_paths(&self, now: Duration) {
        let mut news = Vec::new();
        if let Some(mut paths) = self.over_paths() {
            let OverPaths { tcp, clients, given } = &mut *paths;
            tcp.advance(nanos(now), &mut |subscriber, new| {
                let mut give = |bytes, is_end| {
                    let wire = clients[subscriber].wire.clone();
                    given.extend(wire.map(|wire| Given { wire, bytes, is_end }));
                };
                match new {
                    News::Arrived(bytes) => give(bytes, false),
                    News::Ended => give(0, true),
                    _ => news.push((subscriber, new)),
                }
            });
        }
        // Only then: a wire that wakes a task locks what is its own.
        news.into_iter().for_each(|(subscriber, new)| self.hear(subscriber, new));
    }

    fn hear(&self, subscriber: usize, news: News) {
        let Some(mut paths) = self.over_paths() else { return };
        let wire = paths.clients[subscriber].wire.clone();
        let woken = match news {
            News::Asked => paths.tell(subscriber, Word::Asked),
            News::NotConnected => paths.tell(subscriber, Word::NotConnected),
            News::Left => paths.tell(subscriber, Word::Left),
            // These have been given to turmoil, which wakes the client.
            News::Arrived(_) | News::Ended => None,
            News::HasRoom => {
                drop(paths);
                return wire.into_iter().for_each(|wire| wire.has_room());
            }
            News::GivenUp => {
                drop(paths);
                return wire.into_iter().for_each(|wire| wire.time_out());
            }
        };
        drop(paths);
        woken.into_iter().for_each(Waker::wake);
    }

    /// Puts on turmoil's link what has come over paths; whether anything has.
    pub(in crate::rooms::world) fn deliver_over_paths(&self) -> bool {
        // Taken out first: a wire locks what is its own.
        let given = self.over_paths().map(|mut paths| std::mem::take(&mut paths.given)).unwrap_or_default();
        let has_given = !given.is_empty();
        for Given { wire, bytes, is_end } in given {
            wire.deliver(usize::try_from(bytes).unwrap_or(usize::MAX), is_end);
        }
        has_given
    }

    /// The time at which the server writes now.
    fn time_over_paths(&self) -> u64 {
        if self.bell.is_working_exactly() {
            nanos(self.now())
        } else {
            // What timers and messages wake comes before the exact events of the tick.
            nanos(self.host_now().saturating_sub(TICK)) + 1
        }
    }
}
