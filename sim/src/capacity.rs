//! Computes how many server nodes a number of viewers needs: what one node carries of them by CPU, memory and network, and
//! what the simulation loses at that load. A node is a machine with one server; several of them share a log.

mod demand;
mod log;

use std::time::Duration;

use crate::plan::Plan;
use crate::runs::{self, Job, RunError, Workers};
use crate::scenario::{MAX_SUBSCRIBERS, Scenario};
use crate::sizing::bounded;
use crate::summary::capacity::{Capacity, Limit, Load, NodeRun, Resource, SCHEMA};
use crate::summary::cell::{CellKey, SLOT_BYTES, cell};
use crate::summary::run::Latencies;
use demand::Demand;
pub use log::LogPrices;

/// The time over which the busiest rate is an average. Shorter peaks wait in the mailboxes, and the simulated runs say what
/// they lose there.
pub const BUSIEST: Duration = Duration::from_secs(10);

/// What a node has and what a viewer costs it. All of it can be replaced by figures of one's own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Node {
    /// Cores for the server. Connections are spread over them.
    pub cores: u32,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// What it can send, in bits per second.
    pub bits_per_second: u64,
    /// The largest part of each of these that may be in use in the busiest ten seconds, above 0 and at most 1.
    pub most_load: f64,
    /// Memory of an open stream, in the process and in the kernel, without events.
    pub stream_bytes: u64,
}

impl Default for Node {
    fn default() -> Self {
        Self {
            cores: 4,
            memory_bytes: 16 << 30,
            bits_per_second: 10_000_000_000,
            most_load: 0.5,
            stream_bytes: STREAM_BYTES,
        }
    }
}

/// Memory of an open stream as `cargo sim load` measured it, the process and both sockets: alpha at N = 5,000 in
/// `plots/load/alpha/sweep.json`.
const STREAM_BYTES: u64 = 23_052;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CapacityQuestion {
    /// Viewers at the same time.
    pub viewers: u64,
    /// Nodes that may be missing at the same time.
    pub spare: u64,
    /// Mailboxes of each viewer, in frames.
    pub buffer: u64,
    /// A node.
    pub node: Node,
    /// What a log costs, which several nodes need.
    pub log: LogPrices,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum CapacityError {
    /// Without prices nothing would bound a node's CPU.
    #[error(
        "{0} has no [server.cpu]: what does a publish and a delivery cost on your node? `just bench server` measures it"
    )]
    NoPrices(String),
    /// The publishes alone are too much.
    #[error(
        "a node carries no viewer: {0} has more to do for the events alone than --most-load leaves; fewer events, or a larger node"
    )]
    Nobody(Resource),
    /// The share of a core is too much for a run.
    #[error("a node has {0} viewers a core, and a run at most {MAX_SUBSCRIBERS}")]
    TooManyForARun(u64),
    /// A run failed.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Answers for a scenario. Runs are those of its seeds, by the specification.
///
/// # Errors
/// When there is no answer, and with the first failure of a run.
pub fn capacity(scenario: &Scenario, asked: CapacityQuestion, workers: Workers<'_>) -> Result<Capacity, CapacityError> {
    let settings = scenario.settings();
    let Some(prices) = settings.server.cpu else { return Err(CapacityError::NoPrices(settings.name.clone())) };
    // One viewer stands for all, unless they watch different tables.
    let is_alike = settings.classes.iter().all(|class| class.tables.is_none() && class.topic.is_none());
    let members = if is_alike { 1 } else { settings.subscribers.iter().max().copied().unwrap_or(1) };
    let plans = (0..settings.seeds).map(|seed| Plan::draw(scenario, members, seed));
    let (mean, busiest) = demand::of(plans, BUSIEST);
    let delivery_us = prices.delivery_us + prices.frame_us;
    let mut limits = limits(asked, prices.publish_us, delivery_us, busiest);
    let mut needed = nodes_needed(asked, &limits)?;
    if needed + asked.spare > 1 {
        limits = self::limits(asked, prices.publish_us + asked.log.event_us, delivery_us, busiest);
        needed = nodes_needed(asked, &limits)?;
    }
    let nodes = needed + asked.spare;
    let fullest = asked.viewers.div_ceil(needed);
    let run = node_run(scenario, asked, fullest, workers)?;
    Ok(Capacity {
        schema: SCHEMA,
        command: String::new(),
        scenario: settings.name.clone(),
        viewers: asked.viewers,
        nodes,
        spare: asked.spare,
        viewers_per_node: asked.viewers.div_ceil(nodes),
        viewers_per_node_without_spare: fullest,
        binding: binding(&limits),
        limits,
        most_load: asked.node.most_load,
        load: Load {
            events_per_second: mean.events_per_second,
            busiest_events_per_second: busiest.events_per_second,
            bytes_per_second_of_a_viewer: mean.sent_bytes_per_second,
            busiest_bytes_per_second_of_a_viewer: busiest.sent_bytes_per_second,
        },
        broker: (nodes > 1).then(|| asked.log.traffic(nodes, busiest)),
        run,
    })
}

/// What carries the fewest viewers: the first of equals.
fn binding(limits: &[Limit]) -> Resource {
    limits.iter().min_by_key(|limit| limit.viewers).map_or(Resource::Cpu, |limit| limit.resource)
}

/// Nodes that carry everybody.
fn nodes_needed(asked: CapacityQuestion, limits: &[Limit]) -> Result<u64, CapacityError> {
    match limits.iter().map(|limit| limit.viewers).min() {
        None | Some(0) => Err(CapacityError::Nobody(binding(limits))),
        Some(most) => Ok(asked.viewers.div_ceil(most)),
    }
}

/// What each resource carries in the busiest time.
fn limits(asked: CapacityQuestion, publish_us: f64, delivery_us: f64, busiest: Demand) -> Vec<Limit> {
    let Node { cores, memory_bytes, bits_per_second, most_load, stream_bytes } = asked.node;
    let limit = |resource, per_viewer: f64, fixed: f64, has: f64| {
        let left = has * most_load - fixed;
        let viewers = if per_viewer > 0.0 { (left / per_viewer).max(0.0) } else { f64::from(u32::MAX) };
        // Cut off below, as a part of a viewer is none.
        Limit { resource, per_viewer, fixed, has, viewers: viewers as u64 }
    };
    let [published, delivered] = [busiest.events_per_second, busiest.delivered_per_second];
    vec![
        limit(Resource::Cpu, delivered * delivery_us / 1e6, published * publish_us / 1e6, f64::from(cores)),
        limit(Resource::Memory, (stream_bytes + asked.buffer * SLOT_BYTES) as f64, 0.0, memory_bytes as f64),
        limit(Resource::Network, busiest.sent_bytes_per_second, 0.0, bits_per_second as f64 / 8.0),
    ]
}

/// The runs of a core's share of a node's viewers.
fn node_run(
    scenario: &Scenario,
    asked: CapacityQuestion,
    viewers: u64,
    workers: Workers<'_>,
) -> Result<NodeRun, CapacityError> {
    let of_a_core = viewers.div_ceil(u64::from(asked.node.cores));
    if of_a_core > MAX_SUBSCRIBERS {
        return Err(CapacityError::TooManyForARun(of_a_core));
    }
    let settings = scenario.settings();
    let (subscribers, choice) = (of_a_core as usize, bounded(scenario, asked.buffer));
    let jobs: Vec<_> = (0..settings.seeds).map(|seed| Job { scenario, subscribers, choice, seed }).collect();
    workers.progress.begin("runs of a core's share", jobs.iter().map(Job::units).sum());
    let (mut of_seeds, mut latencies) = (Vec::new(), Latencies(Vec::new()));
    runs::each(
        &jobs,
        workers,
        |_| true,
        |_, (run, of_run)| {
            of_seeds.push(run);
            latencies.merge(of_run);
        },
    )?;
    workers.progress.end();
    // Threads finish in any order.
    of_seeds.sort_by_key(|run| run.seed);
    let class_names: Vec<_> = settings.classes.iter().map(|class| class.name.clone()).collect();
    let (policy, seconds) = (settings.server.policy.name(), scenario.duration().as_secs_f64());
    let key = CellKey { policy, subscribers, buffer: asked.buffer, class_names: &class_names, seconds };
    let found = cell(key, &of_seeds, &latencies);
    Ok(NodeRun {
        subscribers: of_a_core,
        buffer: asked.buffer,
        policy: policy.to_owned(),
        runs: settings.seeds,
        run_seconds: seconds,
        drop_rate: found.drop_rate,
        missed_rate: found.missed as f64 / found.wanted.max(1) as f64,
        high_water: of_seeds.iter().map(|run| run.all().high_water).max().unwrap_or(0),
        age_p99_ms: found.receipt_latency_ms.p99,
    })
}

#[cfg(test)]
mod tests;
