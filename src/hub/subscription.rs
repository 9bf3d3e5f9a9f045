//! One subscriber's two ends: the slot that a fan-out offers to, and the subscription that a transport takes from.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use super::catch_up::Beginning;
use super::holes::Holes;
use super::interests::Interests;
use super::{Channel, Hub, Outcome, SubscriberId, lock};
use crate::event::{Event, EventId, Gap, GapReason};
use crate::mailbox::{CloseReason, Counts, LossReason, Mailbox, Pushed};
use crate::topic::Pattern;

/// The Hub's end.
#[derive(Debug)]
pub(super) struct Slot {
    id: SubscriberId,
    channel: Channel,
    /// Read without the lock, by a transport that asks at every turn.
    is_closed: AtomicBool,
    pub(super) state: Mutex<State>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) mailbox: Mailbox<Arc<Event>>,
    /// Shared with whoever looks into the history for it.
    pub(super) interests: Arc<Interests>,
    /// Sequence of the last event offered: what matches twice is offered once.
    pub(super) last_offered: u64,
    /// Sequence of the last event that got a slot.
    pub(super) last_queued: u64,
    /// The first sequence that may be parked, where anything is.
    pub(super) parked_from: u64,
    /// Those of which the subscriber has not been told; `None` where nobody is told of any.
    pub(super) holes: Option<Holes>,
    /// Woken by the next frame, once.
    on_frame: Option<Waker>,
    /// Woken by the close, even while nobody asks for frames, as behind a blocked socket.
    on_close: Option<Waker>,
}

/// What an offer did.
pub(super) struct Offered {
    pub(super) outcome: Outcome,
    /// What else was lost by it, before.
    pub(super) shed: Vec<Outcome>,
}

/// An event on its way to a subscriber.
#[derive(Debug, Clone)]
pub struct Taken {
    /// What to send.
    pub event: Arc<Event>,
    /// The hole in front of it, to be told first.
    pub gap: Option<Gap>,
}

/// Parked events that the history has not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forgotten {
    /// How many.
    pub count: u64,
    /// The limit for which they were parked, or that they were out of reach.
    pub reason: LossReason,
}

impl Slot {
    pub(super) fn new(
        patterns: &[Pattern],
        mailbox: Mailbox<Arc<Event>>,
        channel: Channel,
        announces_gaps: bool,
    ) -> Self {
        let state = State {
            mailbox,
            interests: Arc::new(Interests::new(patterns)),
            last_offered: 0,
            last_queued: 0,
            parked_from: 0,
            holes: announces_gaps.then(Holes::default),
            on_frame: None,
            on_close: None,
        };
        Self { id: SubscriberId(0), channel, is_closed: AtomicBool::new(false), state: Mutex::new(state) }
    }

    pub(super) fn id(&self) -> SubscriberId {
        self.id
    }

    pub(super) fn set_id(&mut self, id: SubscriberId) {
        self.id = id;
    }

    /// Nobody knows of it yet.
    pub(super) fn interests(&mut self) -> &Interests {
        &self.state.get_mut().unwrap_or_else(PoisonError::into_inner).interests
    }

    /// Nobody knows of it yet: it begins after `last`, with `count` events from `from` on that wait in the history.
    pub(super) fn begin_after(&mut self, from: u64, last: u64, count: u64) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        state.mailbox.replay(count);
        (state.parked_from, state.last_offered) = (from, last);
    }

    pub(super) fn channel(&self) -> Channel {
        self.channel
    }

    /// The patterns that it wants now.
    pub(super) fn wanted(&self) -> Vec<Pattern> {
        lock(&self.state).interests.wanted().collect()
    }

    pub(super) fn counts(&self) -> Counts {
        lock(&self.state).mailbox.counts()
    }

    /// `None` where it was not offered: offered before, or the mailbox is closed.
    pub(super) fn offer(&self, event: &Arc<Event>) -> Option<Offered> {
        let mut state = lock(&self.state);
        if state.last_offered >= event.id().sequence {
            return None;
        }
        state.last_offered = event.id().sequence;
        let offered = state.push(event);
        let closed = state.mailbox.closed().is_some();
        let (frame, close) = (state.on_frame.take(), if closed { state.on_close.take() } else { None });
        self.is_closed.store(closed, Ordering::Release);
        drop(state);
        [frame, close].into_iter().flatten().for_each(Waker::wake);
        offered
    }

    pub(super) fn close(&self, why: CloseReason) {
        let mut state = lock(&self.state);
        state.mailbox.close(why);
        self.is_closed.store(true, Ordering::Release);
        let wakers = [state.on_frame.take(), state.on_close.take()];
        drop(state);
        wakers.into_iter().flatten().for_each(Waker::wake);
    }
}

impl State {
    pub(super) fn want(&mut self, pattern: &Pattern, first: u64) -> bool {
        self.forget_interests();
        Arc::make_mut(&mut self.interests).add(pattern, first)
    }

    pub(super) fn give_up(&mut self, pattern: &Pattern, last: u64) -> bool {
        self.forget_interests();
        Arc::make_mut(&mut self.interests).give_up(pattern, last)
    }

    /// Those of which nothing is parked any more.
    fn forget_interests(&mut self) {
        let parked_from = if self.mailbox.parked() > 0 { self.parked_from } else { u64::MAX };
        Arc::make_mut(&mut self.interests).forget_before(parked_from);
    }

    fn take(&mut self) -> Option<Taken> {
        let event = self.mailbox.take()?.clone();
        let id = event.id();
        let gap = self.holes.as_mut().and_then(|holes| holes.before(id.epoch, id.sequence));
        Some(Taken { event, gap })
    }

    fn push(&mut self, event: &Arc<Event>) -> Option<Offered> {
        let sequence = event.id().sequence;
        let (mut last_lost, mut shed) = (None, Vec::new());
        let was_parked = self.mailbox.parked() > 0;
        let pushed = self.mailbox.push(event.clone(), |lost, reason| {
            // Nearly always there is one at most, and nothing to keep.
            if let Some((lost, reason)) = last_lost.replace((lost.id(), reason)) {
                shed.push(Outcome::Shed { lost, reason });
            }
        });
        let outcome = match pushed {
            Pushed::Queued => Outcome::Queued { waiting: self.mailbox.waiting() },
            Pushed::Refused(reason) => Outcome::Refused { reason },
            Pushed::Disconnected(reason) => Outcome::Disconnected { reason },
            Pushed::Displaced => match last_lost {
                Some((lost, reason)) => Outcome::Displaced { lost, reason },
                None => Outcome::Queued { waiting: self.mailbox.waiting() },
            },
            Pushed::Parked => {
                if !was_parked {
                    self.parked_from = sequence;
                }
                Outcome::Parked { waiting: usize::try_from(self.mailbox.counts().waiting).unwrap_or(usize::MAX) }
            }
            Pushed::NotOffered => return None,
        };
        if outcome.is_loss() {
            self.remember(sequence, &outcome, &shed);
        }
        if matches!(pushed, Pushed::Queued | Pushed::Displaced) {
            self.last_queued = sequence;
        }
        Some(Offered { outcome, shed })
    }

    /// Keeps in mind what the subscriber has to be told.
    fn remember(&mut self, sequence: u64, outcome: &Outcome, shed: &[Outcome]) {
        let Some(holes) = &mut self.holes else { return };
        for outcome in shed.iter().chain([outcome]) {
            match *outcome {
                Outcome::Refused { reason } => {
                    let Some(reason) = missing(reason) else { continue };
                    holes.lost_behind(self.last_queued, (sequence, sequence), 1, reason);
                }
                Outcome::Displaced { lost, reason } | Outcome::Shed { lost, reason } => {
                    let Some(reason) = missing(reason) else { continue };
                    let oldest = self.mailbox.oldest().map(|event| event.id().sequence);
                    holes.lost_in_front(lost.sequence, oldest, reason);
                }
                // Whoever is cut off is told nothing more; it asks for what it missed when it comes back.
                Outcome::Disconnected { .. } | Outcome::Queued { .. } | Outcome::Parked { .. } => {}
            }
        }
    }
}

/// How a loss is called before those it has happened to; a value that a later one has made old is none.
pub(super) fn missing(reason: LossReason) -> Option<GapReason> {
    match reason {
        LossReason::BufferFull => Some(GapReason::BufferFull),
        LossReason::Bytes => Some(GapReason::Bytes),
        LossReason::Age => Some(GapReason::Age),
        LossReason::OutOfReach => Some(GapReason::OutOfReach),
        LossReason::Conflated => None,
    }
}

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
        self.slot.id
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
