//! The flush gate: the one place between mailbox and socket, and the frames that are in it.
//!
//! Whoever writes a response, hyper or `event_response`, flushes the stream only when nothing is left to write. So a flush
//! that succeeds says that the socket has accepted everything that the body has yielded. The gate is closed from a yield to that flush. Before the
//! first byte is offered to the socket, further events may join the write. Those that the socket has accepted whole leave
//! the gate before the others.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use tokio::time::Instant;

use super::Environment;
use super::passing::Passing;
use crate::hub::{RawSubscription, SubscriberId};

/// What may pass the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// Nothing before the next flush.
    Nothing,
    /// So many events, which join the write that others have begun.
    Joins(usize),
    /// Anything: the socket has accepted all that was written.
    Anything,
}

/// The gate of one connection, shared by its body, its stream and its future.
#[derive(Debug)]
pub(crate) struct Gate<E> {
    environment: E,
    /// Whether the stream has to end when nothing waits any more.
    is_ending: AtomicBool,
    /// Whether the last stream has ended because its subscriber was cut off.
    was_cut_off: AtomicBool,
    /// Whether bytes of the write under way have been offered to the socket, so that nothing joins it any more.
    is_written: AtomicBool,
    // Never contended: one task polls body, stream and future. It is a mutex because that task may move between
    // threads.
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// What has been yielded and not been accepted.
    passing: Passing,
    /// Wakes the body, which waits for the gate to open.
    body: Option<Waker>,
    subscription: Option<Arc<RawSubscription>>,
    last_flush: Instant,
    /// When the socket stopped accepting bytes; `None` while it accepts them, or there are none.
    blocked_since: Option<Instant>,
}

impl<E: Environment> Gate<E> {
    pub(crate) fn new(environment: E) -> Self {
        let now = Instant::now();
        let state =
            State { passing: Passing::default(), body: None, subscription: None, last_flush: now, blocked_since: None };
        let (is_ending, was_cut_off, is_written) = Default::default();
        Self { environment, is_ending, was_cut_off, is_written, state: Mutex::new(state) }
    }

    pub(crate) fn environment(&self) -> &E {
        &self.environment
    }

    /// Begins a stream on this connection.
    pub(super) fn attach(&self, subscription: Arc<RawSubscription>) {
        self.lock().subscription = Some(subscription);
    }

    /// Whether a stream is on this connection.
    pub(super) fn has_stream(&self) -> bool {
        self.lock().subscription.is_some()
    }

    /// Ends the stream on this connection.
    pub(super) fn detach(&self) {
        let subscription = self.lock().subscription.take();
        // The body may see the closed mailbox before the connection's future looks, which ends for it all the same.
        // Relaxed: one task polls both.
        let was_cut_off = subscription.is_some_and(|subscription| subscription.is_closed());
        self.was_cut_off.store(was_cut_off, Ordering::Relaxed);
    }

    /// Whether the subscriber on this connection has been cut off; if not, its end wakes `waker`. `asked` remembers the
    /// subscriber and the waker of the last call, so that the mailbox is locked only when one of them changes.
    pub(crate) fn is_cut_off(&self, asked: &mut Option<(SubscriberId, Waker)>, waker: &Waker) -> bool {
        let state = self.lock();
        let Some(subscription) = &state.subscription else {
            *asked = None;
            return self.was_cut_off.load(Ordering::Relaxed);
        };
        let id = subscription.id();
        if !asked.as_ref().is_some_and(|(asked, of)| *asked == id && of.will_wake(waker)) {
            *asked = Some((id, waker.clone()));
            // Before the look below: a later close finds the waker, and an earlier one is seen.
            subscription.wake_on_close(waker);
        }
        subscription.is_closed()
    }

    /// Cuts the subscriber on this connection off, if there is one.
    pub(crate) fn evict(&self) {
        let subscription = self.lock().subscription.clone();
        if let Some(subscription) = subscription {
            subscription.evict();
        }
    }

    /// Lets the stream on this connection end when nothing waits any more; also a stream that begins later.
    pub(super) fn end(&self) {
        // Relaxed: the connection's future stores it, and the body that reads it is polled by that same future.
        self.is_ending.store(true, Ordering::Relaxed);
    }

    /// Whether the stream has to end when nothing waits any more.
    pub(super) fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::Relaxed)
    }

    /// Closes the gate behind what is yielded. More may follow for the same write.
    pub(super) fn pass(&self, passing: Passing) {
        self.lock().passing.append(passing);
    }

    /// What may pass, where a write carries at most `frames_per_write` events. Unless it is anything, the flush wakes
    /// `body`.
    pub(super) fn admits(&self, frames_per_write: usize, body: &Waker) -> Admission {
        let mut state = self.lock();
        if state.passing.is_empty() {
            return Admission::Anything;
        }
        if !state.body.as_ref().is_some_and(|waker| waker.will_wake(body)) {
            state.body = Some(body.clone());
        }
        // A comment has a write of its own: it would be beyond the buffer in place of an event.
        let room = if state.passing.comments > 0 { 0 } else { frames_per_write.saturating_sub(state.passing.len()) };
        if room == 0 || self.is_written.load(Ordering::Relaxed) { Admission::Nothing } else { Admission::Joins(room) }
    }

    /// Notes that what has passed is offered to the socket: nothing joins it any more.
    pub(super) fn begin_write(&self) {
        // Relaxed: body and stream are polled by the same future.
        self.is_written.store(true, Ordering::Relaxed);
    }

    /// Opens the gate: the socket has accepted everything.
    pub(super) fn flushed(&self) {
        self.accepted_but(0);
    }

    /// Whether several frames share the write, so that some may be accepted before others.
    pub(super) fn is_shared(&self) -> bool {
        self.lock().passing.len() > 1
    }

    /// Lets go the frames that end before the last `left` bytes, which the socket has not accepted.
    pub(super) fn accepted_but(&self, left: usize) {
        let mut state = self.lock();
        let gone = state.passing.take_but(left);
        if gone.is_empty() {
            return;
        }
        state.last_flush = Instant::now();
        let body = if state.passing.is_empty() {
            self.is_written.store(false, Ordering::Relaxed);
            state.body.take()
        } else {
            None
        };
        // No reference is counted if nothing but comments goes.
        let subscription = if gone.events.is_empty() { None } else { state.subscription.clone() };
        // Told without the lock: the mailbox and the environment have locks of their own.
        drop(state);
        let Some(subscription) = subscription else {
            body.into_iter().for_each(Waker::wake);
            return;
        };
        // The body is woken by the mailbox, which knows whether more waits: one lock and one wake-up less.
        let flushed = subscription.flushed_several(gone.events.len(), body);
        if flushed > 0 {
            self.environment.flushed(subscription.id(), &gone.events[..flushed]);
        }
    }

    /// When the last frame or comment was flushed; when the connection began, if none was.
    pub(super) fn last_flush(&self) -> Instant {
        self.lock().last_flush
    }

    /// Notes that the socket has stopped accepting bytes, or accepts them again.
    pub(super) fn set_blocked(&self, blocked: bool) {
        self.lock().blocked_since = blocked.then(Instant::now);
    }

    /// When the socket stopped accepting bytes; `None` while it accepts them, or there are none.
    pub(crate) fn blocked_since(&self) -> Option<Instant> {
        self.lock().blocked_since
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
