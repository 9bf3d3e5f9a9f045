//! The buffer that is set is the buffer there is, also on real TCP, where the kernel decides what its buffers hold.

use hubbub::server::MAX_FRAMES_PER_WRITE;
use hubbub::{LossReason, Overflow, PushOutcome, ServerSettings};

use crate::support::driven::Driven;
use crate::support::wire::{Chunk, read_until, sequences};
use crate::support::{Served, Setup};

/// A client that never reads: what was accepted for it when the first frame is lost. As many frames are published at a
/// time as share a write.
async fn a_stalled_client_has_accepted_what_was_set(capacity: usize, frames_per_write: usize, bytes: usize) {
    let settings = ServerSettings { frames_per_write, ..ServerSettings::default() };
    let mut served = Served::start(Setup { capacity, settings, ..Setup::default() });
    let mut client = served.watch().await;
    assert_eq!(served.fill(frames_per_write, bytes).await, PushOutcome::Refused { reason: LossReason::BufferFull });

    let counts = served.hub.counts();
    let socket_took = served.socket_took();
    let accepted = counts.offered - 1;
    assert_eq!(counts.waiting, capacity as u64, "K = {capacity}, {bytes} bytes");
    assert_eq!(counts.in_flight, 1, "{counts:?}, B = {frames_per_write}");
    assert_eq!(accepted, capacity as u64 + 1 + counts.delivered, "K = {capacity}, {bytes} bytes");
    assert_eq!(counts.dropped.total(), 1);
    assert_eq!(counts.dropped.buffer_full, 1);
    assert!(counts.is_conserved());

    // What "delivered" said is what the socket had accepted, to the byte; and all that was accepted arrives.
    let chunks = read_until(&mut client, |chunks| chunks.last().and_then(Chunk::sequence) == Some(accepted)).await;
    assert_eq!(sequences(&chunks), (1..=accepted).collect::<Vec<_>>());
    let flushed = chunks.iter().flat_map(Chunk::events).filter(|(_, end)| *end as u64 <= socket_took);
    assert_eq!(flushed.count() as u64, counts.delivered, "K = {capacity}, {bytes} bytes, {socket_took} in the socket");
    assert!(chunks.iter().all(|chunk| chunk.events().len() <= 1), "each frame has a chunk of its own");
}

#[tokio::test]
async fn a_client_that_never_reads_has_k_plus_one_frames_accepted_beyond_those_its_socket_took() {
    for (bytes, capacities) in [(10, &[1, 4, 64][..]), (400, &[1, 4, 64]), (5_000, &[1, 4, 64]), (100_000, &[1, 4])] {
        for capacity in capacities {
            a_stalled_client_has_accepted_what_was_set(*capacity, 1, bytes).await;
        }
    }
}

#[tokio::test]
async fn where_frames_share_a_write_only_one_of_them_is_beyond_the_buffer() {
    for (bytes, frames_per_write) in [(10, 2), (10, 16), (400, 4), (400, 32), (5_000, 16), (100_000, 4)] {
        a_stalled_client_has_accepted_what_was_set(64, frames_per_write, bytes).await;
    }
}

/// The pipe takes a byte at a time, and after each what counts as delivered is what has gone whole.
#[tokio::test]
async fn frames_that_share_a_write_are_flushed_each_with_its_own_last_byte() {
    for frames_per_write in [1, 2, 16, MAX_FRAMES_PER_WRITE] {
        let mut driven = Driven::start_with(64, Overflow::DropNewest, frames_per_write);
        driven.grant(1 << 20);
        assert!(driven.run().is_pending());
        driven.block();
        (0..60).for_each(|n| driven.publish(8 + n % 7));
        let mut seen = Vec::new();
        while driven.hub.counts().delivered < 60 {
            driven.grant(1);
            assert!(driven.run().is_pending());
            let counts = driven.hub.counts();
            assert!(counts.is_conserved() && counts.in_flight <= 1, "{counts:?}");
            seen.push((driven.taken(), counts.delivered));
        }
        let ends = driven.ends();
        for (taken, delivered) in seen {
            let gone = ends.iter().filter(|end| **end <= taken).count();
            assert_eq!(delivered, gone as u64, "after {taken} bytes, {frames_per_write} frames a write");
        }
    }
}

/// The pipe is full to the last byte of a frame, and the next write takes as many as may share it.
#[tokio::test]
async fn behind_a_full_socket_k_frames_wait_and_one_is_in_flight() {
    for frames_per_write in [1, 2, 16, MAX_FRAMES_PER_WRITE] {
        let mut driven = Driven::start_with(64, Overflow::DropNewest, frames_per_write);
        driven.grant(1 << 20);
        assert!(driven.run().is_pending());
        driven.block();
        driven.publish(8);
        assert!(driven.run().is_pending());
        (0..64).for_each(|_| driven.publish(8));
        while driven.hub.counts().delivered == 0 {
            driven.grant(1);
            assert!(driven.run().is_pending());
        }
        (0..64).for_each(|_| driven.publish(8));
        let counts = driven.hub.counts();
        assert_eq!(counts.delivered, 1, "B = {frames_per_write}");
        assert_eq!(counts.in_flight, 1, "B = {frames_per_write}");
        assert_eq!(counts.waiting, 64, "B = {frames_per_write}");
        assert_eq!(counts.offered - counts.dropped.buffer_full, 64 + 1 + counts.delivered);
        driven.block();
        driven.grant(1 << 20);
        assert!(driven.run().is_pending());
        assert_eq!(driven.hub.counts().delivered, 64 + 1 + 1);
    }
}

#[tokio::test]
async fn drop_oldest_keeps_the_last_k_frames_behind_a_blocked_socket() {
    for capacity in [1, 4, 64] {
        let overflow = Overflow::DropOldest;
        let mut served = Served::start(Setup { capacity, overflow, ..Setup::default() });
        let mut client = served.watch().await;
        assert!(matches!(served.fill(1, 400).await, PushOutcome::Displaced { .. }));
        // Nothing else runs from here to the counting: the socket stays as blocked as it is.
        for _ in 0..200 {
            assert!(matches!(served.publish(400), PushOutcome::Displaced { .. }));
        }
        let counts = served.hub.counts();
        let last = counts.offered;
        let behind = capacity as u64;
        let chunks = read_until(&mut client, |chunks| chunks.last().and_then(Chunk::sequence) == Some(last)).await;
        let kept = (1..=counts.delivered + 1).chain(last - behind + 1..=last);
        assert_eq!(sequences(&chunks), kept.collect::<Vec<_>>());
    }
}
