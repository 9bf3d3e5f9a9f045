//! A stream's way out of the Hub, for SSE and WebSockets alike. It takes what waits, tells the environment, closes the
//! gate, and knows when the stream has been silent for too long.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

use super::Environment;
use super::gate::{Gate, Passing};
use crate::event::Event;
use crate::hub::{RawSubscription, Taken};

/// Earliest time at which clients of a server that stops come back: the next server has started by then.
const COME_BACK_SOON: Duration = Duration::from_secs(1);

/// The time after which client number `nth` comes back: at least `least`, and less than twice that. It is spread, so
/// that clients that were sent away together do not come back together.
pub(crate) fn come_back_after(least: Duration, nth: u64) -> Duration {
    /// Coprime to any plausible number of milliseconds, so that neighbours land far apart.
    const STRIDE: u64 = 617;
    let spread_ms = u64::try_from(least.as_millis()).unwrap_or(u64::MAX).max(1);
    least + Duration::from_millis(nth.wrapping_mul(STRIDE) % spread_ms)
}

/// Settings of how a stream is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WriteSettings {
    /// Silence after which a keep-alive is sent.
    pub(crate) keepalive: Duration,
    /// Most frames that share a write.
    pub(crate) frames_per_write: usize,
}

/// The end of one stream's path from the Hub to its connection. Dropping it ends the subscription.
pub(crate) struct Outlet<E: Environment> {
    gate: Arc<Gate<E>>,
    subscription: Arc<RawSubscription>,
    pace: WriteSettings,
    /// Fires no later than the next keep-alive is due. It is moved when it fires and not at every event, which would
    /// cost more than the events.
    silence: Pin<Box<Sleep>>,
    /// Whether the timer knows the waker. Polling it at every event would cost more than all else here, and the task of
    /// a connection never changes its waker.
    is_armed: bool,
}

impl<E: Environment> Outlet<E> {
    /// Begins a stream. The last `end_bytes` of every write belong to no frame.
    pub(crate) fn new(
        gate: Arc<Gate<E>>,
        subscription: RawSubscription,
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

    pub(super) fn subscription(&self) -> &RawSubscription {
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

    /// The event `first`, and those that wait behind it as far as they may share its write.
    pub(super) fn batch(&self, first: Taken) -> impl Iterator<Item = Taken> {
        // No wake-up is asked for: only the first event of a write has to be waited for.
        let rest = std::iter::from_fn(|| self.subscription.take_along());
        let batch = std::iter::once(first).chain(rest).take(self.pace.frames_per_write);
        batch.inspect(|taken| self.gate.environment().taken(self.subscription.id(), &taken.event))
    }

    /// Closes the gate behind `bytes` that are about to be written: an event with the gap in front of it, or something
    /// that no mailbox counts.
    pub(super) fn pass(&self, event: Option<Arc<Event>>, bytes: usize) {
        self.gate.pass(Passing { event, bytes });
    }

    /// The time after which this client comes back to the next server.
    pub(super) fn come_back_after(&self) -> Duration {
        come_back_after(COME_BACK_SOON, self.subscription.id().0)
    }

    /// Ready when nothing has been flushed for the time of [`WriteSettings::keepalive`].
    pub(super) fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_armed && !self.silence.is_elapsed() {
            return Poll::Pending;
        }
        self.is_armed = false;
        while self.silence.as_mut().poll(cx).is_ready() {
            let due = self.gate.last_flush() + self.pace.keepalive;
            let now = Instant::now();
            // If nothing was flushed for a whole period, the keep-alive is due now, and the next one a period later.
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
        // Left before the environment is told, so that it gets the final account.
        let counts = self.subscription.leave();
        self.gate.environment().ended(self.subscription.id(), counts);
    }
}
