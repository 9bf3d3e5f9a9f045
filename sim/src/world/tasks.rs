//! Tasks that a server under test has spawned by itself. The barrier does not know them, so it cannot wait for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::runtime::Handle;
use tokio::task::yield_now;

use super::barrier::Barrier;

/// Tasks on the server's host that are no connections: the driver.
const OWN: usize = 1;

/// The runtime polls at most so many tasks in a row before it comes back to one that has yielded (`event_interval`).
const POLLS_OF_A_ROUND: usize = 61;

/// The most tasks of its own that a server had at once.
#[derive(Debug, Clone, Default)]
pub(super) struct OwnTasks {
    most: Arc<AtomicUsize>,
    /// Whether the server may have any: this project's own spawns through the environment alone.
    is_looked_for: bool,
}

impl OwnTasks {
    pub(super) fn new(is_looked_for: bool) -> Self {
        Self { is_looked_for, ..Self::default() }
    }

    /// The most tasks that the server had spawned by itself at once.
    pub(super) fn most(&self) -> usize {
        self.most.load(Ordering::Relaxed)
    }

    /// Looks for such tasks. Where there are some, each that is ready runs once, and then the connections that they woke.
    pub(super) async fn settle(&self, barrier: &Barrier) {
        if !self.is_looked_for {
            return;
        }
        let alive = Handle::current().metrics().num_alive_tasks();
        let own = alive.saturating_sub(OWN + barrier.alive());
        if own > 0 {
            self.most.fetch_max(own, Ordering::Relaxed);
            // As many rounds as it takes to run each once. A task that yields, or waits for others that do, runs later, at a
            // time that is not its own.
            for _ in 0..=own / POLLS_OF_A_ROUND {
                yield_now().await;
                barrier.quiet().await;
            }
        }
    }
}
