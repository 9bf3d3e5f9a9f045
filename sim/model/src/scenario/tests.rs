use super::*;

/// A scenario with something to spoil on every line.
const GOOD: &str = r#"name = "good"
question = "Is this good?"
table = "builds"
duration_seconds = 60
subscribers = [10, 100]
buffers = [1, 64]
[server.cpu]
publish_us = 5
delivery_us = 5
[arrivals]
kind = "poisson"
per_second = 20
[payload]
kind = "log-normal"
median_bytes = 600
sigma = 0.7
min_bytes = 150
max_bytes = 6000
[[class]]
name = "desktop"
share = 0.9
round_trip_ms = 40
window_bytes = 65536
reads = "as-it-arrives"
[[class]]
name = "tab"
share = 0.1
round_trip_ms = "minimum"
window_bytes = 65536
reads.stalls = { after_seconds = [15, 45], for_seconds = [2, 10] }
"#;

fn good() -> Scenario {
    Scenario::parse("good.toml", GOOD).unwrap()
}

fn refusal(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from:?} is not in the scenario");
    let message = Scenario::parse("x.toml", &GOOD.replacen(from, to, 1)).unwrap_err().to_string();
    assert_eq!(message.lines().count(), 1, "{message:?}");
    message
}

#[test]
fn each_bad_field_gets_one_line_with_file_field_value_and_what_is_allowed() {
    let stalls = "class[1].reads.stalls.for_seconds";
    let cases = [
        ("per_second = 20", "per_second = -1", "arrivals.per_second = -1: must be above 0 and at most 1000000"),
        ("per_second = 20", "per_second = nan", "arrivals.per_second = NaN: must be above 0"),
        ("per_second = 20", "per_second = inf", "arrivals.per_second = inf: must be above 0"),
        (
            "per_second = 20",
            "per_second = 1e6",
            "arrivals = about 60000000 events in a run: must plan at most 20000000",
        ),
        ("buffers = [1, 64]", "buffers = [0]", "buffers[0] = 0: must be 1 ..= 1048576"),
        ("delivery_us = 5", "delivery_us = 5\nconnect_us = -1", "server.cpu.connect_us = -1: must be 0 ..= 1000000"),
        (
            "[server.cpu]",
            "[server]\nretry_seconds = 3601\n[server.cpu]",
            "server.retry_seconds = 3601: must be 0 ..= 3600",
        ),
        ("buffers = [1, 64]", "buffers = [4, 1, 4]", "buffers[2] = 4: must not be there twice"),
        ("buffers = [1, 64]", "buffers = []", "buffers = 0 values: must be 1 to 256"),
        ("[10, 100]", "[0]", "subscribers[0] = 0: must be 1 ..= 60000"),
        ("[10, 100]", "[10, 10]", "subscribers[1] = 10: must not be there twice"),
        ("[10, 100]", "[1000000000]", "subscribers[0] = 1000000000: must be 1 ..= 60000"),
        ("buffers = [1, 64]", "current_buffer = 0", "current_buffer = 0: must be 1 ..= 1048576"),
        ("buffers = [1, 64]", "current_buffer = 1048577", "current_buffer = 1048577: must be 1 ..= 1048576"),
        ("buffers = [1, 64]", "seeds = 0", "seeds = 0: must be 1 ..= 10000"),
        ("buffers = [1, 64]", "time_scale = 0", "time_scale = 0: must be 1 ..= 1000"),
        ("duration_seconds = 60", "duration_seconds = 0", "duration_seconds = 0: must be 0.001 ..= 86400"),
        ("duration_seconds = 60", "", "duration_seconds = nothing: must be given: only a trace"),
        ("share = 0.9", "share = 0.8", "class[..].share = 0.9 in all: shares must sum to 1"),
        ("share = 0.9", "share = nan", "class[0].share = NaN: must be above 0 and at most 1"),
        ("share = 0.9", "share = 0.9\ncount = 3", "class[0].share = 0.9: must have a count or a share, not both"),
        ("share = 0.9", "count = 11", "class[..].share = 0.1 in all: shares must sum to 1"),
        ("window_bytes = 65536", "window_bytes = 0", "class[0].window_bytes = 0: must be 1 ..= 1073741824"),
        ("[2, 10]", "[2, 30]", &format!("{stalls} = [2, 30]: must be below server.write_deadline_seconds = 30")),
        ("[2, 10]", "[10, 2]", &format!("{stalls} = [10, 2]: must be [least, most]")),
        ("[2, 10]", "[-2, 10]", &format!("{stalls}[0] = -2: must be 0.01 ..= 86400")),
        ("min_bytes = 150", "min_bytes = 7000", "payload.max_bytes = 6000: must be 7000 ..= 16777216"),
        ("min_bytes = 150", "min_bytes = 0", "payload.min_bytes = 0: must be 1 ..= 16777216"),
        ("sigma = 0.7", "sigma = nan", "payload.sigma = NaN: must be 0 ..= 10"),
        (
            "round_trip_ms = 40",
            "round_trip_ms = 1",
            "class[0].round_trip_ms = 1: must be at least 2, the resolution at",
        ),
        ("name = \"desktop\"", "name = \"tab\"", "class[1].name = \"tab\": must not be there twice"),
        ("name = \"good\"", "name = \"../good\"", "name = \"../good\": must be 1 to 64 of a-z, 0-9 and -"),
        ("table = \"builds\"", "table = \"a.b\"", "table = \"a.b\": must be 1 to 64 of"),
        ("publish_us = 5", "publish_us = -5", "server.cpu.publish_us = -5: must be 0 ..= 1000000"),
        ("share = 0.9", "share = 0.9\nconnect_seconds = [9, 3]", "class[0].connect_seconds = [9, 3]: must be [least"),
        ("share = 0.9", "share = 0.9\nconnect_seconds = [0, 61]", "class[0].connect_seconds[1] = 61: must be 0 ..= 60"),
        (
            "share = 0.9",
            "share = 0.9\nstay_seconds = [-1, 3]",
            "class[0].stay_seconds = [-1, 3]: must be [least, most], above 0",
        ),
    ];
    for (from, to, expected) in cases {
        let message = refusal(from, to);
        let expected = format!("x.toml: {expected}");
        assert!(message.starts_with(&expected), "{message:?} does not start with {expected:?}");
    }
}

#[test]
fn what_is_not_a_scenario_is_refused_with_its_line() {
    let cases = [
        ("share = 0.9", "shar = 0.9", "x.toml:21: `shar = 0.9`: unknown field `shar`, expected one of `name`, `count`"),
        (
            "per_second = 20",
            "per_minute = 20",
            "x.toml:12: `per_minute = 20`: unknown field `per_minute`, expected one of `kind`, `per_second`",
        ),
        (
            "duration_seconds = 60",
            "duration_seconds = \"2m\"",
            "x.toml:4: `duration_seconds = \"2m\"`: invalid type: string \"2m\", expected a number of seconds",
        ),
        ("window_bytes = 65536", "window_bytes = -1", "x.toml:23: `window_bytes = -1`: invalid value: integer `-1`"),
        (
            "\"minimum\"",
            "\"least\"",
            "x.toml:28: `round_trip_ms = \"least\"`: invalid value: string \"least\", expected a number",
        ),
        (
            "kind = \"poisson\"",
            "kind = \"posson\"",
            "x.toml:11: `kind = \"posson\"`: unknown variant `posson`, expected one of",
        ),
        ("\"as-it-arrives\"", "\"slowly\"", "x.toml:24: `reads = \"slowly\"`: unknown variant `slowly`"),
        (
            "subscribers = [10, 100]",
            "subscribers = [-1]",
            "x.toml:5: `subscribers = [-1]`: invalid value: integer `-1`",
        ),
        ("name = \"good\"", "", "x.toml:1: missing field `name`"),
        ("[server.cpu]", "[server.cpu", "x.toml:7: `[server.cpu`: "),
    ];
    for (from, to, expected) in cases {
        let message = refusal(from, to);
        assert!(message.starts_with(expected), "{message:?} does not start with {expected:?}");
    }
}

#[test]
fn every_built_in_scenario_loads_and_is_called_by_its_file_s_name() {
    for name in Scenario::built_in_names() {
        let scenario = Scenario::named(name).unwrap();
        assert_eq!(scenario.settings().name, name);
        for subscribers in &scenario.settings().subscribers {
            assert_eq!(scenario.population(*subscribers).iter().sum::<usize>(), *subscribers);
        }
    }
}

#[test]
fn a_built_in_scenario_loads_from_its_file_too_with_the_trace_beside_it() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/ci-build.toml");
    let from_file = Scenario::load(&file).unwrap();
    let built_in = Scenario::named("ci-build").unwrap();
    assert_eq!(from_file.trace().unwrap().events(), built_in.trace().unwrap().events());
    assert_eq!(from_file.duration(), built_in.trace().unwrap().cycle());
}

#[test]
fn an_unknown_name_is_answered_with_the_known_ones() {
    let message = Scenario::named("beta").unwrap_err().to_string();
    assert!(message.starts_with("scenario \"beta\": must be one of alpha, mobile,"), "{message:?}");
    let message = Scenario::named("no/such.toml").unwrap_err().to_string();
    assert!(message.starts_with("no/such.toml: cannot be read: "), "{message:?}");
}

#[test]
fn counts_come_first_and_shares_divide_the_rest() {
    let scenario = Scenario::named("backlog-flush").unwrap();
    assert_eq!(scenario.population(6), [1, 5]);
    assert_eq!(scenario.population(60), [1, 59]);
    let text = GOOD.replace("share = 0.9", "count = 11").replace("share = 0.1", "share = 1");
    let message = Scenario::parse("x.toml", &text).unwrap_err().to_string();
    assert_eq!(message, "x.toml: subscribers[0] = 10: must be at least 11, the sum of the counts");
}

#[test]
fn options_pass_the_same_check_as_the_file() {
    let with = |overrides| good().with(overrides).map(|scenario| scenario.duration()).map_err(|e| e.to_string());
    let short = Overrides { duration_seconds: Some(20.0), ..Overrides::default() };
    assert_eq!(with(short), Ok(Duration::from_secs(20)));
    let none = Overrides { seeds: Some(0), ..Overrides::default() };
    assert_eq!(with(none), Err("good.toml with the options given: seeds = 0: must be 1 ..= 10000".to_owned()));
    let fast = Overrides { speed_up: Some(2.0), ..Overrides::default() };
    let message =
        "good.toml with the options given: speed_up = 2: only a trace can be sped up, and this scenario has none";
    assert_eq!(with(fast), Err(message.to_owned()));
}

#[test]
fn a_trace_given_replaces_arrivals_sizes_and_duration() {
    let trace = Scenario::named("ci-build").unwrap().trace().unwrap().clone();
    let cycle = trace.cycle();
    let overrides = Overrides { trace: Some(trace), speed_up: Some(4.0), ..Overrides::default() };
    let scenario = good().with(overrides.clone()).unwrap();
    assert_eq!(scenario.settings().payload, Payload::FromTrace { times: 1 });
    assert!(scenario.duration().abs_diff(cycle / 4) < Duration::from_nanos(100));
    let stopped = Overrides { speed_up: Some(0.0), ..overrides };
    let message = good().with(stopped).unwrap_err().to_string();
    assert!(message.ends_with("arrivals.speed_up = 0: must be above 0 and at most 100000"), "{message:?}");
}

#[test]
fn changes_change_what_they_name_and_may_be_refused() {
    let changed = |change| good().changed(change).unwrap().settings().clone();
    assert_eq!(changed(Change::RateDoubled).arrivals, Arrivals::Poisson { per_second: 40.0 });
    let larger = Payload::LogNormal { median_bytes: 2400.0, sigma: 0.7, min_bytes: 600, max_bytes: 24_000 };
    assert_eq!(changed(Change::PayloadQuadrupled).payload, larger);
    let longer = Reads::Stalls { after_seconds: [15.0, 45.0], for_seconds: [4.0, 20.0] };
    assert_eq!(changed(Change::StallsDoubled).classes[1].reads, longer);
    let twice = good().changed(Change::StallsDoubled).unwrap().changed(Change::StallsDoubled);
    let message = twice.unwrap_err().to_string();
    assert!(message.contains("for_seconds = [8, 40]: must be below server.write_deadline_seconds"), "{message:?}");
}

#[test]
fn doubtful_scenarios_run_with_a_warning() {
    assert_eq!(good().warnings(10), []);
    let short = Warning::ClassShort { class: "tab".to_owned(), members: 0, subscribers: 1 };
    assert_eq!(good().warnings(1), [short]);
    let narrow = Scenario::parse("x.toml", &GOOD.replacen("window_bytes = 65536", "window_bytes = 300", 1)).unwrap();
    assert!(matches!(narrow.warnings(10)[..], [Warning::WindowBelowPeak { window_bytes: 300, .. }]));
    let hasty = GOOD.replacen("buffers = [1, 64]", "drain_seconds = 5", 1);
    let hasty = Scenario::parse("x.toml", &hasty).unwrap();
    assert!(matches!(hasty.warnings(10)[..], [Warning::DrainWithinStall { .. }]));
}

#[test]
fn the_current_buffer_is_64_unless_given_and_stays_under_a_changed_load() {
    assert_eq!(good().settings().current_frames(), 64);
    let given = GOOD.replacen("buffers = [1, 64]", "buffers = [1, 64]\ncurrent_buffer = 300", 1);
    let scenario = Scenario::parse("x.toml", &given).unwrap();
    let buffers = Overrides { buffers: Some(vec![4]), ..Overrides::default() };
    for scenario in Change::ALL.map(|change| scenario.changed(change)).into_iter().chain([
        scenario.with(buffers),
        scenario.under(hubbub::Overflow::Disconnect),
        scenario.over_websockets(),
    ]) {
        assert_eq!(scenario.unwrap().settings().current_frames(), 300);
    }
    for name in Scenario::built_in_names() {
        assert_eq!(Scenario::named(name).unwrap().settings().current_frames(), 64, "{name}");
    }
}

#[test]
fn a_class_may_read_at_a_rate_and_stall_and_both_are_checked() {
    let pair =
        "reads = { rate = { bytes_per_second = 125000 }, stalls = { after_seconds = [5, 9], for_seconds = [1, 2] } }";
    let of = |reads: &str| Scenario::parse("x.toml", &GOOD.replace("reads = \"as-it-arrives\"", reads));
    let scenario = of(pair).unwrap();
    let reads = scenario.settings().classes[0].reads;
    assert_eq!(reads.to_string(), "at most 125000 B/s, stalls 1–2 s after reading 5–9 s");
    let longer = scenario.changed(Change::StallsDoubled).unwrap().settings().classes[0].reads;
    assert_eq!(longer.to_string(), "at most 125000 B/s, stalls 2–4 s after reading 5–9 s");
    let cases = [
        (pair.replace("125000", "0"), "x.toml: class[0].reads.rate.bytes_per_second = 0: must be 1 ..= 10000000000"),
        (pair.replace("[1, 2]", "[2, 1]"), "x.toml: class[0].reads.stalls.for_seconds = [2, 1]: must be [least"),
        (pair.replace("rate =", "speed ="), "x.toml:24: "),
        ("reads = {}".to_owned(), "x.toml:24: `reads = {}`: invalid length 0, expected rate, stalls or both"),
        ("reads = 5".to_owned(), "x.toml:24: `reads = 5`: invalid type: integer `5`, expected \"as-it-arrives\", "),
    ];
    for (reads, expected) in cases {
        let message = of(&reads).unwrap_err().to_string();
        assert!(message.starts_with(expected), "{message:?} does not start with {expected:?}");
    }
}

#[test]
fn a_key_that_changes_nothing_is_named_in_a_warning() {
    let told = |text: &str| -> Vec<String> {
        let warnings = Scenario::parse("x.toml", text).unwrap().warnings(10);
        let idle = warnings.iter().filter(|warning| matches!(warning, Warning::NoEffect { .. }));
        idle.map(|warning| warning.to_string().split(':').next().unwrap().to_owned()).collect()
    };
    let back = GOOD.replacen("share = 0.9", "share = 0.9\nreconnect_after_seconds = 3", 1);
    let of = |key: &str| vec![format!("{key} has no effect")];
    assert_eq!(told(&back), of("class[0].reconnect_after_seconds"));
    let none = Vec::<String>::new();
    let disconnects = back.replacen("[server.cpu]", "[server]\npolicy = \"disconnect\"\n[server.cpu]", 1);
    assert_eq!(told(&disconnects), none);
    let fault = "[[fault]]\nkind = \"partition\"\nat_seconds = 1\nlasts_seconds = 2\nclass = ";
    assert_eq!(told(&format!("{back}{fault}\"tab\"\n")), of("class[0].reconnect_after_seconds"));
    assert_eq!(told(&format!("{back}{fault}\"desktop\"\n")), none);
    let patient = GOOD.replacen("[server.cpu]", "[server]\nuser_timeout_seconds = 50\n[server.cpu]", 1);
    assert_eq!(told(&patient), of("server.user_timeout_seconds"));
    assert_eq!(told(&format!("{patient}{fault}\"tab\"\n")), none);
    let dead = GOOD.replace("reads = \"as-it-arrives\"", "reads = \"never\"");
    let stops = "[[fault]]\nkind = \"reader-stops\"\nat_seconds = 1\n";
    assert_eq!(told(&format!("{dead}{stops}class = \"desktop\"\n")), of("fault[0]"));
    assert_eq!(told(&format!("{dead}{stops}")), none);
    let trace = include_str!("../../scenarios/ci-build.toml").replace("[arrivals]", "keys = 5\n[arrivals]");
    assert_eq!(told(&trace), of("keys"));
    for name in Scenario::built_in_names() {
        let scenario = Scenario::named(name).unwrap();
        assert!(!scenario.warnings(100).iter().any(|warning| matches!(warning, Warning::NoEffect { .. })), "{name}");
    }
}

#[test]
fn a_class_that_obeys_a_retry_has_a_pause_of_its_own_and_is_refused_over_websockets() {
    let obeys = GOOD.replacen("share = 0.9", "share = 0.9\nobeys_retry = true", 1);
    let restart = "[[fault]]\nkind = \"server-restarts\"\nat_seconds = 5\nlasts_seconds = 1\n";
    let of = |server: &str, fault: &str| {
        let text = obeys.replacen("[server.cpu]", &format!("[server]\n{server}\n[server.cpu]"), 1);
        Scenario::parse("x.toml", &format!("{text}{fault}"))
    };
    let scenario = of("", restart).unwrap();
    let pauses: Vec<_> = scenario.settings().classes.iter().map(|class| class.reconnect_after_seconds).collect();
    assert_eq!(pauses, [Some(3.0), None]);
    let refused = of("transport = \"ws\"", restart).unwrap_err().to_string();
    assert_eq!(
        refused,
        "x.toml: class[0].obeys_retry = true: must be false with server.transport = \"ws\": a WebSocket has no retry"
    );
    let idle = |scenario: &Scenario| -> Vec<String> {
        let warnings = scenario.warnings(10).into_iter().filter(|it| matches!(it, Warning::NoEffect { .. }));
        warnings.map(|warning| warning.to_string().split(' ').next().unwrap().to_owned()).collect()
    };
    assert_eq!(idle(&scenario), Vec::<String>::new());
    assert_eq!(idle(&of("", "").unwrap()), ["class[0].obeys_retry"]);
    let unheard = GOOD.replacen("[server.cpu]", "[server]\nretry_seconds = 2\n[server.cpu]", 1);
    assert_eq!(idle(&Scenario::parse("x.toml", &unheard).unwrap()), ["server.retry_seconds"]);
    let all = obeys.replacen("share = 0.1", "share = 0.1\nobeys_retry = true", 1);
    let all = format!("{all}{restart}back_within_seconds = 2\n");
    assert_eq!(idle(&Scenario::parse("x.toml", &all).unwrap()), ["fault[0].back_within_seconds"]);
}

#[test]
fn a_fault_without_a_class_strikes_everybody() {
    use crate::plan::Plan;
    for kind in ["reader-stalls", "link-held", "partition", "reader-stops", "client-dies", "class-leaves"] {
        let lasts = if ["reader-stalls", "link-held", "partition"].contains(&kind) { "lasts_seconds = 1" } else { "" };
        let text = format!("{GOOD}[[fault]]\nkind = \"{kind}\"\nat_seconds = 5\n{lasts}\n");
        let plan = Plan::draw(&Scenario::parse("x.toml", &text).unwrap(), 10, 0);
        let is_struck = |index| plan.is_struck(index, |_| true);
        assert!((0..10).all(is_struck), "{kind}: {:?}", plan.faults);
        plan.check().unwrap();
    }
}

#[test]
fn a_question_and_a_table_may_be_left_out() {
    let text = GOOD.replace("question = \"Is this good?\"\n", "").replace("table = \"builds\"\n", "");
    let settings = Scenario::parse("x.toml", &text).unwrap().settings().clone();
    assert_eq!(settings.question.as_str(), "What buffer does good need?");
    assert_eq!(settings.tables().collect::<Vec<_>>(), ["events"]);
}

#[test]
fn numbers_are_told_without_the_noise_of_binary_fractions_and_huge_ones_are_short() {
    let message = refusal("share = 0.9", "share = 0.7999999999999999");
    assert_eq!(message, "x.toml: class[..].share = 0.9 in all: shares must sum to 1");
    let message = refusal("per_second = 20", "per_second = 1e300");
    assert_eq!(message, "x.toml: arrivals.per_second = 1e300: must be above 0 and at most 1000000");
}
