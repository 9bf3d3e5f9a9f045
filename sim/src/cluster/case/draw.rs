//! Draws a case from a seed.

use std::time::Duration;

use super::{ClusterCase, ClusterFault, ClusterFaultKind, Leave, ViewerPlan};
use crate::cluster::draws::Draws;

/// Time in which everything is published, and in which everything begins to fail that does.
const FAILS_WITHIN_MS: u64 = 12_000;
/// Brokers that are cut off choose another leader after four seconds at least, and the one that led gives up after ten.
const CUT_OFF_MS: [u64; 2] = [500, 15_000];

impl ClusterCase {
    /// Draws a case.
    pub fn draw(seed: u64) -> Self {
        let mut draws = Draws::of(seed);
        let nodes = 1 + draws.index(3);
        let brokers = if draws.is_one_in(4) { 1 } else { 3 };
        let events = 5 + draws.below(60);
        let mut publish_at: Vec<_> = (0..events).map(|_| draws.ms(200, FAILS_WITHIN_MS)).collect();
        publish_at.sort_unstable();
        let viewers = 1 + draws.below(12);
        let viewers = (0..viewers).map(|_| viewer(&mut draws, nodes)).collect();
        let faults = draws.below(7);
        let mut faults: Vec<_> = (0..faults).map(|_| fault(&mut draws, nodes, brokers)).collect();
        faults.sort_by_key(|fault| fault.at);
        Self {
            seed,
            nodes,
            brokers,
            history_events: if draws.is_one_in(3) { 1000 } else { 1 + draws.index(20) },
            replay_events: if draws.is_one_in(5) { 0 } else { 1000 },
            publish_at,
            viewers,
            faults,
        }
    }
}

fn viewer(draws: &mut Draws, nodes: usize) -> ViewerPlan {
    // Most are there from the beginning.
    let comes_at = if draws.is_one_in(3) { draws.ms(0, FAILS_WITHIN_MS) } else { draws.ms(0, 1000) };
    let leaves = if draws.is_one_in(2) { draws.below(4) } else { 0 };
    let mut leaves: Vec<_> = (0..leaves)
        .map(|_| Leave { at: draws.ms(500, FAILS_WITHIN_MS), away: draws.ms(10, 4000) })
        .filter(|leave| leave.at > comes_at)
        .collect();
    leaves.sort_unstable();
    ViewerPlan { comes_at, first_node: draws.index(nodes), leaves }
}

fn fault(draws: &mut Draws, nodes: usize, brokers: usize) -> ClusterFault {
    use ClusterFaultKind as Kind;
    let node = draws.index(nodes);
    let broker = draws.index(brokers);
    let kind = match draws.below(21) {
        0..=2 => Kind::NodeKilled(node),
        3..=5 => Kind::BrokerKilled(broker),
        6 | 7 => Kind::BrokerLags(broker),
        8 | 9 => Kind::NodeCutOff(node),
        10 => Kind::AcknowledgementsLost(node),
        11 => Kind::MessageLost(node),
        12 => Kind::ConsumersEnd(node),
        13 => Kind::MessageDeleted,
        14 => Kind::Foreign,
        15 if draws.is_one_in(2) => Kind::StreamFull,
        15 => Kind::Purged,
        16 => Kind::MadeAnew,
        17 | 18 if brokers == 3 => Kind::BrokerCutOff(broker),
        _ => Kind::Trimmed(1 + draws.index(8)),
    };
    let lasts = match kind {
        _ if kind.is_of_a_moment() => Duration::ZERO,
        Kind::BrokerCutOff(_) => draws.ms(CUT_OFF_MS[0], CUT_OFF_MS[1]),
        Kind::MadeAnew => draws.ms(0, 1500),
        _ => draws.ms(50, 4000),
    };
    ClusterFault { at: draws.ms(300, FAILS_WITHIN_MS), lasts, kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_case_and_others_give_other_ones() {
        assert_eq!(ClusterCase::draw(7), ClusterCase::draw(7));
        assert_ne!(ClusterCase::draw(7), ClusterCase::draw(8));
    }

    #[test]
    fn everything_is_in_order_of_time_and_of_what_there_is() {
        for case in (0..300).map(ClusterCase::draw) {
            assert!(case.publish_at.is_sorted() && case.faults.is_sorted_by_key(|fault| fault.at), "{case:?}");
            assert!(case.viewers.iter().all(|viewer| viewer.first_node < case.nodes && viewer.leaves.is_sorted()));
            assert!(case.faults.iter().all(|fault| fault.until() <= case.settles_at()), "{case:?}");
        }
    }
}
