//! A stream's way out of the Hub, for SSE and WebSockets alike. It takes what waits, tells the environment, closes the
//! gate, and knows when the stream has been silent for too long.

use std::net::SocketAddr;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

use super::Environment;
use super::expiry::Expiry;
use super::gate::{Admission, Gate};
use super::passing::{Passing, Written};
use crate::hub::{RawSubscription, SubscriberId, Taken};

/// Most patterns with wildcards that one stream may watch. Every publish compares its topic with each of them.
#[cfg(feature = "server")]
pub(crate) const MAX_WILDCARDS: usize = 16;

/// When clients of a server that stops come back: the next server has started by then.
const COME_BACK_SOON: Range<Duration> = Duration::from_secs(1)..Duration::from_secs(2);

/// The time in `times` after which client number `nth` comes back. Neighbours get times far apart, so that clients that
/// lose their streams together do not come back together.
pub(crate) fn come_back_after(times: &Range<Duration>, nth: u64) -> Duration {
    /// Coprime to any plausible number of milliseconds, so that neighbours land far apart.
    const STRIDE: u64 = 617;
    let spread = times.end.saturating_sub(times.start).as_millis();
    let spread_ms = u64::try_from(spread).unwrap_or(u64::MAX).max(1);
    times.start + Duration::from_millis(nth.wrapping_mul(STRIDE) % spread_ms)
}

/// The time after which a subscriber that has lost its stream comes back: between a fifth of `longest` and all of it.
pub(crate) fn retry_after(longest: Option<Duration>, subscriber: SubscriberId) -> Option<Duration> {
    longest.map(|longest| come_back_after(&(longest / 5..longest), subscriber.0))
}

/// Settings of how a stream is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WriteSettings {
    /// Silence after which a keep-alive is sent.
    pub(crate) keepalive: Duration,
    /// Most frames that share a write.
    pub(crate) frames_per_write: usize,
    /// The longest time after which a client that has lost its stream comes back; `None` leaves it to the client.
    pub(crate) retry: Option<Duration>,
    /// When the stream ends because its token does, as time since the Unix epoch; `None` for a stream without one.
    pub(crate) expires_at: Option<Duration>,
}

/// The end of one stream's path from the Hub to its connection. Dropping it ends the subscription.
pub(crate) struct Outlet<E: Environment> {
    gate: Arc<Gate<E>>,
    subscription: Arc<RawSubscription>,
    pace: WriteSettings,
    /// Fires no later than the next keep-alive is due. It is moved when it fires and not at every event, which would
    /// cost more than the events.
    silence: Pin<Box<Sleep>>,
    /// `None` for a stream that does not end by itself.
    expiry: Option<Expiry>,
    ends_expired: bool,
    /// Whether the timer knows the waker. Polling it at every event would cost more than all else here, and the task of
    /// a connection never changes its waker.
    is_armed: bool,
}

impl<E: Environment> Outlet<E> {
    /// Begins a stream.
    pub(crate) fn new(
        gate: Arc<Gate<E>>,
        subscription: RawSubscription,
        peer: SocketAddr,
        mut pace: WriteSettings,
    ) -> Self {
        // Out of the policy's reach is what has been taken, so such a policy gets a write for each frame.
        if !subscription.may_share_writes() {
            pace.frames_per_write = 1;
        }
        let subscription = Arc::new(subscription);
        gate.environment().subscribed(subscription.id(), peer, &subscription.wanted());
        if let Some(gap) = subscription.opening() {
            gate.environment().misses(subscription.id(), gap);
        }
        if let Some((first, count)) = subscription.replays() {
            gate.environment().replays(subscription.id(), first, count);
        }
        gate.attach(subscription.clone());
        let expiry = pace.expires_at.map(|at| Expiry::new(at, gate.environment()));
        Self {
            gate,
            subscription,
            pace,
            silence: Box::pin(sleep(pace.keepalive)),
            expiry,
            ends_expired: false,
            is_armed: false,
        }
    }

    pub(super) fn gate(&self) -> &Gate<E> {
        &self.gate
    }

    pub(super) fn subscription(&self) -> &RawSubscription {
        &self.subscription
    }

    /// What may be written now.
    pub(super) fn admits(&self, cx: &Context<'_>) -> Admission {
        self.gate.admits(self.pace.frames_per_write, cx.waker())
    }

    /// Takes the events that wait for a write, tells the environment, and closes the gate behind them: as many as may share
    /// a write, and none behind one that has filled it. `write` makes the frame of each, in their order. `None` once the
    /// mailbox is closed; pending if nothing waits.
    ///
    /// `write` runs under the mailbox's lock, so it must not touch the subscription.
    pub(super) fn poll_take(&self, cx: &mut Context<'_>, mut write: impl FnMut(Taken) -> Written) -> Poll<Option<()>> {
        let mut passing = Passing::default();
        let most = self.pace.frames_per_write;
        let taken = self.subscription.poll_take_several(cx, |taken| passing.takes(taken, most, &mut write));
        if let Some(forgotten) = self.subscription.take_forgotten() {
            self.gate.environment().forgot(self.subscription.id(), forgotten);
        }
        if let Poll::Ready(Some(())) = taken {
            self.pass_taken(passing);
        }
        taken
    }

    /// Takes at most `most` events that wait, for a write that others have begun, as [`poll_take`](Self::poll_take) does. It
    /// asks for no wake-up, because the flush of that write wakes the stream. `None` if nothing waits.
    pub(super) fn take_along(&self, most: usize, mut write: impl FnMut(Taken) -> Written) -> Option<()> {
        let mut passing = Passing::default();
        self.subscription.take_along(|taken| passing.takes(taken, most, &mut write))?;
        self.pass_taken(passing);
        Some(())
    }

    fn pass_taken(&self, passing: Passing) {
        self.gate.environment().taken(self.subscription.id(), &passing.events);
        self.gate.pass(passing);
    }

    /// Closes the gate behind something that is about to be written, and that no mailbox counts.
    pub(super) fn pass_comment(&self) {
        self.gate.pass(Passing { comments: 1, ..Passing::default() });
    }

    /// The time after which this client comes back to the next server.
    pub(super) fn come_back_after(&self) -> Duration {
        come_back_after(&COME_BACK_SOON, self.subscription.id().0)
    }

    /// The time after which this client comes back if it loses its stream.
    pub(super) fn retry(&self) -> Option<Duration> {
        retry_after(self.pace.retry, self.subscription.id())
    }

    /// Whether the stream's token has expired; if not, its expiry wakes `cx`.
    pub(super) fn is_expired(&mut self, cx: &mut Context<'_>) -> bool {
        let environment = self.gate.environment();
        self.expiry.as_mut().is_some_and(|expiry| expiry.poll(environment, cx).is_ready())
    }

    /// Lets the stream end by decision of the server: what has not been flushed is lost as evicted, and not as if the
    /// client had left.
    pub(super) fn end_expired(&mut self) {
        self.ends_expired = true;
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
        // Not earlier: the connection ends as soon as its subscriber is evicted, and a farewell would be lost.
        if self.ends_expired {
            self.subscription.evict();
        }
        // Left before the environment is told, so that it gets the final account.
        let counts = self.subscription.leave();
        self.gate.environment().ended(self.subscription.id(), counts);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_thousand_who_lose_their_streams_together_come_back_at_a_thousand_times_from_one_second_to_five() {
        let longest = Duration::from_secs(5);
        let times: BTreeSet<_> = (1..=1000).filter_map(|n| retry_after(Some(longest), SubscriberId(n))).collect();
        assert_eq!(times.len(), 1000);
        let (first, last) = (times.first().copied(), times.last().copied());
        assert!(first >= Some(longest / 5) && last < Some(longest), "{first:?} to {last:?}");
        // In every half second about an eighth of them.
        for half_second in 2..10 {
            let from = Duration::from_millis(500) * half_second;
            let count = times.range(from..from + Duration::from_millis(500)).count();
            assert!((115..=135).contains(&count), "{count} from {from:?} on");
        }
        assert_eq!(retry_after(None, SubscriberId(1)), None);
    }
}
