use crate::plan::{Plan, Selection};
use crate::scenario::Scenario;

const TEXT: &str = r#"name = "tables"
duration_seconds = 100
subscribers = [10]
[tables]
builds = 0.7
logs = 0.2
tests = 0.1
[arrivals]
kind = "poisson"
per_second = 50
[payload]
kind = "fixed"
bytes = 300
[[class]]
name = "all"
share = 0.5
round_trip_ms = 40
window_bytes = 65536
reads = "as-it-arrives"
[[class]]
name = "some"
share = 0.3
round_trip_ms = 40
window_bytes = 65536
reads = "as-it-arrives"
tables = ["builds", "tests"]
[[class]]
name = "pattern"
share = 0.2
round_trip_ms = 40
window_bytes = 65536
reads = "as-it-arrives"
topic = "ingest.*"
"#;

fn read(text: &str) -> Scenario {
    Scenario::parse("x.toml", text).unwrap()
}

#[test]
fn a_scenario_says_which_tables_there_are_and_what_each_class_watches() {
    let scenario = read(TEXT);
    let settings = scenario.settings();
    let watched = settings.classes.iter().map(|class| settings.watched_by(class).collect::<Vec<_>>());
    let all = vec!["builds", "logs", "tests"];
    assert_eq!(watched.collect::<Vec<_>>(), [all.clone(), vec!["builds", "tests"], all]);
    let parts = settings.classes.iter().map(|class| settings.part_watched(class)).collect::<Vec<_>>();
    assert!(parts[0] == 1.0 && (parts[1] - 0.8).abs() < 1e-12 && parts[2] == 1.0, "{parts:?}");
}

#[test]
fn events_are_published_to_tables_by_their_shares_and_nothing_else_changes() {
    let with = Plan::draw(&read(TEXT), 10, 3);
    assert_eq!(with.check(), Ok(()));
    assert_eq!(with.tables().collect::<Vec<_>>(), ["builds", "logs", "tests"]);
    let selections: Vec<_> = with.classes.iter().map(|class| class.selection.clone()).collect();
    let named = Selection::Tables(vec!["builds".into(), "tests".into()]);
    assert_eq!(selections, [Selection::Everything, named, Selection::Topic("ingest.*".into())]);
    let of = |table: u8| with.arrivals.iter().filter(|arrival| arrival.table == table).count() as f64;
    let events = with.arrivals.len() as f64;
    for (table, share) in [(0, 0.7), (1, 0.2), (2, 0.1)] {
        assert!((of(table) / events - share).abs() < 0.02, "{table}: {} of {events}", of(table));
    }
    let one = TEXT.replace("[tables]\nbuilds = 0.7\nlogs = 0.2\ntests = 0.1\n", "");
    let one = one.replace("tables = [\"builds\", \"tests\"]\n", "").replace("topic = \"ingest.*\"\n", "");
    let without = Plan::draw(&read(&one), 10, 3);
    assert_eq!(Plan { table: "events".into(), ..with.with_one_table() }, without);
    // An empty section, as a new file has it, says nothing.
    assert_eq!(Plan::draw(&read(&one.replace("[arrivals]", "[tables]\n[arrivals]")), 10, 3), without);
}

#[test]
fn a_scenario_without_tables_has_the_fingerprint_that_it_had_before_there_could_be_several() {
    let text = format!("{:?}", Scenario::named("alpha").unwrap().settings());
    assert!(!text.contains("tables") && !text.contains("topic:") && text.contains("table: \""), "{text}");
    let changed = TEXT.replace("tables = [\"builds\", \"tests\"]", "tables = [\"builds\"]");
    assert_ne!(read(TEXT).fingerprint(), read(&changed).fingerprint());
}

#[test]
fn tables_that_do_not_fit_together_are_refused_in_one_line() {
    for (from, to, expected) in [
        ("logs = 0.2", "logs = 0", "tables.logs = 0: must be above 0 and at most 1"),
        ("logs = 0.2", "logs = 0.4", "tables = 1.2 in all: shares must sum to 1"),
        ("logs = 0.2", "\"a b\" = 0.2", "tables = \"a b\": must be 1 to 64 of A-Z, a-z, 0-9, _ and -"),
        (
            "[tables]",
            "table = \"builds\"\n[tables]",
            "table = \"builds\": must not be given beside [tables], which names all of them",
        ),
        (
            "[\"builds\", \"tests\"]",
            "[\"builds\", \"nightly\"]",
            "class[1].tables[1] = \"nightly\": must be one of builds, logs, tests",
        ),
        ("[\"builds\", \"tests\"]", "[]", "class[1].tables = []: must name at least one of builds, logs, tests"),
        ("[\"builds\", \"tests\"]", "[\"logs\", \"logs\"]", "class[1].tables[1] = \"logs\": must not be there twice"),
        (
            "ingest.*",
            "ingest.nightly",
            "class[2].topic = \"ingest.nightly\": must match the topic of a table, ingest.NAME: there are builds, logs, \
             tests",
        ),
        (
            "ingest.*",
            ">",
            "class[2].topic = \">\": must be a pattern as \"ingest.*\": \">\" does not begin with ingest.",
        ),
        (
            "topic = ",
            "tables = [\"logs\"]\ntopic = ",
            "class[2].topic = \"ingest.*\": must not be given beside tables: a class watches names or a pattern",
        ),
    ] {
        assert!(TEXT.contains(from), "{from}");
        let message = Scenario::parse("x.toml", &TEXT.replacen(from, to, 1)).unwrap_err().to_string();
        assert_eq!(message, format!("x.toml: {expected}"));
    }
    let many: String = (0..65).map(|n| format!("t{n} = 0.015384615384615385\n")).collect();
    let text = TEXT.replace("builds = 0.7\nlogs = 0.2\ntests = 0.1\n", &many);
    let message = Scenario::parse("x.toml", &text).unwrap_err().to_string();
    assert_eq!(message, "x.toml: tables = 65 tables: must be 64 at most");
}

#[test]
fn a_class_is_warned_by_its_part_of_the_events_alone() {
    let narrow = TEXT.replace("per_second = 50", "per_second = 4000");
    let scenario = read(&narrow.replace("window_bytes = 65536", "window_bytes = 28000"));
    let warned: Vec<_> = scenario.warnings(10).iter().map(ToString::to_string).collect();
    // 4,000 events of 340 B a second for 22 ms are 29,920 B, and 80 % of them 23,936 B.
    assert_eq!(warned.len(), 2, "{warned:?}");
    assert!(!warned.iter().any(|warning| warning.contains("some")), "{warned:?}");
}
