//! The buffer that is set is the buffer there is, also behind axum.

use hubbub::transport::ConnectionSettings;
use hubbub::{LossReason, PushOutcome};

use crate::support::wire::{Chunk, read_until, sequences};
use crate::support::{App, Setup};

#[tokio::test]
async fn a_client_that_reads_nothing_has_k_plus_one_frames_accepted_beyond_those_its_socket_took() {
    for (bytes, capacity) in [(10, 1), (10, 64), (400, 4), (400, 64), (5_000, 64), (100_000, 4)] {
        let app = App::start(Setup { capacity, ..Setup::default() });
        let mut client = app.watch().await;
        assert_eq!(app.fill(bytes).await, PushOutcome::Refused { reason: LossReason::BufferFull });
        // Nothing else runs from here to the counting: the socket stays as blocked as it is.
        for _ in 0..100 {
            assert_eq!(app.publish(bytes), PushOutcome::Refused { reason: LossReason::BufferFull });
        }
        let counts = app.hub.counts();
        let socket_took = app.socket_took();
        assert_eq!(counts.waiting, capacity as u64, "K = {capacity}, {bytes} bytes");
        assert_eq!(counts.in_flight, 1, "K = {capacity}, {bytes} bytes");
        assert_eq!(counts.dropped.buffer_full, 101);
        assert!(counts.is_conserved());

        // What "delivered" said is what the socket had accepted, to the byte; and all that was accepted arrives.
        let accepted = counts.offered - 101;
        let chunks = read_until(&mut client, |chunks| chunks.last().and_then(Chunk::sequence) == Some(accepted)).await;
        assert_eq!(sequences(&chunks), (1..=accepted).collect::<Vec<_>>());
        let flushed = chunks.iter().flat_map(Chunk::events).filter(|(_, end)| *end as u64 <= socket_took);
        assert_eq!(flushed.count() as u64, counts.delivered, "K = {capacity}, {bytes} bytes, {socket_took} accepted");
    }
}

#[tokio::test]
async fn one_frame_is_beyond_the_buffer_however_many_share_a_write() {
    for frames_per_write in [1, 2, 32] {
        let settings = ConnectionSettings { frames_per_write, ..ConnectionSettings::default() };
        let app = App::start(Setup { settings, ..Setup::default() });
        let _client = app.watch().await;
        assert_eq!(app.fill(400).await, PushOutcome::Refused { reason: LossReason::BufferFull });
        let counts = app.hub.counts();
        assert_eq!([counts.waiting, counts.in_flight], [64, 1], "{counts:?}, {frames_per_write} a write");
        assert!(counts.is_conserved());
    }
}

#[test]
#[should_panic(expected = "frames_per_write is 0: it is 1 to 32")]
fn a_write_of_no_frames_is_refused_when_the_connections_are_made() {
    let settings = ConnectionSettings { frames_per_write: 0, ..ConnectionSettings::default() };
    drop(hubbub::transport::Connections::new(settings));
}
