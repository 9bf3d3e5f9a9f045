//! `sweep` and `size`.

use std::path::{Path, PathBuf};

use super::exit::{Exit, Failure};
use super::options::{SizeOptions, SweepOptions, Threads};
use super::{console, files};
use crate::report;
use crate::scenario::Scenario;
use crate::summary::document::{Sweep, ZeroDrop};
use crate::summary::{format, json, sizes};
use crate::sweep::{self, Parts, Sizes};

/// Runs a sweep and leaves its files.
pub(super) fn sweep(options: &SweepOptions) -> Result<Exit, Failure> {
    let scenario = options.scenario()?;
    warn(&scenario);
    let folder = folder(options, &scenario);
    if let Some(folder) = &folder {
        files::prepare(folder)?;
    }
    let parts = options.parts(options.wants_sensitivity(&scenario));
    let sweep = run(&scenario, parts, options.threads, options.command())?;
    show(&sweep, options.json.as_deref())?;
    let Some(folder) = folder else { return Ok(Exit::AsExpected) };
    files::write(&folder, &sweep)?;
    console::note(&format!("wrote {}/", folder.display()));
    if options.out.is_none() && options.is_as_it_stands() {
        // A page may need a scenario that has not been swept yet; that takes nothing from this one.
        fill_docs().unwrap_or_else(|why| console::note(&format!("not filled: {why}")));
    } else if options.out.is_none() {
        let published = options.published();
        let published = published.display();
        console::note(&format!("{published}/ keeps the scenarios as they stand; --out {published} replaces that"));
    }
    Ok(Exit::AsExpected)
}

/// Sizes a scenario.
pub(super) fn size(options: &SizeOptions) -> Result<Exit, Failure> {
    let scenario = options.scenario()?;
    warn(&scenario);
    let sizes = if options.quick { Sizes::Exact } else { Sizes::Validated };
    let parts = Parts { cells: false, policies: false, sizes, sensitivity: options.sensitivity };
    let sweep = run(&scenario, parts, options.threads, options.command())?;
    show(&sweep, options.json.as_deref())?;
    Ok(Exit::AsExpected)
}

/// A run with progress, and with the sizes told as soon as they are known.
pub(super) fn run(scenario: &Scenario, parts: Parts, threads: Threads, command: String) -> Result<Sweep, Failure> {
    let bars = console::Bars::new();
    let is_validated = parts.sizes == Sizes::Validated;
    let tell = |sizes: &[ZeroDrop]| tell_sizes(sizes, is_validated);
    let mut sweep = sweep::sweep(scenario, parts, threads.number(), &bars, tell)?;
    sweep.command = command;
    // Everything is drawn and printed from the document as it is written: its numbers are rounded.
    Ok(json::from_json(&json::to_json(&sweep)).unwrap_or(sweep))
}

fn tell_sizes(zero_drop: &[ZeroDrop], is_validated: bool) {
    for size in zero_drop {
        let n = size.subscribers;
        console::note(&match (size.buffer, &size.reason) {
            (Some(buffer), _) => {
                let next = sizes::with_headroom(buffer);
                let then = if is_validated { format!("; to be validated at {next}") } else { String::new() };
                let frames = format::plural(buffer, "frame");
                format!("N = {n}: a buffer of {frames} loses nothing on these seeds{then}")
            }
            (None, reason) => format!("N = {n}: no finite size ({})", reason.as_deref().unwrap_or("unknown")),
        });
    }
}

pub(super) fn show(sweep: &Sweep, json: Option<&Path>) -> Result<(), Failure> {
    match json {
        Some(path) if path == Path::new("-") => console::print(&json::to_json(sweep)),
        Some(path) => files::write_one(path, &json::to_json(sweep))?,
        None => console::print(&(report::terminal(sweep) + "\n")),
    }
    Ok(())
}

fn folder(options: &SweepOptions, scenario: &Scenario) -> Option<PathBuf> {
    let is_to_stdout = options.json.as_deref() == Some(Path::new("-"));
    let parent = match &options.out {
        Some(out) => out.clone(),
        None if is_to_stdout => return None,
        None if options.is_as_it_stands() => PathBuf::from(files::PUBLISHED),
        None if options.compares_policies() => PathBuf::from(files::ELSEWHERE).join(files::POLICIES),
        None => PathBuf::from(files::ELSEWHERE),
    };
    Some(parent.join(&scenario.settings().name))
}

pub(super) fn warn(scenario: &Scenario) {
    let mut told = Vec::new();
    for subscribers in &scenario.settings().subscribers {
        for warning in scenario.warnings(*subscribers) {
            let text = warning.to_string();
            if !told.contains(&text) {
                console::complain(&format!("warning: {text}"));
                told.push(text);
            }
        }
    }
}

pub(super) fn fill_docs() -> Result<(), Failure> {
    for (page, text, filled) in files::pages()? {
        if text != filled {
            files::write_one(Path::new(&page), &filled)?;
            console::note(&format!("filled {page}"));
        }
    }
    Ok(())
}
