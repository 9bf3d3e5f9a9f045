//! Isolation: without a CPU to share, what happens to a subscriber depends on its own life alone.

use hubbub_sim::plan::Plan;
use hubbub_sim::record::What;
use proptest::prelude::*;
use proptest::sample::Index;

use super::campaign::{Verdict, holds, observed};
use super::cases::{Case, any_case};

#[test]
fn a_witness_sees_the_same_at_the_same_times_with_and_without_any_neighbours() {
    let case = any_case().prop_map(Case::without_cpu);
    holds(64, (case, any::<Index>()), |(case, witness)| {
        sees_the_same(&case, witness.index(case.plan.subscribers.len()))
    });
}

fn sees_the_same(case: &Case, witness: usize) -> Verdict {
    let lonely = Plan { subscribers: vec![case.plan.subscribers[witness].clone()], ..case.plan.clone() };
    let (_, alone) = observed(&lonely, case.choice())?;
    let (_, crowded) = observed(&case.plan, case.choice())?;
    let alone: Vec<_> = alone.iter().map(|seen| (seen.at, seen.what)).collect();
    let crowded: Vec<_> =
        crowded.iter().filter(|seen| seen.subscriber == witness).map(|seen| (seen.at, seen.what)).collect();
    for (step, (alone, crowded)) in alone.iter().zip(&crowded).enumerate() {
        prop_assert_eq!(alone, crowded, "observation {} of subscriber {}", step, witness);
    }
    // A run ends when nothing is left to do, so neighbours make it longer: a client may still come or go.
    prop_assert!(crowded.len() >= alone.len(), "{} alone, {} in the crowd", alone.len(), crowded.len());
    for (at, what) in &crowded[alone.len()..] {
        let is_late = matches!(what, What::Subscribed { .. } | What::Ended { client_gone: 0, evicted: 0 });
        prop_assert!(is_late && *at >= case.plan.duration, "{:?} at {:?} in the crowd alone", what, at);
    }
    Ok(())
}
