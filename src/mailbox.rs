//! One subscriber's bounded queue: limits, overflow policy, the outcome of every push, and the account of it all.
//!
//! Pure: no clock, no lock, no runtime, and of a frame it knows only what a [`Letter`] says of itself. Frames at the
//! front may be *in flight*: handed to a transport and not yet flushed. They hold no slot, no policy touches them, and
//! they leave by [`Mailbox::flushed`]. Frames may be *parked*: they wait elsewhere, in the order of their coming, and
//! are only counted here until [`Mailbox::unpark`] brings them.

mod account;
mod keys;
mod limits;
mod parking;
mod policy;

use std::collections::VecDeque;
use std::time::Duration;

pub use account::{Counts, Dropped};
use keys::{At, Keys};
pub use limits::{Capacity, Limits, MAX_CAPACITY, Reason};
pub use policy::{Overflow, UnknownOverflow};

/// Slots a conflating mailbox may have beside those that frames wait in: places of frames that were let go.
const VACANT_SLACK: usize = 16;

/// What a mailbox has to know of a frame.
pub trait Letter {
    /// Bytes it counts for.
    fn bytes(&self) -> usize {
        0
    }

    /// When it was published.
    fn at(&self) -> Duration {
        Duration::ZERO
    }

    /// What it is about, if it says so: a later frame about the same makes it old.
    fn key(&self) -> Option<Key<'_>> {
        None
    }
}

/// What a frame is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key<'a> {
    /// Of the text; always the same for the same text.
    pub hash: u64,
    /// In which keys mean the same: a topic.
    pub scope: &'a str,
    /// Two frames are about the same if it and the scope are the same.
    pub text: &'a str,
}

/// Why a mailbox was closed; names the reason of the frames lost with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// The client left.
    ClientGone,
    /// The server cut it off: the overflow policy, or a connection without write progress.
    Evicted,
}

/// What became of a pushed frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// It waits.
    Queued,
    /// It did not fit and was lost.
    Refused(Reason),
    /// It waits, and others were lost for it.
    Displaced,
    /// It did not fit, was lost, and the mailbox closed; everything in it was evicted.
    Disconnected(Reason),
    /// It waits elsewhere, behind everything that came before it.
    Parked,
    /// The mailbox was closed before: the frame was never offered and counts nowhere.
    NotOffered,
}

/// A bounded queue of frames. See the module's text.
#[derive(Debug)]
pub struct Mailbox<T> {
    limits: Limits,
    overflow: Overflow,
    queue: Queue<T>,
    /// Of the frames in slots.
    bytes: usize,
    keys: Option<Box<Keys>>,
    parked: u64,
    /// The limit that made it park.
    parked_for: Reason,
    closed: Option<Closed>,
    offered: u64,
    delivered: u64,
    dropped: Dropped,
    high_water: usize,
}

/// In-flight frames first, then those waiting, of which the first is never vacant.
#[derive(Debug)]
struct Queue<T> {
    frames: VecDeque<Option<T>>,
    in_flight: usize,
    /// Position of the first of them.
    first: u64,
}

impl<T> Queue<T> {
    fn index(&self, position: u64) -> Option<usize> {
        let index = usize::try_from(position.checked_sub(self.first)?).ok()?;
        (index >= self.in_flight).then_some(index)
    }
}

impl<T> At<T> for Queue<T> {
    fn waiting_at(&self, position: u64) -> Option<&T> {
        self.frames.get(self.index(position)?)?.as_ref()
    }
}

impl<T: Letter> Mailbox<T> {
    /// An empty mailbox. It takes memory as frames come, never for more slots than its capacity and the frames in
    /// flight; a conflating one for half as many more.
    pub fn new(limits: Limits, overflow: Overflow) -> Self {
        Self {
            limits,
            overflow,
            queue: Queue { frames: VecDeque::new(), in_flight: 0, first: 0 },
            bytes: 0,
            keys: overflow.is_keyed().then(Box::default),
            parked: 0,
            parked_for: Reason::BufferFull,
            closed: None,
            offered: 0,
            delivered: 0,
            dropped: Dropped::default(),
            high_water: 0,
        }
    }

    /// Frames in slots, those in flight and those parked not among them.
    pub fn waiting(&self) -> usize {
        self.queue.frames.len() - self.queue.in_flight - self.keys.as_ref().map_or(0, |keys| keys.vacant)
    }

    /// How many frames may be in slots.
    pub fn capacity(&self) -> Capacity {
        self.limits.capacity
    }

    /// The oldest frame in a slot.
    pub fn oldest(&self) -> Option<&T> {
        self.queue.frames.get(self.queue.in_flight)?.as_ref()
    }

    /// Why it is closed, if it is.
    pub fn closed(&self) -> Option<Closed> {
        self.closed
    }

    /// Offers a frame, at the time it was published. Never waits; `lost` is given every frame lost by it, in their
    /// order, itself perhaps.
    pub fn push(&mut self, frame: T, mut lost: impl FnMut(T, Reason)) -> Pushed {
        if self.closed.is_some() {
            return Pushed::NotOffered;
        }
        self.offered += 1;
        if self.parked > 0 {
            self.parked += 1;
            return Pushed::Parked;
        }
        self.note_key(&frame);
        match self.bound(&frame) {
            None => {
                self.enqueue(frame);
                self.high_water = self.high_water.max(self.waiting());
                Pushed::Queued
            }
            Some(bound) => self.overflow.answer(self, frame, bound, &mut lost),
        }
    }

    /// Hands the oldest waiting frame to a transport: from now on it is in flight.
    pub fn take(&mut self) -> Option<&T> {
        self.forget_key_of_oldest();
        self.bytes -= self.oldest()?.bytes();
        self.queue.in_flight += 1;
        self.skip_vacant();
        self.queue.frames.get(self.queue.in_flight - 1)?.as_ref()
    }

    /// The oldest frame in flight has been flushed. `None` when there is none, as after a close.
    pub fn flushed(&mut self) -> Option<T> {
        self.queue.in_flight = self.queue.in_flight.checked_sub(1)?;
        self.queue.first += 1;
        self.delivered += 1;
        self.queue.frames.pop_front().flatten()
    }

    /// Closes it; what waits, is parked or is in flight is lost for the reason given. Closing again changes nothing.
    pub fn close(&mut self, why: Closed) {
        if self.closed.is_some() {
            return;
        }
        let lost = (self.waiting() + self.queue.in_flight) as u64 + self.parked;
        self.closed = Some(why);
        match why {
            Closed::ClientGone => self.dropped.client_gone += lost,
            Closed::Evicted => self.dropped.evicted += lost,
        }
        self.queue = Queue { frames: VecDeque::new(), in_flight: 0, first: 0 };
        self.keys = None;
        (self.parked, self.bytes) = (0, 0);
    }

    /// The account so far.
    pub fn counts(&self) -> Counts {
        Counts {
            offered: self.offered,
            delivered: self.delivered,
            dropped: self.dropped,
            waiting: self.waiting() as u64 + self.parked,
            in_flight: self.queue.in_flight as u64,
            high_water: self.high_water as u64,
        }
    }

    /// The limit that keeps a frame out, if one does. An empty mailbox takes any.
    fn bound(&self, frame: &T) -> Option<Reason> {
        let waiting = self.waiting();
        if waiting == 0 {
            return None;
        }
        if waiting >= self.limits.capacity.frames() {
            return Some(Reason::BufferFull);
        }
        if self.limits.bytes.is_some_and(|most| self.bytes + frame.bytes() > most.get()) {
            return Some(Reason::Bytes);
        }
        let age = || self.oldest().map_or(Duration::ZERO, |oldest| frame.at().saturating_sub(oldest.at()));
        self.limits.age.filter(|most| age() > *most).map(|_| Reason::Age)
    }

    fn enqueue(&mut self, frame: T) {
        self.make_slot();
        self.bytes += frame.bytes();
        self.queue.frames.push_back(Some(frame));
    }

    fn make_slot(&mut self) {
        let Queue { frames, in_flight, .. } = &mut self.queue;
        if frames.len() == frames.capacity() {
            // Doubling, but never past what can be used: slots are the memory a capacity is said to cost.
            let capacity = self.limits.capacity.frames();
            let vacant = if self.keys.is_some() { capacity / 2 + VACANT_SLACK } else { 0 };
            let most = capacity.saturating_add(vacant).saturating_add(*in_flight);
            let wanted = (frames.len() * 2).max(4).min(most).max(frames.len() + 1);
            frames.reserve_exact(wanted - frames.len());
        }
    }
}

/// What policies do.
impl<T: Letter> Mailbox<T> {
    fn refuse(&mut self, frame: T, bound: Reason, lost: &mut impl FnMut(T, Reason)) -> Pushed {
        *self.dropped.of(bound) += 1;
        lost(frame, bound);
        Pushed::Refused(bound)
    }

    fn cut_off(&mut self, frame: T, bound: Reason, lost: &mut impl FnMut(T, Reason)) -> Pushed {
        self.refuse(frame, bound, lost);
        self.close(Closed::Evicted);
        Pushed::Disconnected(bound)
    }

    /// Lets the oldest waiting frame go; `false` when nothing waits.
    fn shed_oldest(&mut self, bound: Reason, lost: &mut impl FnMut(T, Reason)) -> bool {
        let Some(oldest) = self.queue.frames.remove(self.queue.in_flight).flatten() else { return false };
        self.queue.first += 1;
        self.bytes -= oldest.bytes();
        *self.dropped.of(bound) += 1;
        lost(oldest, bound);
        true
    }

    /// Lets a frame go that a later one of its key has made old; `false` when there is none.
    fn shed_superseded(&mut self, lost: &mut impl FnMut(T, Reason)) -> bool {
        while let Some(position) = self.keys.as_mut().and_then(|keys| keys.next_superseded()) {
            let Some(index) = self.queue.index(position) else { continue };
            let Some(old) = self.queue.frames.get_mut(index).and_then(Option::take) else { continue };
            self.keys.iter_mut().for_each(|keys| keys.vacant += 1);
            self.bytes -= old.bytes();
            self.dropped.conflated += 1;
            lost(old, Reason::Conflated);
            self.skip_vacant();
            return true;
        }
        false
    }
}

/// What only a conflating mailbox does.
impl<T: Letter> Mailbox<T> {
    /// The frame is about to wait behind all others; where it does not, the mailbox closes.
    fn note_key(&mut self, frame: &T) {
        self.compact();
        let Some(keys) = &mut self.keys else { return };
        if let Some(key) = frame.key() {
            keys.note(&self.queue, self.queue.first + self.queue.frames.len() as u64, key);
        }
        keys.prune(&self.queue, self.queue.frames.len());
    }

    fn forget_key_of_oldest(&mut self) {
        let Some(keys) = &mut self.keys else { return };
        let position = self.queue.first + self.queue.in_flight as u64;
        if let Some(key) = self.queue.waiting_at(position).and_then(T::key) {
            keys.remove(position, key);
        }
    }

    /// Gives up vacant places in front of the oldest frame.
    fn skip_vacant(&mut self) {
        let Some(keys) = &mut self.keys else { return };
        let Queue { frames, in_flight, first } = &mut self.queue;
        while keys.vacant > 0 && frames.get(*in_flight).is_some_and(Option::is_none) {
            frames.remove(*in_flight);
            *first += 1;
            keys.vacant -= 1;
        }
    }

    /// Gives up vacant places once they are a third of all: what that costs is paid by the frames let go since the last
    /// time.
    fn compact(&mut self) {
        let waiting = self.waiting();
        let Some(keys) = self.keys.as_mut().filter(|keys| keys.vacant > waiting / 2 + VACANT_SLACK / 2) else { return };
        keys.clear();
        self.queue.frames.retain(Option::is_some);
        let Queue { frames, in_flight, first } = &self.queue;
        for position in (*first + *in_flight as u64)..(*first + frames.len() as u64) {
            if let Some(key) = self.queue.waiting_at(position).and_then(T::key) {
                keys.note(&self.queue, position, key);
            }
        }
    }
}

#[cfg(test)]
mod random;
#[cfg(test)]
mod tests;
