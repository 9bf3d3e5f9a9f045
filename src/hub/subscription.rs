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

/// A transport's end of one subscription. Dropping it unsubscribes: what had not been flushed is lost as
/// [`CloseReason::ClientGone`], unless the mailbox was closed before.
#[derive(Debug)]
pub struct Subscription {
    hub: Hub,
    slot: Arc<Slot>,
    beginning: Beginning,
    has_forgotten: AtomicBool,
    forgotten: Mutex<Option<Forgotten>>,
}

impl Subscription {
    pub(super) fn new(hub: Hub, slot: Arc<Slot>, beginning: Beginning) -> Self {
        Self { hub, slot, beginning, has_forgotten: AtomicBool::new(false), forgotten: Mutex::default() }
    }

    /// The last event before the stream, where the client cannot know it by itself.
    pub fn begins_at(&self) -> Option<EventId> {
        self.beginning.at
    }

    /// What a client that has come back is to be told first: that something is out of reach.
    pub fn opening(&self) -> Option<&Gap> {
        self.beginning.opening.as_ref()
    }

    /// What was published before and is offered all the same: from which event on, and how many.
    pub fn replays(&self) -> Option<(EventId, u64)> {
        self.beginning.replays
    }

    /// What the history turned out not to have kept for this subscriber since the last time.
    pub fn take_forgotten(&self) -> Option<Forgotten> {
        if !self.has_forgotten.load(Ordering::Acquire) {
            return None;
        }
        self.has_forgotten.store(false, Ordering::Release);
        lock(&self.forgotten).take()
    }

    fn forgot(&self, forgotten: Forgotten) {
        let mut sum = lock(&self.forgotten);
        let before = sum.map_or(0, |before| before.count);
        *sum = Some(Forgotten { count: before + forgotten.count, ..forgotten });
        self.has_forgotten.store(true, Ordering::Release);
    }

    /// The subscriber's id, unique for the life of the Hub.
    pub fn id(&self) -> SubscriberId {
        self.slot.id()
    }

    /// Wants one pattern more, from the next event on; `false` where it is wanted already, or the subscription is over.
    /// Waits for the end of a fan-out that is under way.
    pub fn want(&self, pattern: &Pattern) -> bool {
        self.hub.want(&self.slot, pattern)
    }

    /// Wants one pattern less; what waits already still comes. `false` where it is not wanted. Waits as
    /// [`want`](Self::want) does.
    pub fn give_up(&self, pattern: &Pattern) -> bool {
        self.hub.give_up(&self.slot, pattern)
    }

    /// Whether that very pattern is wanted.
    pub fn wants(&self, pattern: &Pattern) -> bool {
        lock(&self.slot.state).interests.wants(pattern)
    }

    /// How many patterns are kept in mind: those wanted, and those given up of which something may still come.
    pub fn patterns_kept(&self) -> usize {
        let mut state = lock(&self.slot.state);
        state.forget_interests();
        state.interests.kept()
    }

    /// Takes the oldest waiting event, which is then in flight until [`flushed`](Self::flushed). `None` once closed.
    pub fn poll_take(&self, cx: &mut Context<'_>) -> Poll<Option<Taken>> {
        loop {
            let mut state = lock(&self.slot.state);
            if let Some(taken) = state.take() {
                return Poll::Ready(Some(taken));
            }
            if state.mailbox.closed().is_some() {
                return Poll::Ready(None);
            }
            if state.mailbox.parked() == 0 {
                if !state.on_frame.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                    state.on_frame = Some(cx.waker().clone());
                }
                return Poll::Pending;
            }
            drop(state);
            if let Some(forgotten) = self.hub.catch_up(&self.slot) {
                self.forgot(forgotten);
            }
        }
    }

    /// The hole behind the last event there was, where the subscriber has not been told of it and no event waits that
    /// it could be told before.
    pub fn take_last_gap(&self) -> Option<Gap> {
        let mut state = lock(&self.slot.state);
        if state.mailbox.waiting() > 0 || state.mailbox.parked() > 0 {
            return None;
        }
        state.holes.as_mut().and_then(|holes| holes.next(self.hub.epoch()))
    }

    /// Takes the oldest waiting event, if there is one, and asks for no more.
    pub fn take(&self) -> Option<Taken> {
        lock(&self.slot.state).take()
    }

    /// The socket has accepted the last byte of the oldest event in flight; whoever waited for that is woken now if
    /// there is more, else by the next frame. `false` when nothing was in flight, as after a close.
    pub fn flushed(&self, next: Option<Waker>) -> bool {
        let mut state = lock(&self.slot.state);
        if state.mailbox.flushed().is_none() {
            return false;
        }
        if state.mailbox.waiting() == 0 && state.mailbox.parked() == 0 {
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

    /// Cuts the subscriber off: what had not been flushed is lost as [`CloseReason::Evicted`].
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
        self.hub.remove(&self.slot, CloseReason::ClientGone);
    }
}
