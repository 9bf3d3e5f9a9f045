//! A transport's end of one subscription.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use super::catch_up::Forgotten;
use super::cursor::Beginning;
use super::slot::{Slot, Taken};
use super::{Hub, SubscriberId, lock};
use crate::event::{EventId, Gap};
use crate::loss::CloseReason;
use crate::mailbox::Counts;
use crate::topic::Pattern;

/// A transport's end of one subscription. Dropping it unsubscribes: events that have not been flushed are lost as
/// [`CloseReason::ClientGone`], unless the mailbox was closed before.
///
/// One task reads a subscription: [`poll_take`](Self::poll_take) keeps one waker, that of the last call. A frame that was
/// taken takes no slot any more, and nothing bounds how many may be in flight: a reader that never calls
/// [`flushed`](Self::flushed) keeps every event that it takes.
///
/// ```
/// use std::future::poll_fn;
/// use std::time::Duration;
///
/// use hubbub::{Capacity, Hub, HubSettings, Overflow, Pattern, Topic};
///
/// # futures_executor::block_on(async {
/// let capacity = Capacity::new(4).expect("1 to 1,048,576 frames");
/// let hub = Hub::new(HubSettings { epoch: 1, capacity, overflow: Overflow::DropNewest });
/// let subscription = hub.subscribe(&[Pattern::new("builds").expect("a pattern")]);
/// let topic = Topic::new("builds").expect("a topic");
/// for n in 0..5 {
///     hub.publish(Duration::ZERO, &topic, format!("{n}").into());
/// }
/// for _ in 0..4 {
///     let taken = poll_fn(|cx| subscription.poll_take(cx)).await.expect("the mailbox is open");
///     // Hand `taken.event.payload()` to the client; when it has been written, say so.
///     assert!(subscription.flushed(None) && taken.event.id().epoch == 1);
/// }
/// let counts = subscription.leave();
/// assert_eq!(counts.offered, 5);
/// assert_eq!(counts.delivered, 4);
/// assert_eq!(counts.dropped.buffer_full, 1);
/// # });
/// ```
#[derive(Debug)]
pub struct Subscription {
    hub: Hub,
    slot: Arc<Slot>,
    beginning: Beginning,
    /// Whether `forgotten` has something: asked at every event, and nearly always `false`.
    has_forgotten: AtomicBool,
    forgotten: Mutex<Option<Forgotten>>,
}

impl Subscription {
    pub(super) fn new(hub: Hub, slot: Arc<Slot>, beginning: Beginning) -> Self {
        Self { hub, slot, beginning, has_forgotten: AtomicBool::new(false), forgotten: Mutex::default() }
    }

    /// The last event before the stream; `None` if the client has said it itself.
    pub fn begins_at(&self) -> Option<EventId> {
        self.beginning.at
    }

    /// The gap that a client must be told of first: what it missed and the history no longer has.
    pub fn opening(&self) -> Option<&Gap> {
        self.beginning.opening.as_ref()
    }

    /// The events that were published before and are offered nevertheless: the first of them, and how many.
    pub fn replays(&self) -> Option<(EventId, u64)> {
        self.beginning.replays
    }

    /// The parked events that the history turned out not to have kept, since the last call.
    pub fn take_forgotten(&self) -> Option<Forgotten> {
        if !self.has_forgotten.load(Ordering::Acquire) {
            return None;
        }
        // Cleared before the sum is taken. In the other order, a loss noted in between would have its flag cleared.
        self.has_forgotten.store(false, Ordering::Release);
        lock(&self.forgotten).take()
    }

    fn forgot(&self, forgotten: Forgotten) {
        let mut sum = lock(&self.forgotten);
        // Added up: the mailbox may have been filled several times since the transport asked.
        let before = sum.map_or(0, |before| before.count);
        *sum = Some(Forgotten { count: before + forgotten.count, ..forgotten });
        self.has_forgotten.store(true, Ordering::Release);
    }

    /// The subscriber's id, unique for the life of the Hub.
    pub fn id(&self) -> SubscriberId {
        self.slot.id()
    }

    /// Adds a pattern, from the next event on; `false` if it is wanted already, or the subscription is over. Blocks
    /// until a fan-out that is under way has ended.
    pub fn want(&self, pattern: &Pattern) -> bool {
        self.hub.want(&self.slot, pattern)
    }

    /// Removes a pattern; `false` if it is not wanted. Events that wait for it are still delivered. Blocks until a
    /// fan-out that is under way has ended.
    pub fn give_up(&self, pattern: &Pattern) -> bool {
        self.hub.give_up(&self.slot, pattern)
    }

    /// Whether this exact pattern is wanted; a pattern that covers it does not count.
    pub fn wants(&self, pattern: &Pattern) -> bool {
        lock(&self.slot.state).interests.wants(pattern)
    }

    /// How many patterns are stored: those wanted, and those given up of which an event may still come.
    pub fn patterns_kept(&self) -> usize {
        let mut state = lock(&self.slot.state);
        state.forget_interests();
        state.interests.kept()
    }

    /// Takes the oldest waiting event, which is then in flight until [`flushed`](Self::flushed). `None` once the
    /// mailbox is closed. When nothing waits, the next event wakes `cx`.
    pub fn poll_take(&self, cx: &mut Context<'_>) -> Poll<Option<Taken>> {
        loop {
            let mut state = lock(&self.slot.state);
            if let Some(taken) = state.take() {
                return Poll::Ready(Some(taken));
            }
            if state.mailbox.closed().is_some() {
                return Poll::Ready(None);
            }
            // Checked last: parked events are fetched only when the mailbox is empty, so they never compete with new
            // ones.
            if state.mailbox.parked() == 0 {
                // Compared first: a clone of a waker counts references, and a task nearly always keeps its waker.
                if !state.on_frame.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                    state.on_frame = Some(cx.waker().clone());
                }
                return Poll::Pending;
            }
            drop(state);
            // The loop ends: catching up fills the empty mailbox, or finds that nothing is parked any more.
            if let Some(forgotten) = self.hub.catch_up(&self.slot) {
                self.forgot(forgotten);
            }
        }
    }

    /// Takes the hole behind the last event, if the subscriber has not been told of it and no event waits in front of
    /// which it could be told.
    pub fn take_last_gap(&self) -> Option<Gap> {
        let mut state = lock(&self.slot.state);
        if state.mailbox.waiting() > 0 || state.mailbox.parked() > 0 {
            return None;
        }
        state.holes.as_mut().and_then(|holes| holes.next(self.hub.epoch()))
    }

    /// Takes the oldest waiting event, if there is one. Unlike [`poll_take`](Self::poll_take) it asks for no wake-up,
    /// and brings no parked events back.
    pub fn take(&self) -> Option<Taken> {
        lock(&self.slot.state).take()
    }

    /// Says that the socket has accepted the last byte of the oldest event in flight. `next` is woken now if more
    /// events wait, or else by the next one. `false` when nothing was in flight, as after a close.
    pub fn flushed(&self, next: Option<Waker>) -> bool {
        let mut state = lock(&self.slot.state);
        if state.mailbox.flushed().is_none() {
            return false;
        }
        if state.mailbox.waiting() == 0 && state.mailbox.parked() == 0 {
            // Stored and not woken: the mailbox is empty, and a wake-up would only find that.
            state.on_frame = next;
            return true;
        }
        drop(state);
        next.into_iter().for_each(Waker::wake);
        true
    }

    /// Asks to be woken when the mailbox is closed, by the overflow policy or by [`evict`](Self::evict).
    pub fn wake_on_close(&self, waker: &Waker) {
        lock(&self.slot.state).on_close = Some(waker.clone());
    }

    /// Whether the mailbox is closed.
    pub fn is_closed(&self) -> bool {
        self.slot.is_closed.load(Ordering::Acquire)
    }

    /// Cuts the subscriber off: events that have not been flushed are lost as [`CloseReason::Evicted`].
    pub fn evict(&self) {
        self.hub.remove(&self.slot, CloseReason::Evicted);
    }

    /// Unsubscribes, as dropping does, and returns the final account.
    pub fn leave(&self) -> Counts {
        self.hub.remove(&self.slot, CloseReason::ClientGone);
        self.slot.counts()
    }

    /// The account so far.
    pub fn counts(&self) -> Counts {
        self.slot.counts()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        // After `leave` or `evict` this changes nothing: a mailbox closes once, and the registry removes once.
        self.hub.remove(&self.slot, CloseReason::ClientGone);
    }
}
