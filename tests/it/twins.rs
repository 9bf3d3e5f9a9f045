//! Over a WebSocket an event is lost if and only if it is lost over server-sent events, where both clients take as many
//! frames at the same times.

use hubbub::Overflow;
use proptest::prelude::*;

use crate::support::driven::{Driven, Over};

#[derive(Debug, Clone)]
enum Step {
    /// So many events of so many bytes are published.
    Publish(usize, usize),
    /// The socket takes so many frames more.
    Take(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let publish = (1usize..6, 8usize..250);
    let step =
        prop_oneof![publish.prop_map(|(times, bytes)| Step::Publish(times, bytes)), (0usize..5).prop_map(Step::Take)];
    prop::collection::vec(step, 1..40)
}

/// The fate of every event, step by step: delivered so far, waiting, in flight, lost ids.
fn fates(over: Over, capacity: usize, overflow: Overflow, frames_per_write: usize, steps: &[Step]) -> Vec<String> {
    let mut driven = Driven::start_over(over, capacity, overflow, frames_per_write);
    driven.take_head();
    let mut fates = Vec::new();
    for step in steps {
        match *step {
            Step::Publish(times, bytes) => (0..times).for_each(|_| driven.publish(bytes)),
            Step::Take(frames) => driven.take_frames(frames),
        }
        let is_over = driven.run().is_ready();
        let counts = driven.hub.counts();
        assert!(counts.is_conserved());
        fates.push(format!("{is_over} {counts:?} {:?}", driven.lost()));
        if is_over {
            break;
        }
    }
    fates
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn both_lose_the_same_ids_at_the_same_steps(
        steps in steps(),
        capacity in 1usize..9,
        overflow in prop::sample::select(vec![Overflow::DropNewest, Overflow::DropOldest, Overflow::Disconnect]),
        frames_per_write in 1usize..4,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let _context = runtime.enter();
        let [sse, websocket] =
            [Over::Sse, Over::WebSocket].map(|over| fates(over, capacity, overflow, frames_per_write, &steps));
        prop_assert_eq!(sse, websocket);
    }
}
