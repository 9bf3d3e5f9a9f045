//! `new` and `check`: a scenario's file, and everything that is wrong with one.

use std::fs;

use hubbub_sim::internals::scenario::Scenario;

use super::{folder, refused, sim};

#[test]
fn a_scenario_with_faults_names_the_one_that_cannot_be() {
    let folder = folder("faults");
    let small = include_str!("../../../model/src/scenario/small.toml");
    for (fault, what) in [
        ("kind = \"partition\"\nat_seconds = 1\nlasts_seconds = 1\nclass = \"nobody\"", "class = \"nobody\""),
        ("kind = \"partition\"\nat_seconds = 1\nclass = \"tab\"", "lasts_seconds"),
        ("kind = \"class-leaves\"\nat_seconds = 1e9\nclass = \"tab\"", "fault[0].at_seconds"),
        ("kind = \"server-restarts\"\nat_seconds = 1\nlasts_seconds = 0", "fault[0].lasts_seconds"),
        ("kind = \"meteor\"\nat_seconds = 1", "meteor"),
    ] {
        fs::write(folder.join("faulty.toml"), format!("{small}\n[[fault]]\n{fault}\n")).unwrap();
        let complaint = refused(&folder, &["replay", "--scenario", "faulty.toml"]);
        assert!(complaint.contains(what), "{fault}: {complaint}");
    }
    let fault = "kind = \"server-restarts\"\nat_seconds = 1\nlasts_seconds = 0.5";
    fs::write(folder.join("faulty.toml"), format!("{small}\n[[fault]]\n{fault}\n")).unwrap();
    let told = sim(&folder, &["size", "--scenario", "faulty.toml", "--subscribers", "4"]);
    let text = String::from_utf8(told.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("Goes wrong: server restarts at 1 s for 0.5 s."), "what a size rests on is said: {text}");
}

#[test]
fn a_new_scenario_passes_its_check_and_is_never_written_over_another_file() {
    let folder = folder("new");
    let made = sim(&folder, &["new", "my-load"]);
    assert_eq!(made.status.code(), Some(0), "{}", String::from_utf8_lossy(&made.stderr));
    let checked = sim(&folder, &["check", "my-load.toml"]);
    assert_eq!(checked.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&checked.stderr).as_ref(), "");
    let text = String::from_utf8(checked.stdout).unwrap();
    assert!(
        text.starts_with("my-load · What buffer does my-load need?\n") && text.contains("class \"desktop\""),
        "{text}"
    );
    let before = fs::read(folder.join("my-load.toml")).unwrap();
    assert!(refused(&folder, &["new", "my-load"]).contains("my-load.toml: is there already"));
    assert_eq!(fs::read(folder.join("my-load.toml")).unwrap(), before);
    assert!(refused(&folder, &["new", "../x"]).contains("NAME = \"../x\": must be 1 to 64 of a-z"));
    for name in Scenario::built_in_names() {
        let checked = sim(&folder, &["check", name]);
        assert_eq!(checked.status.code(), Some(0), "{name}");
        let text = String::from_utf8(checked.stdout).unwrap();
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
}

#[test]
fn a_check_says_in_words_who_watches_which_tables_what_work_costs_and_when_clients_come_back() {
    let folder = folder("check-words");
    let check = |name: &str| {
        let output = sim(&folder, &["check", name]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let herd = check("thundering-herd");
    for said in [
        "cpu 50 µs for a publish, 9.75 µs for a write to a subscriber, 0.25 µs for each frame in it, 35 µs for a new \
         connection, beside its first write",
        "retry a stream asks its client to wait 1 to 5 s before it comes back, spread by the id of the \
         subscriber",
        "returns after the time that the last retry: it has read asks for, 1 to 5 s; after 3 s where it has read none",
    ] {
        assert!(herd.contains(said), "{said}: {herd}");
    }
    let small =
        include_str!("../../../model/src/scenario/small.toml").replace("share = 0.5\nround_trip_ms = 20", "SECOND");
    let first = "share = 0.5\nobeys_retry = true\ntopic = \"ingest.*\"\nround_trip_ms = 20";
    let tables = "[tables]\nbuilds = 0.75\nlogs = 0.25\n\n[server]\nretry_seconds = 0\n\n[server.cpu]";
    let text = small.replace("SECOND", first).replace("[server.cpu]", tables).replace("table = \"t\"\n", "");
    let fault = "kind = \"server-restarts\"\nat_seconds = 1\nlasts_seconds = 0.5\nback_within_seconds = 2";
    let second = "reconnect_after_seconds = 7\ntables = [\"logs\"]";
    fs::write(folder.join("words.toml"), format!("{text}{second}\n[[fault]]\n{fault}\n")).unwrap();
    let words = check("./words.toml");
    for said in [
        "tables builds 75 %, logs 25 % of the events",
        "watches builds, logs, by the pattern ingest.*: 100 % of the events",
        "watches logs, by name: 25 % of the events",
        "retry streams have no retry:",
        "returns after 3 s: it obeys a retry:, and streams have none",
        "returns after 7 s; after at most 2 s in a restart of the server",
    ] {
        assert!(words.contains(said), "{said}: {words}");
    }
    assert!(!words.contains("for a new connection"), "it costs nothing: {words}");
}

#[test]
fn a_check_names_everything_that_is_wrong_with_a_scenario_and_where() {
    let folder = folder("check");
    let text = include_str!("../../../model/scenarios/alpha.toml");
    let text = text.replace("publish_us = 50", "publish_us = -1").replace("sigma = 0.7", "sigma = 1e300");
    let text = text.replacen("window_bytes = 65536", "window_bytes = 0", 1);
    fs::write(folder.join("bad.toml"), &text).unwrap();
    let output = sim(&folder, &["check", "bad.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(output.stdout.len(), 0);
    let line = |part: &str| text.lines().position(|line| line.starts_with(part)).unwrap() + 1;
    let expected = format!(
        "bad.toml:{}: server.cpu.publish_us = -1: must be 0 ..= 1000000\n\
         bad.toml:{}: payload.sigma = 1e300: must be 0 ..= 10\n\
         bad.toml:{}: class[0].window_bytes = 0: must be 1 ..= 1073741824\n",
        line("publish_us"),
        line("sigma"),
        line("window_bytes = 0")
    );
    assert_eq!(String::from_utf8(output.stderr).unwrap(), expected);
}

#[test]
fn a_check_names_every_unknown_key_and_every_wrong_type_with_the_line_of_the_key() {
    let folder = folder("check-shape");
    let text = include_str!("../../../model/src/scenario/small.toml")
        .replace("duration_seconds = 4", "duration_seconds = \"2m\"");
    let text =
        text.replace("per_second = 50", "per_secnd = 50").replace("share = 0.5\nround_trip_ms = 20", "share = 0.5");
    fs::write(folder.join("bad.toml"), text).unwrap();
    let output = sim(&folder, &["check", "bad.toml"]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    let expected = "bad.toml:4: `duration_seconds = \"2m\"`: invalid type: string \"2m\", expected a number of seconds\n\
         bad.toml:17: `per_secnd = 50`: unknown field `per_secnd`, expected one of `kind`, `per_second`\n\
         bad.toml:15: missing field `per_second`\nbad.toml:26: missing field `round_trip_ms`\n";
    assert_eq!(String::from_utf8(output.stderr).unwrap(), expected);
}
