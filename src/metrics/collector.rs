//! The figures of a Hub in a registry of the program's own.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

use super::Metrics;
use crate::hub::Hub;

/// A collector of prometheus-client that reads the figures of a Hub when it is asked; [`Measured::collector`] makes it.
///
/// ```
/// # #[cfg(feature = "__transport")] {
/// use hubbub::metrics::Measured;
/// use hubbub::transport::Tokio;
/// # use hubbub::{Capacity, Hub, HubSettings, Overflow};
/// use prometheus_client::registry::Registry;
///
/// # let capacity = Capacity::new(1).expect("1 to 1,048,576 frames");
/// # let hub = Hub::new(HubSettings { epoch: 1, capacity, overflow: Overflow::DropNewest });
/// let measured = Measured::new(Tokio::start());
/// let mut registry = Registry::with_prefix("shop");
/// registry.register_collector(Box::new(measured.collector(&hub, || 3)));
/// let mut text = String::new();
/// prometheus_client::encoding::text::encode(&mut text, &registry).expect("a String takes all");
/// assert!(text.contains("\nshop_hubbub_connections 3\n"));
/// # }
/// ```
///
/// [`Measured::collector`]: super::Measured::collector
pub struct HubCollector {
    metrics: Arc<Metrics>,
    hub: Hub,
    connections: Box<dyn Fn() -> usize + Send + Sync>,
    now: Box<dyn Fn() -> Duration + Send + Sync>,
}

impl HubCollector {
    pub(super) fn new(
        metrics: Arc<Metrics>,
        hub: Hub,
        connections: Box<dyn Fn() -> usize + Send + Sync>,
        now: Box<dyn Fn() -> Duration + Send + Sync>,
    ) -> Self {
        Self { metrics, hub, connections, now }
    }
}

impl Collector for HubCollector {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.metrics.figures(&self.hub, (self.connections)(), (self.now)()).encode(encoder)
    }
}

impl fmt::Debug for HubCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubCollector").field("connections", &(self.connections)()).finish_non_exhaustive()
    }
}
