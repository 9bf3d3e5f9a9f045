//! Connections end for a reason, and the reason is counted.

use hubbub::Overflow;
use hubbub_sim::plan::Reading;
use hubbub_sim::world::run;

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
    let mut plan = plan(vec![Reading::Never], 1000, 400, ms(1), 100);
    let once = run(&plan, choice(8, Overflow::Disconnect)).unwrap();
    let subscriber = &once.subscribers[0];
    assert_eq!((subscriber.dropped.buffer_full, subscriber.dropped.evicted), (1, 9));
    assert_eq!(subscriber.connections, 1);
    plan.classes[0].reconnect_after = Some(ms(50));
    let back = run(&plan, choice(8, Overflow::Disconnect)).unwrap();
    assert!(back.subscribers[0].connections >= 4, "{}", back.subscribers[0].connections);
    assert!(back.subscribers[0].offered > subscriber.offered);
}

#[test]
fn drop_oldest_delivers_the_latest_where_drop_newest_delivers_the_first() {
    use hubbub_sim::plan::Stall;
    let stalled = Reading::Stalls { stalls: vec![Stall { from: ms(90), lasts: ms(500) }] };
    let plan = plan(vec![stalled], 1000, 200, ms(1), 100);
    let newest = run(&plan, choice(8, Overflow::DropNewest)).unwrap();
    let oldest = run(&plan, choice(8, Overflow::DropOldest)).unwrap();
    let counts = |record: &hubbub_sim::record::Record| (record.subscribers[0].offered, record.subscribers[0].dropped);
    assert_eq!(counts(&newest), counts(&oldest));
    assert_ne!(newest.digest, oldest.digest);
    let receipt = |record: &hubbub_sim::record::Record| record.classes[0].receipt_us.value_at_quantile(0.25);
    assert!(receipt(&newest) > receipt(&oldest) + 100_000, "the latest eight are fresher than the first eight");
}
