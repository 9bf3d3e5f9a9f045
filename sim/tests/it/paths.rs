//! Paths in virtual time: what is lost is sent again, and both worlds say the same of it.

use std::time::Duration;

use hubbub::Overflow;
use hubbub_sim::internals::incident::{Incident, timeline};
use hubbub_sim::internals::laws::Case;
use hubbub_sim::internals::plan::{Fault, FaultKind, LinePlan, PathOutage, PathPlan, Plan, Reading};
use hubbub_sim::internals::record::{Observation, ObservationKind, Record};
use hubbub_sim::internals::tcp::{OutageKind, Rate};
use hubbub_sim::internals::{specified, world};

use crate::plans::{choice, ms, plan};

/// 180 events of 700 B, one each 16 ms, for a phone: 1 Mbit/s, a round trip of 120 ms.
fn phone() -> Plan {
    let mut plan = plan(vec![Reading::AsItArrives], 65_536, 180, ms(16), 700);
    plan.classes[0].round_trip = Some(ms(120));
    plan.classes[0].path = Some(PathPlan::cubic(line(1_000_000), line(500_000)));
    plan.drain = ms(20_000);
    plan
}

fn line(bits: u64) -> LinePlan {
    LinePlan::of(Rate::BitsPerSecond(bits), Some(32_768))
}

fn out(plan: &mut Plan, from: u64, lasts: u64, packets: OutageKind) {
    plan.subscribers[0].impairments.outages.push(PathOutage { from: ms(from), lasts: ms(lasts), packets });
}

/// The record of both worlds, which is the same.
fn run(plan: &Plan) -> (Record, Vec<Observation>) {
    let choice = choice(4096, Overflow::DropNewest);
    let (simulated, log) = world::run_observed(plan, choice).unwrap();
    let specified = specified::run(plan, choice).unwrap();
    assert_eq!(simulated.difference(&specified), None);
    (simulated, log)
}

fn first(log: &[Observation], wanted: fn(&ObservationKind) -> bool) -> Duration {
    log.iter().find(|seen| wanted(&seen.what)).map(|seen| seen.at).unwrap()
}

#[test]
fn events_wait_while_a_path_drops_everything_and_all_of_them_are_read_in_the_end() {
    let mut plan = phone();
    let before = run(&plan).0;
    out(&mut plan, 1500, 1000, OutageKind::Drops);
    let record = run(&plan).0;
    assert_eq!(before.subscribers[0].received, record.subscribers[0].received);
    assert_eq!(before.subscribers[0].high_water, 1);
    assert!(record.subscribers[0].high_water > 20, "{:?}", record.subscribers[0]);
}

#[test]
fn a_lost_handshake_is_tried_again_a_second_later() {
    let mut plan = phone();
    let begins = |log: &[Observation]| first(log, |what| matches!(what, ObservationKind::Subscribed { .. }));
    let soon = begins(&run(&plan).1);
    out(&mut plan, 0, 500, OutageKind::Drops);
    let late = begins(&run(&plan).1);
    assert!(late >= soon + ms(1000) && late < soon + ms(1100), "{soon:?} and {late:?}");
}

#[test]
fn a_connection_over_a_path_fails_when_nothing_is_acknowledged_for_the_user_timeout() {
    let mut plan = phone();
    plan.server.user_timeout = ms(800);
    out(&mut plan, 1500, 10_000, OutageKind::Drops);
    let (record, log) = run(&plan);
    let ended = first(&log, |what| matches!(what, ObservationKind::Ended { .. }));
    assert!(ended > ms(2300) && ended < ms(3500), "{ended:?}");
    assert!(record.subscribers[0].dropped.client_gone > 0);
}

#[test]
fn what_is_sent_again_is_recorded_with_its_time_and_drawn_beside_the_outage() {
    let mut plan = phone();
    out(&mut plan, 1500, 1_000, OutageKind::Drops);
    let (record, log) = run(&plan);
    let times: Vec<Duration> = record.retransmissions.iter().map(|(at, _)| *at).collect();
    assert!(times.is_sorted() && times.len() >= 3, "{times:?}");
    // The first probe is sent in the outage, and lost.
    assert!(times[0] > ms(1500) && times[0] < ms(2500), "{times:?}");
    assert!(times.iter().any(|at| *at >= ms(2500)), "{times:?}");
    let case = Case { plan, frames: 4096, overflow: Overflow::DropNewest };
    let incident = Incident::record("an outage", case).unwrap();
    let drawn = timeline(&incident, "phone", &record, &log);
    assert_eq!(drawn.rows[0].sent_again.len(), times.len());
}

#[test]
fn nothing_is_sent_again_over_a_path_without_losses() {
    assert_eq!(run(&phone()).0.retransmissions, []);
}

#[test]
fn a_partition_loses_nothing_over_a_path_that_heals() {
    let mut plan = phone();
    plan.faults.push(Fault { at: ms(1500), harm: FaultKind::Partition { class: 0, lasts: ms(700) } });
    let record = run(&plan).0;
    assert_eq!(record.subscribers[0].received, record.subscribers[0].offered);
    assert_eq!(record.subscribers[0].connections, 1);
}

#[test]
fn a_client_that_reads_nothing_over_a_path_is_evicted_when_sockets_and_buffers_are_full() {
    let mut plan = phone();
    plan.subscribers[0].reading = Reading::Never;
    plan.server.write_deadline = ms(400);
    plan.classes[0].window_bytes = 4096;
    plan.classes[0].path.as_mut().unwrap().receive_buffer = hubbub_sim::internals::plan::BufferTuning::Fixed;
    let record = run(&plan).0;
    assert!(record.subscribers[0].dropped.evicted > 0, "{:?}", record.subscribers[0]);
}
