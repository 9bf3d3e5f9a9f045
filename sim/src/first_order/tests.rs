use super::*;
use crate::plan::{
    Arrival, BufferTuning, ClassPlan, CpuPlan, DEFAULT_RETRY, DEFAULT_USER_TIMEOUT, Fault, FaultKind, Impairments,
    LinePlan, PathOutage, PathPlan, Selection, ServerPlan, Stall, SubscriberPlan,
};
use crate::tcp::{OutageKind, Rate};

/// 60 s with 10 events of 60 B (frames of 100 B) a second, for one subscriber with a window of 10 frames a second.
fn plan(reading: Reading) -> Plan {
    let arrivals = (0..600).map(|index| at_millis(index * 100)).collect();
    let class = ClassPlan {
        name: "c".to_owned(),
        round_trip: Some(Duration::from_millis(8)),
        window_bytes: 1000,
        reconnect_after: None,
        selection: Selection::default(),
        obeys_retry: false,
        path: None,
    };
    let subscriber = SubscriberPlan {
        class: 0,
        connect_at: Duration::ZERO,
        leave_at: None,
        reading,
        impairments: Impairments::default(),
    };
    Plan {
        scenario: "t".to_owned(),
        seed: 0,
        table: "t".to_owned(),
        other_tables: Vec::new(),
        duration: Duration::from_secs(60),
        drain: Duration::from_secs(15),
        time_scale: 1,
        server: ServerPlan {
            keepalive: Duration::from_secs(15),
            write_deadline: Duration::from_secs(30),
            user_timeout: DEFAULT_USER_TIMEOUT,
            frames_per_write: 1,
            transport: crate::transport::Transport::Sse,
            cpu: None,
            retry: DEFAULT_RETRY,
            recovery: None,
        },
        arrivals,
        classes: vec![class],
        subscribers: vec![subscriber],
        faults: Vec::new(),
    }
}

fn at_millis(at: u64) -> Arrival {
    Arrival { at: Duration::from_millis(at), payload_bytes: 60, key: 0, table: 0 }
}

#[test]
fn a_fast_reader_needs_one_slot() {
    assert_eq!(buffer(&plan(Reading::AsItArrives)), Some(1));
    assert_eq!(no_finite_size(&plan(Reading::AsItArrives)), None);
}

#[test]
fn a_reader_that_stops_has_no_finite_size_and_one_that_stalls_has() {
    let struck = |harm| Plan { faults: vec![Fault { at: Duration::from_secs(9), harm }], ..plan(Reading::AsItArrives) };
    let (subscriber, lasts) = (0, Duration::from_secs(3));
    assert_eq!(no_finite_size(&struck(FaultKind::ReaderStops { subscriber })), Some(UnboundedSizeReason::NeverReads));
    assert_eq!(no_finite_size(&struck(FaultKind::ReaderStalls { subscriber, lasts })), None);
}

#[test]
fn a_burst_needs_what_the_reader_does_not_drain_less_what_the_window_holds() {
    // Another 500 events within the second 20: 510 arrive in it, 30 are drained in a second, 10 wait in the window.
    let mut plan = plan(Reading::Rate { bytes_per_second: 3000 });
    plan.arrivals.extend((0..500).map(|index| at_millis(20_000 + index * 2)));
    plan.arrivals.sort_by_key(|arrival| arrival.at);
    assert_eq!(buffer(&plan), Some(510 - 30 - 10));
    assert_eq!(no_finite_size(&plan), None);
}

#[test]
fn a_stall_needs_what_arrives_in_it_less_what_the_window_holds() {
    let stall = |from, lasts| Stall { from: Duration::from_secs(from), lasts: Duration::from_secs(lasts) };
    let plan = plan(Reading::Stalls { stalls: vec![stall(3, 2), stall(20, 7)] });
    assert_eq!(buffer(&plan), Some(7 * 10 - 10));
    assert_eq!(no_finite_size(&plan), None);
}

#[test]
fn a_reader_slower_than_the_mean_has_no_finite_size_though_the_rule_has_a_number() {
    // 5 of 10 frames a second are left over for 60 s.
    let plan = plan(Reading::Rate { bytes_per_second: 500 });
    assert_eq!(no_finite_size(&plan), Some(UnboundedSizeReason::SlowerThanArrivals));
    assert_eq!(buffer(&plan), Some(300 - 10));
}

#[test]
fn a_window_or_stalls_can_make_a_reader_slower_than_the_mean() {
    let mut narrow = plan(Reading::AsItArrives);
    narrow.classes[0].window_bytes = 9;
    assert_eq!(
        no_finite_size(&narrow),
        Some(UnboundedSizeReason::SlowerThanArrivals),
        "9 B each 10 ms are 900 B a second"
    );
    let mut narrow = plan(Reading::Stalls { stalls: vec![Stall { from: Duration::ZERO, lasts: narrow.duration / 2 }] });
    narrow.classes[0].window_bytes = 19;
    assert_eq!(
        no_finite_size(&narrow),
        Some(UnboundedSizeReason::SlowerThanArrivals),
        "1900 B a second, half of the time"
    );
    narrow.classes[0].window_bytes = 21;
    assert_eq!(no_finite_size(&narrow), None);
}

#[test]
fn who_never_reads_has_no_size_at_all() {
    let plan = plan(Reading::Never);
    assert_eq!((buffer(&plan), no_finite_size(&plan)), (None, Some(UnboundedSizeReason::NeverReads)));
    assert_eq!(UnboundedSizeReason::NeverReads.as_str(), "never_reads");
}

#[test]
fn a_slow_reader_with_stalls_drains_its_rate_for_as_long_as_it_reads() {
    let stalls =
        |lasts| (0..6).map(move |n| Stall { from: Duration::from_secs(10 * n), lasts: Duration::from_secs(lasts) });
    let pair = |lasts| plan(Reading::RateWithStalls { bytes_per_second: 1500, stalls: stalls(lasts).collect() });
    let alone = plan(Reading::Rate { bytes_per_second: 1500 });
    assert_eq!((buffer(&alone), no_finite_size(&alone)), (Some(1), None));
    // 1,000 B a second are offered, and of 1,500 B a second 1,200 or 750 are taken.
    assert_eq!(no_finite_size(&pair(2)), None);
    assert_eq!(no_finite_size(&pair(5)), Some(UnboundedSizeReason::SlowerThanArrivals));
    assert_eq!(buffer(&pair(2)), Some(10), "a stall of 2 s, less what the window holds");
    assert_eq!(buffer(&pair(5)), Some(140), "a quarter of what arrives in the run, less what the window holds");
}

/// The plan over 64 kbit/s with 100 ms there and back, a queue of 4,000 B and no headers: 8,000 B a second, 800 B under
/// way.
fn over_a_path() -> Plan {
    let mut plan = plan(Reading::AsItArrives);
    let line = LinePlan::of(Rate::BitsPerSecond(64_000), Some(4_000));
    plan.classes[0].round_trip = Some(Duration::from_millis(100));
    plan.classes[0].path = Some(PathPlan { header_bytes: 0, ..PathPlan::cubic(line.clone(), line) });
    plan
}

#[test]
fn an_outage_needs_what_arrives_in_twice_its_length_less_what_socket_and_queue_hold() {
    let mut plan = over_a_path();
    assert_eq!((buffer(&plan), no_finite_size(&plan)), (Some(1), None));
    let [from, lasts] = [Duration::from_secs(10), Duration::from_secs(15)];
    let with = |packets| Impairments { outages: vec![PathOutage { from, lasts, packets }], ..Impairments::default() };
    // 16,384 B unsent, 800 B under way and 4,000 B in the queue are 211.84 frames.
    plan.subscribers[0].impairments = with(OutageKind::Drops);
    assert_eq!(buffer(&plan), Some(300 - 211));
    plan.subscribers[0].impairments = with(OutageKind::Holds);
    assert_eq!(buffer(&plan), Some(1), "150 frames arrive while packets are held, and all of them have room");
    plan.classes[0].path.as_mut().unwrap().receive_buffer = BufferTuning::Fixed;
    plan.subscribers[0].impairments = with(OutageKind::Drops);
    assert_eq!(buffer(&plan), Some(300 - 173), "1,000 B are under way and in the queue at most");
}

#[test]
fn a_path_that_carries_less_than_arrives_has_no_finite_size() {
    let slow = |change: fn(&mut Plan)| {
        let mut plan = over_a_path();
        change(&mut plan);
        no_finite_size(&plan)
    };
    let line = |plan: &mut Plan| plan.classes[0].path.as_mut().unwrap().down.rate = Rate::BitsPerSecond(7_900);
    assert_eq!(slow(line), Some(UnboundedSizeReason::SlowerThanArrivals));
    let headers = |plan: &mut Plan| {
        let path = plan.classes[0].path.as_mut().unwrap();
        path.down.rate = Rate::BitsPerSecond(8_100);
        path.header_bytes = 52;
    };
    assert_eq!(slow(headers), Some(UnboundedSizeReason::SlowerThanArrivals), "1,012 B with headers are 977 without");
    let outages = |plan: &mut Plan| {
        let of_all = PathOutage { from: Duration::ZERO, lasts: plan.duration, packets: OutageKind::Drops };
        plan.subscribers[0].impairments.outages = vec![of_all];
    };
    assert_eq!(slow(outages), Some(UnboundedSizeReason::SlowerThanArrivals));
    // Every second slot of 187.5 ms: 1,500 B / 10 s × √3.
    let losses = |plan: &mut Plan| {
        plan.classes[0].round_trip = Some(Duration::from_secs(10));
        plan.subscribers[0].impairments.lost_down = (0..200).map(|slot| 2 * slot).collect();
    };
    assert_eq!(slow(losses), Some(UnboundedSizeReason::SlowerThanArrivals));
    assert_eq!(slow(|_| {}), None);
}

#[test]
fn a_saturated_worker_has_no_finite_size_and_the_socket_does_not_help() {
    let mut plan = plan(Reading::AsItArrives);
    let cpu = |micros| Some(CpuPlan::per_write(Duration::ZERO, Duration::from_micros(micros)));
    plan.server.cpu = cpu(99_000);
    assert_eq!((buffer(&plan), no_finite_size(&plan)), (Some(1), None));
    plan.server.cpu = cpu(125_000);
    assert_eq!(no_finite_size(&plan), Some(UnboundedSizeReason::ServerSaturated));
    assert_eq!(buffer(&plan), Some(600 - 8 * 60));
}

#[test]
fn the_built_in_scenarios_have_the_answers_they_are_made_for() {
    let reason = |name: &str, subscribers| {
        let scenario = crate::scenario::Scenario::named(name).unwrap();
        no_finite_size(&Plan::draw(&scenario, subscribers, 0))
    };
    assert_eq!(reason("steady-overload", 10), Some(UnboundedSizeReason::SlowerThanArrivals));
    assert_eq!(reason("wavehouse-ceiling", 113), None);
    assert_eq!(reason("wavehouse-ceiling", 114), Some(UnboundedSizeReason::ServerSaturated));
    for name in ["alpha", "backlog-flush", "ci-build"] {
        assert_eq!(reason(name, 100), None, "{name}");
    }
}
