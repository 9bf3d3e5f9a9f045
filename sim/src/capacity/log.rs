//! What a log that several nodes share costs, beside one node with a history of its own.

use super::Demand;
use crate::summary::capacity::BrokerTraffic;

/// What an event on the log costs the nodes and the broker. [`LogPrices::MEASURED`] has medians that
/// `just log-costs` printed; they stand in `docs/cluster.md`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogPrices {
    /// Replicas of the log.
    pub replicas: u64,
    /// CPU time of each node for an event, in microseconds, beside its publish and its deliveries.
    pub event_us: f64,
    /// What a message adds to an event on its way to the broker, in bytes: subject, headers and the lines of the protocol.
    pub in_bytes: u64,
    /// What a message adds to an event on its way to each node, in bytes.
    pub out_bytes: u64,
    /// CPU time of the broker for an event, in microseconds, without what it sends to nodes.
    pub broker_us: f64,
    /// CPU time of the broker for an event that it sends to one node, in microseconds.
    pub broker_node_us: f64,
}

impl LogPrices {
    /// Three replicas, and what was measured.
    pub const MEASURED: Self =
        Self { replicas: 3, event_us: 160.0, in_bytes: 40, out_bytes: 85, broker_us: 550.0, broker_node_us: 60.0 };

    /// What the broker that leads the stream receives, sends and works, with so many nodes.
    pub(super) fn traffic(self, nodes: u64, busiest: Demand) -> BrokerTraffic {
        let events = busiest.events_per_second;
        let carried = |added: u64| busiest.published_bytes_per_second + events * added as f64;
        BrokerTraffic {
            replicas: self.replicas,
            published_bytes_per_second: carried(self.in_bytes),
            replicated_bytes_per_second: carried(self.in_bytes) * (self.replicas - 1) as f64,
            read_bytes_per_second: carried(self.out_bytes) * nodes as f64,
            cores: events * (self.broker_us + self.broker_node_us * nodes as f64) / 1e6,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_node_reads_every_event_and_every_replica_keeps_it() {
        let busiest = Demand { events_per_second: 10.0, published_bytes_per_second: 7000.0, ..Demand::default() };
        let prices =
            LogPrices { in_bytes: 40, out_bytes: 80, broker_us: 500.0, broker_node_us: 50.0, ..LogPrices::MEASURED };
        let found = prices.traffic(4, busiest);
        assert_eq!(found.published_bytes_per_second, 7400.0);
        assert_eq!(found.replicated_bytes_per_second, 2.0 * 7400.0);
        assert_eq!(found.read_bytes_per_second, 4.0 * 7800.0);
        assert_eq!(found.cores, 10.0 * (500.0 + 4.0 * 50.0) / 1e6);
    }
}
