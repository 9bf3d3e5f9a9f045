//! The wakes that HTTP on a connection causes in its own poll.
//!
//! hyper and the handler of a request wake each other: the handler asks hyper for the body, and hyper has it. Both are
//! one task, and a runtime puts a task that was woken in its own poll behind all that are ready. So each step of a
//! publish would wait for every stream that the event before has woken. Here such a wake leads to another poll at once.

use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// Most polls in a row, so that a connection which wakes itself for ever leaves room for others. A publish takes fewer
/// (`tests/it/wakeups.rs`).
const MOST_POLLS: usize = 8;

/// Nobody polls: a wake is the task's.
const WAITING: u8 = 0;
/// A poll is under way.
const POLLED: u8 = 1;
/// A poll is under way, and has to be repeated.
const WOKEN: u8 = 2;

/// A future that is polled again when it was woken in its own poll.
pub(super) struct SelfWaking<F> {
    future: F,
    state: Arc<State>,
    /// Wakes by way of the state.
    waker: Waker,
}

struct State {
    phase: AtomicU8,
    task: Mutex<Waker>,
}

impl<F> SelfWaking<F> {
    pub(super) fn new(future: F) -> Self {
        let state = Arc::new(State { phase: AtomicU8::new(WAITING), task: Mutex::new(Waker::noop().clone()) });
        Self { future, waker: state.clone().into(), state }
    }

    pub(super) fn get_mut(&mut self) -> &mut F {
        &mut self.future
    }

    pub(super) fn into_inner(self) -> F {
        self.future
    }
}

impl<F: Future + Unpin> SelfWaking<F> {
    /// Polls, and polls again while each poll was woken before it ended and `more` says so. A wake that is left goes to
    /// the task.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, more: impl Fn() -> bool) -> Poll<F::Output> {
        self.state.wakes(cx.waker());
        for _ in 0..MOST_POLLS {
            self.state.phase.store(POLLED, Ordering::Release);
            let polled = Pin::new(&mut self.future).poll(&mut Context::from_waker(&self.waker));
            // A wake from here on goes to the task. An earlier one has been noted, and what it announces is seen by the
            // next poll.
            let was_woken = self.state.phase.swap(WAITING, Ordering::AcqRel) == WOKEN;
            if polled.is_ready() || !was_woken {
                return polled;
            }
            if !more() {
                break;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl State {
    /// Remembers which task a wake goes to.
    fn wakes(&self, waker: &Waker) {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if !task.will_wake(waker) {
            task.clone_from(waker);
        }
    }
}

impl Wake for State {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let noted = self.phase.compare_exchange(POLLED, WOKEN, Ordering::AcqRel, Ordering::Acquire);
        if noted == Err(WAITING) {
            // Woken without the lock: a waker may poll at once.
            let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).clone();
            task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::atomic::{AtomicBool, AtomicUsize};
    use std::thread;

    use super::*;

    #[derive(Default)]
    struct Task(AtomicUsize);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl Task {
        fn wakes(&self) -> usize {
            self.0.load(Ordering::Relaxed)
        }
    }

    /// Polls what wakes itself in each of its first `times` polls; returns the polls that it took and the result.
    fn polls_of(times: usize, task: &Arc<Task>, more: bool) -> (usize, Poll<()>) {
        let mut polls = 0;
        let wakes_itself = poll_fn(|cx| {
            polls += 1;
            if polls > times {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        });
        let polled = SelfWaking::new(wakes_itself).poll(&mut Context::from_waker(&task.clone().into()), || more);
        (polls, polled)
    }

    #[test]
    fn what_wakes_itself_is_polled_again_at_once_and_its_task_is_not_woken() {
        let task = Arc::default();
        assert_eq!(polls_of(2, &task, true), (3, Poll::Ready(())));
        assert_eq!(task.wakes(), 0);
    }

    #[test]
    fn what_wakes_itself_for_ever_leaves_room_for_others() {
        let task = Arc::default();
        assert_eq!(polls_of(usize::MAX, &task, true), (MOST_POLLS, Poll::Pending));
        assert_eq!(task.wakes(), 1);
    }

    #[test]
    fn a_wake_that_no_poll_follows_is_the_tasks() {
        let task = Arc::default();
        assert_eq!(polls_of(1, &task, false), (1, Poll::Pending));
        assert_eq!(task.wakes(), 1);
    }

    #[test]
    fn a_wake_between_two_polls_wakes_the_task_that_polled_last() {
        let (first, second) = (Arc::<Task>::default(), Arc::<Task>::default());
        let seen = Mutex::new(None);
        let mut waits = SelfWaking::new(poll_fn(|cx| {
            *seen.lock().unwrap() = Some(cx.waker().clone());
            Poll::<()>::Pending
        }));
        for task in [&first, &second] {
            assert!(waits.poll(&mut Context::from_waker(&task.clone().into()), || true).is_pending());
        }
        seen.lock().unwrap().take().unwrap().wake();
        assert_eq!((first.wakes(), second.wakes()), (0, 1));
    }

    #[test]
    fn a_wake_by_another_thread_during_a_poll_is_never_lost() {
        for _ in 0..200 {
            let task = Arc::<Task>::default();
            let has_come = Arc::new(AtomicBool::new(false));
            let (mut seen, mut other) = (false, None);
            let mut waits = SelfWaking::new(poll_fn(|cx| {
                other.get_or_insert_with(|| {
                    let (waker, has_come) = (cx.waker().clone(), has_come.clone());
                    thread::spawn(move || {
                        has_come.store(true, Ordering::Release);
                        waker.wake();
                    })
                });
                seen = has_come.load(Ordering::Acquire);
                Poll::<()>::Pending
            }));
            assert!(waits.poll(&mut Context::from_waker(&task.clone().into()), || true).is_pending());
            drop(waits);
            other.unwrap().join().unwrap();
            // Either the last poll saw what the wake announced, or the task is woken to look.
            assert!(seen || task.wakes() > 0);
        }
    }
}
