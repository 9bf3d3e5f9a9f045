//! What fails when, and what starts servers again.

use std::time::Duration;

use super::case::{ClusterCase, ClusterFault, ClusterFaultKind};
use super::judge::{Broken, ClusterLaw};
use super::model::{Model, World};
use super::node;

/// Time after which a server whose process has ended by itself is started again.
const STARTS_AGAIN_AFTER: Duration = Duration::from_millis(300);

/// The beginning or the end of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Begins,
    Ends,
}

/// The faults of a run that are still to come, and what starts servers again.
pub(super) struct Faults {
    /// All beginnings and ends, the next one last.
    turns: Vec<(Duration, ClusterFault, Turn)>,
    /// By node, how many faults keep it killed.
    killed: Vec<u32>,
    /// By node, when it is started again after its process has ended by itself.
    starts_at: Vec<Option<Duration>>,
}

impl Faults {
    pub(super) fn of(case: &ClusterCase) -> Self {
        let of = |fault: &ClusterFault| [(fault.at, *fault, Turn::Begins), (fault.until(), *fault, Turn::Ends)];
        let mut turns: Vec<_> = case.faults.iter().flat_map(of).collect();
        // Of two of one moment the earlier fault's comes first.
        turns.sort_by_key(|(at, ..)| *at);
        turns.reverse();
        Self { turns, killed: vec![0; case.nodes], starts_at: vec![None; case.nodes] }
    }

    /// Does what is due.
    ///
    /// # Errors
    /// A server's process has ended by itself, although the stream is the one that it was.
    pub(super) fn take_due(&mut self, sim: &mut turmoil::Sim<'_>, model: &Model) -> Result<(), Broken> {
        let now = sim.elapsed();
        while let Some((_, fault, turn)) = self.turns.pop_if(|(at, ..)| *at <= now) {
            self.take(sim, model, fault, turn);
        }
        for node in 0..self.killed.len() {
            self.supervise(sim, model, node)?;
        }
        Ok(())
    }

    fn take(&mut self, sim: &mut turmoil::Sim<'_>, model: &Model, fault: ClusterFault, turn: Turn) {
        let now = sim.elapsed();
        let begins = turn == Turn::Begins;
        match fault.kind {
            ClusterFaultKind::NodeKilled(node) if begins => {
                self.killed[node] += 1;
                sim.crash(node::name(node));
            }
            ClusterFaultKind::NodeKilled(node) => {
                self.killed[node] -= 1;
                sim.bounce(node::name(node));
            }
            _ => model.change(|world| strike(world, now, fault.kind, begins)),
        }
    }

    /// Starts a server again some time after its process has ended by itself.
    fn supervise(&mut self, sim: &mut turmoil::Sim<'_>, model: &Model, node: usize) -> Result<(), Broken> {
        let now = sim.elapsed();
        let ended = model.world().links[node].has_ended.take();
        if let Some(why) = ended {
            let is_the_same = model.world().brokers.has_one_life();
            if is_the_same {
                let why = format!("the process of node {node} has ended: {why}");
                return Err(Broken::of(ClusterLaw::GoesOn, why));
            }
            sim.crash(node::name(node));
            self.starts_at[node] = Some(now + STARTS_AGAIN_AFTER);
        }
        if self.starts_at[node].take_if(|at| *at <= now).is_some() && self.killed[node] == 0 {
            sim.bounce(node::name(node));
        }
        Ok(())
    }
}

fn strike(world: &mut World, now: Duration, kind: ClusterFaultKind, begins: bool) {
    let World { brokers, links } = world;
    match kind {
        ClusterFaultKind::NodeKilled(_) => {}
        ClusterFaultKind::BrokerKilled(broker) if begins => brokers.end(now, broker),
        ClusterFaultKind::BrokerKilled(broker) => brokers.begin(now, broker),
        ClusterFaultKind::BrokerLags(broker) => brokers.lags(broker, begins),
        ClusterFaultKind::BrokerCutOff(broker) if begins => brokers.cut_off(now, broker),
        ClusterFaultKind::BrokerCutOff(broker) => brokers.heal(now, broker),
        ClusterFaultKind::NodeCutOff(node) => links[node].is_cut = begins,
        ClusterFaultKind::AcknowledgementsLost(node) => links[node].loses_acknowledgements = begins,
        ClusterFaultKind::StreamFull => brokers.is_full = begins,
        ClusterFaultKind::Trimmed(most) => brokers.limit(begins.then_some(most)),
        ClusterFaultKind::MadeAnew if begins => brokers.delete_stream(now),
        ClusterFaultKind::MadeAnew => brokers.make_anew(now),
        // What happens in a moment has no end.
        _ if !begins => {}
        ClusterFaultKind::MessageLost(node) => links[node].loses += 1,
        ClusterFaultKind::ConsumersEnd(node) => links[node].consumers_ended += 1,
        ClusterFaultKind::MessageDeleted => brokers.delete_one(),
        ClusterFaultKind::Purged => brokers.purge(),
        ClusterFaultKind::Foreign => brokers.keep_foreign(now),
    }
}
