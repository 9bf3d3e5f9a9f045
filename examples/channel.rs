//! A publisher that reads a channel of tokio: all that the program sends is published, and waits for no subscriber.
//!
//! `cargo run --example channel --no-default-features`

#![allow(clippy::print_stdout, reason = "a program that shows something")]

use std::error::Error;

use hubbub::{Capacity, Hub, HubSettings, Overflow, Pattern, Topic};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// A message of the program, whose type knows nothing of hubbub.
struct Step {
    project: &'static str,
    number: u32,
}

/// Publishes every message until the channel is closed and empty.
async fn publish(mut steps: mpsc::Receiver<Step>, hub: Hub) -> Result<u64, Box<dyn Error + Send + Sync>> {
    // Ages of events are counted on this clock: any that does not go backwards will do.
    let started = Instant::now();
    let mut published = 0;
    while let Some(Step { project, number }) = steps.recv().await {
        let topic = Topic::new(&format!("builds.{project}"))?;
        hub.publish(started.elapsed(), &topic, format!("{{\"step\":{number}}}"));
        published += 1;
    }
    Ok(published)
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let capacity = Capacity::new(8).expect("1 to 1,048,576 frames");
    let hub = Hub::new(HubSettings { epoch: 1, capacity, overflow: Overflow::DropOldest });
    let mut dashboard = hub.subscribe(&[Pattern::new("builds.>")?]).gap_notices(true).open()?;

    let (send, steps) = mpsc::channel(64);
    let publisher = tokio::spawn(publish(steps, hub.clone()));
    for number in 1..=20 {
        send.send(Step { project: "linux", number }).await?;
    }
    drop(send);
    assert_eq!(publisher.await??, 20);

    // The dashboard has read nothing so far, and has room for eight: it is told of the twelve that it lost.
    let first = dashboard.recv().await.expect("the subscription is open");
    let lost = first.gap.and_then(|gap| gap.count);
    println!("{} comes first, after {lost:?} that were lost", first.event.id());
    assert_eq!((first.event.id().sequence, lost), (13, Some(12)));
    let mut read = 1;
    while dashboard.try_recv().is_ok() {
        read += 1;
    }
    println!("{read} of {} events were read", dashboard.counts().offered);
    assert_eq!(read, 8);
    Ok(())
}
