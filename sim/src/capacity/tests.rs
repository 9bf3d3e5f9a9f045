use super::*;
use crate::runs::{Progress, RunWorld};
use crate::summary::document::Sweep;
use crate::summary::json;

struct Silent;

impl Progress for Silent {
    fn begin(&self, _: &str, _: u64) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}
}

/// A scenario of one run, with prices.
fn scenario() -> Scenario {
    let text = "name = \"t\"\nduration_seconds = 20\nseeds = 1\nserver.cpu = { publish_us = 100, delivery_us = 200 }\n\
        arrivals = { kind = \"poisson\", per_second = 10 }\npayload = { kind = \"fixed\", bytes = 500 }\n\
        [[class]]\nname = \"all\"\nshare = 1\nround_trip_ms = 20\nwindow_bytes = 65536\nreads = \"as-it-arrives\"\n";
    Scenario::parse("t", text).expect("a scenario")
}

fn asked(viewers: u64, spare: u64, node: Node) -> CapacityQuestion {
    CapacityQuestion { viewers, spare, buffer: 16, node, log: LogPrices::MEASURED }
}

fn answered(question: CapacityQuestion) -> Result<Capacity, CapacityError> {
    let workers =
        Workers { threads: 1, world: RunWorld::Specified, checks_a_share: false, known: None, progress: &Silent };
    capacity(&scenario(), question, workers)
}

#[test]
fn the_resource_that_carries_the_fewest_viewers_binds() {
    let node = Node { cores: 1, most_load: 0.1, ..Node::default() };
    let of = |node| answered(asked(100, 0, node)).expect("an answer").binding;
    let by_cpu = of(node);
    let by_memory = of(Node { memory_bytes: 4_000_000, ..node });
    let by_network = of(Node { bits_per_second: 1_000_000, ..node });
    assert_eq!([by_cpu, by_memory, by_network], [Resource::Cpu, Resource::Memory, Resource::Network]);
}

#[test]
fn the_nodes_that_are_left_carry_everybody() {
    for (viewers, spare) in [(1, 0), (99, 1), (100, 1), (1000, 3)] {
        let found = answered(asked(viewers, spare, Node { cores: 1, most_load: 0.1, ..Node::default() }));
        let found = found.expect("an answer");
        let carries = found.limits.iter().map(|limit| limit.viewers).min().expect("three limits");
        let left = found.nodes - found.spare;
        assert!(left * carries >= viewers, "{viewers} viewers, {left} nodes of {carries}");
        assert!((left - 1) * carries < viewers, "one node less would be enough for {viewers}");
        assert!(found.viewers_per_node_without_spare <= carries);
        assert_eq!(found.broker.is_some(), found.nodes > 1);
    }
}

#[test]
fn a_node_whose_cpu_the_publishes_alone_fill_carries_nobody() {
    let refused = answered(asked(10, 0, Node { cores: 1, most_load: 0.0001, ..Node::default() }));
    assert!(matches!(refused, Err(CapacityError::Nobody(Resource::Cpu))), "{refused:?}");
}

#[test]
fn several_nodes_pay_for_the_log_and_a_single_one_does_not() {
    let fixed = |viewers, spare| {
        let found = answered(asked(viewers, spare, Node::default())).expect("an answer");
        found.limits[0].fixed
    };
    let (alone, shared) = (fixed(10, 0), fixed(10, 1));
    assert!(alone > 0.0, "publishes cost something");
    // 100 µs for each publish, and the price of the log beside it.
    assert!((shared / alone - (100.0 + LogPrices::MEASURED.event_us) / 100.0).abs() < 1e-9, "{alone} and {shared}");
}

#[test]
fn the_memory_of_a_stream_is_the_published_one() {
    let published = include_str!("../../../plots/load/alpha/sweep.json");
    let sweep: Sweep = json::from_json(published).expect("a document");
    let cell = sweep.cells.iter().find(|cell| cell.subscribers == 5000).expect("a cell of 5,000 subscribers");
    let memory = cell.memory_bytes_per_subscriber;
    let measured = memory.resident.unwrap_or(0.0) + memory.kernel.unwrap_or(0.0);
    assert_eq!(STREAM_BYTES, measured.ceil() as u64);
}
