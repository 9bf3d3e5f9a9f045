//! A case: what happens in a run of a cluster, drawn from a seed before anything runs.

use std::time::Duration;

use super::draws::Draws;

/// Time in which everything is published, and in which everything fails that does.
const FAILS_WITHIN_MS: u64 = 12_000;

/// What happens in a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterCase {
    /// The seed that it was drawn with, which also decides every delay of the brokers.
    pub seed: u64,
    /// Servers, 1 to 3.
    pub nodes: usize,
    /// Brokers that keep the stream, 1 or 3.
    pub brokers: usize,
    /// Events that each server keeps.
    pub history_events: usize,
    /// Events from before that, which a server reads from the stream again for clients that need them.
    pub replay_events: usize,
    /// When each event is published, in order of time.
    pub publish_at: Vec<Duration>,
    /// Who watches.
    pub viewers: Vec<ViewerPlan>,
    /// What fails, in order of time.
    pub faults: Vec<ClusterFault>,
}

/// One viewer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewerPlan {
    /// When it comes.
    pub comes_at: Duration,
    /// The node that it comes to first. To each further attempt it goes to the next one.
    pub first_node: usize,
    /// When it ends its connection, and how long it is away, in order of time.
    pub leaves: Vec<(Duration, Duration)>,
}

/// Something that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClusterFault {
    /// When it begins.
    pub at: Duration,
    /// How long it lasts. What happens in a moment lasts no time.
    pub lasts: Duration,
    /// What it is.
    pub kind: ClusterFaultKind,
}

/// What can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClusterFaultKind {
    /// A server's process is killed, and another one is started after that.
    NodeKilled(usize),
    /// A broker is killed, and is back after that. It catches up with what it missed in any order.
    BrokerKilled(usize),
    /// A broker gets what is new up to two seconds late.
    BrokerLags(usize),
    /// A server reaches no broker.
    NodeCutOff(usize),
    /// Acknowledgements to a server are lost, and what they acknowledge is kept.
    AcknowledgementsLost(usize),
    /// The next message to a server is lost on the way.
    MessageLost(usize),
    /// The consumers of a server end.
    ConsumersEnd(usize),
    /// The stream takes nothing more.
    StreamFull,
    /// One of the newest ten messages is deleted.
    MessageDeleted,
    /// All messages are removed.
    Purged,
    /// Some other program publishes what is no event.
    Foreign,
}

impl ClusterFault {
    /// When it is over.
    pub fn until(&self) -> Duration {
        self.at + self.lasts
    }
}

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

    /// When nothing is published, nothing fails and nobody is away any more.
    pub fn settles_at(&self) -> Duration {
        let leaves = self.viewers.iter().flat_map(|viewer| &viewer.leaves).map(|(at, away)| *at + *away);
        let faults = self.faults.iter().map(ClusterFault::until);
        let comes = self.viewers.iter().map(|viewer| viewer.comes_at);
        self.publish_at.iter().copied().chain(leaves).chain(faults).chain(comes).max().unwrap_or_default()
    }
}

fn viewer(draws: &mut Draws, nodes: usize) -> ViewerPlan {
    // Most are there from the beginning.
    let comes_at = if draws.is_one_in(3) { draws.ms(0, FAILS_WITHIN_MS) } else { draws.ms(0, 1000) };
    let leaves = if draws.is_one_in(2) { draws.below(4) } else { 0 };
    let mut leaves: Vec<_> = (0..leaves)
        .map(|_| (draws.ms(500, FAILS_WITHIN_MS), draws.ms(10, 4000)))
        .filter(|(at, _)| *at > comes_at)
        .collect();
    leaves.sort_unstable();
    ViewerPlan { comes_at, first_node: draws.index(nodes), leaves }
}

fn fault(draws: &mut Draws, nodes: usize, brokers: usize) -> ClusterFault {
    use ClusterFaultKind as Kind;
    let (node, broker) = (draws.index(nodes), draws.index(brokers));
    let kind = match draws.below(16) {
        0..=2 => Kind::NodeKilled(node),
        3..=5 => Kind::BrokerKilled(broker),
        6 | 7 => Kind::BrokerLags(broker),
        8 | 9 => Kind::NodeCutOff(node),
        10 => Kind::AcknowledgementsLost(node),
        11 => Kind::MessageLost(node),
        12 => Kind::ConsumersEnd(node),
        13 => Kind::MessageDeleted,
        14 => Kind::Foreign,
        _ if draws.is_one_in(2) => Kind::StreamFull,
        _ => Kind::Purged,
    };
    let lasts = match kind {
        Kind::MessageLost(_) | Kind::ConsumersEnd(_) | Kind::MessageDeleted | Kind::Foreign | Kind::Purged => {
            Duration::ZERO
        }
        Kind::NodeKilled(_)
        | Kind::BrokerKilled(_)
        | Kind::BrokerLags(_)
        | Kind::NodeCutOff(_)
        | Kind::AcknowledgementsLost(_)
        | Kind::StreamFull => draws.ms(50, 4000),
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
