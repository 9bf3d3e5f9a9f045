//! What goes wrong has the consequences it has in the field, and each is counted under its name.

use std::time::Duration;

use hubbub::Overflow;
use hubbub_sim::internals::plan::{Fault, FaultKind, Plan, Reading, Stall};
use hubbub_sim::internals::record::{Observation, ObservationKind, Record};
use hubbub_sim::internals::world::run_observed;

use crate::plans::{at, choice, ms, plan};

/// An event every 10 ms from 100 ms to 2,090 ms for so many free readers, and one fault.
fn struck(subscribers: usize, at: Duration, harm: FaultKind) -> Plan {
    let mut plan = plan(vec![Reading::AsItArrives; subscribers], 20_000, 200, ms(10), 100);
    plan.server.user_timeout = ms(300);
    plan.faults = vec![Fault { at, harm }];
    plan
}

fn observed(plan: &Plan) -> (Record, Vec<Observation>) {
    run_observed(plan, choice(8, Overflow::DropNewest)).unwrap()
}

fn times(log: &[Observation], subscriber: usize, wanted: fn(&ObservationKind) -> bool) -> Vec<Duration> {
    log.iter().filter(|seen| seen.subscriber == subscriber && wanted(&seen.what)).map(|seen| seen.at).collect()
}

const ENDED: fn(&ObservationKind) -> bool = |what| matches!(what, ObservationKind::Ended { .. });
const BEGUN: fn(&ObservationKind) -> bool = |what| matches!(what, ObservationKind::Subscribed { .. });
const READ: fn(&ObservationKind) -> bool = |what| matches!(what, ObservationKind::Received { .. });

#[test]
fn a_held_link_delays_what_is_under_way_and_loses_nothing() {
    let (record, log) = observed(&struck(1, ms(500), FaultKind::LinkHeld { class: 0, lasts: ms(200) }));
    assert_eq!(record.subscribers[0].received, 200);
    assert_eq!(record.subscribers[0].connections, 1);
    let read = times(&log, 0, READ);
    assert!(!read.iter().any(|at| (ms(503)..ms(700)).contains(at)), "nothing arrives meanwhile");
    assert!(read.iter().filter(|at| (ms(700)..ms(705)).contains(*at)).count() >= 19, "and then all at once");
}

#[test]
fn a_partition_ends_in_a_disconnect_after_the_user_timeout_that_counts_as_client_gone() {
    let (record, log) = observed(&struck(1, ms(500), FaultKind::Partition { class: 0, lasts: ms(50) }));
    let subscriber = &record.subscribers[0];
    let ended = times(&log, 0, ENDED)[0];
    assert!((ms(800)..ms(815)).contains(&ended), "300 ms after the first lost event: {ended:?}");
    assert_eq!(subscriber.dropped.client_gone, 0, "all had left the mailbox");
    assert_eq!(subscriber.dropped.evicted, 0, "all had left the mailbox");
    assert!(subscriber.received < subscriber.delivered, "what the network lost had been delivered to it");

    let mut narrow = struck(1, ms(500), FaultKind::Partition { class: 0, lasts: ms(50) });
    narrow.classes[0].window_bytes = 400;
    let (record, _) = observed(&narrow);
    assert!(record.subscribers[0].dropped.client_gone >= 8, "what waits behind a full window goes with the stream");
}

#[test]
fn of_an_idle_client_the_keepalive_is_what_stays_unacknowledged() {
    let mut plan = struck(1, ms(3000), FaultKind::Partition { class: 0, lasts: ms(100_000) });
    plan.server.keepalive = ms(1000);
    plan.duration = ms(6000);
    let (_, log) = observed(&plan);
    let ended = times(&log, 0, ENDED);
    // The last event is flushed at 2,090 ms: comments at 3,090 ms.
    assert!((ms(3390)..ms(3400)).contains(&ended[0]), "{ended:?}");
}

#[test]
fn a_client_whose_stream_a_partition_ended_comes_back_when_the_link_does() {
    let mut plan = struck(1, ms(500), FaultKind::Partition { class: 0, lasts: ms(700) });
    plan.classes[0].reconnect_after = Some(ms(50));
    let (record, log) = observed(&plan);
    let begun = times(&log, 0, BEGUN);
    assert_eq!(record.subscribers[0].connections, 2);
    assert_eq!(begun.len(), 2);
    assert!((ms(1250)..ms(1260)).contains(&begun[1]), "repaired at 1,200 ms, and a pause of 50: {begun:?}");
    assert!(times(&log, 0, READ).iter().any(|at| *at > ms(1300)));
}

#[test]
fn a_client_that_dies_without_a_word_is_noticed_by_what_it_does_not_acknowledge() {
    let (record, log) = observed(&struck(2, ms(505), FaultKind::ClientDies { subscriber: 0 }));
    let ended = times(&log, 0, ENDED)[0];
    assert!((ms(805)..ms(815)).contains(&ended), "{ended:?}");
    assert_eq!(record.subscribers[0].received, 41, "events of 100 ms to 500 ms");
    assert_eq!(record.subscribers[1].received, 200, "nobody else notices");
}

/// Nothing can be sent to it, so nothing is lost: it is the probes of the full window that stay unanswered.
#[test]
fn a_client_that_dies_behind_a_full_window_is_noticed_as_well() {
    let mut plan = struck(1, ms(505), FaultKind::ClientDies { subscriber: 0 });
    plan.subscribers[0].reading = Reading::Never;
    plan.classes[0].window_bytes = 300;
    let (record, log) = observed(&plan);
    let ended = times(&log, 0, ENDED);
    assert!((ms(805)..ms(810)).contains(&ended[0]), "{ended:?}");
    assert_eq!(record.subscribers[0].dropped.client_gone, 9);
}

#[test]
fn after_a_restart_everybody_is_back_and_ids_go_on_in_a_new_epoch() {
    let back_after = vec![ms(10), ms(350), ms(900)];
    let (record, log) = observed(&struck(3, ms(505), FaultKind::ServerRestarts { lasts: ms(300), back_after }));
    assert_eq!(record.unpublished, 30, "nobody takes what arrives from 510 ms to 800 ms");
    for (index, back_at) in [ms(806), ms(857), ms(1407)].into_iter().enumerate() {
        let ended = times(&log, index, ENDED);
        let begun = times(&log, index, BEGUN);
        assert_eq!(ended.as_slice(), [ms(505)].as_slice());
        assert_eq!(begun.len(), 2);
        assert!(begun[1] >= back_at && begun[1] < back_at + ms(20), "{index}: {:?}", begun[1]);
        let offered = record.subscribers[index].offered;
        let last = log.iter().rev().find(|seen| seen.subscriber == index && READ(&seen.what)).unwrap().what;
        assert_eq!(
            last,
            ObservationKind::Received { sequence: 170 },
            "sequences count what was published, over both processes"
        );
        assert!(offered < 170 || index == 0, "{offered}");
    }
}

#[test]
fn whoever_waits_in_a_mailbox_when_the_server_ends_is_evicted() {
    let mut plan = struck(1, ms(605), FaultKind::ServerRestarts { lasts: ms(100), back_after: vec![ms(5)] });
    plan.subscribers[0].reading = Reading::Stalls { stalls: vec![Stall { from: ms(0), lasts: ms(800) }] };
    plan.classes[0].window_bytes = 300;
    let record = at(&plan, 8);
    assert_eq!(record.subscribers[0].dropped.evicted, 9, "a full mailbox and the frame in flight");
    assert_eq!(record.subscribers[0].dropped.client_gone, 0);
    assert_eq!(record.subscribers[0].connections, 2);
}

#[test]
fn a_class_that_leaves_takes_its_leave_in_one_moment() {
    let (record, log) = observed(&struck(3, ms(505), FaultKind::ClassLeaves { class: 0 }));
    let ended: Vec<_> = (0..3).map(|index| times(&log, index, ENDED)[0]).collect();
    assert!(ended.iter().all(|at| *at == ended[0] && *at < ms(510)), "{ended:?}");
    assert!(record.subscribers.iter().all(|subscriber| subscriber.connections == 1));
}

#[test]
fn a_reader_that_stalls_trickles_or_stops_does_so_when_the_plan_says() {
    let most_in_a_row_without = |harm| {
        let (_, log) = observed(&struck(1, ms(505), harm));
        let read = times(&log, 0, READ);
        read.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap()
    };
    let stall = most_in_a_row_without(FaultKind::ReaderStalls { subscriber: 0, lasts: ms(200) });
    assert!((ms(195)..ms(220)).contains(&stall), "{stall:?}");
    let trickle = FaultKind::ReaderTrickles { subscriber: 0, lasts: ms(600), bytes_per_second: 1400 };
    let trickle = most_in_a_row_without(trickle);
    assert!((ms(90)..ms(120)).contains(&trickle), "a frame of some 140 bytes in a tenth of a second: {trickle:?}");
    let (record, log) = observed(&struck(1, ms(505), FaultKind::ReaderStops { subscriber: 0 }));
    assert!(times(&log, 0, READ).iter().all(|at| *at < ms(505)) && record.subscribers[0].offered == 200);
}
