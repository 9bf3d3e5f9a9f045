//! An event between its subscription and its client: flushed when told so, and otherwise lost.

use std::sync::Arc;

use super::super::slot::Taken;
use super::Subscription;
use crate::event::{Event, Gap};

/// An event on its way from a subscription to its client, which counts as delivered once [`flushed`](Self::flushed) is
/// called. If it is dropped instead, the event is lost as [`ClientGone`](crate::LossReason::ClientGone).
///
/// With gap notices the next event then says that this one is missing. A delivery that is forgotten is settled in the
/// same way before the next event is taken, so at most one event is in flight.
///
/// ```
/// use std::time::Duration;
///
/// use hubbub::{Capacity, Hub, HubSettings, Overflow, Topic};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # futures_executor::block_on(async {
/// # async fn write(payload: &[u8]) -> Result<(), ()> { if payload == b"second" { Err(()) } else { Ok(()) } }
/// let capacity = Capacity::new(4).expect("1 to 1,048,576 frames");
/// let hub = Hub::new(HubSettings { epoch: 1, capacity, overflow: Overflow::DropNewest });
/// let topic = Topic::new("builds")?;
/// let mut builds = hub.subscribe(&[topic.clone().into()]).open()?;
/// for payload in ["first", "second", "third"] {
///     hub.publish(Duration::ZERO, &topic, payload);
/// }
/// for _ in 0..3 {
///     let Some(delivery) = builds.delivery().await else { break };
///     if write(delivery.event().payload()).await.is_ok() {
///         delivery.flushed();
///     }
/// }
/// let counts = builds.counts();
/// assert_eq!([counts.delivered, counts.dropped.client_gone, counts.in_flight], [2, 1, 0]);
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a delivery that is dropped counts as lost"]
pub struct Delivery<'a> {
    pub(super) subscription: &'a mut Subscription,
}

impl Delivery<'_> {
    /// The event.
    pub fn event(&self) -> &Arc<Event> {
        &self.taken().event
    }

    /// The events that are missing in front of this one, as [`Taken::gap`] has them.
    pub fn gap(&self) -> Option<&Gap> {
        self.taken().gap.as_ref()
    }

    /// Says that the client has the event: it counts as delivered. `false` if the subscriber was cut off meanwhile, and
    /// the event is counted as lost.
    pub fn flushed(self) -> bool {
        self.subscription.out = None;
        self.subscription.opens_with_gap = false;
        self.subscription.raw.flushed(None)
    }

    fn taken(&self) -> &Taken {
        // Only `flushed` and the drop settle it, and both end the delivery.
        &self.subscription.out.as_ref().expect("an event is out as long as its delivery exists").taken
    }
}

impl Drop for Delivery<'_> {
    fn drop(&mut self) {
        // After `flushed` nothing is left to settle.
        self.subscription.settle();
    }
}
