//! `stages`, `herd` and `docs`: results beside a sweep's, and what is drawn from stored ones.

use std::fs;

use super::{folder, refused, sim};

#[test]
fn a_second_stage_is_put_beside_one_mailbox_and_leaves_no_files_unless_asked() {
    let folder = folder("stages");
    let output = sim(&folder, &["stages", "--quick", "--json", "-"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["schema"], "hubbub.stages/1");
    let rows = document["rows"].as_array().unwrap();
    for ways in rows.chunks(3) {
        let [one, larger, two] = ways else { panic!("{ways:?}") };
        let frames = serde_json::json!([one["frames"], larger["frames"], two["frames"]]);
        assert_eq!(frames, serde_json::json!([[64], [128], [64, 64]]));
        assert_eq!(two["lost"], 0, "{}", one["scenario"]);
        assert_eq!(two["missed"], one["missed"], "{}", one["scenario"]);
        assert!(larger["missed"].as_u64() <= one["missed"].as_u64());
    }
    assert!(rows[0]["missed"].as_u64() > Some(1000) && !folder.join("plots").exists());
    let unpublished = refused(&folder, &["stages", "--check"]);
    assert!(unpublished.contains("plots/stages/stages.json"), "{unpublished}");
}

#[test]
fn restarts_are_put_beside_each_other_with_a_retry_and_without() {
    let folder = folder("herd");
    let output = sim(&folder, &["herd", "--quick", "--json", "-"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["schema"], "hubbub.herd/1");
    let of = |row: &serde_json::Value, what: &str| row["after"][what]["p99"].as_f64().unwrap();
    for ways in document["rows"].as_array().unwrap().chunks(2) {
        let [at_once, spread] = ways else { panic!("{ways:?}") };
        assert!(at_once["retry_seconds"].is_null() && spread["retry_seconds"] == 5.0);
        assert_eq!(at_once["subscribers"], spread["subscribers"]);
        let live = "live_receipt_latency_ms";
        assert!(of(at_once, live) > of(spread, live), "{at_once} {spread}");
        assert_eq!(at_once["after"]["not_back"], 0);
    }
    assert_eq!(document["runs"]["agreed"], 4, "those at the scenario's own prices");
    let unpublished = refused(&folder, &["herd", "--check"]);
    assert!(unpublished.contains("plots/herd/herd.json"), "{unpublished}");
}

#[test]
fn figures_and_tables_are_drawn_anew_from_their_documents_and_nothing_is_run() {
    let folder = folder("docs");
    let small = ["sweep", "--scenario", "small.toml", "--buffers", "1,8", "--subscribers", "4", "--out", "plots"];
    assert_eq!(sim(&folder, &small).status.code(), Some(0));
    let results = folder.join("plots/small");
    let read = |file: &str| fs::read(results.join(file)).unwrap();
    let document = read("sweep.json");
    let drawn = read("drop-rate.png");
    let table = read("README.md");
    let check = || {
        let output = sim(&folder, &["docs", "--check"]);
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(check(), (Some(0), String::new()));
    fs::write(results.join("drop-rate.png"), "of another day").unwrap();
    fs::write(results.join("stray.svg"), "of nothing").unwrap();
    fs::remove_file(results.join("README.md")).unwrap();
    let (code, said) = check();
    assert_eq!(code, Some(1), "{said}");
    for (file, why) in [("drop-rate.png", "not what"), ("README.md", "not what"), ("stray.svg", "nothing makes")] {
        assert!(said.lines().any(|line| line.contains(file) && line.contains(why)), "{file}: {said}");
    }
    assert_eq!(sim(&folder, &["docs"]).status.code(), Some(0));
    assert_eq!(read("sweep.json"), document);
    assert_eq!(read("drop-rate.png"), drawn);
    assert_eq!(read("README.md"), table);
    assert!(!results.join("stray.svg").exists());
    assert_eq!(check(), (Some(0), String::new()));
}
