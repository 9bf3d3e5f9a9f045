//! `capacity`: the answer, the page that shows it, and what is refused.

use serde_json::Value;

use super::{folder, refused, sim};

#[test]
fn the_example_of_the_page_is_what_the_command_prints() {
    let page = include_str!("../../../../docs/deployment.md");
    let section = page.split("\n## How many nodes?\n").nth(1).expect("the section");
    let block = section.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let (command, shown) = block.split_once("\n\n").expect("a command, and what it prints");
    let arguments: Vec<_> =
        command.strip_prefix("$ cargo sim ").expect("a command of the testbed").split(' ').collect();
    let output = sim(&folder("capacity"), &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).expect("text");
    assert!(printed.lines().all(|line| line.chars().count() <= 80), "{printed}");
    assert_eq!(printed, shown, "{printed}");
}

#[test]
fn the_document_has_the_answer_and_the_command_that_gives_it_again() {
    let folder = folder("capacity-json");
    let asked = ["capacity", "--viewers", "500", "--scenario", "small.toml", "--publish-us", "100", "--json", "-"];
    let output = sim(&folder, &[&asked[..], &["--delivery-us", "5000", "--cores", "1"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&found["viewers"], &found["binding"]), (&500.into(), &"cpu".into()));
    assert!(found["nodes"].as_u64() > Some(1) && found["broker"].is_object(), "{found}");
    let command = found["command"].as_str().expect("a command").strip_prefix("cargo sim ").expect("of the testbed");
    let again = sim(&folder, &[&command.split(' ').collect::<Vec<_>>()[..], &["--json", "-"]].concat());
    assert_eq!(String::from_utf8_lossy(&again.stdout), String::from_utf8_lossy(&output.stdout));
}

#[test]
fn what_has_no_answer_is_refused_in_one_line() {
    let folder = folder("capacity-refused");
    for (arguments, said) in [
        (&["--viewers", "0"][..], "'--viewers <N>': must be one whole number, 1 ..= 10000000000"),
        (&["--viewers", "5", "--most-load", "0"], "must be a number above 0, at most 1"),
        (&["--viewers", "5", "--publish-us", "5"], "has no [server.cpu], so it needs both"),
        (&["--viewers", "5"], "has no [server.cpu]: what does a publish and a delivery cost on your node?"),
        (&["--viewers", "5", "--publish-us", "-1", "--delivery-us", "1"], "server.cpu.publish_us = -1"),
    ] {
        let arguments = [&["capacity", "--scenario", "steady-overload"], arguments].concat();
        let complaint = refused(&folder, &arguments);
        assert!(complaint.contains(said), "{arguments:?}: {complaint}");
    }
}
