//! A second stage behind the transport is a hidden buffer: it holds what nobody set, and loses what nobody counts.

use hubbub::{Capacity, Overflow};
use hubbub_sim::internals::plan::{CpuPlan, Plan, Reading};
use hubbub_sim::internals::record::Record;
use hubbub_sim::internals::transport::Transport;
use hubbub_sim::internals::world::{run, run_two_stages};

use crate::plans::{choice, ms, plan};

/// One subscriber over a WebSocket, with room for nothing but the first bytes.
fn of_one(reading: Reading, events: usize) -> Plan {
    let mut plan = plan(vec![reading], 600, events, ms(2), 100);
    plan.server.transport = Transport::Ws;
    plan
}

fn two_stages(plan: &Plan, mailbox: usize, second: usize) -> Record {
    run_two_stages(plan, choice(mailbox, Overflow::DropNewest), Capacity::new(second).unwrap()).unwrap()
}

#[test]
fn of_a_reader_that_never_reads_the_hub_counts_nothing_lost() {
    let plan = of_one(Reading::Never, 300);
    let one = &run(&plan, choice(8, Overflow::DropNewest)).unwrap().subscribers[0];
    let two = &two_stages(&plan, 8, 8).subscribers[0];
    assert!(one.dropped.buffer_full > 280, "{one:?}");
    assert_eq!(two.dropped.buffer_full, 0, "all of it has been written");
    assert_eq!(two.delivered, 300, "all of it has been written");
    assert_eq!(two.high_water, 1, "all of it has been written");
}

#[test]
fn a_reader_that_is_slow_misses_as_much_as_behind_one_mailbox_and_the_first_stage_buys_nothing() {
    let plan = of_one(Reading::Rate { bytes_per_second: 20_000 }, 400);
    let read = |mailbox: usize| run(&plan, choice(mailbox, Overflow::DropNewest)).unwrap().subscribers[0].received;
    let of_two = two_stages(&plan, 64, 8);
    // K + 1 in flight in front of the socket; of the second stage, K and the one that its writer is at.
    assert_eq!(of_two.subscribers[0].received, read(8));
    assert!(of_two.subscribers[0].received < read(16) && read(16) < read(64));
    assert_eq!(of_two.subscribers[0].dropped.total(), 0);
}

#[test]
fn with_room_in_the_second_stage_every_event_is_read_and_the_run_does_not_end_before() {
    let plan = of_one(Reading::Rate { bytes_per_second: 20_000 }, 100);
    assert_eq!(two_stages(&plan, 1, 100).subscribers[0].received, 100);
}

#[test]
fn where_the_servers_cpu_is_what_is_short_it_is_the_mailbox_that_fills() {
    let mut plan = of_one(Reading::AsItArrives, 300);
    plan.classes[0].window_bytes = 100_000;
    plan.server.cpu = Some(CpuPlan::per_write(ms(0), ms(3)));
    let one = run(&plan, choice(8, Overflow::DropNewest)).unwrap();
    let two = two_stages(&plan, 8, 8);
    assert!(one.subscribers[0].dropped.buffer_full > 50, "{:?}", one.subscribers[0]);
    assert_eq!(two.subscribers[0].dropped, one.subscribers[0].dropped);
    assert_eq!(two.subscribers[0].received, one.subscribers[0].received);
}

#[test]
fn nobody_is_ever_cut_off_for_not_reading() {
    let mut plan = of_one(Reading::Never, 300);
    plan.server.write_deadline = ms(100);
    let one = &run(&plan, choice(8, Overflow::DropNewest)).unwrap().subscribers[0];
    let two = &two_stages(&plan, 8, 8).subscribers[0];
    assert!(one.dropped.evicted > 0, "{one:?}");
    assert_eq!(two.dropped.total(), 0, "{two:?}");
    assert_eq!(two.delivered, 300, "{two:?}");
}

#[test]
fn the_same_plan_gives_the_same_run() {
    let plan = of_one(Reading::Rate { bytes_per_second: 30_000 }, 300);
    assert_eq!(two_stages(&plan, 8, 8).digest, two_stages(&plan, 8, 8).digest);
}
