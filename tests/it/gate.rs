//! The buffer that is set is the buffer there is, also on real TCP, where the kernel decides what its buffers hold.

use hubbub::{Outcome, Reason};

use crate::support::wire::{Chunk, read_until, sequences};
use crate::support::{Served, Setup};

/// A client that never reads: what was accepted for it when the first frame is lost.
async fn a_stalled_client_has_accepted_what_was_set(capacity: usize, bytes: usize) {
    let mut served = Served::start(Setup { capacity, ..Setup::default() });
    let mut client = served.watch().await;
    assert_eq!(served.fill(bytes).await, Outcome::Refused { reason: Reason::BufferFull });

    let (counts, socket_took) = (served.hub.counts(), served.socket_took());
    let accepted = counts.offered - 1;
    assert_eq!((counts.waiting, counts.in_flight), (capacity as u64, 1), "K = {capacity}, {bytes} bytes");
    assert_eq!(accepted, capacity as u64 + 1 + counts.delivered, "K = {capacity}, {bytes} bytes");
    assert_eq!((counts.dropped.total(), counts.dropped.buffer_full), (1, 1));
    assert!(counts.is_conserved());

    // What "delivered" said is what the socket had accepted, to the byte; and all that was accepted arrives.
    let chunks = read_until(&mut client, |chunks| chunks.last().and_then(Chunk::sequence) == Some(accepted)).await;
    assert_eq!(sequences(&chunks), (1..=accepted).collect::<Vec<_>>());
    let flushed = chunks.iter().filter(|chunk| chunk.sequence().is_some() && chunk.end as u64 <= socket_took);
    assert_eq!(flushed.count() as u64, counts.delivered, "K = {capacity}, {bytes} bytes, {socket_took} in the socket");
}

#[tokio::test]
async fn a_client_that_never_reads_has_k_plus_one_frames_accepted_beyond_those_its_socket_took() {
    for (bytes, capacities) in [(10, &[1, 4, 64][..]), (400, &[1, 4, 64]), (5_000, &[1, 4, 64]), (100_000, &[1, 4])] {
        for capacity in capacities {
            a_stalled_client_has_accepted_what_was_set(*capacity, bytes).await;
        }
    }
}

#[tokio::test]
async fn drop_oldest_keeps_the_last_k_frames_behind_a_blocked_socket() {
    for capacity in [1, 4, 64] {
        let overflow = hubbub::Overflow::DropOldest;
        let mut served = Served::start(Setup { capacity, overflow, ..Setup::default() });
        let mut client = served.watch().await;
        assert!(matches!(served.fill(400).await, Outcome::Displaced { .. }));
        // Nothing else runs from here to the counting: the socket stays as blocked as it is.
        for _ in 0..200 {
            assert!(matches!(served.publish(400), Outcome::Displaced { .. }));
        }
        let counts = served.hub.counts();
        let (last, behind) = (counts.offered, capacity as u64);
        let chunks = read_until(&mut client, |chunks| chunks.last().and_then(Chunk::sequence) == Some(last)).await;
        let kept = (1..=counts.delivered + 1).chain(last - behind + 1..=last);
        assert_eq!(sequences(&chunks), kept.collect::<Vec<_>>());
    }
}
