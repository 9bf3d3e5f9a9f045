//! `sweep --check`: is what has been published still what the program gives?

use super::exit::{Exit, Failure};
use super::options::SweepOptions;
use super::{console, files, progress, published, run};
use crate::runs::Workers;
use crate::summary::document::{Cell, Recommendation, Sweep};
use crate::summary::json;
use crate::sweep::{Parts, Sizes};

/// Runs again, compares, and names every difference.
pub(super) fn check(options: &SweepOptions) -> Result<Exit, Failure> {
    let (subscribers, buffers) = options.subset();
    let is_whole = subscribers.is_none() && buffers.is_none();
    let scenario = options.scenario()?;
    let parent = options.out.clone().unwrap_or_else(|| options.published());
    let folder = parent.join(&scenario.settings().name);
    let (text, before) = files::read(&folder.join("sweep.json"))?;
    let parts = options.parts(&scenario, is_whole && !before.sensitivity.is_empty())?;
    let sizes = if parts.sizes == Sizes::None { Sizes::None } else { Sizes::AsPublished(&before.zero_drop) };
    let parts = Parts { sizes, ..parts };
    let bars = progress::Bars::new();
    // The runs that decide are enough here: publishing has held the others to the full stack.
    let workers = Workers { checks_a_share: false, ..options.workers.workers(&bars) };
    let again = run::run(&scenario, parts, workers, before.command.clone())?;
    // The same numbers by other means.
    let again = Sweep { runs: before.runs, ..again };
    let mut differences = if is_whole { whole(&text, &again) } else { part(&before, &again) };
    differences.extend(published::differences(&folder, &files::drawn(&folder, &before)));
    // Pages are filled from `plots/` alone, so a sweep elsewhere says nothing about them.
    if options.out.is_none() {
        differences.extend(published::stale_pages()?);
    }
    differences.iter().for_each(|difference| console::complain(difference));
    if !differences.is_empty() {
        return Ok(Exit::Violated);
    }
    let (cells, sizes) = (again.cells.len(), again.zero_drop.len());
    let all = if is_whole { "all there are" } else { "the part asked for" };
    console::note(&format!(
        "{}: {cells} cells and {sizes} sizes ({all}), figures and docs: as published",
        folder.display()
    ));
    Ok(Exit::AsExpected)
}

fn whole(text: &str, again: &Sweep) -> Vec<String> {
    let now = json::to_json(again);
    let mut lines = text.lines().zip(now.lines()).enumerate();
    match lines.find(|(_, (before, now))| before != now) {
        Some((line, (before, now))) => {
            vec![format!("sweep.json:{}: published {:?}, now {:?}", line + 1, before.trim(), now.trim())]
        }
        // `zip` ends with the shorter text. One that is longer shows only here.
        None if text != now => vec!["sweep.json: of another length".to_owned()],
        None => Vec::new(),
    }
}

fn part(published: &Sweep, again: &Sweep) -> Vec<String> {
    let mut differences = Vec::new();
    if load_of(published) != load_of(again) {
        differences.push(
            "seeds, duration, policy, arrivals, population or CPU: different from the published sweep".to_owned(),
        );
    }
    for cell in &again.cells {
        let (n, k) = (cell.subscribers, cell.buffer);
        let policy = &cell.policy;
        match published.cells.iter().find(|other| same_place(other, cell)) {
            None => differences.push(format!("{policy}, N = {n}, K = {k}: not published")),
            Some(other) if other != cell => differences.push(format!(
                "{policy}, N = {n}, K = {k}: published digest {}, {} offered, {} lost; now {}, {}, {}",
                other.digest,
                other.offered,
                other.dropped.buffer_full,
                cell.digest,
                cell.offered,
                cell.dropped.buffer_full
            )),
            Some(_) => {}
        }
    }
    for size in &again.zero_drop {
        if published.zero_drop.iter().find(|other| other.subscribers == size.subscribers) != Some(size) {
            differences.push(format!("N = {}: other sizes, marks or fresh runs than published", size.subscribers));
        }
    }
    differences
}

fn same_place(one: &Cell, other: &Cell) -> bool {
    one.policy == other.policy && one.subscribers == other.subscribers && one.buffer == other.buffer
}

/// Everything of a document that does not depend on which part of the grid is run.
fn load_of(sweep: &Sweep) -> Sweep {
    let (zero_drop, because) = (Vec::new(), String::new());
    let recommendation = Recommendation { buffer: None, because };
    let command = String::new();
    let (cells, sensitivity, objective) = (Vec::new(), Vec::new(), None);
    Sweep { cells, zero_drop, recommendation, objective, sensitivity, command, ..sweep.clone() }
}
