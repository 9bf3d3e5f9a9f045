//! Bad input: one line, the exit code, and nothing written.

use std::fs;

use super::{folder, refused};

#[test]
fn what_is_not_a_file_of_this_kind_is_named_with_what_it_may_be() {
    let folder = folder("other-files");
    fs::create_dir(folder.join("incidents")).unwrap();
    let events = "{\"at_ns\":1,\"subscriber\":0}\n{\"at_ns\":2,\"subscriber\":0}\n";
    fs::write(folder.join("ev.jsonl"), events).unwrap();
    for command in ["replay", "shrink"] {
        for (file, said) in [
            ("small.toml", "small.toml: an incident is JSON; a scenario is run with replay --scenario small.toml"),
            ("ev.jsonl", "ev.jsonl: no incident: "),
            ("incidents", "incidents: is a folder: replay --all incidents repeats every incident in it"),
        ] {
            assert!(refused(&folder, &[command, file]).contains(said), "{command} {file}");
        }
    }
    let sweep = ["sweep", "--scenario", "small.toml", "--trace", "small.toml"];
    assert!(refused(&folder, &sweep).contains(": a trace is JSON Lines of {\"at_ms\", \"bytes\", \"key\"}"));
    assert!(
        refused(&folder, &["check", "./ev.jsonl"]).contains(": a scenario is TOML; sim replay FILE runs an incident")
    );
}

#[test]
fn bad_input_gets_one_line_and_writes_nothing() {
    let folder = folder("bad-input");
    fs::write(folder.join("empty.jsonl"), "").unwrap();
    fs::write(folder.join("unsorted.jsonl"), "{\"at_ms\":5,\"bytes\":1}\n{\"at_ms\":4,\"bytes\":1}\n").unwrap();
    let of_small = |arguments: &[&str]| {
        let arguments = [&["sweep", "--scenario", "small.toml", "--out", "results"], arguments].concat();
        refused(&folder, &arguments)
    };
    for (arguments, what) in [
        (&["--buffers", "0,1"][..], "buffers[0] = 0"),
        (&["--buffers", "4,4"], "buffers"),
        (&["--subscribers", "1000000000"], "subscribers"),
        (&["--seeds", "0"], "seeds = 0"),
        (&["--duration", "0s"], "duration"),
        (&["--duration", "soon"], "--duration"),
        (&["--policy", "hope"], "must be drop-newest, drop-oldest, conflate, disconnect or park"),
        (&["--speed-up", "2"], "speed"),
        (&["--trace", "empty.jsonl"], "empty.jsonl"),
        (&["--trace", "unsorted.jsonl"], "unsorted.jsonl:2"),
        (&["--trace", "unsorted.jsonl", "--speed-up", "0"], "unsorted.jsonl"),
        (&["--trace", "absent.jsonl"], "absent.jsonl"),
        (&["--bogus"], "--bogus"),
    ] {
        let complaint = of_small(arguments);
        assert!(complaint.contains(what), "{arguments:?}: {complaint}");
    }
    assert!(!folder.join("results").exists(), "nothing is written");
    assert!(refused(&folder, &["sweep", "--scenario", "nobody"]).contains("alpha"), "it names the known ones");
    assert!(refused(&folder, &["sweep", "--scenario", "small.toml", "--out", "small.toml"]).contains("--out"));
    fs::write(
        folder.join("wrong.toml"),
        include_str!("../../../model/src/scenario/small.toml").replace("share = 0.5", "share = 0.4"),
    )
    .unwrap();
    assert!(refused(&folder, &["size", "--scenario", "wrong.toml"]).contains("share"));
}
