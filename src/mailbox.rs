//! One subscriber's bounded queue: limits, overflow policy, the outcome of every push, and the account of it all.
//!
//! Pure: no clock, no lock, no runtime. Of a frame it knows only what [`QueueItem`] says.
//!
//! - Frames at the front may be *in flight*: taken by a transport and not yet flushed. No policy touches them, and they
//!   leave by [`Mailbox::flushed`]. The first of them holds no slot. Those behind it hold theirs until they are the
//!   first. So what fits does not depend on how many frames a transport takes at a time.
//! - Frames may be *parked*: they wait elsewhere, in order, and are only counted here until [`Mailbox::unpark`] brings
//!   them. From the first parked frame on a mailbox is *behind*: all that is offered is parked, until nothing waits any
//!   more. So a frame that comes back never takes a slot from a new one.

mod account;
mod keys;
mod limits;
mod parking;
mod policy;
mod queue;

use std::time::Duration;

use crate::loss::{CloseReason, LossCounts, LossReason, PushOutcome};
pub use account::Counts;
use keys::{Keys, VACANT_SLACK};
pub use limits::{Capacity, Limits, MAX_CAPACITY};
pub use policy::{Overflow, UnknownOverflow};
use queue::Queue;

/// What a mailbox has to know of a frame. A clone must be cheap: every queued frame is one.
pub trait QueueItem: Clone {
    /// The bytes that the frame counts for in a limit of bytes.
    fn bytes(&self) -> usize {
        0
    }

    /// When the frame was published, for a limit of age.
    fn at(&self) -> Duration {
        Duration::ZERO
    }

    /// What the frame is about, for conflation: a later frame with the same key makes it outdated.
    fn key(&self) -> Option<Key<'_>> {
        None
    }
}

/// What a frame is about. Two frames are about the same thing if both `scope` and `text` are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key<'a> {
    /// A hash of the text, always the same for the same text.
    pub hash: u64,
    /// Where the text has its meaning: a topic.
    pub scope: &'a str,
    /// The value of the key.
    pub text: &'a str,
}

/// A bounded queue of one subscriber's frames, with an overflow policy and an account.
///
/// ```
/// use hubbub::mailbox::{Mailbox, QueueItem};
/// use hubbub::{Capacity, Limits, LossReason, Overflow, PushOutcome};
///
/// #[derive(Clone, Debug, PartialEq)]
/// struct Frame(u32);
/// impl QueueItem for Frame {}
///
/// let limits = Limits::frames(Capacity::new(1).expect("1 to 1,048,576 frames"));
/// let mut mailbox = Mailbox::new(limits, Overflow::DropNewest);
/// assert_eq!(mailbox.push(&Frame(1), |_, _| {}), Some(PushOutcome::Queued { waiting: 1 }));
/// let refused = Some(PushOutcome::Refused { reason: LossReason::BufferFull });
/// assert_eq!(mailbox.push(&Frame(2), |_, _| {}), refused);
/// // The first frame in flight takes no slot.
/// assert_eq!(mailbox.take(), Some(&Frame(1)));
/// assert_eq!(mailbox.push(&Frame(3), |_, _| {}), Some(PushOutcome::Queued { waiting: 1 }));
/// assert!(mailbox.counts().is_conserved());
/// ```
#[derive(Debug)]
pub struct Mailbox<T> {
    limits: Limits,
    overflow: Overflow,
    queue: Queue<T>,
    /// Bytes of the frames in slots.
    bytes: usize,
    /// The keys of the waiting frames. Kept only while a conflating mailbox needs them: from the first frame that does
    /// not fit until nothing waits.
    keys: Option<Box<Keys>>,
    parked: u64,
    /// Why parked frames are lost if they do not come back: the limit that made it park, or
    /// [`LossReason::OutOfReach`] for a replay.
    parked_for: LossReason,
    /// Whether frames that have been parked still wait, here or elsewhere.
    is_behind: bool,
    closed: Option<CloseReason>,
    offered: u64,
    delivered: u64,
    dropped: LossCounts,
    high_water: usize,
}

impl<T: QueueItem> Mailbox<T> {
    /// An empty mailbox. It allocates as frames come, at most for its capacity and one frame in flight. A conflating
    /// mailbox takes half as many slots more.
    pub fn new(limits: Limits, overflow: Overflow) -> Self {
        Self {
            limits,
            overflow,
            queue: Queue::new(),
            bytes: 0,
            keys: None,
            parked: 0,
            parked_for: LossReason::BufferFull,
            is_behind: false,
            closed: None,
            offered: 0,
            delivered: 0,
            dropped: LossCounts::default(),
            high_water: 0,
        }
    }

    /// Returns the number of frames in slots; the first in flight and those parked do not count.
    pub fn waiting(&self) -> usize {
        self.queue.in_slots()
    }

    /// Whether there is a frame to [`take`](Self::take).
    pub fn has_untaken(&self) -> bool {
        self.queue.untaken() > 0
    }

    /// What happens to a frame that does not fit.
    pub fn overflow(&self) -> Overflow {
        self.overflow
    }

    /// Most frames that may be in slots.
    pub fn capacity(&self) -> Capacity {
        self.limits.capacity
    }

    /// The oldest frame that has not been taken.
    pub fn oldest(&self) -> Option<&T> {
        self.queue.frames.get(self.queue.in_flight)?.as_ref()
    }

    /// Why the mailbox is closed; `None` while it is open.
    pub fn closed(&self) -> Option<CloseReason> {
        self.closed
    }

    /// Offers a frame, at the time it was published. Never waits. `None` when the mailbox is closed: then the frame was
    /// never offered and counts nowhere.
    ///
    /// `shed` is given the frames that were let go before the one that the outcome names, in their order.
    pub fn push(&mut self, frame: &T, mut shed: impl FnMut(T, LossReason)) -> Option<PushOutcome<T>> {
        if self.closed.is_some() {
            return None;
        }
        self.offered += 1;
        // Not queued even if there is room: the parked frames are older, and ids must reach the subscriber in order.
        if self.is_behind {
            self.parked += 1;
            return Some(self.parked_outcome());
        }
        match self.bound(frame) {
            None => {
                // Noted before it is queued: its position is the one behind all frames.
                self.note_key(frame);
                self.enqueue(frame.clone());
                // Measured only here: a frame that displaces others never makes more wait than before.
                self.high_water = self.high_water.max(self.waiting());
                Some(PushOutcome::Queued { waiting: self.waiting() })
            }
            Some(bound) => Some(self.overflow.answer(self, frame, bound, &mut shed)),
        }
    }

    /// Hands the oldest frame that has not been taken to a transport: from now on it is in flight.
    pub fn take(&mut self) -> Option<&T> {
        self.forget_key_of_oldest();
        let bytes = self.oldest()?.bytes();
        self.queue.in_flight += 1;
        self.queue.skip_vacant();
        if self.queue.untaken() == 0 {
            self.keys = None;
        }
        if self.queue.in_flight == 1 {
            self.give_up_slot(bytes);
        }
        self.queue.frames.get(self.queue.in_flight - 1)?.as_ref()
    }

    /// Takes out the oldest frame, and counts it as delivered: [`take`](Self::take) and [`flushed`](Self::flushed) in one
    /// step, for a reader that has nothing in flight.
    pub(crate) fn receive(&mut self) -> Option<T> {
        debug_assert_eq!(self.queue.in_flight, 0, "what is in flight is older, and has to leave first");
        self.forget_key_of_oldest();
        let received = self.queue.remove_oldest()?;
        self.queue.skip_vacant();
        if self.queue.untaken() == 0 {
            self.keys = None;
        }
        self.give_up_slot(received.bytes());
        self.delivered += 1;
        Some(received)
    }

    /// Takes out the oldest frame in flight, which has been flushed. `None` when there is none, as after a close.
    pub fn flushed(&mut self) -> Option<T> {
        let flushed = self.leave()?;
        self.delivered += 1;
        Some(flushed)
    }

    /// Counts the oldest frame in flight as lost, as [`LossReason::ClientGone`]: its reader gave it up. `false` when
    /// none is in flight, as after a close.
    pub fn lose_in_flight(&mut self) -> bool {
        let is_lost = self.leave().is_some();
        *self.dropped.of(LossReason::ClientGone) += u64::from(is_lost);
        is_lost
    }

    /// Takes out the oldest frame in flight. The next one in flight is the first now, and gives up its slot.
    fn leave(&mut self) -> Option<T> {
        self.queue.in_flight = self.queue.in_flight.checked_sub(1)?;
        self.queue.first += 1;
        let left = self.queue.frames.pop_front().flatten();
        if self.queue.in_flight > 0 {
            let bytes = self.queue.frames.front().and_then(Option::as_ref).map_or(0, T::bytes);
            self.give_up_slot(bytes);
        }
        left
    }

    /// Frees the slot of the frame that has become the first in flight, which has so many bytes.
    fn give_up_slot(&mut self, bytes: usize) {
        self.bytes -= bytes;
        if self.waiting() == 0 {
            // Behind ends only here, when no slot is taken and nothing is parked: old and new frames never mix.
            self.is_behind = self.parked > 0;
        }
    }

    /// Closes the mailbox. Frames that wait, are parked or are in flight are lost for the reason given. Closing again
    /// changes nothing.
    pub fn close(&mut self, why: CloseReason) {
        if self.closed.is_some() {
            return;
        }
        // What is in flight may still reach the client, but no flush will say so: it counts as lost.
        let lost = (self.waiting() + self.queue.beyond()) as u64 + self.parked;
        self.closed = Some(why);
        *self.dropped.of(why.into()) += lost;
        self.queue = Queue::new();
        self.keys = None;
        self.parked = 0;
        self.bytes = 0;
    }

    /// The account of the mailbox so far.
    pub fn counts(&self) -> Counts {
        Counts {
            offered: self.offered,
            delivered: self.delivered,
            dropped: self.dropped,
            waiting: self.waiting() as u64 + self.parked,
            in_flight: self.queue.beyond() as u64,
            high_water: self.high_water as u64,
        }
    }

    /// The limit that keeps a frame out; `None` if it fits. An empty mailbox takes any frame.
    fn bound(&self, frame: &T) -> Option<LossReason> {
        let waiting = self.waiting();
        if waiting == 0 {
            return None;
        }
        if waiting >= self.limits.capacity.frames() {
            return Some(LossReason::BufferFull);
        }
        if self.limits.bytes.is_some_and(|most| self.bytes + frame.bytes() > most.get()) {
            return Some(LossReason::Bytes);
        }
        // A closure, since most mailboxes have no limit of age and need not look at the oldest frame.
        let age =
            || self.queue.oldest_in_slot().map_or(Duration::ZERO, |oldest| frame.at().saturating_sub(oldest.at()));
        self.limits.age.filter(|most| age() > *most).map(|_| LossReason::Age)
    }

    fn enqueue(&mut self, frame: T) {
        self.make_slot();
        self.bytes += frame.bytes();
        self.queue.frames.push_back(Some(frame));
    }

    fn make_slot(&mut self) {
        let beyond = self.queue.beyond();
        let frames = &mut self.queue.frames;
        if frames.len() == frames.capacity() {
            // Doubled, but never past what can be used: the documents state what memory a capacity costs.
            let capacity = self.limits.capacity.frames();
            let vacant = if self.keys.is_some() { capacity / 2 + VACANT_SLACK } else { 0 };
            let most = capacity.saturating_add(vacant).saturating_add(beyond);
            let wanted = (frames.len() * 2).max(4).min(most).max(frames.len() + 1);
            frames.reserve_exact(wanted - frames.len());
        }
    }
}

/// The steps that overflow policies are made of.
impl<T: QueueItem> Mailbox<T> {
    fn refuse(&mut self, bound: LossReason) -> PushOutcome<T> {
        *self.dropped.of(bound) += 1;
        PushOutcome::Refused { reason: bound }
    }

    fn cut_off(&mut self, bound: LossReason) -> PushOutcome<T> {
        *self.dropped.of(bound) += 1;
        self.close(CloseReason::Evicted);
        PushOutcome::Disconnected { reason: bound }
    }

    /// Lets waiting frames go, one after the other as `let_go` has them, until `frame` fits and waits in their place.
    ///
    /// # Errors
    /// When none is left to go; with the limit that still binds.
    fn displace(
        &mut self,
        frame: &T,
        mut bound: LossReason,
        shed: &mut impl FnMut(T, LossReason),
        let_go: impl Fn(&mut Self, LossReason) -> Option<(T, LossReason)>,
    ) -> Result<PushOutcome<T>, LossReason> {
        while let Some((lost, reason)) = let_go(self, bound) {
            let Some(next) = self.bound(frame) else {
                self.enqueue(frame.clone());
                return Ok(PushOutcome::Displaced { lost, reason });
            };
            shed(lost, reason);
            bound = next;
        }
        Err(bound)
    }

    /// Lets the oldest frame that has not been taken go for the limit that bound; `None` when there is none.
    fn let_go_oldest(&mut self, bound: LossReason) -> Option<(T, LossReason)> {
        let oldest = self.queue.remove_oldest()?;
        self.bytes -= oldest.bytes();
        *self.dropped.of(bound) += 1;
        Some((oldest, bound))
    }
}

#[cfg(test)]
mod random;
#[cfg(test)]
mod taking;
#[cfg(test)]
mod tests;
