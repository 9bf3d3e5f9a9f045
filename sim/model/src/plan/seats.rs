//! The order in which first streams are likely to begin. Nothing in a run depends on it: it says where in memory a world
//! or a recorder keeps what belongs to a subscriber.

use super::Plan;

/// Ways to the server and back before a stream: the handshake, there and back, and the request.
const WAYS_TO_A_STREAM: u32 = 3;

impl Plan {
    /// The subscribers, as indices in the plan, in the order in which their first streams are likely to begin.
    ///
    /// A publish goes through all streams in the order of their beginnings. Kept in the plan's order, which is another one,
    /// ten thousand subscribers cost twice the time: the processor fetches in advance only what lies one after the other.
    pub(crate) fn likely_order(&self) -> Vec<usize> {
        let begins_at = |index: &usize| {
            let subscriber = &self.subscribers[*index];
            let class = self.classes.get(subscriber.class);
            let round_trip = class.and_then(|class| class.round_trip).unwrap_or_default();
            subscriber.connect_at.saturating_add(round_trip / 2 * WAYS_TO_A_STREAM)
        };
        let mut order: Vec<usize> = (0..self.subscribers.len()).collect();
        order.sort_by_key(begins_at);
        order
    }

    /// The place of each subscriber in [`Self::likely_order`], by index in the plan.
    pub(crate) fn seats(&self) -> Vec<u32> {
        let mut seats = vec![0; self.subscribers.len()];
        for (seat, index) in (0..).zip(self.likely_order()) {
            seats[index] = seat;
        }
        seats
    }
}
