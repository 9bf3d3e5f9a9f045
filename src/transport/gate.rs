//! The flush gate: the one place between mailbox and socket, and who is in it.
//!
//! hyper asks the stream to flush only when its own write buffer is empty, so a flush that succeeds says that the
//! socket has accepted everything the body ever yielded. The gate is closed from a yield to that flush. Of several
//! frames that share a write, those that the socket has accepted whole leave the gate before the others.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use tokio::time::Instant;

use super::Environment;
use crate::event::Event;
use crate::hub::{SubscriberId, Subscription};

/// What passes the gate.
#[derive(Debug)]
pub(super) struct Passing {
    /// An event in flight; `None` for a comment, which no mailbox counts.
    pub(super) event: Option<Arc<Event>>,
    /// How long it is on the wire, without what HTTP adds.
    pub(super) bytes: usize,
}

/// Shared by one connection's body, stream and future.
#[derive(Debug)]
pub(crate) struct Gate<E> {
    environment: E,
    /// Whether the stream is to say goodbye.
    is_ending: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// In the order of the wire.
    passing: VecDeque<Passing>,
    /// The body, where it waits for the gate to open.
    body: Option<Waker>,
    subscription: Option<Arc<Subscription>>,
    /// Bytes at the end of every write that belong to no frame.
    end_bytes: usize,
    last_flush: Instant,
    /// Since when the socket has accepted nothing though there was something to write.
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

    /// A stream begins on this connection.
    pub(super) fn attach(&self, subscription: Arc<Subscription>, end_bytes: usize) {
        let mut state = self.lock();
        (state.subscription, state.end_bytes) = (Some(subscription), end_bytes);
    }

    /// The stream has ended.
    pub(super) fn detach(&self) {
        self.lock().subscription = None;
    }

    /// Whether the subscriber on this connection has been cut off; if not, its end wakes `waker`. `asked` remembers who
    /// was to be woken last.
    pub(crate) fn is_cut_off(&self, asked: &mut Option<(SubscriberId, Waker)>, waker: &Waker) -> bool {
        let state = self.lock();
        let Some(subscription) = &state.subscription else {
            *asked = None;
            return false;
        };
        let id = subscription.id();
        if !asked.as_ref().is_some_and(|(asked, of)| *asked == id && of.will_wake(waker)) {
            *asked = Some((id, waker.clone()));
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

    /// The stream on this connection, if there is one or will be, is to end when nothing waits any more.
    pub(super) fn end(&self) {
        self.is_ending.store(true, Ordering::Relaxed);
    }

    /// Whether the stream is to end.
    pub(super) fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::Relaxed)
    }

    /// Closes the gate behind what passes; more may follow for the same write.
    pub(super) fn pass(&self, passing: Passing) {
        self.lock().passing.push_back(passing);
    }

    /// Whether something may pass; if not, the body is woken when it may.
    pub(super) fn is_open(&self, body: &Waker) -> bool {
        let mut state = self.lock();
        if !state.passing.is_empty() && !state.body.as_ref().is_some_and(|waker| waker.will_wake(body)) {
            state.body = Some(body.clone());
        }
        state.passing.is_empty()
    }

    /// The socket has accepted all there was.
    pub(super) fn flushed(&self) {
        while self.let_go(0) {}
    }

    /// Whether several frames are passing, of which some may be accepted before others.
    pub(super) fn is_shared(&self) -> bool {
        self.lock().passing.len() > 1
    }

    /// The socket has accepted all but the last `left` bytes: frames that end before these have been flushed.
    pub(super) fn accepted_but(&self, left: usize) {
        while self.let_go(left) {}
    }

    /// Lets the first frame go if it ends before the last `left` bytes; whether the next one is to be asked.
    fn let_go(&self, left: usize) -> bool {
        let mut state = self.lock();
        if left > 0 {
            let behind: usize = state.passing.iter().skip(1).map(|passing| passing.bytes).sum();
            // The last frame goes with the end of its write, which is nobody else's.
            if behind == 0 || left > behind + state.end_bytes {
                return false;
            }
        }
        let Some(Passing { event, .. }) = state.passing.pop_front() else { return false };
        let is_last = state.passing.is_empty();
        let body = if is_last { state.body.take() } else { None };
        state.last_flush = Instant::now();
        let subscription = state.subscription.clone();
        drop(state);
        match (event, subscription) {
            (Some(event), Some(subscription)) => {
                if subscription.flushed(body) {
                    self.environment.flushed(subscription.id(), &event);
                }
            }
            _ => body.into_iter().for_each(Waker::wake),
        }
        !is_last
    }

    /// When something was last flushed.
    pub(super) fn last_flush(&self) -> Instant {
        self.lock().last_flush
    }

    /// The socket accepts nothing any more, or again.
    pub(super) fn set_blocked(&self, blocked: bool) {
        self.lock().blocked_since = blocked.then(Instant::now);
    }

    /// Since when the socket has accepted nothing though there was something to write.
    pub(crate) fn blocked_since(&self) -> Option<Instant> {
        self.lock().blocked_since
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
