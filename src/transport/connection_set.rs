//! The connections that are open: how many, and how all of them are told to end.

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

/// Shared by a server and its connections.
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
    /// One more, unless there are `most`.
    pub(crate) fn enter(self: &Arc<Self>, most: usize) -> Option<ConnectionGuard> {
        let mut state = self.lock();
        if state.members.len() >= most {
            return None;
        }
        state.last_id += 1;
        let id = state.last_id;
        state.members.insert(id, None);
        Some(ConnectionGuard { crowd: self.clone(), id, waker: None })
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().members.len()
    }

    pub(crate) fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Acquire) {
            0 => Phase::Open,
            1 => Phase::Ending,
            _ => Phase::Over,
        }
    }

    /// Tells everybody, those that come later too.
    pub(crate) fn tell(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Release);
        let wakers: Vec<_> = self.lock().members.values().flatten().cloned().collect();
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Until nobody is left.
    pub(crate) async fn gone(&self) {
        poll_fn(|cx| {
            let mut state = self.lock();
            if state.members.is_empty() {
                return Poll::Ready(());
            }
            state.on_empty = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection's place; dropping it gives the place up.
#[derive(Debug)]
pub(crate) struct ConnectionGuard {
    crowd: Arc<ConnectionSet>,
    id: u64,
    /// Who is woken by a change.
    waker: Option<Waker>,
}

impl ConnectionGuard {
    /// What to do now; a change of it wakes the task.
    pub(crate) fn phase(&mut self, cx: &Context<'_>) -> Phase {
        if !self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            self.waker = Some(cx.waker().clone());
            self.crowd.lock().members.insert(self.id, self.waker.clone());
        }
        // After the waker is in its place: whoever changes it from now on finds the waker.
        self.crowd.phase()
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        let mut state = self.crowd.lock();
        state.members.remove(&self.id);
        let on_empty = if state.members.is_empty() { state.on_empty.take() } else { None };
        drop(state);
        on_empty.into_iter().for_each(Waker::wake);
    }
}
