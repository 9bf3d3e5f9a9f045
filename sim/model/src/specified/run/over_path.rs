//! Connections over paths: what TCP does, where a class has more of a network than a window.
//!
//! The room `tcp` has the rules of TCP, and those of its time in ticks (`tcp/connections`). The rest is here. In this order:
//!
//! 1. A client that sets out does not wait for its link: its SYN is lost or held, and tried again. When its request has
//!    reached the server, it goes on as one without a path: a tick for the simulated network's handshake, and one for its
//!    request. Such clients run after those that timers have woken. Whether a server listens is seen only then.
//! 2. What the server writes is given to TCP at the exact time. What timers and messages wake in a tick writes at the first
//!    nanosecond after the tick before. What the CPU has not done the work for is in the socket, and is not sent.
//! 3. Events of TCP are exact events. At one time they come after the words of reads of classes without paths, and before all
//!    others. They tell: of room, to a writer that has waited; of bytes and of the end, which reach the client in the next
//!    tick; of a user timeout, at which the connection fails.
//! 4. The server closes when what its sockets have accepted goes on its way. What TCP does of it at that time belongs to the
//!    tick.
//! 5. A client that leaves closes its connection. The server hears of it a tick after TCP has told it. One that dies says
//!    nothing more.
//! 6. A byte counts as unread until the word of its read would have come back over an idle path. Only for the end of the run.
//!    The driver looks in ticks in which something is given to a client, as it does where bytes go their last tick.

use std::time::Duration;

use hubbub::EventId;

use super::super::client::{Client, Stage};
use super::super::marks::Mark;
use super::super::path::Flight;
use super::super::socket::Loss;
use super::super::time::TICK;
use super::Run;
use crate::client::virtual_request;
use crate::plan::Plan;
use crate::tcp::{Connections, News, Ways};
use crate::time::nanos;

/// The kernel sends a SYN again after a second.
const SYN_TIMEOUT: u64 = 1_000_000_000;

/// The connections of a plan with paths.
pub(in crate::specified) struct OverPaths {
    tcp: Connections,
    /// By the subscriber's index in the plan: the client, and the server's side of its connection, where it has a stream or
    /// has asked for one.
    clients: Vec<usize>,
    connections: Vec<Option<usize>>,
    /// When the client of a subscriber set out last.
    set_out_at: Vec<u64>,
    news: Vec<(usize, News)>,
    /// Whether clients have been given something since the driver last looked.
    pub(in crate::specified) has_given: bool,
}

impl OverPaths {
    /// `None` where no class has a path.
    pub(in crate::specified) fn of(plan: &Plan) -> Option<Box<Self>> {
        plan.class_with_path()?;
        let ways = (0..plan.subscribers.len()).map(|subscriber| {
            let path = plan.tcp_path(subscriber)?;
            let class = &plan.classes[plan.subscribers[subscriber].class];
            let one_way = class.round_trip.map_or(TICK, |trip| nanos(trip / 2)).max(TICK);
            let faults = crate::client::SubscriberFaults::of(plan, subscriber);
            Some(Ways::new(path.down, path.up, path.settings, (one_way, TICK)).told_if(!faults.slow_periods.is_empty()))
        });
        Some(Box::new(Self {
            tcp: Connections::new(TICK, ways),
            clients: plan.seats().into_iter().map(|seat| seat as usize).collect(),
            connections: vec![None; plan.subscribers.len()],
            set_out_at: vec![0; plan.subscribers.len()],
            news: Vec::new(),
            has_given: false,
        }))
    }

    pub(in crate::specified) fn has_path(&self, subscriber: usize) -> bool {
        self.tcp.has_path(subscriber)
    }

    /// For marks: whether lost bytes for a subscriber are to be sent again.
    pub(in crate::specified) fn is_timing_out(&self, subscriber: usize) -> bool {
        self.tcp.counts(subscriber).timeouts > 0
    }

    /// For marks: whether the path of a subscriber carries nothing at a time.
    pub(in crate::specified) fn is_out(&self, subscriber: usize, at: u64) -> bool {
        self.tcp.is_out(subscriber, at)
    }

    /// A client has read bytes.
    pub(in crate::specified) fn read(&mut self, subscriber: usize, bytes: u64, at: u64) {
        self.tcp.read(subscriber, bytes, at);
    }
}

impl Run<'_> {
    /// What was sent again over paths, in plan time.
    pub(in crate::specified) fn retransmissions(&mut self) -> Vec<(Duration, usize)> {
        let all = self.over_paths.as_mut().map(|paths| paths.tcp.take_retransmissions()).unwrap_or_default();
        let scale = self.plan.time_scale;
        all.into_iter().map(|(at, subscriber)| (Duration::from_nanos(at) / scale, subscriber)).collect()
    }

    pub(in crate::specified) fn next_over_paths_at(&self) -> Option<u64> {
        self.over_paths.as_ref().and_then(|paths| paths.tcp.next_at())
    }

    /// Whether a client has a path.
    pub(in crate::specified) fn has_path(&self, client: usize) -> bool {
        let subscriber = self.clients[client].subscriber;
        self.over_paths.as_ref().is_some_and(|paths| paths.has_path(subscriber))
    }

    /// A client with a path sends its SYN.
    pub(in crate::specified) fn set_out_over_its_path(&mut self, index: usize) {
        let now = self.tick * TICK;
        let &Client { subscriber, class, ends_at, cursor, .. } = &self.clients[index];
        let resumes = cursor.filter(|_| self.plan.server.recovery.is_some());
        let id = resumes.map(|(process, sequence)| EventId { epoch: self.epoch(process), sequence }.to_string());
        let request = virtual_request(self.plan, class, id.as_deref());
        if let Some(paths) = &mut self.over_paths {
            self.marks.add_if(id.is_some() && paths.tcp.is_out(subscriber, now), Mark::ComesBackInAnOutage);
            paths.set_out_at[subscriber] = now;
            paths.tcp.open(subscriber, request.len() as u64, now);
        }
        // The timer is for a client that leaves before. TCP wakes it when the request has arrived.
        self.clients[index].timer = None;
        if ends_at < u64::MAX {
            self.wake_client_at(index, ends_at);
        }
    }

    /// A client has no connection any more.
    pub(in crate::specified) fn abandon_path(&mut self, index: usize) {
        let now = self.tick * TICK;
        let subscriber = self.clients[index].subscriber;
        if let Some(paths) = &mut self.over_paths {
            paths.tcp.abandon(subscriber, now);
            paths.connections[subscriber] = None;
        }
    }

    /// The server has accepted the connection of a subscriber.
    pub(in crate::specified) fn opened_over_path(&mut self, subscriber: usize, connection: usize) {
        if let Some(paths) = &mut self.over_paths {
            paths.connections[subscriber] = Some(connection);
        }
    }

    /// Lets everything happen over paths that happens by `now`.
    pub(in crate::specified) fn advance_over_paths(&mut self, now: u64) {
        let Some(paths) = &mut self.over_paths else { return };
        let mut all = std::mem::take(&mut paths.news);
        paths.tcp.advance(now, &mut |subscriber, news| all.push((subscriber, news)));
        for (subscriber, news) in all.drain(..) {
            self.hear(subscriber, news);
        }
        if let Some(paths) = &mut self.over_paths {
            paths.news = all;
        }
    }

    fn hear(&mut self, subscriber: usize, news: News) {
        let Some(paths) = &mut self.over_paths else { return };
        let client = paths.clients[subscriber];
        let connection = paths.connections[subscriber];
        match news {
            News::Asked => {
                let is_late = self.clock - paths.set_out_at[subscriber] >= SYN_TIMEOUT;
                self.marks.add_if(is_late, Mark::HandshakeTriedAgain);
                self.tell_client(client);
            }
            News::NotConnected => {
                if self.clients[client].stage == Stage::Coming {
                    self.clients[client].stage = Stage::Refused;
                    self.tell_client(client);
                }
            }
            News::HasRoom => {
                if let Some(connection) = connection
                    && std::mem::take(&mut self.connections[connection].socket.writer_waits)
                {
                    self.wake(connection);
                }
            }
            News::Arrived(bytes) => self.give(client, bytes, false),
            News::Ended => self.give(client, 0, true),
            News::Left => {
                if matches!(self.clients[client].stage, Stage::Leaving(_)) {
                    self.tell_client(client);
                }
            }
            News::GivenUp => {
                if let Some(connection) = connection {
                    self.marks.add(Mark::FailedOverAPath);
                    self.connections[connection].socket.loss = Loss::TimedOut;
                    self.wake(connection);
                }
            }
        }
    }

    /// Gives bytes or the end to a client, in the next tick.
    fn give(&mut self, client: usize, bytes: u64, is_end: bool) {
        let Some(paths) = &mut self.over_paths else { return };
        let &Client { class, subscriber, .. } = &self.clients[client];
        if let Some(connection) = paths.connections[subscriber] {
            paths.has_given = true;
            self.paths[class].give(Flight { sent_in: self.tick, client, connection, bytes, is_end });
        }
    }

    fn tell_client(&mut self, client: usize) {
        let class = self.clients[client].class;
        self.paths[class].tell_client(client);
    }

    /// The server's socket takes what TCP has room for.
    pub(in crate::specified) fn accept_over_path(&mut self, index: usize, is_held: bool) -> u64 {
        let now = self.time_over_paths();
        let connection = &mut self.connections[index];
        let Some(paths) =
            self.over_paths.as_mut().filter(|paths| paths.connections[connection.subscriber] == Some(index))
        else {
            return 0;
        };
        let accepted = paths.tcp.write(connection.subscriber, connection.unsent, is_held, now);
        connection.socket.take(accepted, self.clock, is_held);
        accepted
    }

    /// The CPU has done the work for what a socket holds.
    pub(in crate::specified) fn let_go_over_path(&mut self, index: usize, now: u64) {
        let subscriber = self.connections[index].subscriber;
        if let Some(paths) = &mut self.over_paths
            && paths.connections[subscriber] == Some(index)
        {
            paths.tcp.let_go(subscriber, now);
        }
    }

    /// The server has closed a connection.
    pub(in crate::specified) fn close_over_path(&mut self, index: usize) {
        let now = self.tick * TICK;
        let subscriber = self.connections[index].subscriber;
        if let Some(paths) = &mut self.over_paths
            && paths.connections[subscriber] == Some(index)
        {
            paths.tcp.close(subscriber, now);
        }
    }

    /// A client leaves, and closes its connection.
    pub(in crate::specified) fn leave_over_path(&mut self, client: usize) {
        let now = self.tick * TICK;
        self.clients[client].timer = None;
        let subscriber = self.clients[client].subscriber;
        if let Some(paths) = &mut self.over_paths {
            paths.tcp.leave(subscriber, now);
        }
    }

    /// A client has died.
    pub(in crate::specified) fn vanish_over_path(&mut self, subscriber: usize) {
        let now = self.tick * TICK;
        if let Some(paths) = &mut self.over_paths {
            paths.tcp.vanish(subscriber, now);
        }
    }

    /// The time at which the server writes now.
    fn time_over_paths(&self) -> u64 {
        // What timers and messages wake comes before the exact events of the tick.
        if self.is_driver_at_work { self.clock } else { (self.tick * TICK).saturating_sub(TICK) + 1 }
    }
}
