//! What a server under test does to the thread that runs it: it may panic in a task, or block.
//!
//! A run of any server but this project's own is made on a thread of its own. A panic is kept with the subscriber whose
//! connection was being polled. A thread that makes no progress in wall time is given up.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::panic::{self, PanicHookInfo};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use super::network::Network;
use crate::time::nanos;

/// A run that makes no step for so long in wall time is blocked.
const BLOCKED_AFTER: Duration = Duration::from_secs(10);

/// Stands for no subscriber.
const NOBODY: u64 = u64::MAX;

/// How far a run is, for those who watch it from another thread.
#[derive(Debug)]
pub(super) struct Pulse {
    beats: AtomicU64,
    /// Virtual time, in nanoseconds.
    now: AtomicU64,
    subscriber: AtomicU64,
    /// What a task panicked with, first of all.
    panic: Mutex<Option<Panic>>,
}

/// Where a run stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) subscriber: Option<usize>,
    /// In virtual time.
    pub(super) at: Duration,
}

/// A panic of a server's task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Panic {
    pub(super) place: Place,
    pub(super) message: String,
}

/// A run that did not come to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stuck {
    pub(super) place: Place,
    /// What it panicked with; `None` where it made no progress any more.
    pub(super) message: Option<String>,
}

thread_local! {
    /// The run on this thread, if it is guarded.
    static RUN: RefCell<Option<Arc<Pulse>>> = const { RefCell::new(None) };
}

impl Default for Pulse {
    fn default() -> Self {
        Self {
            beats: AtomicU64::new(0),
            now: AtomicU64::new(0),
            subscriber: AtomicU64::new(NOBODY),
            panic: Mutex::new(None),
        }
    }
}

impl Pulse {
    /// The run has come to this time.
    fn beat(&self, now: Duration) {
        // Relaxed, as all of it: it is only looked at to tell a person where a run stands.
        self.now.store(nanos(now), Ordering::Relaxed);
        self.beats.fetch_add(1, Ordering::Relaxed);
    }

    fn serves(&self, subscriber: Option<usize>) {
        self.subscriber.store(subscriber.map_or(NOBODY, |index| index as u64), Ordering::Relaxed);
        self.beats.fetch_add(1, Ordering::Relaxed);
    }

    fn place(&self) -> Place {
        let subscriber = self.subscriber.load(Ordering::Relaxed);
        let at = Duration::from_nanos(self.now.load(Ordering::Relaxed));
        Place { subscriber: usize::try_from(subscriber).ok().filter(|_| subscriber != NOBODY), at }
    }
}

/// The run on this thread has come to this time. Returns the first panic of a task of it.
pub(super) fn beat(now: Duration) -> Option<Panic> {
    RUN.with_borrow(|run| {
        let pulse = run.as_ref()?;
        pulse.beat(now);
        lock(&pulse.panic).clone()
    })
}

/// Does a run on a thread of its own.
///
/// # Errors
/// Where it stood when it stopped making progress. Its thread is left to itself then.
pub(super) fn guarded<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Stuck> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !keep(info) {
                before(info);
            }
        }));
    });
    let pulse = Arc::new(Pulse::default());
    let (done, result) = channel();
    let watched = pulse.clone();
    std::thread::spawn(move || {
        RUN.set(Some(watched));
        // It fails where nobody waits any more.
        let _ = done.send(work());
    });
    let mut beats = 0;
    loop {
        match result.recv_timeout(BLOCKED_AFTER) {
            Ok(result) => return Ok(result),
            Err(RecvTimeoutError::Timeout) => {
                let now = pulse.beats.load(Ordering::Relaxed);
                if std::mem::replace(&mut beats, now) == now {
                    return Err(Stuck { place: pulse.place(), message: None });
                }
            }
            // The thread itself panicked, as where a server does so when it starts.
            Err(RecvTimeoutError::Disconnected) => {
                let panic = lock(&pulse.panic).take();
                let Panic { place, message } =
                    panic.unwrap_or_else(|| Panic { place: pulse.place(), message: "without a message".to_owned() });
                return Err(Stuck { place, message: Some(message) });
            }
        }
    }
}

/// Keeps a panic of a run on this thread; `false` where there is none.
fn keep(info: &PanicHookInfo<'_>) -> bool {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default();
    // A line of its own is promised: a message may have several.
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let message = info.location().map_or(text.clone(), |place| format!("{text} ({}:{})", place.file(), place.line()));
    let keep = |run: &RefCell<Option<Arc<Pulse>>>| {
        let run = run.try_borrow().ok()?;
        let pulse = run.as_ref()?;
        // Here and not at the end of the step: by then other connections have been polled.
        lock(&pulse.panic).get_or_insert(Panic { place: pulse.place(), message });
        Some(())
    };
    RUN.try_with(keep).ok().flatten().is_some()
}

/// A connection of a server under test, which is noted while it is polled.
pub(super) struct Watched<F> {
    connection: F,
    peer: SocketAddr,
    network: Arc<Network>,
    subscriber: Option<usize>,
}

impl<F> Watched<F> {
    pub(super) fn new(connection: F, peer: SocketAddr, network: Arc<Network>) -> Self {
        Self { connection, peer, network, subscriber: None }
    }
}

impl<F: Future<Output = ()> + Unpin> Future for Watched<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        // Its client says who it is after the server has accepted.
        this.subscriber = this.subscriber.or_else(|| this.network.subscriber(this.peer));
        serves(this.subscriber);
        let done = Pin::new(&mut this.connection).poll(cx);
        serves(None);
        done
    }
}

fn serves(subscriber: Option<usize>) {
    RUN.with_borrow(|run| run.iter().for_each(|pulse| pulse.serves(subscriber)));
}

fn lock(panic: &Mutex<Option<Panic>>) -> MutexGuard<'_, Option<Panic>> {
    panic.lock().unwrap_or_else(PoisonError::into_inner)
}
