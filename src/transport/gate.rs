//! The flush gate: the one place between mailbox and socket, and the frames that are in it.
//!
//! hyper asks the stream to flush only when its own write buffer is empty, so a flush that succeeds says that the
//! socket has accepted everything that the body has yielded. The gate is closed from a yield to that flush. If several
//! frames share a write, those that the socket has accepted whole leave the gate before the others.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use tokio::time::Instant;

use super::Environment;
use crate::event::Event;
use crate::hub::{RawSubscription, SubscriberId};

/// Bytes between the mailbox and the socket: an event, or something that no mailbox counts.
#[derive(Debug)]
pub(super) struct Passing {
    /// The event in flight; `None` for a comment, which no mailbox counts.
    pub(super) event: Option<Arc<Event>>,
    /// Length on the wire in bytes, without what HTTP adds.
    pub(super) bytes: usize,
}

/// The gate of one connection, shared by its body, its stream and its future.
#[derive(Debug)]
pub(crate) struct Gate<E> {
    environment: E,
    /// Whether the stream has to end when nothing waits any more.
    is_ending: AtomicBool,
    // Never contended: one task polls body, stream and future. It is a mutex because that task may move between
    // threads.
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// What has been yielded and not been accepted, in the order of the wire.
    passing: VecDeque<Passing>,
    /// Wakes the body, which waits for the gate to open.
    body: Option<Waker>,
    subscription: Option<Arc<RawSubscription>>,
    /// Bytes at the end of every write that belong to no frame.
    end_bytes: usize,
    last_flush: Instant,
    /// When the socket stopped accepting bytes; `None` while it accepts them, or there are none.
    blocked_since: Option<Instant>,
}

impl<E: Environment> Gate<E> {
    pub(crate) fn new(environment: E) -> Self {
        let now = Instant::now();
        let state = State {
            passing: VecDeque::new(),
            body: None,
            subscription: None,
            end_bytes: 0,
            last_flush: now,
            blocked_since: None,
        };
        Self { environment, is_ending: AtomicBool::new(false), state: Mutex::new(state) }
    }

    pub(crate) fn environment(&self) -> &E {
        &self.environment
    }

    /// Begins a stream on this connection. `end_bytes` at the end of every write belong to no frame.
    pub(super) fn attach(&self, subscription: Arc<RawSubscription>, end_bytes: usize) {
        let mut state = self.lock();
        state.subscription = Some(subscription);
        state.end_bytes = end_bytes;
    }

    /// Ends the stream on this connection.
    pub(super) fn detach(&self) {
        self.lock().subscription = None;
    }

    /// Whether the subscriber on this connection has been cut off; if not, its end wakes `waker`. `asked` remembers the
    /// subscriber and the waker of the last call, so that the mailbox is locked only when one of them changes.
    pub(crate) fn is_cut_off(&self, asked: &mut Option<(SubscriberId, Waker)>, waker: &Waker) -> bool {
        let state = self.lock();
        let Some(subscription) = &state.subscription else {
            *asked = None;
            return false;
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
        self.lock().passing.push_back(passing);
    }

    /// Whether the gate is open. If not, `body` is woken when it opens.
    pub(super) fn is_open(&self, body: &Waker) -> bool {
        let mut state = self.lock();
        if !state.passing.is_empty() && !state.body.as_ref().is_some_and(|waker| waker.will_wake(body)) {
            state.body = Some(body.clone());
        }
        state.passing.is_empty()
    }

    /// Opens the gate: the socket has accepted everything.
    pub(super) fn flushed(&self) {
        while self.let_go(0) {}
    }

    /// Whether several frames share the write, so that some may be accepted before others.
    pub(super) fn is_shared(&self) -> bool {
        self.lock().passing.len() > 1
    }

    /// Lets go the frames that end before the last `left` bytes, which the socket has not accepted.
    pub(super) fn accepted_but(&self, left: usize) {
        while self.let_go(left) {}
    }

    /// Lets the first frame go if it ends before the last `left` bytes. Returns whether the next one has to be tried.
    fn let_go(&self, left: usize) -> bool {
        let mut state = self.lock();
        if left > 0 {
            // Counted from the end, since the head of the response and of chunks are in front of the frames.
            let behind: usize = state.passing.iter().skip(1).map(|passing| passing.bytes).sum();
            // The last frame leaves with the bytes that end the write, which belong to no frame.
            if behind == 0 || left > behind + state.end_bytes {
                return false;
            }
        }
        let Some(Passing { event, .. }) = state.passing.pop_front() else { return false };
        let is_last = state.passing.is_empty();
        let body = if is_last { state.body.take() } else { None };
        state.last_flush = Instant::now();
        // Told without the lock: the mailbox and the environment have locks of their own.
        let subscription = state.subscription.clone();
        drop(state);
        match (event, subscription) {
            (Some(event), Some(subscription)) => {
                // The body is woken by the mailbox, which knows whether more waits: one lock and one wake-up less.
                if subscription.flushed(body) {
                    self.environment.flushed(subscription.id(), &event);
                }
            }
            _ => body.into_iter().for_each(Waker::wake),
        }
        !is_last
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
