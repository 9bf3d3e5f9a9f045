//! What is published is one number, wherever it stands.

use std::fs;
use std::path::Path;

use hubbub_sim::internals::summary::json::{from_json, stable};
use hubbub_sim::internals::theory::document::Verify;
use hubbub_sim::internals::{figure, report};

fn at_the_root(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

#[test]
fn the_servers_default_is_what_alpha_recommends_and_what_the_docs_say() {
    let alpha = from_json(&at_the_root("plots/alpha/sweep.json")).unwrap();
    let recommended = alpha.recommendation.buffer.unwrap();
    assert_eq!(hubbub::server::DEFAULT_SSE_CHANNEL_BUFFER as u64, recommended);
    let page = at_the_root("docs/deployment.md");
    assert!(page.contains(&format!("sse_channel_buffer = {recommended}")));
}

#[test]
fn the_table_of_two_stages_is_what_its_document_gives() {
    let stages = serde_json::from_str(&at_the_root("plots/stages/stages.json")).unwrap();
    assert_eq!(report::stages::readme(&stages), at_the_root("plots/stages/README.md"));
}

#[test]
fn the_table_of_restarts_is_what_its_document_gives() {
    let herd = serde_json::from_str(&at_the_root("plots/herd/herd.json")).unwrap();
    assert_eq!(report::herd::readme(&herd), at_the_root("plots/herd/README.md"));
}

#[test]
fn figure_and_tables_of_the_verification_are_what_its_document_gives() {
    let text = at_the_root("plots/theory/verify.json");
    let verify: Verify = serde_json::from_str(&text).unwrap();
    assert!(verify.inside_all);
    assert_eq!(verify.command.as_str(), "cargo sim verify");
    assert_eq!(stable(&verify), text);
    assert_eq!(report::theory::readme(&verify, &verify.command), at_the_root("plots/theory/README.md"));
    let drawn = figure::theory::draw(&verify);
    assert_eq!(drawn.svg, at_the_root("plots/theory/theory.svg"));
    let png = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plots/theory/theory.png");
    assert!(drawn.png == fs::read(png).unwrap());
}

#[test]
fn every_file_that_the_pages_name_is_there() {
    for page in crate::documents::pages() {
        let folder = page.parent().unwrap();
        for part in fs::read_to_string(&page).unwrap().split("](").skip(1) {
            let link = part.split([')', '#']).next().unwrap();
            let is_there = link.is_empty() || link.starts_with("http") || folder.join(link).exists();
            assert!(is_there, "{} names {link}", page.display());
        }
    }
}
