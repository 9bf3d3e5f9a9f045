//! Options of `capacity`: the audience, a node, and the log.

mod log;

use std::path::Path;

use clap::Args;

use super::{JsonOptions, WorkerOptions, built_in_or_file};
use crate::capacity::{CapacityQuestion, Node};
use crate::cli::exit::Failure;
use crate::cli::number;
use crate::cli::typed::typed;
use crate::scenario::{CpuPrices, Overrides, Scenario};
use log::LogOptions;

/// Most viewers: more than there are people.
const MOST_VIEWERS: u64 = 10_000_000_000;
/// Most of what a node can have: GiB of memory, Gbit/s, cores, nodes to spare, replicas.
const MOST_GIB: u64 = 1 << 20;
const MOST_GBIT: u64 = 100_000;
const MOST_CORES: u64 = 4096;
const MOST_SPARE: u64 = 1_000_000;

#[derive(Debug, Args)]
pub(in crate::rooms::cli) struct CapacityOptions {
    #[arg(long, default_value = "alpha", value_name = "NAME|FILE", help = built_in_or_file())]
    scenario: String,
    /// Viewers at the same time
    #[arg(long, value_name = "N", value_parser = |text: &str| number::within(text, 1, MOST_VIEWERS))]
    viewers: u64,
    /// Nodes that may be missing at the same time, as one is during a rolling restart
    #[arg(long, value_name = "NODES", default_value_t = 1, value_parser = |text: &str| number::within(text, 0, MOST_SPARE))]
    spare: u64,
    /// Mailbox of each viewer, in frames [default: current_buffer of the scenario]
    #[arg(long, value_name = "K", value_parser = number::capacity)]
    buffer: Option<u64>,
    /// Number of seeds: 0 … N − 1
    #[arg(long, value_name = "N", value_parser = number::seeds)]
    seeds: Option<u64>,
    /// Cores of a node for the server
    #[arg(long, value_name = "CORES", default_value_t = 4, value_parser = |text: &str| number::within(text, 1, MOST_CORES))]
    cores: u64,
    /// Memory of a node
    #[arg(long, value_name = "GIB", default_value_t = 16, value_parser = |text: &str| number::within(text, 1, MOST_GIB))]
    memory_gib: u64,
    /// What a node can send
    #[arg(long, value_name = "GBIT/S", default_value_t = 10, value_parser = |text: &str| number::within(text, 1, MOST_GBIT))]
    network_gbit: u64,
    /// Largest part of CPU, memory and network that may be in use in the busiest ten seconds
    #[arg(long, value_name = "PART", default_value_t = 0.5, value_parser = most_load)]
    most_load: f64,
    /// Memory of an open stream in bytes, in the process and in the kernel, as `cargo sim load` measures it
    #[arg(long, value_name = "BYTES", default_value_t = Node::default().stream_bytes, value_parser = |text: &str| number::within(text, 1, 1 << 30))]
    stream_bytes: u64,
    /// CPU time of a publish in microseconds, in place of the scenario's, as `just bench server` measures it
    #[arg(long, value_name = "US", value_parser = number::microseconds)]
    publish_us: Option<f64>,
    /// CPU time of a write to one viewer in microseconds, in place of the scenario's
    #[arg(long, value_name = "US", value_parser = number::microseconds)]
    delivery_us: Option<f64>,
    #[command(flatten)]
    log: LogOptions,
    #[command(flatten)]
    pub(in crate::rooms::cli) workers: WorkerOptions,
    #[command(flatten)]
    pub(in crate::rooms::cli) json: JsonOptions,
}

impl CapacityOptions {
    /// The scenario with the prices in place.
    pub(in crate::rooms::cli) fn scenario(&self) -> Result<Scenario, Failure> {
        let scenario = Scenario::named(&self.scenario)?;
        let scenario = scenario.with(Overrides { seeds: self.seeds, ..Overrides::default() })?;
        if self.publish_us.is_none() && self.delivery_us.is_none() {
            return Ok(scenario);
        }
        let own = scenario.settings().server.cpu;
        // A price for both that leaves none out. The price of a write then includes its frame.
        let publish_us = self.publish_us.or(own.map(|own| own.publish_us));
        let delivery = self.delivery_us.map(|us| (us, 0.0)).or(own.map(|own| (own.delivery_us, own.frame_us)));
        let connect_us = own.map_or(0.0, |own| own.connect_us);
        let (Some(publish_us), Some((delivery_us, frame_us))) = (publish_us, delivery) else {
            return Err(Failure::input(format!(
                "{}: has no [server.cpu], so it needs both --publish-us and --delivery-us",
                self.scenario
            )));
        };
        Ok(scenario.with_cpu(CpuPrices { publish_us, delivery_us, frame_us, connect_us })?)
    }

    /// The question.
    pub(in crate::rooms::cli) fn question(&self, scenario: &Scenario) -> CapacityQuestion {
        CapacityQuestion {
            viewers: self.viewers,
            spare: self.spare,
            buffer: self.buffer.unwrap_or(scenario.settings().current_frames()),
            node: Node {
                cores: u32::try_from(self.cores).unwrap_or(u32::MAX),
                memory_bytes: self.memory_gib << 30,
                bits_per_second: self.network_gbit * 1_000_000_000,
                most_load: self.most_load,
                stream_bytes: self.stream_bytes,
            },
            log: self.log.prices(),
        }
    }

    /// The command line as it would be typed, without where the result goes.
    pub(in crate::rooms::cli) fn command(&self) -> String {
        let scenario = typed(Path::new(&self.scenario));
        let optional = [
            self.buffer.map(|buffer| format!(" --buffer {buffer}")),
            self.seeds.map(|seeds| format!(" --seeds {seeds}")),
            self.publish_us.map(|us| format!(" --publish-us {us}")),
            self.delivery_us.map(|us| format!(" --delivery-us {us}")),
        ];
        let optional: String = optional.into_iter().flatten().collect();
        format!(
            "cargo sim capacity --scenario {scenario} --viewers {} --spare {}{optional} --cores {} --memory-gib {} \
             --network-gbit {} --most-load {} --stream-bytes {}{}{}",
            self.viewers,
            self.spare,
            self.cores,
            self.memory_gib,
            self.network_gbit,
            self.most_load,
            self.stream_bytes,
            self.log.command(),
            self.workers.command(),
        )
    }
}

fn most_load(text: &str) -> Result<f64, String> {
    let allowed = || "must be a number above 0, at most 1".to_owned();
    text.parse().ok().filter(|load| *load > 0.0 && *load <= 1.0).ok_or_else(allowed)
}
