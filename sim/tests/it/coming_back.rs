//! Clients come back as an `EventSource` does, and what all of them at once cost.

use std::time::Duration;

use hubbub::Overflow;
use hubbub_sim::internals::plan::{CpuPlan, Fault, FaultKind, Plan, Reading, Recovery};
use hubbub_sim::internals::record::{AfterRestarts, Observation, ObservationKind, Record};
use hubbub_sim::internals::{specified, world};

use crate::plans::{choice, ms, plan};

/// An event every 20 ms for so many free readers that obey, and a restart from 1 s to 1.1 s.
fn restarted(subscribers: usize) -> Plan {
    let mut plan = plan(vec![Reading::AsItArrives; subscribers], 20_000, 400, ms(20), 100);
    let back_after = vec![ms(1); subscribers];
    plan.faults = vec![Fault { at: ms(1000), harm: FaultKind::ServerRestarts { lasts: ms(100), back_after } }];
    plan.server.recovery =
        Some(Recovery { history_events: 10_000, history_bytes: 1 << 20, waiting_bytes: None, waiting_age: None });
    plan.classes[0].reconnect_after = Some(ms(3000));
    plan.classes[0].obeys_retry = true;
    plan.check().unwrap();
    plan
}

/// Both worlds, which must say the same.
fn observed(plan: &Plan) -> (Record, Vec<Observation>) {
    let choice = choice(64, Overflow::DropNewest);
    let (record, log) = world::run_observed(plan, choice).unwrap();
    let specified = specified::run(plan, choice).unwrap();
    assert_eq!(record.difference(&specified), None);
    (record, log)
}

/// When each subscriber had its second stream, in their order.
fn back_at(log: &[Observation], subscribers: usize) -> Vec<Duration> {
    let second = |index: usize| {
        let is_it = |seen: &&Observation| {
            seen.subscriber == index && seen.what == ObservationKind::Subscribed { connection: 2 }
        };
        log.iter().find(is_it).unwrap().at
    };
    (0..subscribers).map(second).collect()
}

fn after(record: &Record) -> &AfterRestarts {
    record.after_restarts.as_ref().unwrap()
}

#[test]
fn clients_that_obey_come_back_after_what_the_server_has_told_each_whatever_the_restart_says() {
    let plan = restarted(20);
    let (record, log) = observed(&plan);
    let mut back = back_at(&log, 20);
    back.sort();
    // The server's default: 1 to 5 s by the id, which is 617 ms apart for neighbours.
    let told: Vec<_> = (1..=20).map(|id| 1000 + id * 617 % 4000).collect();
    let (least, most) = (told.iter().min().unwrap(), told.iter().max().unwrap());
    assert!((ms(1000 + least)..ms(1010 + least)).contains(&back[0]), "{back:?}");
    assert!((ms(1000 + most)..ms(1010 + most)).contains(&back[19]), "{back:?}");
    assert!(back.windows(2).all(|pair| pair[1] > pair[0]), "no two of them at once: {back:?}");
    let last = after(&record).last_back_after.unwrap();
    assert!((ms(*most)..ms(most + 15)).contains(&last), "{last:?}");
    assert_eq!(after(&record).not_back, 0);
}

#[test]
fn without_a_retry_all_come_back_at_once_and_read_every_event_late_that_came_meanwhile() {
    let mut plan = restarted(20);
    plan.server.retry = None;
    let (record, log) = observed(&plan);
    let back = back_at(&log, 20);
    assert!(back.iter().all(|at| (ms(4000)..ms(4010)).contains(at)), "3 s after the end of the process: {back:?}");
    let AfterRestarts { receipt_us, live_us, .. } = after(&record);
    // Events of 1.1 s to 8.08 s are of the next process. Those of the time up to 4 s are given to each who comes back.
    assert_eq!(receipt_us.len() % 20, 0);
    assert!((20 * 349..=20 * 350).contains(&receipt_us.len()), "{}", receipt_us.len());
    assert!((20 * 202..=20 * 206).contains(&live_us.len()), "{}", live_us.len());
    assert!((2_890_000..2_920_000).contains(&receipt_us.max()) && live_us.max() < 10_000, "{}", receipt_us.max());
}

#[test]
fn at_a_time_scale_a_retry_is_still_written_in_plan_time_and_waited_for_in_it() {
    let mut plan = restarted(3);
    plan.time_scale = 4;
    let (_, log) = observed(&plan);
    for (index, back) in back_at(&log, 3).into_iter().enumerate() {
        let told = 1000 + (index as u64 + 1) * 617;
        assert!((ms(1000 + told)..ms(1005 + told)).contains(&back), "{index}: {back:?}");
    }
}

#[test]
fn the_price_of_a_connection_delays_its_first_write_and_those_that_come_with_it() {
    let mut plan = restarted(20);
    plan.server.retry = None;
    let live_max = |plan: &Plan| after(&observed(plan).0).live_us.max();
    plan.server.cpu = Some(CpuPlan::per_write(ms(0), Duration::from_micros(10)));
    let cheap = live_max(&plan);
    plan.server.cpu = Some(CpuPlan { connect: ms(10), ..plan.server.cpu.unwrap() });
    let dear = live_max(&plan);
    assert!(cheap < 30_000, "what each has missed is some work as well: {cheap} µs");
    assert!((180_000..260_000).contains(&dear), "twenty connections of 10 ms each: {dear} µs");
    // One after the other, the connections are no queue.
    plan.server.retry = Some(ms(5000));
    let spread = live_max(&plan);
    assert!(spread < 25_000, "{spread} µs");
}

#[test]
fn a_plan_that_says_nothing_of_all_this_is_stored_as_before_and_one_that_cannot_be_is_refused() {
    let mut plan = restarted(1);
    let stored = serde_json::to_string(&plan).unwrap();
    assert!(stored.contains("\"obeys_retry\":true") && !stored.contains("\"retry\""), "{stored}");
    plan.classes[0].obeys_retry = false;
    plan.server.cpu = Some(CpuPlan::per_write(ms(0), ms(0)));
    let stored = serde_json::to_string(&plan).unwrap();
    assert!(!stored.contains("retry") && !stored.contains("\"connect\""), "{stored}");
    assert_eq!(serde_json::from_str::<Plan>(&stored).unwrap(), plan);
    plan.server.retry = None;
    assert_eq!(serde_json::from_str::<Plan>(&serde_json::to_string(&plan).unwrap()).unwrap(), plan);
    plan.classes[0].obeys_retry = true;
    plan.server.transport = hubbub_sim::internals::transport::Transport::Ws;
    assert_eq!(plan.check().unwrap_err(), "plan.classes[0].obeys_retry: a WebSocket has no retry");
    plan.classes[0].reconnect_after = None;
    assert!(plan.check().unwrap_err().starts_with("plan.classes[0].obeys_retry: needs reconnect_after"));
}
