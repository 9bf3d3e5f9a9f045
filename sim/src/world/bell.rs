//! How the driver is told that there is something new to do, and when it need not be.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

// All atomics are relaxed: turmoil runs every host on one thread.
#[derive(Default)]
pub(super) struct Bell {
    notify: Notify,
    is_driver_at_work: AtomicBool,
    /// The driver is in the middle of the exact events of a tick.
    is_working_exactly: AtomicBool,
    /// The driver has been told of something new since it last asked.
    has_news: AtomicBool,
}

impl Bell {
    /// Waits until the driver is woken.
    pub(super) async fn rung(&self) {
        self.notify.notified().await;
    }

    /// While the driver is at work, it needs no bell to find what is new.
    pub(super) fn set_driver_at_work(&self, at_work: bool) {
        self.is_driver_at_work.store(at_work, Ordering::Relaxed);
    }

    /// The driver begins with the exact events of a tick, or has done with them.
    pub(super) fn set_working_exactly(&self, is_exact: bool) {
        self.is_working_exactly.store(is_exact, Ordering::Relaxed);
    }

    pub(super) fn is_working_exactly(&self) -> bool {
        self.is_working_exactly.load(Ordering::Relaxed)
    }

    /// Whether the driver has been told of something new; it is told once.
    pub(super) fn take_news(&self) -> bool {
        self.has_news.swap(false, Ordering::Relaxed)
    }

    /// Tells the driver of something new.
    pub(super) fn ring(&self) {
        // What tasks do before the exact events of a tick is new to it, too, though it is awake by then.
        if !self.is_working_exactly() {
            self.has_news.store(true, Ordering::Relaxed);
        }
        self.wake_driver();
    }

    /// Wakes the driver, to see when something is due. It is told of nothing new.
    pub(super) fn wake_driver(&self) {
        if !self.is_driver_at_work.load(Ordering::Relaxed) {
            self.notify.notify_one();
        }
    }
}
