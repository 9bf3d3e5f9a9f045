//! `size`: the smallest buffer that keeps an objective, from runs.

use serde_json::Value;

use super::{complaint, document, printed, write};
use crate::command_line::{folder, sim};

const SIZE: [&str; 6] = ["size", "--scenario", "small.toml", "--quick", "--subscribers", "4"];

fn sizes(document: &Value) -> &[Value] {
    document["objective"]["sizes"].as_array().unwrap()
}

#[test]
fn the_smallest_buffer_keeps_the_limits_and_one_frame_less_does_not() {
    let folder = folder("objective-size");
    let output = sim(&folder, &[&SIZE[..], &["--missed", "0.02", "--json", "-"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
    let document = document(&output);
    let policies: Vec<_> = sizes(&document).iter().map(|size| size["policy"].as_str().unwrap()).collect();
    assert_eq!(policies, ["drop-newest", "drop-oldest", "conflate", "disconnect", "park"], "the scenario's own first");
    for size in sizes(&document) {
        let buffer = size["buffer"].as_u64().unwrap();
        let unmet = |frames: u64| {
            let tried = size["tried"].as_array().unwrap();
            tried.iter().find(|tried| tried["buffer"] == frames).map(|tried| tried["unmet"].as_u64().unwrap())
        };
        assert_eq!(unmet(buffer), Some(0), "{size}");
        assert!(buffer == 1 || unmet(buffer - 1) > Some(0), "{size}");
        assert_eq!(size["at"]["buffer"], buffer);
        let up_to = size["up_to"].as_u64().unwrap();
        assert!(up_to >= buffer && unmet(up_to) == Some(0), "{size}");
    }
    let own = &sizes(&document)[0];
    let (buffer, less) = (own["buffer"].as_u64().unwrap(), own["buffer"].as_u64().unwrap() - 1);
    let sweep = |buffer: u64| {
        let buffer = buffer.to_string();
        let sweep = ["sweep", "--scenario", "small.toml", "--subscribers", "4", "--no-validate", "--json", "-"];
        sim(&folder, &[&sweep[..], &["--missed", "0.02", "--buffers", &buffer]].concat())
    };
    let at = sweep(buffer);
    assert_eq!(at.status.code(), Some(0), "{}", complaint(&at));
    let swept = super::document(&at)["objective"]["judged"][0]["judgements"][0]["value"].clone();
    assert_eq!(swept, own["at"]["judgements"][0]["value"], "size and sweep mean the same by a figure");
    assert_eq!(sweep(less).status.code(), Some(1), "one frame less is not enough");
}

#[test]
fn the_answer_is_a_sentence_and_a_table_of_at_most_80_columns() {
    let folder = folder("objective-size-text");
    let output = sim(&folder, &[&SIZE[..], &["--missed", "0.02", "--age-p99-ms", "5000"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let told = printed(&output);
    assert!(told.contains("missed ≤ 2 %, age p99 ≤ 5000 ms. N policy smallest up to not kept"), "{told}");
    assert!(told.contains(" is the smallest that meets the objective, under "), "{told}");
    assert!(told.contains("To lose nothing: "), "what loses nothing is told beside it: {told}");
}

#[test]
fn a_policy_that_is_asked_for_is_the_only_one_that_is_searched() {
    let folder = folder("objective-size-policy");
    let output = sim(&folder, &[&SIZE[..], &["--missed", "0.02", "--policy", "drop-oldest", "--json", "-"]].concat());
    let document = document(&output);
    let policies: Vec<_> = sizes(&document).iter().map(|size| size["policy"].as_str().unwrap()).collect();
    assert_eq!(policies, ["drop-oldest"]);
}

#[test]
fn where_no_buffer_is_good_enough_the_limit_that_binds_and_the_nearest_size_are_named() {
    let folder = folder("objective-size-none");
    // Nothing is missed only by frames that wait, and what has waited through a stall is old.
    let limits = ["--missed", "0", "--age-p99-ms", "30", "--policy", "drop-newest"];
    let output = sim(&folder, &[&SIZE[..], &limits].concat());
    assert_eq!(output.status.code(), Some(1), "{}", printed(&output));
    let told = printed(&output);
    assert!(told.contains("N = 4: no buffer meets the objective under this policy."), "{told}");
    assert!(told.contains("comes nearest: "), "{told}");
    assert!(complaint(&output).contains("and the objective is at most "), "{}", complaint(&output));
    let json = document(&sim(&folder, &[&SIZE[..], &limits, &["--json", "-"]].concat()));
    assert_eq!(sizes(&json)[0]["buffer"], Value::Null);
}

#[test]
fn memory_bounds_the_sizes_from_above_also_where_no_run_fills_them() {
    let folder = folder("objective-size-memory");
    let limits = ["--missed", "1", "--memory-bytes-per-subscriber", "20000", "--policy", "drop-newest", "--json", "-"];
    let output = sim(&folder, &[&SIZE[..], &limits].concat());
    let document = document(&output);
    let size = &sizes(&document)[0];
    assert_eq!(size["buffer"], 1);
    let up_to = size["up_to"].as_u64().unwrap();
    assert!(up_to > size["never_full"].as_u64().unwrap() && up_to * 8 < 20_000, "{size}");
}

#[test]
fn one_size_for_all_n_keeps_the_limits_at_every_n() {
    let folder = folder("objective-size-all");
    write(&folder, "two.toml", "[objective]\nmissed = 0.02", "");
    let size = ["size", "--scenario", "two.toml", "--quick", "--policy", "drop-newest"];
    let output = sim(&folder, &[&size[..], &["--json", "-"]].concat());
    let document = document(&output);
    let smallest: Vec<_> = sizes(&document).iter().map(|size| size["buffer"].as_u64().unwrap()).collect();
    let for_all_n = document["objective"]["for_all_n"][0]["buffer"].as_u64().unwrap();
    assert_eq!(Some(&for_all_n), smallest.iter().max());
    let sweep = ["sweep", "--scenario", "two.toml", "--no-validate", "--json", "-", "--buffers"];
    let swept = sim(&folder, &[&sweep[..], &[&for_all_n.to_string()]].concat());
    assert_eq!(swept.status.code(), Some(0), "{}", complaint(&swept));
}
