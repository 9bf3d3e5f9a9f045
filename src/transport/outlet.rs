//! A stream's way out of the Hub, whatever form its frames take: takes what waits, tells the world, keeps the gate, and
//! knows when it has been silent for too long.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

use super::Environment;
use super::gate::{Gate, Passing};
use crate::event::Event;
use crate::hub::{Subscription, Taken};

/// When clients of a server that stops come back at the earliest: another one has started by then.
const COME_BACK_SOON: Duration = Duration::from_secs(1);

/// A time to come back after: at least `least`, at most twice that, and spread, so that a crowd that left together does
/// not come back together.
pub(crate) fn come_back_after(least: Duration, nth: u64) -> Duration {
    /// Coprime to any plausible number of milliseconds, so that neighbours land far apart.
    const STRIDE: u64 = 617;
    let spread_ms = u64::try_from(least.as_millis()).unwrap_or(u64::MAX).max(1);
    least + Duration::from_millis(nth.wrapping_mul(STRIDE) % spread_ms)
}

/// How a stream is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WriteSettings {
    /// Silence after which it gets a comment.
    pub(crate) keepalive: Duration,
    /// Most frames that share a write.
    pub(crate) frames_per_write: usize,
}

/// Dropping it ends the subscription.
pub(crate) struct Outlet<E: Environment> {
    gate: Arc<Gate<E>>,
    subscription: Arc<Subscription>,
    pace: WriteSettings,
    /// Fires no later than the next comment is due.
    silence: Pin<Box<Sleep>>,
    /// Whether the timer has been told to wake the connection. Asking it again at every event would cost more than
    /// all else here, and the one task that a connection lives in never changes its waker.
    is_armed: bool,
}

impl<E: Environment> Outlet<E> {
    /// `end_bytes` of every write belong to no frame, and are its last.
    pub(crate) fn new(
        gate: Arc<Gate<E>>,
        subscription: Subscription,
        peer: SocketAddr,
        pace: WriteSettings,
        end_bytes: usize,
    ) -> Self {
        let subscription = Arc::new(subscription);
        gate.environment().subscribed(subscription.id(), peer);
        if let Some((first, count)) = subscription.replays() {
            gate.environment().replays(subscription.id(), first, count);
        }
        gate.attach(subscription.clone(), end_bytes);
        Self { gate, subscription, pace, silence: Box::pin(sleep(pace.keepalive)), is_armed: false }
    }

    pub(super) fn gate(&self) -> &Gate<E> {
        &self.gate
    }

    pub(super) fn subscription(&self) -> &Subscription {
        &self.subscription
    }

    /// Takes the oldest event that waits. `None` once the mailbox is closed.
    pub(super) fn poll_take(&self, cx: &mut Context<'_>) -> Poll<Option<Taken>> {
        let taken = self.subscription.poll_take(cx);
        if let Some(forgotten) = self.subscription.take_forgotten() {
            self.gate.environment().forgot(self.subscription.id(), forgotten);
        }
        taken
    }

    /// An event, and those that wait behind it as far as they may share its write.
    pub(super) fn batch(&self, first: Taken) -> impl Iterator<Item = Taken> {
        let rest = std::iter::from_fn(|| self.subscription.take());
        let batch = std::iter::once(first).chain(rest).take(self.pace.frames_per_write);
        batch.inspect(|taken| self.gate.environment().taken(self.subscription.id(), &taken.event))
    }

    /// So many bytes are about to be written: an event with what is told in front of it, or something that no mailbox
    /// counts.
    pub(super) fn pass(&self, event: Option<Arc<Event>>, bytes: usize) {
        self.gate.pass(Passing { event, bytes });
    }

    /// When this client may come back to the server that follows this one.
    pub(super) fn come_back_after(&self) -> Duration {
        come_back_after(COME_BACK_SOON, self.subscription.id().0)
    }

    /// Ready when nothing has been flushed for as long as a silence may last.
    pub(super) fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_armed && !self.silence.is_elapsed() {
            return Poll::Pending;
        }
        self.is_armed = false;
        while self.silence.as_mut().poll(cx).is_ready() {
            let due = self.gate.last_flush() + self.pace.keepalive;
            let now = Instant::now();
            self.silence.as_mut().reset(if due > now { due } else { now + self.pace.keepalive });
            if due <= now {
                return Poll::Ready(());
            }
        }
        self.is_armed = true;
        Poll::Pending
    }
}

impl<E: Environment> Drop for Outlet<E> {
    fn drop(&mut self) {
        self.gate.detach();
        let counts = self.subscription.leave();
        self.gate.environment().ended(self.subscription.id(), counts);
    }
}
