//! Options that would have no effect are refused, and no file is replaced unless that is asked for.

use std::fs;

use crate::command_line::{all_commands, folder, refused, sim};

/// Arguments, and what the one line says.
type Refused = (&'static [&'static str], &'static str);

const WITHOUT_EFFECT: &[Refused] = &[
    (&["sweep", "--buffers", "64,64"], "must not be there twice"),
    (&["sweep", "--subscribers", "4,4"], "must not be there twice"),
    (&["sweep", "--seeds", "0"], "seeds = 0"),
    (&["sweep", "--seeds", "2", "--seeds", "3"], "--seeds"),
    (&["sweep", "--speed-up", "2"], "speed_up = 2"),
    (&["sweep", "--check", "--json", "-"], "--check"),
    (&["sweep", "--check", "--force"], "--check"),
    (&["sweep", "--check", "--sensitivity"], "--check"),
    (&["sweep", "--check", "--no-validate"], "--no-validate"),
    (&["sweep", "--policy", "all", "--sensitivity"], "sizes are the same for every policy"),
    (&["sweep", "--policy", "all", "--no-validate"], "there is nothing to leave out"),
    (&["sweep", "--policy", "all", "--runs", "60"], "there is no risk to bound"),
    (&["sweep", "--runs", "0"], "must be one whole number, 1 ..= 1000000"),
    (&["sweep", "--runs", "5"], "5 runs are fewer than the 8 seeds"),
    (&["sweep", "--runs", "60", "--risk", "0.1"], "--risk"),
    (&["sweep", "--no-validate", "--runs", "60"], "--runs"),
    (&["size", "--risk", "0"], "must be a probability above"),
    (&["size", "--risk", "1"], "must be a probability above"),
    (&["size", "--risk", "0.0000001"], "must be a probability above"),
    (&["size", "--risk", "0.9"], "2 runs are fewer than the 8 seeds"),
    (&["size", "--quick", "--risk", "0.1"], "--risk"),
    (&["size", "--extrapolate", "0.1"], "must be a risk below 4.98e-3"),
    (&["size", "--extrapolate", "0.0001"], "not below 1.67e-4"),
    (&["size", "--quick", "--extrapolate", "0.001"], "--extrapolate"),
    (&["sweep", "--force"], "--json"),
    (&["sweep", "--json", "-", "--force"], "--force: --json - writes no file"),
    (&["sweep", "--threads", "0"], "--threads"),
    (&["size", "--buffers", "64"], "--buffers"),
    (&["size", "--quick", "--no-validate"], "--quick"),
    (&["size", "--policy", "all"], "only a sweep compares policies"),
    (&["size", "--force"], "--json"),
    (&["load", "--force"], "--json"),
    (&["load", "--url", "http://h:1/"], "--ingest-url"),
    (&["load", "--url", "http://h:1/", "--ingest-url", "http://h:1/", "--buffers", "64"], "--buffers"),
    (&["load", "--url", "http://h:1/", "--ingest-url", "http://h:1/", "--policy", "park"], "--policy"),
    (&["replay", "--title", "t"], "--save"),
    (&["replay", "--force"], "--events"),
    (&["replay", "--events", "a", "--save", "a"], "is the file of --events already"),
    (&["replay", "--timeline", "x.gif"], "must end in .svg or .png"),
    (&["replay", "--timeline", "x"], "must end in .svg or .png"),
    (&["replay", "x.json", "--seed", "1"], "--seed"),
    (&["replay", "x.json", "--buffer", "256"], "--buffer"),
    (&["replay", "--all", ".", "--json", "-"], "--all"),
    (&["replay", "--all", "."], "there is no incident (*.json) in it"),
    (&["shrink", "x.json", "--most-runs", "0"], "--most-runs"),
    (&["soak", "1", "--seeds", "1"], "--seeds"),
    (&["soak", "--world", "real"], "specified, simulated"),
    (&["cluster", "--case", "x.json", "--seeds", "1"], "--seeds"),
    (&["cluster", "--case", "x.json", "--out", "y"], "--out"),
    (&["cluster", "--case", "x.json", "--most-runs", "5"], "--most-runs"),
    (&["cluster", "--trusts", "nobody"], "leader, any-broker, cut-off"),
    (&["cluster", "--case", "x.json", "--threads", "1"], "--threads"),
    (&["determinism", "--write", "--print"], "--write"),
    (&["verify", "--force"], "--json"),
    (&["verify", "--quick", "--json", "-", "--force"], "--force: --json - writes no file"),
    (&["stages", "--check", "--quick"], "--check"),
    (&["stages", "--check", "--force"], "--"),
    (&["herd", "--check", "--quick"], "--check"),
    (&["docs", "--json", "-"], "--json"),
];

#[test]
fn each_option_without_effect_is_refused_in_one_line() {
    let folder = folder("without-effect");
    for (arguments, what) in WITHOUT_EFFECT {
        let mut arguments = arguments.to_vec();
        if ["sweep", "size", "load"].contains(&arguments[0]) {
            arguments.extend(["--scenario", "small.toml"]);
        }
        let complaint = refused(&folder, &arguments);
        assert!(complaint.contains(what), "{arguments:?}: {complaint}");
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing is written");
}

#[test]
fn no_single_file_is_replaced_unless_that_is_asked_for() {
    let folder = folder("replaced");
    fs::write(folder.join("there.svg"), "mine").unwrap();
    let replay = ["replay", "--scenario", "small.toml", "--subscribers", "4"];
    fs::write(folder.join("there.toml"), "mine").unwrap();
    let save = [&replay[..], &["--save", "run.json", "--buffer", "4"]].concat();
    assert_eq!(sim(&folder, &save).status.code(), Some(0));
    let commands: [Vec<&str>; 10] = [
        [&replay[..], &["--save", "there.svg"]].concat(),
        [&replay[..], &["--events", "there.svg"]].concat(),
        [&replay[..], &["--timeline", "there.svg"]].concat(),
        vec!["sweep", "--scenario", "small.toml", "--json", "there.svg"],
        vec!["size", "--scenario", "small.toml", "--json", "there.svg"],
        vec!["load", "--scenario", "small.toml", "--json", "there.svg"],
        vec!["verify", "--quick", "--json", "there.svg"],
        vec!["stages", "--quick", "--json", "there.svg"],
        vec!["record", "http://127.0.0.1:1/", "--out", "there.svg"],
        vec!["shrink", "run.json", "--out", "there.svg"],
    ];
    for arguments in &commands {
        let complaint = refused(&folder, arguments);
        assert!(complaint.contains("there.svg: is there already and stays as it is"), "{arguments:?}: {complaint}");
    }
    assert!(refused(&folder, &["new", "there"]).contains("--out: there.toml: is there already and stays as it is"));
    assert_eq!(fs::read_to_string(folder.join("there.svg")).unwrap(), "mine");
    assert_eq!(fs::read_to_string(folder.join("there.toml")).unwrap(), "mine");
    assert_eq!(sim(&folder, &["new", "there", "--force"]).status.code(), Some(0), "what the refusal names exists");
    assert!(fs::read_to_string(folder.join("there.toml")).unwrap().contains("name = \"there\""));
    let output = sim(&folder, &[&replay[..], &["--timeline", "there.svg", "--force"]].concat());
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stderr).contains("wrote there.svg"));
    assert!(fs::read_to_string(folder.join("there.svg")).unwrap().contains("<svg"));
}

#[test]
fn a_file_that_happens_to_have_the_name_of_a_temporary_file_stays() {
    let folder = folder("temporary");
    fs::create_dir_all(folder.join("results/small")).unwrap();
    let others = ["run.json.tmp", "results/small/sweep.json.tmp", "results/small/.probe.tmp", "mine.toml.tmp"];
    for other in others {
        fs::write(folder.join(other), "mine").unwrap();
    }
    let sweep = ["sweep", "--scenario", "small.toml", "--buffers", "8", "--subscribers", "4", "--seeds", "1"];
    for arguments in [
        &["replay", "--scenario", "small.toml", "--save", "run.json"][..],
        &[&sweep[..], &["--out", "results"]].concat(),
        &["new", "mine"],
    ] {
        assert_eq!(sim(&folder, arguments).status.code(), Some(0), "{arguments:?}");
    }
    for other in others {
        assert_eq!(fs::read_to_string(folder.join(other)).ok().as_deref(), Some("mine"), "{other}");
    }
    let is_left_over = |name: &str| name.contains(".tmp") && !others.iter().any(|other| other.ends_with(name));
    for within in [".", "results/small"] {
        let names = fs::read_dir(folder.join(within)).unwrap().map(|entry| entry.unwrap().file_name());
        assert!(names.map(|name| name.into_string().unwrap()).all(|name| !is_left_over(&name)), "{within}");
    }
}

#[test]
fn two_options_never_name_one_file_however_it_is_written() {
    let folder = folder("one-file");
    let there = folder.join("run.json").display().to_string();
    for other in ["./run.json", there.as_str()] {
        let complaint = refused(&folder, &["replay", "--events", "run.json", "--save", other]);
        assert!(complaint.contains("is the file of --events already"), "{other}: {complaint}");
    }
    fs::write(folder.join("run.json"), "mine").unwrap();
    std::os::unix::fs::symlink("run.json", folder.join("link.json")).unwrap();
    let complaint = refused(&folder, &["replay", "--events", "run.json", "--save", "link.json", "--force"]);
    assert!(complaint.contains("is the file of --events already"), "{complaint}");
}

#[test]
fn force_replaces_what_a_link_points_to_and_no_pipe_or_device() {
    let folder = folder("no-ordinary-files");
    fs::write(folder.join("run.json"), "mine").unwrap();
    std::os::unix::fs::symlink("run.json", folder.join("link.json")).unwrap();
    let save = |file: &str, more: &[&str]| {
        let arguments = [&["replay", "--scenario", "small.toml", "--save", file][..], more].concat();
        let output = sim(&folder, &arguments);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    save("link.json", &["--force"]);
    assert!(folder.join("link.json").is_symlink());
    assert!(fs::read_to_string(folder.join("run.json")).unwrap().starts_with("{\"schema\""));
    // A folder of this test's own stands for /dev: nothing here may replace the machine's.
    std::os::unix::fs::symlink("/dev/stdout", folder.join("out")).unwrap();
    assert!(save("out", &[]).contains("{\"schema\":\"hubbub.incident/1\""), "nothing is lost, so nothing is asked");
    assert!(folder.join("out").is_symlink());
}

#[test]
fn incidents_that_run_otherwise_than_stored_are_named_with_the_command_that_says_how() {
    let folder = folder("otherwise");
    fs::create_dir(folder.join("incidents")).unwrap();
    let save = ["replay", "--scenario", "small.toml", "--json", "-", "--save", "incidents/a.json"];
    let document: serde_json::Value = serde_json::from_slice(&sim(&folder, &save).stdout).unwrap();
    let stored = fs::read_to_string(folder.join("incidents/a.json")).unwrap();
    let edited = stored.replace(document["digest"].as_str().unwrap(), &"0".repeat(32));
    fs::write(folder.join("incidents/b.json"), edited).unwrap();
    let output = sim(&folder, &["replay", "--all", "incidents"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(told.contains("incidents/b.json: ANOTHER RUN") && !told.contains("cargo sim replay incidents/a.json"));
    assert!(told.contains("cargo sim replay incidents/b.json says what differs"), "{told}");
}

#[test]
fn a_bad_file_among_incidents_is_named_and_hides_none_of_the_others() {
    let folder = folder("bad-file");
    fs::create_dir(folder.join("incidents")).unwrap();
    let save = ["replay", "--scenario", "small.toml", "--json", "-", "--save", "incidents/b.json"];
    let document: serde_json::Value = serde_json::from_slice(&sim(&folder, &save).stdout).unwrap();
    fs::write(folder.join("incidents/a.json"), "{").unwrap();
    let all = || {
        let output = sim(&folder, &["replay", "--all", "incidents"]);
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, told) = all();
    assert_eq!(code, Some(2), "{told}");
    assert!(
        told.contains("incidents/a.json: no incident: ") && told.contains("incidents/b.json: as expected"),
        "{told}"
    );
    let stored = fs::read_to_string(folder.join("incidents/b.json")).unwrap();
    let edited = stored.replace(document["digest"].as_str().unwrap(), &"0".repeat(32));
    fs::write(folder.join("incidents/c.json"), edited).unwrap();
    assert_eq!(all().0, Some(3), "not deterministic is worse than a file that cannot be read");
    let law = r#""first_violation":{"law":"account","why":"x"}"#;
    let broken = stored.replace("\"first_violation\":null", law);
    fs::write(folder.join("incidents/0.json"), &broken).unwrap();
    let (code, told) = all();
    assert_eq!(code, Some(1), "violated is the worst, wherever it stands: {told}\n{broken:.300}");
}

#[test]
fn the_document_of_a_replay_says_what_was_run_and_every_reason_of_loss() {
    let folder = folder("replay-json");
    let run = ["replay", "--scenario", "small.toml", "--subscribers", "4", "--buffer", "4", "--policy", "park"];
    let more = ["--save", "a.json", "--title", "Parked", "--json", "-"];
    let output = sim(&folder, &[&run[..], &more[..]].concat());
    let again = sim(&folder, &["replay", "a.json", "--json", "-"]);
    for document in [output.stdout, again.stdout] {
        let document: serde_json::Value = serde_json::from_slice(&document).unwrap();
        assert_eq!(document["title"], "Parked");
        assert_eq!(document["scenario"], "small");
        assert_eq!((document["subscribers"].as_u64(), document["buffer"].as_u64()), (Some(4), Some(4)));
        assert_eq!(document["policy"], "park");
        let reasons: Vec<_> = document["dropped"].as_object().unwrap().keys().cloned().collect();
        let mut all = hubbub::LossReason::ALL.map(|reason| reason.name().to_owned());
        let mut reasons = reasons;
        reasons.sort();
        all.sort();
        assert_eq!(reasons, all);
    }
}

#[test]
fn a_number_that_is_none_is_answered_with_its_range() {
    let folder = folder("numbers");
    for (arguments, said) in [
        (
            &["replay", "--seed", "-7"][..],
            "'-7' for '--seed <X>': must be one whole number, 0 ..= 18446744073709551615",
        ),
        (&["replay", "--subscribers", "6,60"], "must be one whole number, 1 ..= 60000"),
        (&["replay", "--buffer", "-1"], "must be one whole number, 1 ..= 1048576"),
        (&["sweep", "--seeds", "-5"], "must be one whole number, 1 ..= 10000"),
        (&["sweep", "--buffers", "4,-5"], "'-5' for '--buffers <K,…>': must be one whole number, 1 ..= 1048576"),
        (&["size", "--subscribers", "-5,4"], "must be one whole number, 1 ..= 60000"),
        (&["size", "--duration", "-2s"], "must be a time, as 20s or 2m"),
        (&["load", "--speed-up", "fast"], "must be a number above 0, at most 100000"),
        (&["sweep", "--threads", "-1"], "must be a whole number, not below 0"),
        (&["shrink", "x.json", "--most-runs", "-1"], "must be one whole number, 1 ..="),
        (&["soak", "-5"], "must be a number of minutes above 0, 10080 at most"),
        (&["soak", "--first-seed", "-5"], "must be one whole number, 0 ..= 9223372036854775806"),
    ] {
        let complaint = refused(&folder, arguments);
        assert!(complaint.contains(said) && !complaint.contains("tip:"), "{arguments:?}: {complaint}");
    }
}

#[test]
fn a_quick_size_is_the_exact_size_and_says_that_no_risk_was_bounded() {
    let folder = folder("quick-size");
    let size = ["size", "--scenario", "small.toml", "--subscribers", "4"];
    let output = sim(&folder, &[&size[..], &["--quick"]].concat());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("no risk was bounded") && told.contains("would take about"), "{told}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("frames, of unknown risk"));
    let document = |more: &[&str]| -> serde_json::Value {
        let output = sim(&folder, &[&size[..], more, &["--json", "-"]].concat());
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let quick = document(&["--no-validate"]);
    let whole = document(&["--runs", "60"]);
    assert!(quick["zero_drop"][0]["validation"].is_null() && quick["recommendation"]["buffer"].is_null());
    assert!(quick["recommendation"]["because"].as_str().unwrap().contains("bound no risk"));
    assert_eq!(quick["zero_drop"][0]["buffer"], whole["zero_drop"][0]["buffer"]);
    let tab = &whole["zero_drop"][0]["validation"]["by_class"]["tab"];
    assert_eq!(tab["drop_rate"], 0.0);
    assert_eq!(tab["missed"], 0);
    assert!(tab["receipt_latency_ms"]["p99"].as_f64() > Some(100.0) && tab["high_water"].as_u64() > Some(1), "{tab}");
}

#[test]
fn a_replay_says_who_lost_what_and_a_run_without_an_expectation_is_not_as_expected() {
    let folder = folder("losses");
    let replay = ["replay", "--scenario", "small.toml", "--buffer", "4", "--seed", "3"];
    let output = sim(&folder, &[&replay[..], &["--save", "tab.json", "--json", "-"]].concat());
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["verdict"], "nothing-expected");
    assert_eq!(document["expected"], serde_json::Value::Null);
    let losses = document["losses"].as_array().unwrap();
    let of_all =
        losses.iter().flat_map(|of| of["lost"].as_array().unwrap()).map(|loss| loss["frames"].as_u64().unwrap());
    assert_eq!(Some(of_all.sum::<u64>()), document["dropped"]["buffer_full"].as_u64());
    assert!(losses.iter().all(|of| of["class"] == "tab" && of["lost"][0]["first_at_ms"].is_number()));

    let stored = fs::read_to_string(folder.join("tab.json")).unwrap();
    let digest = document["digest"].as_str().unwrap();
    fs::write(folder.join("edited.json"), stored.replace(digest, &"0".repeat(32))).unwrap();
    let output = sim(&folder, &["replay", "edited.json"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert!(text.contains(&format!("{} {digest}", "0".repeat(32))), "{text}");
    assert!(text.contains("two possible causes"), "{text}");
}

#[test]
fn every_help_text_is_at_most_80_columns_wide() {
    let folder = folder("help");
    let help = |command: &str| String::from_utf8(sim(&folder, &[command, "--help"]).stdout).unwrap();
    for command in all_commands() {
        let text = help(&command);
        assert!(text.lines().all(|line| line.chars().count() <= 80) && text.contains("Usage"), "{command}: {text}");
    }
}
