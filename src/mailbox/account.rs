//! The account of a mailbox: how many frames were offered, and what became of them.

use crate::loss::LossCounts;

/// A mailbox's account. At every moment `offered = delivered + dropped.total() + waiting + in_flight`.
///
/// A subscriber's account says where each of its frames is:
///
/// ```
/// use hubbub::{Capacity, Hub, HubSettings, Overflow, Pattern, Topic};
///
/// let capacity = Capacity::new(4).expect("1 to 1,048,576 frames");
/// let hub = Hub::new(HubSettings { epoch: 1, capacity, overflow: Overflow::DropOldest });
/// let mut subscription = hub.subscribe(&[Pattern::new("builds").expect("a pattern")]).open().expect("no cursor");
/// let topic = Topic::new("builds").expect("a topic");
/// for _ in 0..10 {
///     hub.publish(std::time::Duration::ZERO, &topic, "{}");
/// }
/// // Two frames leave the mailbox: one is received, and one is given up before it is flushed.
/// assert!(subscription.try_recv().is_ok());
/// drop(futures_executor::block_on(subscription.delivery()));
/// let counts = subscription.counts();
/// assert_eq!([counts.offered, counts.delivered, counts.waiting, counts.high_water], [10, 1, 2, 4]);
/// assert_eq!([counts.dropped.buffer_full, counts.dropped.client_gone], [6, 1]);
/// assert!(counts.is_conserved());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Frames that were pushed while the mailbox was open.
    pub offered: u64,
    /// Frames that were flushed: a socket has accepted their last byte, or a reader has received them.
    pub delivered: u64,
    /// Frames that were lost, by reason.
    pub dropped: LossCounts,
    /// Frames that wait in slots, and those parked.
    pub waiting: u64,
    /// Frames beyond the buffer: 1 if any have been taken and not been flushed. Further ones that have been taken hold
    /// their slots, and wait.
    pub in_flight: u64,
    /// Most frames that were in slots right after a push.
    pub high_water: u64,
}

impl Counts {
    /// Adds another account to this one; the high-water mark is the larger of the two.
    pub fn add(&mut self, other: &Self) {
        self.offered += other.offered;
        self.delivered += other.delivered;
        self.dropped.add(&other.dropped);
        self.waiting += other.waiting;
        self.in_flight += other.in_flight;
        // Not a sum: the marks of two mailboxes belong to different moments.
        self.high_water = self.high_water.max(other.high_water);
    }

    /// Whether every offered frame is accounted for.
    pub fn is_conserved(&self) -> bool {
        self.offered == self.delivered + self.dropped.total() + self.waiting + self.in_flight
    }
}
