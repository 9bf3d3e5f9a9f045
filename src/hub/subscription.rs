//! A program's end of one subscription: events that are received, or delivered with a word on what became of them.

mod delivery;

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

pub use delivery::Delivery;

use super::SubscriberId;
use super::raw::RawSubscription;
use super::slot::Taken;
use crate::event::{EventId, Gap};
use crate::loss::CloseReason;
use crate::mailbox::Counts;
use crate::topic::Pattern;

/// A subscription, which one task reads. Dropping it unsubscribes: events that wait are lost as
/// [`CloseReason::ClientGone`], unless the mailbox was closed before.
///
/// It is a [`Stream`] of the events, and [`recv`](Self::recv) waits for the next one. Both count an event as delivered
/// when they hand it over. A program that passes events on, and wants to count what really arrived, takes each as a
/// [`Delivery`].
///
/// A subscription keeps its Hub alive. It is over after [`Hub::evict_all`](super::Hub::evict_all), or when its policy
/// cuts it off; publishers that are dropped do not end it.
///
/// ```
/// use std::time::Duration;
///
/// use futures_util::StreamExt;
/// use hubbub::{Capacity, Hub, HubSettings, Overflow, Pattern, Topic};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # futures_executor::block_on(async {
/// let capacity = Capacity::new(4).expect("1 to 1,048,576 frames");
/// let hub = Hub::new(HubSettings { epoch: 1, capacity, overflow: Overflow::DropNewest });
/// let mut builds = hub.subscribe(&[Pattern::new("builds.*")?]).open()?;
/// let topic = Topic::new("builds.linux")?;
/// for n in 0..5 {
///     hub.publish(Duration::ZERO, &topic, format!("{n}"));
/// }
/// let first = builds.recv().await.expect("the subscription is open");
/// assert_eq!(first.event.payload(), "0");
/// // The subscription ends here, with what was received until then.
/// let rest: Vec<_> = builds.by_ref().take(3).map(|taken| taken.event.id().sequence).collect().await;
/// assert_eq!(rest, [2, 3, 4]);
/// let counts = builds.leave();
/// assert_eq!([counts.offered, counts.delivered, counts.dropped.buffer_full], [5, 4, 1]);
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a subscription that is dropped is over"]
pub struct Subscription {
    raw: RawSubscription,
    /// Whether the gap in front of the stream is still to be told.
    opens_with_gap: bool,
    /// The delivery that has not been settled. At most one: a delivery borrows the subscription, and one that was
    /// forgotten is settled before the next event is taken.
    out: Option<Unsettled>,
}

/// A delivery that may have been forgotten.
#[derive(Debug)]
struct Unsettled {
    // Kept here and not in the delivery: a delivery that is forgotten leaks nothing.
    taken: Taken,
    /// The hole that was taken with the event, without the gap in front of the stream.
    hole: Option<Gap>,
}

/// Why no event was received at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TryRecvError {
    /// No event waits now.
    #[error("no event waits")]
    Empty,
    /// The subscription is over, and no event will come any more.
    #[error("the subscription is over")]
    Closed,
}

impl Subscription {
    pub(super) fn new(raw: RawSubscription) -> Self {
        let opens_with_gap = raw.opening().is_some();
        Self { raw, opens_with_gap, out: None }
    }

    /// Waits for the next event and counts it as delivered. `None` once the subscription is over; why, says
    /// [`closed`](Self::closed).
    ///
    /// A future that is dropped before it is ready has taken nothing.
    pub async fn recv(&mut self) -> Option<Taken> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// Receives the next event, as [`recv`](Self::recv) does. When nothing waits, the next event wakes `cx`.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Taken>> {
        self.settle();
        let Some(mut taken) = ready!(self.raw.read(Some(cx.waker()))) else { return Poll::Ready(None) };
        self.open_with_gap(&mut taken);
        self.opens_with_gap = false;
        Poll::Ready(Some(taken))
    }

    /// Receives the next event if one waits, here or in the history. It counts as delivered.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use hubbub::hub::TryRecvError;
    /// use hubbub::{Capacity, Hub, HubSettings, Overflow, Pattern, Topic};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let capacity = Capacity::new(4).expect("1 to 1,048,576 frames");
    /// let hub = Hub::new(HubSettings { epoch: 1, capacity, overflow: Overflow::DropNewest });
    /// let topic = Topic::new("builds")?;
    /// let mut builds = hub.subscribe(&[Pattern::from(&topic)]).open()?;
    /// hub.publish(Duration::ZERO, &topic, "{}");
    /// assert_eq!(builds.try_recv()?.event.topic(), &topic);
    /// assert_eq!(builds.try_recv().err(), Some(TryRecvError::Empty));
    /// hub.evict_all();
    /// assert_eq!(builds.try_recv().err(), Some(TryRecvError::Closed));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When no event waits, or the subscription is over.
    pub fn try_recv(&mut self) -> Result<Taken, TryRecvError> {
        self.settle();
        match self.raw.read(None) {
            Poll::Ready(Some(mut taken)) => {
                self.open_with_gap(&mut taken);
                self.opens_with_gap = false;
                Ok(taken)
            }
            Poll::Ready(None) => Err(TryRecvError::Closed),
            Poll::Pending => Err(TryRecvError::Empty),
        }
    }

    /// Waits for the next event, which counts as delivered only when it is said to be flushed. `None` once the
    /// subscription is over.
    ///
    /// A future that is dropped before it is ready has taken nothing.
    pub async fn delivery(&mut self) -> Option<Delivery<'_>> {
        poll_fn(|cx| self.poll_out(cx)).await?;
        Some(Delivery { subscription: self })
    }

    /// Takes the next event, which is then out. `None` once the subscription is over.
    fn poll_out(&mut self, cx: &mut Context<'_>) -> Poll<Option<()>> {
        self.settle();
        let Some(mut taken) = ready!(self.raw.poll_take(cx)) else { return Poll::Ready(None) };
        let hole = taken.gap;
        self.open_with_gap(&mut taken);
        self.out = Some(Unsettled { taken, hole });
        Poll::Ready(Some(()))
    }

    /// Counts an event as lost whose delivery was dropped or forgotten.
    fn settle(&mut self) {
        if let Some(Unsettled { taken, hole }) = self.out.take() {
            self.raw.lose(taken.event.id(), hole);
        }
    }

    /// Puts the gap in front of the stream before its first event.
    fn open_with_gap(&self, taken: &mut Taken) {
        if self.opens_with_gap
            && let Some(opening) = self.raw.opening()
        {
            taken.gap = Some(taken.gap.map_or(*opening, |hole| opening.and(hole)));
        }
    }

    /// Takes the gap behind the last event, if no event waits that would tell it: what is missing at the end.
    pub fn take_last_gap(&mut self) -> Option<Gap> {
        self.settle();
        // Asked first: while events wait, a gap in front of the stream belongs to the first of them.
        if self.raw.counts().waiting > 0 {
            return None;
        }
        let hole = self.raw.take_last_gap();
        let opening = self.raw.opening().copied().filter(|_| self.opens_with_gap);
        self.opens_with_gap = false;
        match (opening, hole) {
            (Some(opening), Some(hole)) => Some(opening.and(hole)),
            (opening, hole) => opening.or(hole),
        }
    }

    /// The subscriber's id, unique for the life of the Hub.
    pub fn id(&self) -> SubscriberId {
        self.raw.id()
    }

    /// The last event before the stream; `None` if a cursor says it.
    pub fn begins_at(&self) -> Option<EventId> {
        self.raw.begins_at()
    }

    /// What is missing between the cursor and the first event that can be received; `None` if nothing is. It is also
    /// part of the gap in front of that event.
    pub fn opening(&self) -> Option<&Gap> {
        self.raw.opening()
    }

    /// The events that were published before and are replayed: the first that may be, and how many.
    pub fn replays(&self) -> Option<(EventId, u64)> {
        self.raw.replays()
    }

    /// The patterns that are wanted now.
    pub fn wanted(&self) -> Vec<Pattern> {
        self.raw.wanted()
    }

    /// Adds a pattern, from the next event on; `false` if it is wanted already, or the subscription is over. Blocks
    /// until a fan-out that is under way has ended. Policy and limits stay as they are.
    pub fn want(&self, pattern: &Pattern) -> bool {
        self.raw.want(pattern)
    }

    /// Removes a pattern; `false` if it is not wanted. Events that wait for it are still delivered. Blocks until a
    /// fan-out that is under way has ended.
    pub fn give_up(&self, pattern: &Pattern) -> bool {
        self.raw.give_up(pattern)
    }

    /// Whether this exact pattern is wanted; a pattern that covers it does not count.
    pub fn wants(&self, pattern: &Pattern) -> bool {
        self.raw.wants(pattern)
    }

    /// Why the subscription is over; `None` while it is open.
    pub fn closed(&self) -> Option<CloseReason> {
        self.raw.closed()
    }

    /// Whether the subscription is over.
    pub fn is_closed(&self) -> bool {
        self.raw.is_closed()
    }

    /// The account so far.
    pub fn counts(&self) -> Counts {
        self.raw.counts()
    }

    /// Unsubscribes, as dropping does, and returns the final account.
    pub fn leave(self) -> Counts {
        self.raw.leave()
    }
}

impl Stream for Subscription {
    type Item = Taken;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Taken>> {
        self.get_mut().poll_recv(cx)
    }
}
