//! A transport's end of one subscription: frames are taken, and told to be flushed later.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use super::catch_up::Forgotten;
use super::cursor::Beginning;
use super::slot::{Slot, State, Taken};
use super::{Hub, SubscriberId, lock};
use crate::event::{EventId, Gap};
use crate::loss::CloseReason;
use crate::mailbox::Counts;
use crate::topic::Pattern;

/// A subscription for a transport that tells the Hub when its socket has accepted a frame, and that may have several
/// frames on the way. Programs that read events themselves use [`Subscription`](super::Subscription).
///
/// Dropping it unsubscribes: events that have not been flushed are lost as [`CloseReason::ClientGone`], unless the
/// mailbox was closed before.
///
/// One task reads a subscription: [`poll_take`](Self::poll_take) keeps one waker, that of the last call. Of the frames in
/// flight only the first takes no slot. So a reader that never calls [`flushed`](Self::flushed) can take one frame more
/// than the mailbox has slots, and further ones do not fit.
///
/// ```
/// use std::future::poll_fn;
/// use std::time::Duration;
///
/// use hubbub::{Capacity, Hub, HubSettings, Overflow, Pattern, Topic};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # futures_executor::block_on(async {
/// let capacity = Capacity::new(4).expect("1 to 1,048,576 frames");
/// let hub = Hub::new(HubSettings { epoch: 1, capacity, overflow: Overflow::DropNewest });
/// let subscription = hub.subscribe(&[Pattern::new("builds")?]).open_raw()?;
/// let topic = Topic::new("builds")?;
/// for n in 0..5 {
///     hub.publish(Duration::ZERO, &topic, format!("{n}"));
/// }
/// for _ in 0..4 {
///     let taken = poll_fn(|cx| subscription.poll_take(cx)).await.expect("the mailbox is open");
///     // Hand `taken.event.payload()` to the socket; when the socket has accepted it, say so.
///     assert!(subscription.flushed(None) && taken.event.id().epoch == 1);
/// }
/// let counts = subscription.leave();
/// assert_eq!([counts.offered, counts.delivered, counts.dropped.buffer_full], [5, 4, 1]);
/// # Ok(())
/// # })
/// # }
/// ```
#[must_use = "a subscription that is dropped is over"]
#[derive(Debug)]
pub struct RawSubscription {
    hub: Hub,
    slot: Arc<Slot>,
    beginning: Beginning,
    /// Whether `forgotten` has something: asked at every event, and nearly always `false`.
    has_forgotten: AtomicBool,
    forgotten: Mutex<Option<Forgotten>>,
}

impl RawSubscription {
    pub(super) fn new(hub: Hub, slot: Arc<Slot>, beginning: Beginning) -> Self {
        Self { hub, slot, beginning, has_forgotten: AtomicBool::new(false), forgotten: Mutex::default() }
    }

    /// The last event before the stream; `None` if the client has said it itself.
    pub fn begins_at(&self) -> Option<EventId> {
        self.beginning.at
    }

    /// The gap that a client must be told of first: what it missed and the history no longer has. `None` without a
    /// cursor, and where nothing is missing.
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

    /// The patterns that are wanted now.
    pub fn wanted(&self) -> Vec<Pattern> {
        self.slot.wanted()
    }

    /// Whether this exact pattern is wanted; a pattern that covers it does not count.
    pub fn wants(&self, pattern: &Pattern) -> bool {
        lock(&self.slot.state).interests.wants(pattern)
    }

    /// Returns the number of patterns that the Hub stores for this subscription. A pattern that was given up counts
    /// until none of its events can come any more.
    pub fn patterns_kept(&self) -> usize {
        let mut state = lock(&self.slot.state);
        state.forget_interests();
        state.interests.kept()
    }

    /// Returns how many of the [stored patterns](Self::patterns_kept) have wildcards.
    pub fn wildcards_kept(&self) -> usize {
        let mut state = lock(&self.slot.state);
        state.forget_interests();
        state.interests.wildcards_kept()
    }

    /// Takes the oldest waiting event, which is then in flight until [`flushed`](Self::flushed). `None` once the
    /// mailbox is closed. When nothing waits, the next event wakes `cx`.
    pub fn poll_take(&self, cx: &mut Context<'_>) -> Poll<Option<Taken>> {
        self.next(Some(cx.waker()), State::take)
    }

    /// Takes the oldest waiting event and counts it as delivered. When nothing waits, the next event wakes `waker`.
    pub(super) fn read(&self, waker: Option<&Waker>) -> Poll<Option<Taken>> {
        self.next(waker, State::read)
    }

    fn next<T>(&self, waker: Option<&Waker>, mut take: impl FnMut(&mut State) -> Option<T>) -> Poll<Option<T>> {
        loop {
            let mut state = lock(&self.slot.state);
            if let Some(taken) = take(&mut state) {
                return Poll::Ready(Some(taken));
            }
            if state.mailbox.closed().is_some() {
                return Poll::Ready(None);
            }
            // Checked last: parked events are fetched only when no slot is taken, so they never compete with new ones.
            // Events in flight may hold slots: then their flush wakes the reader.
            if state.mailbox.parked() == 0 || state.mailbox.waiting() > 0 {
                // Compared first: a clone of a waker counts references, and a task nearly always keeps its waker.
                if let Some(waker) = waker
                    && !state.on_frame.as_ref().is_some_and(|other| other.will_wake(waker))
                {
                    state.on_frame = Some(waker.clone());
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

    /// Counts the event in flight as lost because its reader gave it up. The next event tells of it, and of the hole
    /// that was taken with it. Does nothing after a close, which has counted the event.
    pub(super) fn lose(&self, id: EventId, hole: Option<Gap>) {
        lock(&self.slot.state).lose(id, hole);
    }

    /// Takes the hole behind the last event, if the subscriber has not been told of it and no event waits in front of
    /// which it could be told.
    pub fn take_last_gap(&self) -> Option<Gap> {
        let mut state = lock(&self.slot.state);
        if state.mailbox.has_untaken() || state.mailbox.parked() > 0 {
            return None;
        }
        state.holes.as_mut().and_then(|holes| holes.next(self.hub.epoch()))
    }

    /// Takes the oldest waiting event, as [`poll_take`](Self::poll_take) does, and then those behind it as long as `more`
    /// says so of the one before. `more` runs under the mailbox's lock, so it must not touch this subscription.
    #[cfg_attr(not(feature = "sse"), expect(dead_code, reason = "only a transport writes several at once"))]
    pub(crate) fn poll_take_several(
        &self,
        cx: &mut Context<'_>,
        mut more: impl FnMut(Taken) -> bool,
    ) -> Poll<Option<()>> {
        self.next(Some(cx.waker()), |state| state.take_several(&mut more))
    }

    /// Takes events that wait, as long as `more` says so of the one before; `None` if there are none. It asks for no wake-up
    /// and brings no parked events back: it is for events that share a write with others. `more` runs under the mailbox's
    /// lock, so it must not touch this subscription.
    #[cfg_attr(not(feature = "sse"), expect(dead_code, reason = "only a transport writes several at once"))]
    pub(crate) fn take_along(&self, mut more: impl FnMut(Taken) -> bool) -> Option<()> {
        lock(&self.slot.state).take_several(&mut more)
    }

    /// Says that the socket has accepted the last byte of the oldest event in flight. `next` is woken now if more
    /// events wait, or else by the next one. `false` when nothing was in flight, as after a close.
    pub fn flushed(&self, next: Option<Waker>) -> bool {
        self.flushed_several(1, next) == 1
    }

    /// Says that the socket has accepted the last byte of each of the `count` oldest events in flight; see
    /// [`flushed`](Self::flushed). Returns how many were in flight.
    pub(crate) fn flushed_several(&self, count: usize, next: Option<Waker>) -> usize {
        let mut state = lock(&self.slot.state);
        let flushed = (0..count).take_while(|_| state.mailbox.flushed().is_some()).count();
        if flushed == 0 {
            return 0;
        }
        if !state.mailbox.has_untaken() && state.mailbox.parked() == 0 {
            // Stored and not woken: there is nothing to take, and a wake-up would only find that.
            state.on_frame = next.or(state.on_frame.take());
            return flushed;
        }
        // A reader may wait although events are parked: for a slot.
        let reader = state.on_frame.take();
        drop(state);
        [next, reader].into_iter().flatten().for_each(Waker::wake);
        flushed
    }

    /// Whether several events may be in flight without a change of what is lost: not where the policy has to be able to
    /// remove those that wait, see [`Overflow::removes_waiting`](crate::Overflow::removes_waiting).
    pub fn may_share_writes(&self) -> bool {
        !lock(&self.slot.state).mailbox.overflow().removes_waiting()
    }

    /// Asks to be woken when the mailbox is closed, by the overflow policy or by [`evict`](Self::evict).
    pub fn wake_on_close(&self, waker: &Waker) {
        lock(&self.slot.state).on_close = Some(waker.clone());
    }

    /// Why the mailbox is closed; `None` while it is open.
    pub fn closed(&self) -> Option<CloseReason> {
        lock(&self.slot.state).mailbox.closed()
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

impl Drop for RawSubscription {
    fn drop(&mut self) {
        // After `leave` or `evict` this changes nothing: a mailbox closes once, and the registry removes once.
        self.hub.remove(&self.slot, CloseReason::ClientGone);
    }
}
