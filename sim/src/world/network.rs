//! The network between the server and its subscribers: who is connected, and what is under way in either direction.
//!
//! turmoil carries every byte, in a link of one tick. The rest of the one-way time a byte waits here, before it is
//! sent: turmoil looks at every message under way on a link each time one is sent, so long links would cost the square
//! of what they carry. What a client has read is told to the server's window after the same one-way time.

mod over_paths;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hubbub::SubscriberId;
use turmoil::net::tcp::OwnedWriteHalf;

use super::bell::Bell;
use super::clock::{ModelClock, TICK, tick_not_before};
use super::cpu::Cpu;
use super::links::Links;
use super::wire::{Path, Wire};
use crate::plan::Plan;
use over_paths::OverPaths;

pub(super) struct Network {
    one_way: Vec<Duration>,
    has_cpu: bool,
    /// Whether the CPU's work depends on the number of frames in a write.
    counts_frames: bool,
    has_faults: bool,
    /// Frames of every connection's second stage, where there is one.
    merged_frames: Option<usize>,
    links: Links,
    clock: Arc<ModelClock>,
    /// Bytes in all windows.
    outstanding_bytes: AtomicU64,
    state: Mutex<State>,
    /// Where a class has a path.
    pub(super) over_paths: Option<Mutex<OverPaths>>,
    /// Tells the driver that there is something new to do, unless it looks anyway.
    pub(super) bell: Bell,
}

struct State {
    by_peer: BTreeMap<SocketAddr, Arc<Wire>>,
    /// Streams by the server's process and the id it gave out, where frames are counted.
    by_stream: BTreeMap<(usize, SubscriberId), Arc<Wire>>,
    /// Wires that have accepted bytes or closed since the driver last looked.
    outgoing: Vec<Arc<Wire>>,
    /// On the way to clients, by class, in order of time: a class shares one delay.
    transmissions: Vec<VecDeque<Transmission>>,
    /// Reads on the way to the server, in the order in which they arrive.
    releases: Vec<VecDeque<Release>>,
    /// When the server gives up on connections that have lost bytes, in order of time.
    timeouts: VecDeque<(Duration, Arc<Wire>)>,
    cpu: Option<Cpu<Wire>>,
}

/// Bytes on their way to a client.
pub(super) struct Transmission {
    /// When it goes on turmoil's link.
    due: Duration,
    pub(super) wire: Arc<Wire>,
    pub(super) bytes: Vec<u8>,
    pub(super) end: bool,
}

/// The word of a read on its way to the server.
struct Release {
    due: Duration,
    wire: Arc<Wire>,
    bytes: u64,
}

impl Network {
    /// The network of a plan in virtual time.
    pub(super) fn new(plan: &Plan, merged_frames: Option<usize>, clock: Arc<ModelClock>) -> Self {
        let classes = &plan.classes;
        let cpu = plan.server.cpu;
        // turmoil carries no message in less than a tick.
        let one_way = classes.iter().map(|class| class.round_trip.map_or(TICK, |trip| (trip / 2).max(TICK)));
        let state = State {
            by_peer: BTreeMap::new(),
            by_stream: BTreeMap::new(),
            outgoing: Vec::new(),
            transmissions: classes.iter().map(|_| VecDeque::new()).collect(),
            releases: classes.iter().map(|_| VecDeque::new()).collect(),
            timeouts: VecDeque::new(),
            cpu: cpu.map(Cpu::new),
        };
        Self {
            one_way: one_way.collect(),
            has_cpu: cpu.is_some(),
            counts_frames: cpu.is_some_and(|cpu| !cpu.frame.is_zero()),
            has_faults: !plan.faults.is_empty(),
            merged_frames,
            links: Links::of(plan),
            clock,
            outstanding_bytes: AtomicU64::new(0),
            state: Mutex::new(state),
            bell: Bell::default(),
            over_paths: OverPaths::of(plan),
        }
    }

    pub(super) fn one_way(&self, class: usize) -> Duration {
        self.one_way[class]
    }

    pub(super) fn has_cpu(&self) -> bool {
        self.has_cpu
    }

    /// Whether anything is to go wrong.
    pub(super) fn has_faults(&self) -> bool {
        self.has_faults
    }

    /// When a class's link is next up.
    pub(super) fn up_at(&self, class: usize, at: Duration) -> Duration {
        self.links.up_at(class, at)
    }

    /// The exact time on the server.
    pub(super) fn now(&self) -> Duration {
        self.clock.now()
    }

    pub(super) fn host_now(&self) -> Duration {
        self.clock.host_now()
    }

    /// The server takes a connection from a peer, with that half of its socket to write to.
    pub(super) fn accept(&self, peer: SocketAddr, writing: OwnedWriteHalf) -> Arc<Wire> {
        let wire = Arc::new(Wire::new(writing, self.merged_frames));
        self.lock().by_peer.insert(peer, wire.clone());
        wire
    }

    /// A client takes its end of a connection; it must do so before it sends anything.
    pub(super) fn claim(&self, client: SocketAddr, path: Path) -> Option<Arc<Wire>> {
        let wire = self.lock().by_peer.get(&client).cloned()?;
        wire.set_path(path);
        if path.is_over_path {
            self.claimed_over_path(path.subscriber, &wire);
        }
        Some(wire)
    }

    /// Which subscriber a peer is.
    pub(super) fn subscriber(&self, peer: SocketAddr) -> Option<usize> {
        Some(self.lock().by_peer.get(&peer)?.path()?.subscriber)
    }

    /// A stream begins on the connection of a peer.
    pub(super) fn stream_begins(&self, stream: (usize, SubscriberId), peer: SocketAddr) {
        if !self.counts_frames {
            return;
        }
        let mut state = self.lock();
        if let Some(wire) = state.by_peer.get(&peer).cloned() {
            state.by_stream.insert(stream, wire);
        }
    }

    /// A stream has taken a frame, for its next write.
    pub(super) fn takes_frame(&self, stream: (usize, SubscriberId)) {
        if self.counts_frames
            && let Some(wire) = self.lock().by_stream.get(&stream)
        {
            wire.takes_frame();
        }
    }

    /// A stream has ended.
    pub(super) fn stream_ends(&self, stream: (usize, SubscriberId)) {
        if self.counts_frames {
            self.lock().by_stream.remove(&stream);
        }
    }

    /// A client has read bytes, at a time that may lie inside the tick that ends now on its host.
    pub(super) fn has_read(&self, at: Duration, class: usize, wire: &Arc<Wire>, bytes: u64) {
        // What a client has read is repeated with every acknowledgement, until one arrives.
        let due = self.links.up_at(class, at + self.one_way[class]);
        let mut state = self.lock();
        let queue = &mut state.releases[class];
        // Reads are told of at exact times inside a tick, which need not be in the order in which clients run.
        let place = queue.partition_point(|release| release.due <= due);
        queue.insert(place, Release { due, wire: wire.clone(), bytes });
        drop(state);
        if let Some(path) = wire.over_path() {
            self.has_read_over_path(at, path.subscriber, bytes);
        }
        self.bell.ring();
    }

    pub(super) fn accepted(&self, bytes: u64) {
        self.outstanding_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn outstanding_bytes(&self) -> u64 {
        self.outstanding_bytes.load(Ordering::Relaxed)
    }

    pub(super) fn has_outgoing(&self, wire: Arc<Wire>) {
        self.lock().outgoing.push(wire);
        self.bell.ring();
    }

    /// The server has closed a connection; what its client has not read holds nothing up any more.
    pub(super) fn has_closed(&self, peer: SocketAddr, wire: Arc<Wire>, unread_bytes: u64) {
        self.outstanding_bytes.fetch_sub(unread_bytes, Ordering::Relaxed);
        // A port may be used again, and its address must not lead to the old connection.
        self.lock().by_peer.remove(&peer);
        self.has_outgoing(wire);
    }

    /// A connection begins a write, which the CPU has to do the work of.
    pub(super) fn wants_cpu(&self, wire: Arc<Wire>) {
        let work = wire.take_work();
        let now = self.clock.now();
        if let Some(cpu) = &mut self.lock().cpu {
            cpu.deliver(now, wire, work);
        }
        self.bell.ring();
    }

    /// The CPU has done the work of a delivery.
    pub(super) fn grant(&self, at: Duration, wire: Arc<Wire>) {
        self.outstanding_bytes.fetch_sub(wire.grant(at) as u64, Ordering::Relaxed);
        if let Some(path) = wire.over_path() {
            self.let_go_over_path(at, path.subscriber, &wire);
        }
        self.has_outgoing(wire);
    }

    /// A delivery goes on at the exact time at which the CPU had done its work, if that is not long past.
    pub(super) fn goes_on_at(&self, at: Duration) {
        self.clock.set(at.max(self.clock.now()));
    }

    pub(super) fn with_cpu<T>(&self, work: impl FnOnce(&mut Cpu<Wire>) -> T) -> Option<T> {
        self.lock().cpu.as_mut().map(work)
    }

    /// When the CPU will have finished what it is at.
    pub(super) fn cpu_finishes_at(&self) -> Option<Duration> {
        self.with_cpu(|cpu| cpu.finishes_at()).flatten()
    }

    /// Whether nothing is left for the CPU to do; so it is where there is none.
    pub(super) fn cpu_is_idle(&self) -> bool {
        self.cpu_finishes_at().is_none()
    }

    /// When the next read reaches the server.
    pub(super) fn next_release_at(&self) -> Option<Duration> {
        self.lock().releases.iter().filter_map(|queue| queue.front()).map(|release| release.due).min()
    }

    /// Tells the server of every read whose word has reached it by `now`.
    pub(super) fn release_until(&self, now: Duration) {
        while let Some(Release { wire, bytes, .. }) = self.next_release(now) {
            let (released, is_news) = wire.release(bytes);
            self.outstanding_bytes.fetch_sub(released, Ordering::Relaxed);
            if is_news {
                self.has_outgoing(wire);
            }
        }
    }

    fn next_release(&self, now: Duration) -> Option<Release> {
        // Called at every exact time, so all that is due is due at the same one. The order of classes only breaks ties.
        let mut state = self.lock();
        state.releases.iter_mut().find(|queue| queue.front().is_some_and(|first| first.due <= now))?.pop_front()
    }

    /// Everything accepted since the last call begins its way, all of it at `now`.
    pub(super) fn dispatch(&self, now: Duration) {
        // Taken out first: `passed` locks the same state.
        let outgoing = std::mem::take(&mut self.lock().outgoing);
        for wire in outgoing {
            if let Some(path) = wire.over_path() {
                if wire.take_end() {
                    self.close_over_path(now, path.subscriber, &wire);
                }
                continue;
            }
            let (bytes, end) = wire.take_outbox();
            let class = wire.path().map_or(0, |path| path.class);
            // The last tick of the way is turmoil's.
            let due = tick_not_before(now + self.one_way[class]).saturating_sub(TICK);
            let outgoing = Transmission { due, wire, bytes, end };
            let transmission = if self.has_faults { self.passed(outgoing, class, now) } else { outgoing };
            self.lock().transmissions[class].push_back(transmission);
        }
    }

    /// What faults leave of bytes that are sent at `now`, and when they go on.
    fn passed(&self, outgoing: Transmission, class: usize, now: Duration) -> Transmission {
        let Transmission { due, wire, bytes, end } = outgoing;
        let passage = if wire.is_cut() { None } else { self.links.passage(class, now, due) };
        match passage {
            Some(at) => Transmission { due: tick_not_before(at), wire, bytes, end },
            None => {
                if !bytes.is_empty() && wire.lose() {
                    self.expect_timeout(now, &wire);
                }
                // An end is told again whenever the client asks, until it hears it.
                let due = tick_not_before(self.links.up_at(class, due));
                Transmission { due, wire, bytes: Vec::new(), end }
            }
        }
    }

    /// A client has died after `arrived` bytes had reached it.
    pub(super) fn has_died(&self, now: Duration, wire: &Arc<Wire>, arrived: u64) {
        if wire.cut(arrived) {
            self.expect_timeout(now, wire);
            self.bell.ring();
        }
    }

    /// The server waits for an answer that will not come.
    fn expect_timeout(&self, now: Duration, wire: &Arc<Wire>) {
        // All connections have the same timeout, so the queue stays in order of time.
        self.lock().timeouts.push_back((now + self.links.user_timeout(), wire.clone()));
    }

    /// When the server next gives up on a connection.
    pub(super) fn next_timeout_at(&self) -> Option<Duration> {
        self.lock().timeouts.front().map(|(at, _)| *at)
    }

    /// Ends the connections that the server has given up on by `now`.
    pub(super) fn time_out_until(&self, now: Duration) {
        let overdue = || self.lock().timeouts.pop_front_if(|(at, _)| *at <= now);
        std::iter::from_fn(overdue).for_each(|(_, wire)| wire.time_out());
    }

    /// The subscribers whose servers wait for room in their sockets.
    pub(super) fn blocked(&self) -> Vec<usize> {
        let state = self.lock();
        let blocked = state.by_peer.values().filter(|wire| wire.is_blocked());
        blocked.filter_map(|wire| wire.path().map(|path| path.subscriber)).collect()
    }

    /// When the next bytes are to be sent.
    pub(super) fn next_transmission_at(&self) -> Option<Duration> {
        self.lock().transmissions.iter().filter_map(|queue| queue.front()).map(|next| next.due).min()
    }

    /// The first bytes to be sent by `now`.
    pub(super) fn next_transmission(&self, now: Duration) -> Option<Transmission> {
        let mut state = self.lock();
        let mut queues = state.transmissions.iter_mut();
        queues.find(|queue| queue.front().is_some_and(|first| first.due <= now))?.pop_front()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
