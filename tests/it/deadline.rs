//! A client that takes nothing is cut off by its connection; one that is only slow is not.

use std::time::Duration;

use hubbub::{LossReason, Overflow, PushOutcome, ServerSettings};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::support::wire::read_to_end;
use crate::support::{Served, Setup};

const WRITE_DEADLINE: Duration = Duration::from_millis(300);
/// One frame is more than the kernel takes on both sides together, so that the one in flight stays there: smaller ones
/// trickle away behind the first block, as acknowledgements come late.
const LARGE: usize = 200_000;

fn impatient(write_deadline: Duration) -> Setup {
    let settings = ServerSettings { write_deadline, ..ServerSettings::default() };
    Setup { capacity: 4, settings, ..Setup::default() }
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_cut_off_at_the_write_deadline_though_nothing_more_is_published() {
    let mut served = Served::start(impatient(WRITE_DEADLINE));
    let mut client = served.watch().await;
    let before = Instant::now();
    assert_eq!(served.fill(1, LARGE).await, PushOutcome::Refused { reason: LossReason::BufferFull });
    let counts = served.ended().await;
    assert!(before.elapsed() >= WRITE_DEADLINE);
    assert_eq!(counts.dropped.evicted, 4 + 1);
    assert_eq!(counts.dropped.buffer_full, 1);
    assert_eq!(counts.dropped.client_gone, 0);
    assert_eq!(counts.waiting, 0);
    assert_eq!(counts.in_flight, 0);
    served.assert_let_go();
    read_to_end(&mut client).await;
}

#[tokio::test]
async fn publishing_on_does_not_put_the_write_deadline_off() {
    let mut served = Served::start(impatient(WRITE_DEADLINE));
    let _client = served.watch().await;
    assert_eq!(served.fill(1, LARGE).await, PushOutcome::Refused { reason: LossReason::BufferFull });
    let mut pace = interval(WRITE_DEADLINE / 20);
    let counts = loop {
        tokio::select! {
            biased;
            counts = served.ended() => break counts,
            _ = pace.tick() => {}
        }
        assert_eq!(served.publish(LARGE), PushOutcome::Refused { reason: LossReason::BufferFull });
    };
    assert_eq!(counts.dropped.evicted, 4 + 1);
    assert_eq!(counts.dropped.client_gone, 0);
    assert!(counts.dropped.buffer_full > 2, "{counts:?}");
    served.assert_let_go();
}

#[tokio::test]
async fn a_slow_reader_is_not_cut_off_as_long_as_its_socket_takes_something() {
    // Twice the deadline, so that a machine with other work to do is no client without progress.
    let write_deadline = WRITE_DEADLINE * 2;
    let mut served = Served::start(impatient(write_deadline));
    let mut client = served.watch().await;
    // One frame takes longer than the deadline: progress within a frame must count.
    assert_eq!(served.fill(1, LARGE).await, PushOutcome::Refused { reason: LossReason::BufferFull });
    reads_slowly_for(write_deadline * 3, &mut served, &mut client).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_slow_reader_is_not_cut_off_where_the_kernel_chooses_the_send_buffer() {
    // Left alone it grows to megabytes, and says that it has room again only when a third of it is free: at this
    // reader's pace, many deadlines later.
    let write_deadline = WRITE_DEADLINE * 2;
    let mut served = Served::start(Setup { send_buffer_bytes: None, ..impatient(write_deadline) });
    let mut client = served.watch().await;
    assert_eq!(served.fill(1, 400).await, PushOutcome::Refused { reason: LossReason::BufferFull });
    reads_slowly_for(write_deadline * 3, &mut served, &mut client).await;
}

/// Reads 100 KB/s while more is published, and is not cut off.
async fn reads_slowly_for(duration: Duration, served: &mut Served, client: &mut TcpStream) {
    let start = Instant::now();
    let took = served.socket_took();
    let mut pace = interval(Duration::from_millis(10));
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut bytes = [0; 1024];
    while start.elapsed() < duration {
        pace.tick().await;
        assert!(client.read(&mut bytes).await.unwrap() > 0);
        assert!(!served.has_ended(), "after {:?}: {:?}", start.elapsed(), served.hub.counts());
        served.publish(400);
    }
    assert!(served.socket_took() > took);
    assert_eq!(served.hub.counts().dropped.evicted, 0);
}

#[tokio::test]
async fn the_disconnect_policy_ends_the_connection_of_a_client_whose_socket_is_blocked() {
    // The write deadline is half a minute away: nothing but the policy can end it in time.
    let mut served = Served::start(Setup { capacity: 4, overflow: Overflow::Disconnect, ..Setup::default() });
    let mut client = served.watch().await;
    assert_eq!(served.fill(1, LARGE).await, PushOutcome::Disconnected { reason: LossReason::BufferFull });
    let counts = served.ended().await;
    assert_eq!(counts.dropped.buffer_full, 1);
    assert_eq!(counts.dropped.evicted, 4 + 1);
    assert_eq!(counts.dropped.client_gone, 0);
    served.assert_let_go();
    read_to_end(&mut client).await;
}
