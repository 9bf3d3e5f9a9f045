//! The Hub's end of one subscription: what a fan-out offers to, and what its subscriber has to be told.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;

use super::holes::{Holes, is_told};
use super::interests::Interests;
use super::{SubscriberId, lock};
use crate::event::{Event, EventId, Gap};
use crate::loss::{CloseReason, PushOutcome};
use crate::mailbox::{Counts, Mailbox};
use crate::topic::Pattern;

/// The Hub's end of one subscription.
#[derive(Debug)]
pub(super) struct Slot {
    id: SubscriberId,
    /// What the subscriber is counted under.
    label: &'static str,
    /// The place of the rule that its policy is from.
    rule: usize,
    /// Whether the mailbox is closed; read without the lock, since a transport asks whenever it is polled.
    pub(super) is_closed: AtomicBool,
    pub(super) state: Mutex<State>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) mailbox: Mailbox<Arc<Event>>,
    /// Shared with a reader of the history, which looks for the subscriber's events without its lock.
    pub(super) interests: Arc<Interests>,
    /// Sequence of the last event offered. An event that matches two patterns is offered once because of it.
    pub(super) last_offered: u64,
    /// Sequence of the last event that got a slot.
    pub(super) last_queued: u64,
    /// The first sequence that may be parked; without meaning while nothing is parked.
    pub(super) parked_from: u64,
    /// The holes that the subscriber has not been told of; `None` if the Hub sends no gap notices.
    pub(super) holes: Option<Holes>,
    /// Woken by the next frame, once.
    pub(super) on_frame: Option<Waker>,
    /// Woken by the close, also while no frame is asked for, as behind a blocked socket.
    pub(super) on_close: Option<Waker>,
}

/// What the offer of one event did.
pub(super) struct Offered {
    pub(super) outcome: PushOutcome<EventId>,
    /// The frames that were let go before the one that the outcome names; all are [`PushOutcome::Shed`].
    pub(super) shed: Vec<PushOutcome<EventId>>,
}

/// An event that a subscriber gets, and what is missing in front of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Taken {
    /// The event.
    pub event: Arc<Event>,
    /// The events that are missing between the one before and this one; `None` if none is, or the subscription has no
    /// gap notices.
    pub gap: Option<Gap>,
}

impl Slot {
    pub(super) fn new(
        patterns: &[Pattern],
        mailbox: Mailbox<Arc<Event>>,
        (label, rule): (&'static str, usize),
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
        // The registry replaces the id when it adds the slot.
        Self { id: SubscriberId(0), label, rule, is_closed: AtomicBool::new(false), state: Mutex::new(state) }
    }

    pub(super) fn id(&self) -> SubscriberId {
        self.id
    }

    pub(super) fn set_id(&mut self, id: SubscriberId) {
        self.id = id;
    }

    /// What the subscriber wants. `&mut` because the slot is not in the registry yet, and needs no lock.
    pub(super) fn interests(&mut self) -> &Interests {
        &self.state.get_mut().unwrap_or_else(PoisonError::into_inner).interests
    }

    /// Begins after the event `last`, with `count` events from `from` on that wait in the history. The slot is not in
    /// the registry yet, and needs no lock.
    pub(super) fn begin_after(&mut self, from: u64, last: u64, count: u64) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        state.mailbox.replay(count);
        state.parked_from = from;
        state.last_offered = last;
    }

    pub(super) fn label(&self) -> &'static str {
        self.label
    }

    pub(super) fn rule(&self) -> usize {
        self.rule
    }

    /// The patterns that it wants now.
    pub(super) fn wanted(&self) -> Vec<Pattern> {
        lock(&self.state).interests.wanted().collect()
    }

    pub(super) fn counts(&self) -> Counts {
        lock(&self.state).mailbox.counts()
    }

    /// Offers an event; `None` if it was offered before, or the mailbox is closed.
    pub(super) fn offer(&self, event: &Arc<Event>) -> Option<Offered> {
        let mut state = lock(&self.state);
        // A subscriber with several patterns can be in the audience of one event more than once.
        if state.last_offered >= event.id().sequence {
            return None;
        }
        state.last_offered = event.id().sequence;
        let offered = state.push(event);
        let closed = state.mailbox.closed().is_some();
        let on_frame = state.on_frame.take();
        // Taken only when it is needed: the connection asks for this wake-up once.
        let on_close = if closed { state.on_close.take() } else { None };
        // Stored under the lock, so that it never falls behind a close by another thread.
        self.is_closed.store(closed, Ordering::Release);
        // Woken without the lock: a waker may take from the mailbox at once.
        drop(state);
        [on_frame, on_close].into_iter().flatten().for_each(Waker::wake);
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

    /// Forgets patterns that were given up and of which nothing is parked any more.
    pub(super) fn forget_interests(&mut self) {
        // With nothing parked, no event of a pattern that was given up can still be fetched: all such ranges may go.
        let parked_from = if self.mailbox.parked() > 0 { self.parked_from } else { u64::MAX };
        Arc::make_mut(&mut self.interests).forget_before(parked_from);
    }

    pub(super) fn take(&mut self) -> Option<Taken> {
        let event = self.mailbox.take()?.clone();
        Some(self.with_gap(event))
    }

    fn with_gap(&mut self, event: Arc<Event>) -> Taken {
        let id = event.id();
        let gap = self.holes.as_mut().and_then(|holes| holes.before(id.epoch, id.sequence));
        Taken { event, gap }
    }

    /// Takes waiting events as long as `more` says so of the one before; `None` if none waits.
    pub(super) fn take_several(&mut self, more: &mut impl FnMut(Taken) -> bool) -> Option<()> {
        let first = self.take()?;
        let mut wants_more = more(first);
        while wants_more && let Some(next) = self.take() {
            wants_more = more(next);
        }
        Some(())
    }

    /// Takes the oldest waiting event, and counts it as delivered.
    pub(super) fn read(&mut self) -> Option<Taken> {
        let event = self.mailbox.receive()?;
        Some(self.with_gap(event))
    }

    /// Counts the event in flight as lost, and puts back the hole that was taken with it.
    pub(super) fn lose(&mut self, id: EventId, hole: Option<Gap>) {
        if !self.mailbox.lose_in_flight() {
            return;
        }
        let next = self.mailbox.oldest().map(|event| event.id().sequence);
        if let Some(holes) = &mut self.holes {
            holes.put_back(id.sequence, next, hole);
        }
    }

    fn push(&mut self, event: &Arc<Event>) -> Option<Offered> {
        let sequence = event.id().sequence;
        let was_parked = self.mailbox.parked() > 0;
        // Nearly always empty, and then it takes no memory.
        let mut shed = Vec::new();
        let pushed =
            self.mailbox.push(event, |lost, reason| shed.push(PushOutcome::Shed { lost: lost.id(), reason }))?;
        let outcome = pushed.map(|lost| lost.id());
        if outcome.is_loss() {
            shed.iter().chain([&outcome]).for_each(|outcome| self.note_loss(sequence, outcome));
        }
        match outcome {
            PushOutcome::Queued { .. } | PushOutcome::Displaced { .. } => self.last_queued = sequence,
            // Only the first parked event sets it: those that follow wait behind, and catching up moves it on.
            PushOutcome::Parked { .. } if !was_parked => self.parked_from = sequence,
            PushOutcome::Parked { .. }
            | PushOutcome::Refused { .. }
            | PushOutcome::Shed { .. }
            | PushOutcome::Disconnected { .. } => {}
        }
        Some(Offered { outcome, shed })
    }

    /// Remembers what the subscriber has to be told of a push; `sequence` is the offered event's.
    fn note_loss(&mut self, sequence: u64, outcome: &PushOutcome<EventId>) {
        let Some(holes) = &mut self.holes else { return };
        match *outcome {
            PushOutcome::Refused { reason } if is_told(reason) => {
                holes.lost_behind(self.last_queued, (sequence, sequence), 1, reason);
            }
            PushOutcome::Displaced { lost, reason } | PushOutcome::Shed { lost, reason } if is_told(reason) => {
                let oldest = self.mailbox.oldest().map(|event| event.id().sequence);
                holes.lost_in_front(lost.sequence, oldest, reason);
            }
            PushOutcome::Refused { .. } | PushOutcome::Displaced { .. } | PushOutcome::Shed { .. } => {}
            // A subscriber that is cut off is told nothing more: it asks for what it missed when it comes back.
            PushOutcome::Disconnected { .. } | PushOutcome::Queued { .. } | PushOutcome::Parked { .. } => {}
        }
    }
}
