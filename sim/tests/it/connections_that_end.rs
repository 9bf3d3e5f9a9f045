//! Connections end for a reason, and the reason is counted.

use hubbub::Overflow;
use hubbub_sim::internals::plan::{Reading, Stall};
use hubbub_sim::internals::world::run;

use crate::plans::{at, choice, ms, plan};

#[test]
fn a_reader_without_progress_is_cut_off_by_the_write_deadline_and_its_frames_are_evicted() {
    let mut plan = plan(vec![Reading::Never, Reading::AsItArrives], 1000, 2000, ms(1), 100);
    plan.server.write_deadline = ms(500);
    let record = at(&plan, 8);
    let stuck = &record.subscribers[0];
    assert_eq!(stuck.dropped.evicted, 8 + 1, "a full mailbox and the frame in flight");
    assert!((500..700).contains(&stuck.offered), "nothing is offered after it: {}", stuck.offered);
    assert_eq!(record.subscribers[1].received, 2000, "nobody else notices");
}

#[test]
fn a_client_that_leaves_takes_what_waited_for_it_along_as_client_gone() {
    let mut plan = plan(vec![Reading::Never], 1000, 400, ms(1), 100);
    plan.subscribers[0].leave_at = Some(ms(300));
    let record = at(&plan, 8);
    let subscriber = &record.subscribers[0];
    assert_eq!(subscriber.dropped.client_gone, 8 + 1);
    assert!((195..=205).contains(&subscriber.offered), "{}", subscriber.offered);
}

#[test]
fn disconnecting_ends_the_stream_of_a_blocked_client_and_it_comes_back_if_the_plan_says_so() {
    let mut plan = plan(vec![Reading::Rate { bytes_per_second: 50_000 }], 1000, 400, ms(1), 100);
    let once = run(&plan, choice(8, Overflow::Disconnect)).unwrap();
    let subscriber = &once.subscribers[0];
    assert_eq!(subscriber.dropped.buffer_full, 1);
    assert_eq!(subscriber.dropped.evicted, 9);
    assert_eq!(subscriber.connections, 1);
    plan.classes[0].reconnect_after = Some(ms(20));
    let back = run(&plan, choice(8, Overflow::Disconnect)).unwrap();
    assert!(back.subscribers[0].connections >= 4, "{}", back.subscribers[0].connections);
    assert!(back.subscribers[0].offered > subscriber.offered);
}

#[test]
fn a_client_hears_that_its_stream_has_ended_when_it_has_read_what_came_before() {
    let stalled = Reading::Stalls { stalls: vec![Stall { from: ms(90), lasts: ms(300) }] };
    let mut plan = plan(vec![stalled, Reading::Never], 1000, 600, ms(1), 100);
    plan.classes[0].reconnect_after = Some(ms(50));
    let record = run(&plan, choice(8, Overflow::Disconnect)).unwrap();
    let [stalled, never] = [&record.subscribers[0], &record.subscribers[1]];
    assert_eq!(stalled.dropped.buffer_full, 1);
    assert_eq!(stalled.connections, 2);
    // Cut off within the stall, it is back 50 ms after the end of that.
    assert!((ms(310)..ms(345)).contains(&stalled.away), "{:?}", stalled.away);
    assert_eq!(never.dropped.buffer_full, 1, "it has yet to read of it");
    assert_eq!(never.connections, 1, "it has yet to read of it");
}

#[test]
fn whoever_is_to_leave_while_it_is_away_leaves_then_and_wants_nothing_that_comes_later() {
    for reconnect_after in [Some(ms(300)), None] {
        let mut plan = plan(vec![Reading::Rate { bytes_per_second: 50_000 }], 1000, 400, ms(1), 100);
        plan.classes[0].reconnect_after = reconnect_after;
        plan.subscribers[0].leave_at = Some(ms(250));
        let record = run(&plan, choice(8, Overflow::Disconnect)).unwrap();
        let subscriber = &record.subscribers[0];
        assert_eq!(subscriber.dropped.buffer_full, 1);
        assert_eq!(subscriber.connections, 1);
        assert!((145..=151).contains(&subscriber.wanted), "{} from 100 to 250 ms", subscriber.wanted);
    }
}

#[test]
fn drop_oldest_delivers_the_latest_where_drop_newest_delivers_the_first() {
    let stalled = Reading::Stalls { stalls: vec![Stall { from: ms(90), lasts: ms(500) }] };
    let plan = plan(vec![stalled], 1000, 200, ms(1), 100);
    let newest = run(&plan, choice(8, Overflow::DropNewest)).unwrap();
    let oldest = run(&plan, choice(8, Overflow::DropOldest)).unwrap();
    let counts =
        |record: &hubbub_sim::internals::record::Record| (record.subscribers[0].offered, record.subscribers[0].dropped);
    assert_eq!(counts(&newest), counts(&oldest));
    assert_ne!(newest.digest, oldest.digest);
    let receipt = |record: &hubbub_sim::internals::record::Record| record.classes[0].receipt_us.value_at_quantile(0.25);
    assert!(receipt(&newest) > receipt(&oldest) + 100_000, "the latest eight are fresher than the first eight");
}
