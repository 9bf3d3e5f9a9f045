//! A Hub among plain threads: no runtime, no sockets, and none of the package's features.
//!
//! `cargo run --example no_runtime --no-default-features`

#![allow(clippy::print_stdout, reason = "a program that shows something")]

use std::error::Error;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use futures_executor::block_on;
use hubbub::{Capacity, Hub, HubSettings, LossReason, Overflow, Pattern, PushOutcome, Topic};

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let capacity = Capacity::new(16).expect("1 to 1,048,576 frames");
    let hub = Hub::new(HubSettings { epoch: 1, capacity, overflow: Overflow::DropNewest });
    // Room for all events, so that nothing depends on when its thread gets to run.
    let roomy = Capacity::new(64).expect("1 to 1,048,576 frames");
    let mut fast = hub.subscribe(&[Pattern::new("sensors.*")?]).capacity(roomy).label("fast").open()?;
    let slow = hub.subscribe(&[Pattern::new("sensors.kitchen")?]).label("slow").open()?;

    // The Hub has a thread of its own, which publishes what others measure. A clone would do as well.
    let (measured, to_publish) = mpsc::sync_channel::<(Topic, String)>(16);
    let publisher = thread::spawn({
        let hub = hub.clone();
        move || {
            let mut refused = 0;
            for (tick, (topic, payload)) in (1..).zip(to_publish) {
                hub.publish_each(Duration::from_millis(tick), &topic, payload, |_, outcome| {
                    refused += u64::from(outcome == PushOutcome::Refused { reason: LossReason::BufferFull });
                });
            }
            refused
        }
    });

    // Any executor waits for events; this one parks the thread until the next is published.
    let reader = thread::spawn(move || {
        block_on(async {
            let mut read = Vec::new();
            while let Some(taken) = fast.recv().await {
                read.push(taken.event.id().sequence);
            }
            read
        })
    });

    let kitchen = Topic::new("sensors.kitchen")?;
    for degrees in 0..40 {
        measured.send((kitchen.clone(), format!("{degrees}")))?;
    }
    drop(measured);
    let refused = publisher.join().expect("the publisher does not panic");
    while hub.counts_of("fast").waiting > 0 {
        thread::yield_now();
    }
    hub.evict_all();
    let read = reader.join().expect("the reader does not panic");

    println!("the fast subscriber read {} events, the slow one lost {refused}", read.len());
    let slow = slow.leave();
    println!("slow: {} offered, {} kept until the end", slow.offered, slow.dropped.evicted);
    assert_eq!(read, (1..=40).collect::<Vec<_>>());
    assert_eq!((refused, slow.dropped.evicted), (24, 16));
    Ok(())
}
