//! `sweep` and `size`.

use std::path::{Path, PathBuf};

use super::exit::{Exit, Failure};
use hubbub::Overflow;

use super::options::{JsonOptions, SizeOptions, SweepOptions};
use super::{console, files, meter, pages, progress, verdict, whole};
use crate::incident::Incident;
use crate::laws::{Case, Law, Violation};
use crate::report;
use crate::runs::{RunError, Workers};
use crate::scenario::Scenario;
use crate::sizing;
use crate::summary::document::{Sweep, ZeroDrop};
use crate::summary::risk::DEFAULT_RUNS;
use crate::summary::{format, json};
use crate::sweep::{self, Parts, Sizes, SweepError};
use hubbub::mailbox::MAX_CAPACITY;

/// Runs a sweep and leaves its files.
pub(super) fn sweep(options: &SweepOptions) -> Result<Exit, Failure> {
    let scenario = options.scenario()?;
    let parts = options.parts(&scenario, options.wants_sensitivity(&scenario))?;
    warn(&scenario);
    // Before the run, which may take minutes: a file that cannot be written is found now.
    options.junit.prepare(&options.json, &options.report, scenario.has_objective())?;
    let folder = folder(options, &scenario);
    if let Some(folder) = &folder {
        files::prepare(folder)?;
    }
    let bars = progress::Bars::new();
    let sweep = run(&scenario, parts, options.workers.workers(&bars), options.command())?;
    show(&sweep, &options.json)?;
    verdict::write(options.report.file(), || report::html::of_sweep(&sweep))?;
    if parts.sizes == Sizes::Exact {
        tell_time_of_evidence(&scenario, &sweep, &bars);
    }
    let Some(folder) = folder else { return verdict::of_sweep(&sweep, "sweep", options.junit.file()) };
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
    verdict::of_sweep(&sweep, "sweep", options.junit.file())
}

/// Sizes a scenario.
pub(super) fn size(options: &SizeOptions) -> Result<Exit, Failure> {
    let scenario = options.scenario()?;
    warn(&scenario);
    options.junit.prepare(&options.json, &options.report, scenario.has_objective())?;
    if scenario.has_objective() && options.searches_every_policy() {
        sweep::under_each_policy(&scenario)?.1.iter().for_each(|line| console::note(line));
    }
    let (parts, bars) = (options.parts(&scenario)?, progress::Bars::new());
    let sweep = run(&scenario, parts, options.workers.workers(&bars), options.command())?;
    show(&sweep, &options.json)?;
    verdict::write(options.report.file(), || report::html::of_sweep(&sweep))?;
    if options.quick {
        tell_time_of_evidence(&scenario, &sweep, &bars);
    }
    verdict::of_sweep(&sweep, "size", options.junit.file())
}

/// A run with progress, and with the sizes told as soon as they are known.
pub(super) fn run(
    scenario: &Scenario,
    parts: Parts<'_>,
    workers: Workers<'_>,
    command: String,
) -> Result<Sweep, Failure> {
    let mut sweep = sweep::sweep(scenario, parts, workers, |sizes| {
        tell_sizes(sizes, scenario.settings().server.policy);
    })
    .inspect_err(leave)?;
    sweep.command = command;
    // Everything is drawn and printed from the document as it is written: its numbers are rounded.
    Ok(json::from_json(&json::to_json(&sweep)).unwrap_or(sweep))
}

/// Keeps the run on which two worlds disagree as an incident.
pub(super) fn leave(why: &SweepError) {
    let SweepError::Run(RunError::Disagreement(found)) = why else { return };
    // An incident cannot have an unbounded mailbox. The largest one comes closest.
    let frames = found.choice.capacity.frames().min(MAX_CAPACITY);
    let case = Case { plan: found.plan.clone(), frames, overflow: found.choice.overflow };
    // Judged once more, because a law also says when it was broken, and for whom.
    let violation = Law::Agreement.judge(&case).err().unwrap_or_else(|| Violation {
        law: Law::Agreement,
        at_ms: None,
        subscriber: None,
        why: found.why.clone(),
    });
    let incident = Incident::of_violation("two worlds disagree on a run of a sweep", case, violation);
    let text = incident.to_json();
    let folder = Path::new(files::INCIDENTS);
    let kept = files::prepare(folder).and_then(|()| {
        let file = whole::unused(folder, "agreement", "json", &text);
        files::write_one(&file, &text).map(|()| file)
    });
    match kept {
        Ok(file) => console::note(&format!("REPRODUCE WITH: cargo sim replay {}", file.display())),
        Err(why) => console::complain(&format!("the run is not kept: {why}")),
    }
}

/// Says on standard error, since it is about this machine, what the runs that bound the risk would take.
fn tell_time_of_evidence(scenario: &Scenario, sweep: &Sweep, bars: &progress::Bars) {
    let units = sizing::units_of_evidence(scenario, &sweep.zero_drop, DEFAULT_RUNS);
    if let Some(time) = bars.time_with(units).filter(|_| units > 0) {
        let time = meter::roughly(time);
        let told =
            format!("no risk was bounded; {DEFAULT_RUNS} runs at each N would take about {time} at the speed measured");
        console::note(report::prose(&told, "").trim_end());
    }
}

fn tell_sizes(zero_drop: &[ZeroDrop], policy: Overflow) {
    let does = report::size_does(policy);
    for size in zero_drop {
        let n = size.subscribers;
        console::note(&match (size.buffer, &size.reason) {
            (Some(buffer), _) => {
                let (frames, seeds) = (format::plural(buffer, "frame"), size.per_seed.len() as u64);
                format!("N = {n}: a buffer of {frames} {does} on {}", format::plural(seeds, "seed"))
            }
            (None, reason) => format!("N = {n}: no finite size ({})", reason.as_deref().unwrap_or("unknown")),
        });
    }
}

pub(super) fn show(sweep: &Sweep, json: &JsonOptions) -> Result<(), Failure> {
    match json.file() {
        Some(file) => {
            files::write_one(file, &json::to_json(sweep))?;
            console::note(&format!("wrote {}", file.display()));
        }
        None if json.is_to_stdout() => console::print(&json::to_json(sweep)),
        None => console::print(&(report::terminal(sweep) + "\n")),
    }
    Ok(())
}

fn folder(options: &SweepOptions, scenario: &Scenario) -> Option<PathBuf> {
    let is_to_stdout = options.json.is_to_stdout();
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
            // Most warnings are the same at every N, and one line for each is enough.
            if !told.contains(&text) {
                console::complain(&format!("warning: {text}"));
                told.push(text);
            }
        }
    }
}

pub(super) fn fill_docs() -> Result<(), Failure> {
    for (page, text, filled) in pages::pages()? {
        if text != filled {
            files::write_one(Path::new(&page), &filled)?;
            console::note(&format!("filled {page}"));
        }
    }
    Ok(())
}
