//! The same plan over server-sent events and over WebSockets, through the whole stack: the same ids are lost.
//!
//! A window counts bytes, and the two frame an event in different ways. So each event's payload is chosen such that its
//! frames are as long on either wire. The heads of the two responses are not, so every reader has read its head before the
//! first event comes. A test of the same name in the server's own suite lets the socket take whole frames, whatever they
//! measure.

use std::time::Duration;

use hubbub::{Overflow, PushOutcome};
use hubbub_sim::internals::laws::{Case, audit};
use hubbub_sim::internals::plan::{Plan, Reading, Stall};
use hubbub_sim::internals::transport::Transport;
use hubbub_sim::internals::world::run_observed;
use proptest::prelude::*;

use crate::plans::{choice, ms, plan};

/// Bytes on the wire beside the payload, in the frame of the nth event: a chunk of `id:` and `data:` lines.
fn sse_frame_bytes(payload: u32, id: usize) -> usize {
    let frame = "id: \ndata: \n\n".len() + id + payload as usize;
    let chunk = format!("{frame:x}").len() + "\r\n\r\n".len();
    frame + chunk
}

/// A message: its head and an envelope.
fn websocket_frame_bytes(payload: u32, id: usize, table: &str) -> usize {
    let text = r#"{"table":"","id":"","data":}"#.len() + table.len() + id + payload as usize;
    text + if text < 126 { 2 } else { 4 }
}

/// The twin of a plan: over WebSockets, with frames of the same length. Where no message is as long, both are a little
/// longer.
fn twin(sse: &mut Plan) -> Plan {
    let mut twin = sse.clone();
    twin.server.transport = Transport::Ws;
    let epoch_digits = sse.first_epoch().to_string().len();
    for (index, (ours, other)) in sse.arrivals.iter_mut().zip(&mut twin.arrivals).enumerate() {
        let id = epoch_digits + 1 + (index + 1).to_string().len();
        other.payload_bytes = loop {
            let wanted = sse_frame_bytes(ours.payload_bytes, id);
            let fits = |payload: &u32| websocket_frame_bytes(*payload, id, &sse.table) == wanted;
            match (ours.payload_bytes.saturating_sub(64)..ours.payload_bytes).find(fits) {
                Some(payload) => break payload,
                None => ours.payload_bytes += 1,
            }
        };
    }
    twin
}

/// Who lost which event, and why, in the order of losing.
fn losses(plan: &Plan, frames: usize, overflow: Overflow) -> Vec<(Duration, usize, String)> {
    let (record, observations) = run_observed(plan, choice(frames, overflow)).unwrap();
    let case = Case { plan: plan.clone(), frames, overflow };
    audit(&case, &record, &observations).map(drop).unwrap_or_else(|broken| panic!("{broken:?}"));
    let lost = observations.iter().filter(|observation| {
        matches!(
            observation.what.outcome(),
            Some(PushOutcome::Refused { .. } | PushOutcome::Displaced { .. } | PushOutcome::Disconnected { .. })
        )
    });
    lost.map(|observation| (observation.at, observation.subscriber, format!("{:?}", observation.what))).collect()
}

fn readings() -> impl Strategy<Value = Vec<Reading>> {
    let reading = prop_oneof![
        Just(Reading::AsItArrives),
        // A reader that stops for good once it has the head.
        Just(Reading::Stalls { stalls: vec![Stall { from: ms(1_000), lasts: ms(3_600_000) }] }),
        (4_000u64..80_000).prop_map(|bytes_per_second| Reading::Rate { bytes_per_second }),
        (4_000u64..80_000, 10u64..800).prop_map(|(bytes_per_second, lasts)| {
            let stalls = vec![Stall { from: ms(2_150), lasts: ms(lasts) }];
            Reading::RateWithStalls { bytes_per_second, stalls }
        }),
    ];
    prop::collection::vec(reading, 1..5)
}

/// That the law below is about something.
#[test]
fn a_reader_that_stops_and_one_that_is_slow_lose_many_events_and_the_same_ones() {
    let readings = vec![Reading::Never, Reading::Rate { bytes_per_second: 20_000 }, Reading::AsItArrives];
    let mut sse = plan(readings, 8_000, 400, ms(2), 300);
    let twin = twin(&mut sse);
    let lost = losses(&sse, 16, Overflow::DropNewest);
    let of = |subscriber: usize| lost.iter().filter(|(_, of, _)| *of == subscriber).count();
    assert!(of(0) > 300 && of(1) > 200 && of(2) == 0, "{} {} {}", of(0), of(1), of(2));
    assert_eq!(lost, losses(&twin, 16, Overflow::DropNewest));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn over_either_transport_the_same_events_are_lost_to_the_same_subscribers_at_the_same_times(
        readings in readings(),
        events in 50usize..400,
        bytes in prop::collection::vec(60u32..1500, 8),
        window_bytes in 2_000u64..20_000,
        frames in 1usize..20,
        overflow in prop::sample::select(vec![Overflow::DropNewest, Overflow::DropOldest]),
    ) {
        let mut sse = plan(readings, 0, events, ms(2), 100);
        sse.classes[0].window_bytes = window_bytes;
        for (index, arrival) in sse.arrivals.iter_mut().enumerate() {
            // After the heads have been read.
            arrival.at += ms(2_000);
            arrival.payload_bytes = bytes[index % bytes.len()];
        }
        sse.duration += ms(2_000);
        let twin = twin(&mut sse);
        let lost = losses(&sse, frames, overflow);
        prop_assert_eq!(lost, losses(&twin, frames, overflow));
    }
}
