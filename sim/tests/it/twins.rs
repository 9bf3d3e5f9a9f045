//! The same plan over server-sent events and over WebSockets, through the whole stack: the same ids are lost.
//!
//! A window counts bytes, and the two frame an event in different ways. So each event's payload is chosen such that its
//! frames are as long on either wire. The heads of the two responses are not, so every reader has read its head before the
//! first event comes. A test of the same name in the server's own suite lets the socket take whole frames, whatever they
//! measure.

use std::time::Duration;

use hubbub::{Overflow, PushOutcome};
use hubbub_sim::internals::laws::{Case, audit};
use hubbub_sim::internals::plan::{Form, Plan, Reading, Selection, Stall};
use hubbub_sim::internals::transport::Transport;
use hubbub_sim::internals::world::run_observed;
use proptest::prelude::*;

use crate::plans::{choice, ms, named, over_tables, plan};

/// Bytes on the wire of an event over server-sent events: a chunk of `id:` and `data:` lines. The form says what else there
/// is.
fn sse_frame_bytes(payload: u32, id: usize, table: &str, form: Form) -> usize {
    let of_form = match form {
        Form::Plain => 0,
        Form::Named => "event: ingest.\n".len() + table.len(),
        Form::Enveloped => envelope_bytes(id, table),
    };
    let frame = "id: \ndata: \n\n".len() + id + of_form + payload as usize;
    let chunk = format!("{frame:x}").len() + "\r\n\r\n".len();
    frame + chunk
}

/// What an envelope has beside the payload.
fn envelope_bytes(id: usize, table: &str) -> usize {
    r#"{"table":"","id":"","data":}"#.len() + table.len() + id
}

/// A message: its head and an envelope.
fn websocket_frame_bytes(payload: u32, id: usize, table: &str) -> usize {
    let text = envelope_bytes(id, table) + payload as usize;
    text + if text < 126 { 2 } else { 4 }
}

/// The twin of a plan: over WebSockets, with frames of the same length. Where no message is as long, both are a little
/// longer. Everybody gets events in the same form.
fn twin(sse: &mut Plan) -> Plan {
    let form = sse.selected(0).form();
    let tables: Vec<_> = sse.tables().map(str::to_owned).collect();
    let mut twin = sse.clone();
    twin.server.transport = Transport::Ws;
    let epoch_digits = sse.first_epoch().to_string().len();
    for (index, (ours, other)) in sse.arrivals.iter_mut().zip(&mut twin.arrivals).enumerate() {
        let id = epoch_digits + 1 + (index + 1).to_string().len();
        let table = &tables[usize::from(ours.table)];
        other.payload_bytes = loop {
            let wanted = sse_frame_bytes(ours.payload_bytes, id, table, form);
            let fits = |payload: &u32| websocket_frame_bytes(*payload, id, table) == wanted;
            match (ours.payload_bytes.saturating_sub(64)..ours.payload_bytes + 64).find(fits) {
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

/// Three classes that watch some of three tables each. Everybody's stream has events in the same form.
fn of_form(form: Form) -> Vec<Selection> {
    let topic = |topic: &str| Selection::Topic(topic.to_owned());
    let long = "a-table-with-a-long-name";
    match form {
        Form::Plain => vec![named(&["builds"]), named(&["log"]), named(&[long])],
        Form::Named => vec![named(&["builds", "log"]), named(&["log", long]), Selection::Everything],
        Form::Enveloped => vec![topic("ingest.*"), topic("ingest.log"), topic("ingest.>")],
    }
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

/// All events come after the heads of the responses have been read, with payloads of these sizes.
fn after_the_heads(plan: &mut Plan, bytes: &[u32]) {
    for (index, arrival) in plan.arrivals.iter_mut().enumerate() {
        arrival.at += ms(2_000);
        arrival.payload_bytes = bytes[index % bytes.len()];
    }
    plan.duration += ms(2_000);
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
        after_the_heads(&mut sse, &bytes);
        let twin = twin(&mut sse);
        let lost = losses(&sse, frames, overflow);
        prop_assert_eq!(lost, losses(&twin, frames, overflow));
    }
    #[test]
    fn over_either_transport_a_subscriber_of_some_of_the_tables_loses_the_same_events(
        readings in readings(),
        events in 50usize..400,
        bytes in prop::collection::vec(200u32..1500, 8),
        tables in prop::collection::vec(0u8..3, 16),
        form in prop::sample::select(vec![Form::Plain, Form::Named, Form::Enveloped]),
        window_bytes in 2_000u64..20_000,
        frames in 1usize..20,
        overflow in prop::sample::select(vec![Overflow::DropNewest, Overflow::DropOldest]),
    ) {
        let mut sse = over_tables(plan(readings, 0, events, ms(2), 100), &tables, of_form(form));
        sse.classes.iter_mut().for_each(|class| class.window_bytes = window_bytes);
        after_the_heads(&mut sse, &bytes);
        let twin = twin(&mut sse);
        prop_assert!(twin.check().is_ok() && sse.check().is_ok());
        let lost = losses(&sse, frames, overflow);
        prop_assert_eq!(lost, losses(&twin, frames, overflow));
    }
}
