//! The pages of the docs that have generated parts, filled from what is published.

use std::fs;

use super::exit::Failure;
use super::files::{
    COMPARED, DESIGNS, HERD, OF_HERD, OF_SERVERS, STAGED, STAGES, THEORY, VERIFIED, WORLDS, document, published_sweeps,
};
use super::places::{PROBED, PROXIES};
use crate::report::docs::Published;
use crate::{report, scenario};

/// Where pages with generated parts are, beside the README at the root.
const PAGES: &str = "docs";

/// The page that is generated whole, from the table of a scenario's keys.
const SCENARIOS_PAGE: &str = "docs/scenarios.md";

fn page_files() -> Vec<String> {
    // Outside the project there may be no such folder, and then there is nothing to fill.
    let entries = fs::read_dir(PAGES).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.path().display().to_string()).collect();
    files.retain(|file| file.ends_with(".md"));
    files.push("README.md".to_owned());
    files.sort();
    files
}

/// Pages as they are, and as they would be filled from the published results.
pub(super) fn pages() -> Result<Vec<(String, String, String)>, Failure> {
    let sweeps: Vec<_> = published_sweeps()?.into_iter().map(|(_, sweep)| sweep).collect();
    let (verify, fidelity) = (document(THEORY, VERIFIED)?, document(WORLDS, COMPARED)?);
    let (stages, designs) = (document(STAGES, STAGED)?, document(DESIGNS, OF_SERVERS)?);
    let (proxies, herd) = (document(PROXIES, PROBED)?, document(HERD, OF_HERD)?);
    let published = Published {
        sweeps: &sweeps,
        verify: verify.as_ref(),
        fidelity: fidelity.as_ref(),
        stages: stages.as_ref(),
        herd: herd.as_ref(),
        designs: designs.as_ref(),
        proxies: proxies.as_ref(),
    };
    let mut pages = Vec::new();
    // Elsewhere than in the project there is no such page, and none is made.
    if let Ok(page) = fs::read_to_string(SCENARIOS_PAGE) {
        pages.push((SCENARIOS_PAGE.to_owned(), page, scenario::page()));
    }
    for page in page_files() {
        let Ok(text) = fs::read_to_string(&page) else { continue };
        let filled = report::docs::fill(&text, published);
        let filled = filled.map_err(|why| Failure::input(format!("{page}: {why}")))?;
        pages.push((page, text, filled));
    }
    Ok(pages)
}
