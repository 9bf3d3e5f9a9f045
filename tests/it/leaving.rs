//! A client that leaves is unsubscribed at once, and what it had not taken is accounted for.

use hubbub::{LossReason, PushOutcome};

use crate::support::wire::{read_until, sequences};
use crate::support::{Served, Setup};

#[tokio::test]
async fn a_client_that_leaves_with_a_full_mailbox_loses_what_waits_and_what_is_in_flight() {
    let mut served = Served::start(Setup { capacity: 4, ..Setup::default() });
    let client = served.watch().await;
    assert_eq!(served.fill(1, 200_000).await, PushOutcome::Refused { reason: LossReason::BufferFull });
    drop(client);
    let counts = served.ended().await;
    assert_eq!(counts.dropped.client_gone, 4 + 1);
    assert_eq!(counts.dropped.buffer_full, 1);
    assert_eq!(counts.dropped.evicted, 0);
    served.assert_let_go();
}

#[tokio::test]
async fn a_client_that_leaves_an_idle_stream_is_unsubscribed_though_nothing_is_published() {
    let mut served = Served::start(Setup::default());
    let mut client = served.watch().await;
    assert!(matches!(served.publish(100), PushOutcome::Queued { .. }));
    read_until(&mut client, |chunks| sequences(chunks) == [1]).await;
    drop(client);
    let counts = served.ended().await;
    assert_eq!(counts.delivered, 1);
    assert_eq!(counts.dropped.total(), 0);
    served.assert_let_go();
}
