use super::*;
use crate::plan::{Fault, FaultKind, Plan, Reading};
use crate::scenario::Scenario;
use crate::tcp::{Connection, End, Outage, Outages, Path, Piece, ReceiveBuffer};

const SECOND: Duration = Duration::from_secs(1);

/// Two subscribers of the first class of ci-build, on 1 Mbit/s with 120 ms there and back.
fn plan() -> Plan {
    let mut plan = Plan::draw(&Scenario::named("ci-build").unwrap(), 10, 0).with_only(|index| index < 2);
    let line = LinePlan::of(Rate::BitsPerSecond(1_000_000), Some(32_768));
    plan.classes[0].path = Some(PathPlan::cubic(line.clone(), line));
    plan.classes[0].round_trip = Some(Duration::from_millis(120));
    plan.faults.clear();
    plan
}

fn outage(from: u64, lasts: u64, packets: OutageKind) -> PathOutage {
    PathOutage { from: SECOND * u32::try_from(from).unwrap(), lasts: Duration::from_secs(lasts), packets }
}

/// What a check says about a plan that was changed.
fn refusal(change: impl FnOnce(&mut Plan)) -> String {
    let mut plan = plan();
    change(&mut plan);
    plan.check().unwrap_err()
}

fn path_of(plan: &mut Plan) -> &mut PathPlan {
    plan.classes[0].path.as_mut().unwrap()
}

#[test]
fn a_plan_without_paths_is_stored_as_it_was_before_there_were_any() {
    let plan = Plan::draw(&Scenario::named("ci-build").unwrap(), 10, 0);
    let stored = serde_json::to_string(&plan).unwrap();
    assert!(!stored.contains("path") && !stored.contains("impairments"));
    assert!(plan.tcp_path(0).is_none() && plan.class_with_path().is_none());
}

#[test]
fn a_stored_plan_keeps_its_paths_and_losses() {
    let mut plan = plan();
    plan.subscribers[0].impairments =
        Impairments { lost_down: vec![3, 9], lost_up: vec![], outages: vec![outage(1, 2, OutageKind::Drops)] };
    path_of(&mut plan).up.rate = Rate::Recorded(crate::tcp::Recording::new(&[1, 1, 7]).unwrap());
    path_of(&mut plan).up.slot = path_of(&mut plan).up.rate.longest_slot();
    plan.check().unwrap();
    let stored = serde_json::to_string(&plan).unwrap();
    assert!(stored.contains(r#""rate":{"bits-per-second":1000000}"#), "{stored}");
    assert!(stored.contains(r#""rate":{"recorded":[1,1,7]}"#));
    assert!(stored.contains(r#""congestion":"cubic","receive_buffer":"auto","header_bytes":52"#));
    assert_eq!(serde_json::from_str::<Plan>(&stored).unwrap(), plan);
}

#[test]
fn the_kernels_of_a_path_are_set_by_class_subscriber_and_server() {
    let mut plan = plan();
    plan.server.user_timeout = 7 * SECOND;
    let TcpPath { down, up, settings } = plan.tcp_path(0).unwrap();
    assert_eq!((down.delay, up.delay), (60_000_000, 60_000_000));
    assert_eq!((down.rate, up.queue_bytes), (Rate::BitsPerSecond(1_000_000), Some(32_768)));
    assert_eq!((settings.user_timeout, settings.unsent_low_water), (Some(7_000_000_000), 16_384));
    assert_eq!((settings.header_bytes, settings.receive_buffer), (52, ReceiveBuffer::Auto));
    assert_eq!(settings.reads, crate::tcp::Reads::AtOnce);
    path_of(&mut plan).receive_buffer = BufferTuning::Fixed;
    plan.subscribers[1].reading = Reading::Never;
    let settings = plan.tcp_path(1).unwrap().settings;
    assert_eq!(settings.receive_buffer, ReceiveBuffer::Bytes(plan.classes[0].window_bytes));
    assert_eq!(settings.reads, crate::tcp::Reads::WhenTold);
}

#[test]
fn faults_of_a_class_are_outages_of_its_members_in_both_directions() {
    let mut plan = plan();
    plan.subscribers[0].impairments.outages = vec![outage(1, 2, OutageKind::Holds)];
    let fault = |at, harm| Fault { at: Duration::from_secs(at), harm };
    plan.faults = vec![
        fault(2, FaultKind::LinkHeld { class: 0, lasts: 3 * SECOND }),
        fault(8, FaultKind::Partition { class: 0, lasts: SECOND }),
        fault(9, FaultKind::Partition { class: 1, lasts: SECOND }),
    ];
    let nanos = |from: u64, until: u64, kind| Outage { from: from * 1_000_000_000, until: until * 1_000_000_000, kind };
    let [held, cut] = [nanos(2, 5, OutageKind::Holds), nanos(8, 9, OutageKind::Drops)];
    let first = plan.tcp_path(0).unwrap();
    let expected = Outages::new([nanos(1, 3, OutageKind::Holds), held, cut]);
    assert_eq!([&*first.down.outages, &*first.up.outages], [&expected, &expected]);
    assert_eq!(*plan.tcp_path(1).unwrap().down.outages, Outages::new([held, cut]));
}

#[test]
fn a_connection_over_a_plans_path_carries_bytes_and_loses_those_of_a_lost_slot() {
    let mut plan = plan();
    let arrival = |plan: &Plan| {
        let TcpPath { down, up, settings } = plan.tcp_path(0).unwrap();
        let mut connection = Connection::open(Path::new(down, up), &settings, 0);
        let mut written = 0;
        while connection.received(End::Client) < 700 {
            if written == 0 && connection.is_established(End::Server) {
                written = connection.write(End::Server, 700, Piece::Own, connection.now());
            }
            let at = connection.next_event().expect("something under way");
            connection.advance(at);
        }
        connection.now() / 1_000_000
    };
    let undisturbed = arrival(&plan);
    // 752 B leave the line 60 ms before they arrive.
    plan.subscribers[0].impairments.lost_down = vec![(undisturbed - 60) / 12];
    assert!(arrival(&plan) > undisturbed + 100);
}

#[test]
fn a_path_that_no_world_can_run_is_refused_with_its_field() {
    assert!(plan().check().is_ok());
    let zero = refusal(|plan| path_of(plan).down.rate = Rate::BitsPerSecond(0));
    assert_eq!(zero, "plan.classes[0].path.down.rate = 0: must be at least 1 bit a second");
    let queue = refusal(|plan| path_of(plan).up.queue_bytes = Some(1_499));
    assert_eq!(queue, "plan.classes[0].path.up.queue_bytes = 1499: must hold a packet of 1500 B");
    let slot = refusal(|plan| path_of(plan).down.slot = Duration::from_millis(13));
    assert!(slot.ends_with("path.down.slot = 13ms: must be from 1 ns to 12ms, which one full packet takes"), "{slot}");
    let headers = refusal(|plan| path_of(plan).header_bytes = 1_500);
    assert_eq!(headers, "plan.classes[0].path.header_bytes = 1500: at most 1499");
    assert!(refusal(|plan| plan.time_scale = 10).contains("plan.time_scale = 10: with a path, it must be 1"));
    let order = refusal(|plan| plan.subscribers[1].impairments.lost_up = vec![4, 4]);
    assert_eq!(order, "plan.subscribers[1].impairments.lost_up: slots must be in order, each once");
    let both = vec![outage(1, 3, OutageKind::Drops), outage(2, 3, OutageKind::Drops)];
    assert!(refusal(|plan| plan.subscribers[0].impairments.outages = both).contains("without overlaps"));
    let stray = refusal(|plan| {
        plan.classes[0].path = None;
        plan.subscribers[0].impairments.lost_up = vec![4];
    });
    assert_eq!(stray, "plan.subscribers[0].impairments: its class has no path");
}

#[test]
fn a_path_that_is_only_a_window_may_have_a_time_scale() {
    let mut plan = plan();
    plan.classes[0].path = Some(PathPlan::plain());
    plan.time_scale = 10;
    plan.subscribers[0].impairments.outages = vec![outage(1, 2, OutageKind::Drops)];
    plan.check().unwrap();
    let scaled = plan.in_virtual_time();
    assert_eq!(scaled.subscribers[0].impairments.outages, [outage(10, 20, OutageKind::Drops)]);
    assert_eq!(scaled.classes[0].path.as_ref().unwrap().down.slot, Duration::from_millis(10));
}
