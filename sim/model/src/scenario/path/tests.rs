use super::*;
use crate::scenario::{RoundTrip, Scenario, Warning};

/// A scenario of one class with a path, at a rate of 20 events/s.
fn text(class: &str, path: &str) -> String {
    format!(
        "name = \"x\"\nduration_seconds = 60\nsubscribers = [10]\n\
         arrivals = {{ kind = \"constant\", per_second = 20 }}\npayload = {{ kind = \"fixed\", bytes = 700 }}\n\
         [[class]]\nname = \"phone\"\nshare = 1\nreads = \"as-it-arrives\"\n{class}\n[class.path]\n{path}\n"
    )
}

fn parsed(class: &str, path: &str) -> Scenario {
    Scenario::parse("x.toml", &text(class, path)).unwrap_or_else(|why| panic!("{why}"))
}

fn refusal(class: &str, path: &str) -> String {
    Scenario::parse("x.toml", &text(class, path)).map(drop).unwrap_err().to_string()
}

fn path(class: &str, path: &str) -> NetworkPath {
    parsed(class, path).settings().classes[0].path().unwrap()
}

#[test]
fn a_preset_gives_rates_queues_round_trip_and_loss() {
    let scenario = parsed("", "preset = \"weak-4g\"");
    let class = &scenario.settings().classes[0];
    assert_eq!((class.round_trip_ms, class.window_bytes), (RoundTrip::Ms(150.0), 65_536));
    let path = class.path().unwrap();
    assert_eq!((path.down.rate, path.up.rate), (Rate::BitsPerSecond(1_600_000), Rate::BitsPerSecond(750_000)));
    assert_eq!((path.down.queue_bytes, path.up.queue_bytes), (Some(50_000), Some(23_437)));
    assert!(path.tunes_window && path.outages.is_none() && path.congestion == Congestion::Cubic);
    assert_eq!(path.loss.to_string(), "0.005");
}

#[test]
fn every_preset_is_a_path_that_can_be_run() {
    for preset in Preset::ALL {
        let scenario = parsed("", &format!("preset = \"{}\"", preset.name()));
        assert!(scenario.warnings(10).is_empty(), "{}: {:?}", preset.name(), scenario.warnings(10));
        let page = crate::scenario::page();
        assert!(page.contains(&format!("| `{}` |", preset.name())));
    }
}

#[test]
fn each_key_beside_a_preset_takes_the_place_of_its_figure() {
    let keys =
        "preset = \"3g\"\ndown_kbit_per_second = 8000\nup_queue_bytes = 1500\nloss = 0.03\ncongestion = \"reno\"";
    let path = path("round_trip_ms = 90\nwindow_bytes = 20000", keys);
    assert_eq!(path.down, Line { rate: Rate::BitsPerSecond(8_000_000), queue_bytes: Some(250_000) });
    assert_eq!(path.up, Line { rate: Rate::BitsPerSecond(768_000), queue_bytes: Some(1_500) });
    assert!(!path.tunes_window && path.congestion == Congestion::Reno);
    assert_eq!(path.loss.to_string(), "0.03");
}

#[test]
fn a_path_without_a_preset_has_only_what_is_given() {
    let path = path("round_trip_ms = 90\nwindow_bytes = \"auto\"", "congestion = \"none\"\nheader_bytes = 0");
    let unbounded = Line { rate: Rate::Unbounded, queue_bytes: None };
    assert_eq!((&path.down, &path.up), (&unbounded, &unbounded));
    assert_eq!((path.congestion, path.header_bytes, path.tunes_window), (Congestion::None, 0, true));
}

#[test]
fn a_recorded_line_is_read_from_beside_the_scenario() {
    let keys = "preset = \"4g\"\ndown_recorded = \"../traces/varying-link.mahimahi\"";
    let path = path("", keys);
    assert_eq!(path.down.bits_per_second(), Some(1_680_000));
    assert_eq!(path.down.queue_bytes, Some(52_500));
    assert_eq!(path.up.bits_per_second(), Some(12_000_000));
    let folder = std::env::temp_dir().join(format!("hubbub-recorded-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("link"), "0\n0\n").unwrap();
    let file = folder.join("x.toml");
    let of = |name: &str| {
        std::fs::write(&file, text("", &format!("preset = \"4g\"\nup_recorded = \"{name}\""))).unwrap();
        let why = Scenario::load(&file).map(drop).unwrap_err().to_string();
        why.replace(&file.display().to_string(), "x.toml")
    };
    let zero = "x.toml: class[0].path.up_recorded = link: it is of zero length: its last time must be at least 1 ms";
    assert_eq!(of("link"), zero);
    assert!(of("nowhere").starts_with("x.toml: class[0].path.up_recorded = nowhere: cannot be read: "));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_path_that_can_carry_nothing_or_that_no_world_could_run_is_refused_in_one_line() {
    let near = "round_trip_ms = 90";
    let cases = [
        ("", "", "x.toml:6: missing field `round_trip_ms`"),
        (
            "",
            "preset = \"5g\"",
            "x.toml:12: `preset = \"5g\"`: unknown variant `5g`, expected one of `cable`, `wifi`, `4g`",
        ),
        (near, "down_kbit_per_second = 0", "x.toml: class[0].path.down_kbit_per_second = 0: must be 1 ..= 10000000"),
        (near, "up_queue_bytes = 1499", "x.toml: class[0].path.up_queue_bytes = 1499: must be 1500 ..= 1073741824"),
        (near, "loss = 1", "x.toml: class[0].path.loss = 1: must be 0 ..= 0.99"),
        (near, "loss = -0.1", "x.toml: class[0].path.loss = -0.1: must be 0 ..= 0.99"),
        (
            near,
            "loss = 0.01\nloss_burst_ms = 0.5",
            "x.toml: class[0].path.loss_burst_ms = 0.5: must be at least 1, one slot",
        ),
        (
            near,
            "down_kbit_per_second = 8\ndown_recorded = \"../traces/varying-link.mahimahi\"",
            "x.toml: class[0].path.down_recorded = ../traces/varying-link.mahimahi: must not be given beside \
             down_kbit_per_second",
        ),
        (
            near,
            "down_recorded = \"no-such\"",
            "x.toml: class[0].path.down_recorded = no-such: no built-in recorded link",
        ),
        (
            near,
            "outages = { after_seconds = [5, 1], for_seconds = [1, 2] }",
            "x.toml: class[0].path.outages.after_seconds = [5, 1]: must be [least, most]",
        ),
        (
            "round_trip_ms = \"minimum\"",
            "",
            "x.toml: class[0].round_trip_ms = \"minimum\": must be a number beside a path with congestion control",
        ),
        (near, "header_bytes = 400", "x.toml: class[0].path.header_bytes = 400: must be 0 ..= 356"),
    ];
    for (class, path, expected) in cases {
        let why = refusal(class, path);
        assert!(why.starts_with(expected) && !why.contains('\n'), "{why}");
    }
}

#[test]
fn a_rate_that_carries_no_frame_in_the_run_is_refused() {
    let of_a_second = |path: &str| {
        let text = text("round_trip_ms = 90", path).replace("duration_seconds = 60", "duration_seconds = 1");
        Scenario::parse("x.toml", &text).map(drop).map_err(|why| why.to_string())
    };
    let why = of_a_second("down_kbit_per_second = 6").unwrap_err();
    let expected =
        "x.toml: class[0].path.down_kbit_per_second = 6: must be at least 6.336: slower, it carries no frame";
    assert!(why.starts_with(expected), "{why}");
    assert!(of_a_second("down_kbit_per_second = 7\nup_kbit_per_second = 1").is_ok());
}

#[test]
fn a_rate_of_the_path_takes_the_place_of_one_of_the_reader() {
    let text = text("", "preset = \"4g\"").replace("reads = \"as-it-arrives\"", "reads.rate.bytes_per_second = 9000");
    let why = Scenario::parse("x.toml", &text).map(drop).unwrap_err().to_string();
    assert!(
        why.starts_with("x.toml: class[0].reads.rate.bytes_per_second = 9000: must go where the path has"),
        "{why}"
    );
}

#[test]
fn tcps_times_do_not_scale_so_a_path_with_them_needs_a_time_scale_of_one() {
    let scaled = |path: &str| {
        let text = format!("time_scale = 10\n{}", text("round_trip_ms = 90", path));
        Scenario::parse("x.toml", &text).map(drop).map_err(|why| why.to_string())
    };
    let expected = "x.toml: time_scale = 10: must be 1 with class[0].path: TCP's times do not scale";
    assert!(scaled("").unwrap_err().starts_with(expected));
    assert!(scaled("congestion = \"none\"\ndown_kbit_per_second = 1000").unwrap_err().starts_with(expected));
    assert!(scaled("congestion = \"none\"").is_ok());
}

#[test]
fn more_lost_slots_than_memory_is_meant_for_are_refused() {
    let why = refusal("round_trip_ms = 90", "down_kbit_per_second = 10000000\nloss = 0.5");
    let expected = "x.toml: class[0].path.loss: lost slots of all members in a run = ";
    assert!(why.starts_with(expected), "{why}");
}

#[test]
fn a_window_that_the_kernel_tunes_needs_a_path() {
    let text = text("round_trip_ms = 90\nwindow_bytes = \"auto\"", "").replace("[class.path]", "");
    let why = Scenario::parse("x.toml", &text).map(drop).unwrap_err().to_string();
    assert!(why.ends_with("window_bytes = \"auto\" needs a [class.path]"), "{why}");
}

#[test]
fn an_outage_that_the_drain_may_not_outlast_is_warned_of() {
    let outages = |longest: u32| format!("outages = {{ after_seconds = [5, 9], for_seconds = [1, {longest}] }}");
    let warned = |longest| parsed("round_trip_ms = 90", &outages(longest)).warnings(10);
    assert_eq!(warned(7), []);
    let expected = Warning::DrainWithinOutage { class: "phone".into(), outage_seconds: 8.0, drain_seconds: 15.0 };
    assert_eq!(warned(8), [expected]);
}

#[test]
fn a_scenario_with_another_path_has_another_fingerprint() {
    let of = |path: &str| parsed("round_trip_ms = 90", path).fingerprint();
    assert_ne!(of("loss = 0.01"), of("loss = 0.02"));
    let recorded = |key: &str| of(&format!("{key} = \"../traces/varying-link.mahimahi\""));
    assert_ne!(recorded("down_recorded"), recorded("up_recorded"));
}

#[test]
fn a_path_is_said_in_words() {
    let keys = "preset = \"3g\"\nloss_burst_ms = 50\noutages = { after_seconds = [5, 9], for_seconds = [1, 2] }";
    let expected = "3g: 1.6 Mbit/s down, 768 kbit/s up, loss 0.5 % in bursts of 50 ms, outages of 1–2 s after 5–9 s, \
                    packets dropped, cubic";
    assert_eq!(path("", keys).to_string(), expected);
    let recorded = path("round_trip_ms = 90", "down_recorded = \"../traces/varying-link.mahimahi\"");
    assert_eq!(recorded.to_string(), "1.68 Mbit/s (recorded) down, unbounded up, cubic");
}

#[test]
fn the_operators_page_has_the_presets() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/deployment.md");
    let page = std::fs::read_to_string(file).unwrap();
    assert!(page.contains(&crate::scenario::path::preset_table()), "the table of presets of docs/scenarios.md");
}
