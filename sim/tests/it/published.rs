//! What is published is one number, wherever it stands.

use std::fs;
use std::path::Path;

use hubbub_sim::summary::json::from_json;

fn at_the_root(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

#[test]
fn the_servers_default_is_what_alpha_recommends_and_what_the_docs_say() {
    let alpha = from_json(&at_the_root("plots/alpha/sweep.json")).unwrap();
    let recommended = alpha.recommendation.buffer.unwrap();
    assert_eq!(hubbub::config::DEFAULT_SSE_CHANNEL_BUFFER as u64, recommended);
    let page = at_the_root("docs/deployment.md");
    assert!(page.contains(&format!("sse_channel_buffer = {recommended}")));
}

#[test]
fn every_file_that_the_pages_name_is_there() {
    for (page, folder) in [("README.md", ""), ("docs/deployment.md", "docs/"), ("docs/architecture.md", "docs/")] {
        for part in at_the_root(page).split("](").skip(1) {
            let link = part.split([')', '#']).next().unwrap();
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(format!("{folder}{link}"));
            assert!(link.is_empty() || link.starts_with("http") || path.exists(), "{page} names {link}");
        }
    }
}
