//! Runs of cases.

use super::super::case::{ClusterFault, ClusterFaultKind, ViewerPlan};
use super::*;

#[test]
fn the_same_case_gives_the_same_run() {
    for seed in [3, 4] {
        let case = ClusterCase::draw(seed);
        let first = run(&case, Trusts::Leader).unwrap();
        assert_eq!(run(&case, Trusts::Leader).unwrap(), first, "seed {seed}");
    }
}

/// A case of one server and one broker, without a fault of its own.
fn quiet(events: u64) -> ClusterCase {
    let ms = Duration::from_millis;
    ClusterCase {
        seed: 1,
        nodes: 1,
        brokers: 1,
        history_events: 100,
        replay_events: 100,
        publish_at: (0..events).map(|number| ms(4000 + 500 * number)).collect(),
        viewers: vec![ViewerPlan { comes_at: ms(300), first_node: 0, leaves: Vec::new() }],
        faults: Vec::new(),
    }
}

#[test]
fn a_message_that_is_lost_on_the_way_is_read_again_although_nothing_follows_it() {
    let at = Duration::from_millis(4200);
    let lost = ClusterFault { at, lasts: Duration::ZERO, kind: ClusterFaultKind::MessageLost(0) };
    let ran = run(&ClusterCase { faults: vec![lost], ..quiet(2) }, Trusts::Leader).unwrap();
    assert_eq!((ran.received, ran.gaps), (2, 0));
    assert!(ran.complete_after > Duration::from_secs(5), "{ran:?}");
}
