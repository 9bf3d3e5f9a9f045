//! The quiescence barrier: waits until every task that was woken has run.
//!
//! Work costs no virtual time, so without it a burst published in one poll would fill the mailbox of a reader who
//! would have drained it between two events, and the runtime's queue would decide who drains first. The driver passes
//! the barrier before every step, so what a subscriber receives does not depend on who else is there.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};

/// How many tasks are woken and have not run since.
#[derive(Debug, Default)]
pub(super) struct Barrier {
    woken: AtomicUsize,
    /// How many tasks are counted.
    alive: AtomicUsize,
    waiter: Mutex<Option<Waker>>,
    has_panicked: AtomicBool,
    /// Which process of the server is running, and the tasks of all.
    process: AtomicUsize,
    tasks: Mutex<Vec<Weak<TaskWaker>>>,
}

impl Barrier {
    /// Passes when no counted task is woken.
    pub(super) async fn quiet(&self) {
        std::future::poll_fn(|cx| {
            // Nothing can come between this look and the waker below: turmoil runs all tasks on one thread.
            if self.woken.load(Ordering::SeqCst) == 0 {
                return Poll::Ready(());
            }
            *self.waiter.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Counts a task of that process from now on, as woken.
    pub(super) fn count<F: Future<Output = ()>>(self: &Arc<Self>, process: usize, task: F) -> Counted<F> {
        // A new task has something to do: the barrier must not pass before its first poll.
        self.woken.fetch_add(1, Ordering::SeqCst);
        self.alive.fetch_add(1, Ordering::SeqCst);
        let bell = Arc::new(TaskWaker {
            barrier: self.clone(),
            process,
            is_woken: AtomicBool::new(true),
            outer: Mutex::default(),
        });
        // Weak, so that the list does not keep the wakers of tasks that have ended.
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&bell));
        Counted { task: Some(Box::pin(task)), waker: Waker::from(bell.clone()), bell, is_running: false }
    }

    /// The server's process ends, and with it every task of it, each as soon as it would run.
    pub(super) fn end_process(&self) {
        self.process.fetch_add(1, Ordering::SeqCst);
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        // A task notices the end of its process only when it is polled, and one that waits for its socket would not be.
        tasks.iter().filter_map(Weak::upgrade).for_each(|bell| bell.wake_by_ref());
    }

    /// The number of counted tasks that have not ended.
    pub(super) fn alive(&self) -> usize {
        self.alive.load(Ordering::SeqCst)
    }

    /// Whether a counted task has panicked; the runtime would keep that to itself.
    pub(super) fn has_panicked(&self) -> bool {
        self.has_panicked.load(Ordering::Relaxed)
    }

    fn ran(&self) {
        if self.woken.fetch_sub(1, Ordering::SeqCst) == 1
            && let Some(waiter) = self.waiter.lock().unwrap_or_else(PoisonError::into_inner).take()
        {
            waiter.wake();
        }
    }
}

/// A task that the barrier waits for.
pub(super) struct Counted<F> {
    task: Option<Pin<Box<F>>>,
    bell: Arc<TaskWaker>,
    waker: Waker,
    /// Set while it runs: still set when it is dropped, it has panicked.
    is_running: bool,
}

/// Counts the first ring since the task last ran, and passes every ring on.
#[derive(Debug)]
struct TaskWaker {
    barrier: Arc<Barrier>,
    process: usize,
    is_woken: AtomicBool,
    outer: Mutex<Option<Waker>>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_woken.swap(true, Ordering::SeqCst) {
            self.barrier.woken.fetch_add(1, Ordering::SeqCst);
        }
        if let Some(outer) = &*self.outer.lock().unwrap_or_else(PoisonError::into_inner) {
            outer.wake_by_ref();
        }
    }
}

impl<F: Future<Output = ()>> Future for Counted<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        {
            let mut outer = this.bell.outer.lock().unwrap_or_else(PoisonError::into_inner);
            if !outer.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                *outer = Some(cx.waker().clone());
            }
        }
        // Cleared before it runs: whatever wakes it while it runs counts again.
        let was_counted = this.bell.is_woken.swap(false, Ordering::SeqCst);
        // Dropped and not polled: a process that is killed does nothing more, not even a farewell.
        if this.bell.process != this.bell.barrier.process.load(Ordering::SeqCst) {
            this.task = None;
        }
        let Some(task) = this.task.as_mut() else {
            if was_counted {
                this.bell.barrier.ran();
            }
            return Poll::Ready(());
        };
        this.is_running = true;
        let done = task.as_mut().poll(&mut Context::from_waker(&this.waker));
        this.is_running = false;
        if done.is_ready() {
            this.task = None;
        }
        if was_counted {
            this.bell.barrier.ran();
        }
        done
    }
}

impl<F> Drop for Counted<F> {
    fn drop(&mut self) {
        if self.is_running {
            self.bell.barrier.has_panicked.store(true, Ordering::Relaxed);
        }
        self.task = None;
        self.bell.barrier.alive.fetch_sub(1, Ordering::SeqCst);
        // Left as woken: a waker may outlive its task, and waking it later must not make the barrier wait.
        if self.bell.is_woken.swap(true, Ordering::SeqCst) {
            self.bell.barrier.ran();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the barrier lets pass now.
    fn is_quiet(barrier: &Barrier) -> bool {
        std::pin::pin!(barrier.quiet()).poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn the_barrier_waits_for_a_task_that_was_woken_and_not_for_one_that_is_gone() {
        let barrier = Arc::new(Barrier::default());
        let waker = Arc::new(Mutex::new(None));
        let kept = waker.clone();
        let mut task = Box::pin(barrier.count(
            0,
            std::future::poll_fn(move |cx| {
                *kept.lock().unwrap() = Some(cx.waker().clone());
                Poll::Pending
            }),
        ));
        assert!(!is_quiet(&barrier));
        let mut poll = || task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(poll().is_pending() && is_quiet(&barrier));
        let waker: Waker = waker.lock().unwrap().clone().unwrap();
        waker.wake_by_ref();
        assert!(!is_quiet(&barrier));
        assert!(poll().is_pending() && is_quiet(&barrier));
        waker.wake_by_ref();
        drop(task);
        assert!(is_quiet(&barrier));
        waker.wake();
        assert!(is_quiet(&barrier), "a connection that was cut off while its socket was full left its waker there");
    }
}
