//! The connections that are open: how many, and how all of them are told to end.
//!
//! Written by hand, because tokio-util's `TaskTracker` and `CancellationToken` cost more where it counts: every poll of
//! every connection asks for the phase. Here that is one atomic load, and the waker is stored once. Asking a token
//! locks a mutex that all connections share, and two phases need two tokens with a boxed future each in every
//! connection. The wakers of the members are needed either way, and their number is the count.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// What a connection is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Go on.
    Open = 0,
    /// Finish what is under way and end.
    Ending = 1,
    /// End at once.
    Over = 2,
}

/// All open connections of a server, shared by the server and each of them.
#[derive(Debug, Default)]
pub(crate) struct ConnectionSet {
    phase: AtomicU8,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last_id: u64,
    members: BTreeMap<u64, Option<Waker>>,
    /// Woken when the last member has left.
    on_empty: Option<Waker>,
}

impl ConnectionSet {
    /// Adds a connection; `None` when there are `most` already.
    pub(crate) fn enter(self: &Arc<Self>, most: usize) -> Option<ConnectionGuard> {
        let mut state = self.lock();
        if state.members.len() >= most {
            return None;
        }
        state.last_id += 1;
        let id = state.last_id;
        state.members.insert(id, None);
        Some(ConnectionGuard { connections: self.clone(), id, waker: None })
    }

    /// Returns the number of open connections.
    pub(crate) fn len(&self) -> usize {
        self.lock().members.len()
    }

    /// What connections are to do now.
    pub(crate) fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Acquire) {
            0 => Phase::Open,
            1 => Phase::Ending,
            _ => Phase::Over,
        }
    }

    /// Tells all connections, and those that enter later, what to do.
    pub(crate) fn tell(&self, phase: Phase) {
        // Stored before the list is read: a connection that enters later sees the phase, and all others are in the
        // list.
        self.phase.store(phase as u8, Ordering::Release);
        // Woken without the lock: a waker may run a task at once, and that task may leave the set.
        let wakers: Vec<_> = self.lock().members.values().flatten().cloned().collect();
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Waits until no connection is left.
    pub(crate) async fn gone(&self) {
        poll_fn(|cx| {
            let mut state = self.lock();
            if state.members.is_empty() {
                return Poll::Ready(());
            }
            // Room for one waker is enough: only the server's own end waits here.
            state.on_empty = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection's place in the set. Dropping it gives the place up.
#[derive(Debug)]
pub(crate) struct ConnectionGuard {
    connections: Arc<ConnectionSet>,
    id: u64,
    /// The waker that is in the set, to see whether the task's waker is another one now.
    waker: Option<Waker>,
}

impl ConnectionGuard {
    /// What the connection is to do now. A later change wakes the task of `cx`.
    pub(crate) fn phase(&mut self, cx: &Context<'_>) -> Phase {
        if !self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            self.waker = Some(cx.waker().clone());
            self.connections.lock().members.insert(self.id, self.waker.clone());
        }
        // Read after the waker is in its place: a later change finds the waker, an earlier one is seen here.
        self.connections.phase()
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        let mut state = self.connections.lock();
        state.members.remove(&self.id);
        let on_empty = if state.members.is_empty() { state.on_empty.take() } else { None };
        drop(state);
        on_empty.into_iter().for_each(Waker::wake);
    }
}
