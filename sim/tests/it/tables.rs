//! Several tables: a subscriber is offered, keeps, loses and misses the events of the tables that it watches.

use std::fs;

use hubbub::Overflow;
use hubbub::hub::HistorySettings;
use hubbub_sim::internals::laws::{Case, Law};
use hubbub_sim::internals::plan::{Fault, FaultKind, Plan, Reading, Recovery, Selection};
use hubbub_sim::internals::record::{Record, SubscriberRecord};
use hubbub_sim::internals::specified::{self, exact_history};
use hubbub_sim::internals::transport::Transport;
use hubbub_sim::internals::world;
use hubbub_sim::{Dialect, Running, Server, Start, Testbed};

use crate::command_line::{folder, refused, sim};
use crate::plans::{choice, ms, named, over_tables, plan};

/// Of ten events, seven are builds, two are of the log and one is of the third table.
const TABLES: [u8; 10] = [0, 0, 1, 0, 0, 2, 0, 1, 0, 0];

/// Readers that keep up, three classes of them, and 100 events.
fn watched(transport: Transport) -> Plan {
    let selections = vec![Selection::Everything, named(&["log"]), named(&["log", "a-table-with-a-long-name"])];
    let mut plan = over_tables(plan(vec![Reading::AsItArrives; 6], 65_536, 100, ms(3), 200), &TABLES, selections);
    plan.server.transport = transport;
    plan
}

fn counts(record: &Record) -> Vec<[u64; 4]> {
    let of = |s: &SubscriberRecord| [s.wanted, s.offered, s.delivered, s.received];
    record.subscribers.iter().map(of).collect()
}

#[test]
fn everybody_is_offered_and_reads_the_events_of_its_tables_alone_and_wants_no_others() {
    for transport in [Transport::Sse, Transport::Ws] {
        let plan = watched(transport);
        let expected = [100, 20, 30].map(|events| [events; 4]);
        let expected: Vec<_> = expected.into_iter().flat_map(|counts| [counts; 2]).collect();
        let simulated = world::run(&plan, choice(8, Overflow::DropNewest)).unwrap();
        let specified = specified::run(&plan, choice(8, Overflow::DropNewest)).unwrap();
        assert_eq!(counts(&simulated), expected, "{transport:?}");
        assert_eq!(simulated.difference(&specified), None, "{transport:?}");
    }
}

#[test]
fn a_full_buffer_loses_events_of_watched_tables_and_a_cpu_works_for_them_alone() {
    let mut plan = watched(Transport::Sse);
    plan.subscribers.iter_mut().for_each(|subscriber| subscriber.reading = Reading::Never);
    plan.classes.iter_mut().for_each(|class| class.window_bytes = 1);
    let record = specified::run(&plan, choice(8, Overflow::DropNewest)).unwrap();
    let lost: Vec<_> = record.subscribers.iter().map(|subscriber| subscriber.dropped.buffer_full).collect();
    // Eight wait, behind the head of the response for which the socket has no room.
    assert_eq!(lost, [92, 92, 12, 12, 22, 22]);
    for law in [Law::Account, Law::Agreement, Law::Memory, Law::Isolation] {
        let case = Case { plan: plan.clone(), frames: 8, overflow: Overflow::DropNewest };
        assert_eq!(law.judge(&case), Ok(()));
    }
}

/// A server with a history that restarts; those who watch two events of ten come back last.
fn restarted() -> Plan {
    let selections = vec![Selection::Everything, named(&["log"])];
    let mut plan = over_tables(plan(vec![Reading::AsItArrives; 2], 65_536, 200, ms(20), 200), &TABLES, selections);
    let (history_events, history_bytes) = (10_000, 1 << 30);
    plan.server.recovery = Some(Recovery { history_events, history_bytes, waiting_bytes: None, waiting_age: None });
    let back_after = vec![ms(1100), ms(2100)];
    plan.faults.push(Fault { at: ms(1000), harm: FaultKind::ServerRestarts { lasts: ms(1000), back_after } });
    plan
}

#[test]
fn a_history_keeps_the_events_of_all_tables_and_has_to_reach_back_to_the_first_that_is_watched() {
    let plan = restarted();
    let choice = choice(16, Overflow::DropNewest);
    let missed = |plan: &Plan| {
        let record = specified::run(plan, choice).unwrap();
        let missed = record.subscribers.iter().map(|one| one.wanted + one.doubled - one.received);
        missed.collect::<Vec<_>>()
    };
    for kept in [0, 1] {
        let plan = plan.with_only(|index| index == kept);
        let HistorySettings { events, bytes } = exact_history(&plan, choice, std::time::Duration::MAX).unwrap().size;
        let with = |events, bytes| missed(&plan.with_history(HistorySettings { events, bytes }));
        let at_best = missed(&plan);
        assert_eq!(with(events, bytes), at_best, "{events} events and {bytes} B are enough");
        assert!(with(events - 1, bytes) > at_best, "one of {events} events less");
        assert!(with(events, bytes - 1) > at_best, "one of {bytes} B less");
    }
}

/// Two tables, and one class for each of three ways to ask.
const SCENARIO: &str = r#"
    name = "two"
    duration_seconds = 2
    drain_seconds = 2
    subscribers = [3]
    buffers = [64]
    seeds = 1
    arrivals = { kind = "constant", per_second = 100 }
    payload = { kind = "fixed", bytes = 300 }
    [tables]
    builds = 0.75
    logs = 0.25
    [[class]]
    name = "all"
    count = 1
    round_trip_ms = "minimum"
    window_bytes = 262144
    reads = "as-it-arrives"
    [[class]]
    name = "builds"
    count = 1
    round_trip_ms = "minimum"
    window_bytes = 262144
    reads = "as-it-arrives"
    tables = ["builds"]
    [[class]]
    name = "pattern"
    count = 1
    round_trip_ms = "minimum"
    window_bytes = 262144
    reads = "as-it-arrives"
    topic = "ingest.>"
"#;

#[test]
fn over_real_tcp_a_client_gets_the_events_of_its_tables_and_misses_no_others() {
    let folder = folder("load-tables");
    for transport in ["sse", "ws"] {
        fs::write(folder.join("two.toml"), format!("server.transport = {transport:?}\n{SCENARIO}")).unwrap();
        let output = sim(&folder, &["load", "--scenario", "./two.toml", "--json", "-"]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let cell = &document["cells"][0];
        assert_eq!((cell["missed"].as_u64(), cell["drop_rate"].as_f64()), (Some(0), Some(0.0)), "{cell}");
        let offered =
            |class: &str| cell["by_class"][class]["offered"].as_f64().unwrap_or_else(|| panic!("{class}: {cell}"));
        assert!(offered("all") > 150.0 && offered("pattern") > 150.0, "{cell}");
        let part = offered("builds") / offered("all");
        assert!((0.6..0.9).contains(&part), "{part}: {cell}");
    }
}

#[test]
fn a_server_that_is_asked_for_one_stream_is_not_run_with_several_tables() {
    let folder = folder("load-tables-of-another-server");
    fs::write(folder.join("two.toml"), SCENARIO).unwrap();
    let urls = ["--url", "http://127.0.0.1:9/stream", "--ingest-url", "http://127.0.0.1:9/ingest"];
    let load = [&["load", "--scenario", "./two.toml"][..], &urls].concat();
    let why = refused(&folder, &load);
    assert!(why.contains("several tables or patterns of topics"), "{why}");
    let server = Testbed::new("feed", Other);
    let why = server.run(&watched(Transport::Sse), 8).unwrap_err();
    assert_eq!(
        why.to_string(),
        "feed: the plan has several tables or patterns of topics, and a dialect has one stream: only hubbub is asked for \
         tables"
    );
}

struct Other;

impl Server for Other {
    fn start(&self, _: &Start) -> Running {
        unreachable!("it is refused before it starts")
    }

    fn dialect(&self) -> Dialect {
        Dialect::sse("/watch")
    }
}
