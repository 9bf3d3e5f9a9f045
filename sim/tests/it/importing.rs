//! `import` as an operator has it: counters in, a scenario out.

use std::fs;

use crate::command_line::{folder, refused, sim};

#[test]
fn counters_become_a_scenario_that_the_sweep_takes_and_no_file_is_overwritten() {
    let folder = folder("import");
    let burst = ["import", "--events-per-second", "2", "--burst-events", "600", "--burst-seconds", "1"];
    let counted = ["--frame-bytes", "500", "--viewers", "3", "--buffer", "16", "--window-seconds", "3"];
    let import = |more: &[&str]| sim(&folder, &[&burst[..], &counted, &["--name", "counted"], more].concat());
    let told = import(&["--dropped", "300"]);
    let text = String::from_utf8(told.stdout).unwrap();
    assert_eq!(told.status.code(), Some(0), "{}", String::from_utf8_lossy(&told.stderr));
    assert!(text.contains("drain rate") && text.contains("residual"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let made = fs::read_to_string(folder.join("counted.toml")).unwrap();
    let sweep = ["sweep", "--scenario", "counted.toml", "--buffers", "16", "--json", "-"];
    let document: serde_json::Value = serde_json::from_slice(&sim(&folder, &sweep).stdout).unwrap();
    let lost = document["cells"][0]["dropped"]["buffer_full"].as_f64().unwrap() / 8.0;
    assert!((lost - 300.0).abs() < 3.0, "{lost} a run");
    assert_eq!(document["cells"][0]["by_class"]["others"]["drop_rate"], 0.0);

    let again = import(&["--dropped", "200"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&again.stderr).contains("counted.toml: is there already"));
    assert_eq!(fs::read_to_string(folder.join("counted.toml")).unwrap(), made);
    let json = import(&["--dropped", "300", "--json", "-"]);
    let document: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(document["schema"], "hubbub.import/1");
    let rate = document["drain_rate"]["bytes_per_second"].as_u64().unwrap();
    assert!(made.contains(&format!("reads.rate.bytes_per_second = {rate}\n")));
    assert_eq!(document["observed"]["dropped"], 300);
}

#[test]
fn counters_that_cannot_be_get_one_line_and_leave_no_file() {
    let folder = folder("import-bad");
    let given = |changed: &[(&str, &str)]| {
        let mut options = vec![
            ("--events-per-second", "2"),
            ("--burst-events", "600"),
            ("--burst-seconds", "1"),
            ("--frame-bytes", "500"),
            ("--viewers", "3"),
            ("--buffer", "16"),
            ("--window-seconds", "3"),
            ("--dropped", "300"),
        ];
        for (option, value) in changed {
            options.retain(|(name, _)| name != option);
            options.push((option, value));
        }
        let options = options.into_iter().flat_map(|(option, value)| [option, value]);
        refused(&folder, &["import"].into_iter().chain(options).collect::<Vec<_>>())
    };
    for (changed, what) in [
        ([("--dropped", "100000")], "more than the 605 frames that a viewer is offered"),
        ([("--dropped", "605")], "read nothing at all"),
        ([("--dropped", "-1")], "invalid value '-1' for '--dropped"),
        ([("--dropped-by", "some")], "one, all"),
        ([("--burst-seconds", "-1")], "--burst-seconds = -1: must be a number above 0"),
        ([("--events-per-second", "NaN")], "--events-per-second = NaN"),
        ([("--policy", "disconnect")], "--policy = disconnect: must be drop-newest or drop-oldest"),
        ([("--name", "Not A Name")], "--name"),
        ([("--out", "burst")], "must end in .toml"),
        ([("--out", "absent/burst.toml")], "--out: absent/burst.toml"),
        ([("--out", "small.toml")], "is there already"),
    ] {
        let complaint = given(&changed);
        assert!(complaint.contains(what), "{changed:?}: {complaint}");
    }
    assert!(refused(&folder, &["import", "--dropped", "3"]).contains("--burst-events"), "it names what is missing");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "only what was there");
}
