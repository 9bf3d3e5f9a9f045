//! The figures of a Hub in the registry that an application has anyway, beside a counter of its own.
//!
//! `cargo run --example own_registry --no-default-features --features sse,metrics`

#![allow(clippy::print_stdout, reason = "a program that shows something")]

use std::error::Error;

use hubbub::metrics::Measured;
use hubbub::transport::{ConnectionSettings, Connections, Observation, Observer, Runtime, Tokio, observer_fn};
use hubbub::{Capacity, Hub, HubSettings, Overflow, Pattern, Topic};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let mut registry = Registry::with_prefix("shop");

    // A figure of one's own: the observer is a closure, and looks at what it wants.
    let losses: Counter = Counter::default();
    registry.register("events_lost", "Events that some subscriber did not get", losses.clone());
    let observer = observer_fn(move |observation| {
        if let Observation::Offered { outcome, .. } = observation
            && outcome.is_loss()
        {
            losses.inc();
        }
    });

    // The figures of hubbub: an environment that measures, and passes on all that it is told.
    let measured = Measured::new(Tokio::start().observed_by(observer));
    let capacity = Capacity::new(2).expect("1 to 1,048,576 frames");
    let hub = Hub::new(HubSettings { epoch: 1, capacity, overflow: Overflow::DropOldest });
    let connections = Connections::with_observer(ConnectionSettings::default(), measured.clone());
    registry.register_collector(Box::new(measured.collector(&hub, move || connections.len())));

    let basket = hub.subscribe(&[Pattern::new("orders.*")?]).label("basket").open()?;
    measured.subscribed(basket.id(), ([127, 0, 0, 1], 4000).into(), &basket.wanted());
    let orders = Topic::new("orders.new")?;
    for number in 0..5 {
        let order = format!("{{\"order\":{number}}}");
        // A publisher in the same process says itself what became of each event.
        hub.publish_each(measured.now(), &orders, order, |subscriber, outcome| measured.offered(subscriber, outcome));
    }

    let mut text = String::new();
    encode(&mut text, &registry)?;
    print!("{text}");
    assert!(text.contains("\nshop_events_lost_total 3\n"));
    assert!(text.contains("\nshop_hubbub_frames_offered_total 5\n"));
    assert!(text.contains("\nshop_hubbub_subscribers{transport=\"basket\"} 1\n"));
    assert!(text.contains("\nshop_hubbub_connections 0\n"));
    Ok(())
}
