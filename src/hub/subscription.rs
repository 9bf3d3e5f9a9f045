//! One subscriber's two ends: the slot that a fan-out offers to, and the subscription that a transport takes from.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use super::{Hub, Outcome, SubscriberId, lock};
use crate::event::Event;
use crate::mailbox::{Capacity, Closed, Counts, Mailbox, Overflow};
use crate::topic::Pattern;

/// The Hub's end.
#[derive(Debug)]
pub(super) struct Slot {
    id: SubscriberId,
    patterns: Vec<Pattern>,
    /// Read without the lock, by a transport that asks at every turn.
    is_closed: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    mailbox: Mailbox<Arc<Event>>,
    /// Sequence of the last event offered: what matches twice is offered once.
    last_offered: u64,
    /// Woken by the next frame, once.
    on_frame: Option<Waker>,
    /// Woken by the close, even while nobody asks for frames, as behind a blocked socket.
    on_close: Option<Waker>,
}

impl Slot {
    pub(super) fn new(id: SubscriberId, patterns: Vec<Pattern>, capacity: Capacity, overflow: Overflow) -> Self {
        let mailbox = Mailbox::new(capacity, overflow);
        let state = State { mailbox, last_offered: 0, on_frame: None, on_close: None };
        Self { id, patterns, is_closed: AtomicBool::new(false), state: Mutex::new(state) }
    }

    pub(super) fn id(&self) -> SubscriberId {
        self.id
    }

    pub(super) fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    pub(super) fn counts(&self) -> Counts {
        lock(&self.state).mailbox.counts()
    }

    /// `None` where it was not offered: offered before, or the mailbox is closed.
    pub(super) fn offer(&self, event: &Arc<Event>) -> Option<Outcome> {
        let mut state = lock(&self.state);
        if state.last_offered == event.id().sequence {
            return None;
        }
        state.last_offered = event.id().sequence;
        let pushed = state.mailbox.push(event.clone());
        let outcome = Outcome::of(&pushed, state.mailbox.waiting());
        let closed = state.mailbox.closed().is_some();
        let (frame, close) = (state.on_frame.take(), if closed { state.on_close.take() } else { None });
        self.is_closed.store(closed, Ordering::Release);
        drop(state);
        [frame, close].into_iter().flatten().for_each(Waker::wake);
        outcome
    }

    pub(super) fn close(&self, why: Closed) {
        let mut state = lock(&self.state);
        state.mailbox.close(why);
        self.is_closed.store(true, Ordering::Release);
        let wakers = [state.on_frame.take(), state.on_close.take()];
        drop(state);
        wakers.into_iter().flatten().for_each(Waker::wake);
    }
}

/// A transport's end of one subscription. Dropping it unsubscribes: what had not been flushed is lost as
/// [`Closed::ClientGone`], unless the mailbox was closed before.
#[derive(Debug)]
pub struct Subscription {
    hub: Hub,
    slot: Arc<Slot>,
}

impl Subscription {
    pub(super) fn new(hub: Hub, slot: Arc<Slot>) -> Self {
        Self { hub, slot }
    }

    /// Who this is.
    pub fn id(&self) -> SubscriberId {
        self.slot.id
    }

    /// Takes the oldest waiting event, which is then in flight until [`flushed`](Self::flushed). `None` once closed.
    pub fn poll_take(&self, cx: &mut Context<'_>) -> Poll<Option<Arc<Event>>> {
        let mut state = lock(&self.slot.state);
        if let Some(event) = state.mailbox.take() {
            return Poll::Ready(Some(event.clone()));
        }
        if state.mailbox.closed().is_some() {
            return Poll::Ready(None);
        }
        if !state.on_frame.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            state.on_frame = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Takes the oldest waiting event, if there is one, and asks for no more.
    pub fn take(&self) -> Option<Arc<Event>> {
        lock(&self.slot.state).mailbox.take().cloned()
    }

    /// The socket has accepted the last byte of the oldest event in flight; whoever waited for that is woken now if
    /// there is more, else by the next frame. `false` when nothing was in flight, as after a close.
    pub fn flushed(&self, next: Option<Waker>) -> bool {
        let mut state = lock(&self.slot.state);
        if state.mailbox.flushed().is_none() {
            return false;
        }
        if state.mailbox.waiting() == 0 {
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

    /// Cuts the subscriber off: what had not been flushed is lost as [`Closed::Evicted`].
    pub fn evict(&self) {
        self.hub.remove(&self.slot, Closed::Evicted);
    }

    /// Unsubscribes, as dropping does, and returns the final account.
    pub fn leave(&self) -> Counts {
        self.hub.remove(&self.slot, Closed::ClientGone);
        self.slot.counts()
    }

    /// The account so far.
    pub fn counts(&self) -> Counts {
        self.slot.counts()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.hub.remove(&self.slot, Closed::ClientGone);
    }
}
