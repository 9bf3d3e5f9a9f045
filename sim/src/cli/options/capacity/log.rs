//! Options of `capacity` for the log that several nodes share. Where one node is enough they say nothing.

use clap::Args;

use crate::capacity::LogPrices;
use crate::cli::number;

/// Most copies that a stream of JetStream has.
const MOST_REPLICAS: u64 = 5;
/// Most bytes that a message may add to an event.
const MOST_ADDED: u64 = 1 << 20;
const DEFAULT: LogPrices = LogPrices::MEASURED;

#[derive(Debug, Args)]
pub(in crate::rooms::cli) struct LogOptions {
    /// Copies of the log, each on a broker of its own
    #[arg(long, value_name = "N", default_value_t = DEFAULT.replicas, value_parser = |text: &str| number::within(text, 1, MOST_REPLICAS))]
    replicas: u64,
    /// CPU time of each node for an event of the log in microseconds, as `just log-costs` measures it
    #[arg(long, value_name = "US", default_value_t = DEFAULT.event_us, value_parser = number::microseconds)]
    log_us: f64,
    /// Bytes that a message adds to an event on its way to the broker
    #[arg(long, value_name = "BYTES", default_value_t = DEFAULT.in_bytes, value_parser = |text: &str| number::within(text, 0, MOST_ADDED))]
    log_in_bytes: u64,
    /// Bytes that a message adds to an event on its way to each node
    #[arg(long, value_name = "BYTES", default_value_t = DEFAULT.out_bytes, value_parser = |text: &str| number::within(text, 0, MOST_ADDED))]
    log_out_bytes: u64,
    /// CPU time of the broker for an event in microseconds, without what it sends to nodes
    #[arg(long, value_name = "US", default_value_t = DEFAULT.broker_us, value_parser = number::microseconds)]
    broker_us: f64,
    /// CPU time of the broker for an event that it sends to one node, in microseconds
    #[arg(long, value_name = "US", default_value_t = DEFAULT.broker_node_us, value_parser = number::microseconds)]
    broker_node_us: f64,
}

impl LogOptions {
    pub(super) fn prices(&self) -> LogPrices {
        LogPrices {
            replicas: self.replicas,
            event_us: self.log_us,
            in_bytes: self.log_in_bytes,
            out_bytes: self.log_out_bytes,
            broker_us: self.broker_us,
            broker_node_us: self.broker_node_us,
        }
    }

    /// The options as they would be typed.
    pub(super) fn command(&self) -> String {
        let Self { replicas, log_us, log_in_bytes, log_out_bytes, broker_us, broker_node_us } = self;
        format!(
            " --replicas {replicas} --log-us {log_us} --log-in-bytes {log_in_bytes} --log-out-bytes {log_out_bytes} \
             --broker-us {broker_us} --broker-node-us {broker_node_us}"
        )
    }
}
