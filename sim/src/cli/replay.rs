//! `replay`: an incident, or one run of a scenario, again; with all that happened in it.

use std::path::Path;

use super::exit::{Exit, Failure};
use super::options::{ReplayOptions, refuse_without_objective};
use super::typed::typed;
use super::{console, files, told, verdict};
use crate::figure::timeline::Timeline;
use crate::incident::{Incident, Replay, Rerun, Verdict, losses, timeline};
use crate::laws::{Case, World};
use crate::plan::Plan;
use crate::record::Observation;
use crate::runs::RunError;
use crate::scenario::{Overrides, Scenario};
use crate::summary::objective::Objective;
use crate::summary::run::RunSummary;
use crate::summary::{cell, format};
use crate::{figure, report};

/// Runs it, says what happened, and leaves what is asked for.
pub(super) fn replay(options: &ReplayOptions) -> Result<Exit, Failure> {
    prepare(options)?;
    let Replayed { name, incident, objective } = replayed(options)?;
    let Rerun { mut replay, run } =
        incident.replay_in(options.world()).map_err(|why| Failure::input(format!("{name}: {why}")))?;
    if options.file.is_none() {
        // The expectation was recorded a moment ago from the same plan, and meeting it would say nothing.
        replay = replay.without_expectation();
    }
    if let (Some(objective), Some((record, _))) = (&objective, &run) {
        let summary = RunSummary::of(incident.plan.seed, record.clone());
        replay.objective = objective.measure(&cell::of_run(&incident.plan, &incident.policy, incident.buffer, summary));
    }
    let is_drawn = options.timeline.is_some() || options.report.file().is_some();
    let drawn = run.as_ref().filter(|_| is_drawn);
    let drawn = drawn.map(|(record, observations)| timeline(&incident, &short_name(options), record, observations));
    match &run {
        Some((_, observations)) => leave(options, drawn.as_ref(), observations)?,
        None if options.events.is_some() || options.timeline.is_some() => {
            console::note("--events, --timeline: nothing is written of a run that does not come to its end");
        }
        None => {}
    }
    let title = if options.file.is_some() { short_name(options) } else { name.clone() };
    verdict::write(options.report.file(), || {
        report::html::of_replay(&title, &options.command(), &replay, drawn.as_ref())
    })?;
    if let Some(file) = &options.save {
        files::write_one(file, &incident.as_it_runs(&replay).to_json())?;
        wrote(file);
    }
    let is_other_version = incident.version != env!("CARGO_PKG_VERSION");
    if is_other_version && !replay.same_trajectory {
        let same = if replay.verdict == Verdict::AsExpected { "same" } else { "different" };
        console::note(&format!("written by version {}: trajectory differs, verdict {same}", incident.version));
    }
    if options.json.is_some() {
        console::print(&(serde_json::to_string_pretty(&replay).map_err(Failure::input)? + "\n"));
    } else {
        console::print(&told::run(&name, &incident, &replay));
        if let Some((record, observations)) = &run {
            console::print(&told::losses(&incident, record, &losses(record, observations)));
        }
    }
    let objective = judged(options, &replay, run.is_some())?;
    Ok(worse(exit_of(replay.verdict), objective))
}

/// Writes the report on the objective, if one is asked for, and names what is not kept.
fn judged(options: &ReplayOptions, replay: &Replay, is_whole: bool) -> Result<Exit, Failure> {
    let Replay { subscribers, policy, seed, .. } = replay;
    let place = format!("N = {subscribers}, {}, {policy}, seed {seed}", format::plural(replay.buffer, "frame"));
    let judgements: Vec<_> = replay.objective.iter().map(|judgement| (place.clone(), judgement)).collect();
    let partial = (!is_whole).then_some("the run does not come to its end");
    let report = || report::junit::report("replay", &replay.scenario, &judgements, partial);
    verdict::write(options.junit.as_deref(), report)?;
    Ok(verdict::of_judgements(&judgements))
}

/// Makes sure, before anything is run, that all files can be written.
fn prepare(options: &ReplayOptions) -> Result<(), Failure> {
    if let Some(file) = &options.timeline
        && !file.extension().is_some_and(|kind| kind == "svg" || kind == "png")
    {
        return Err(Failure::input(format!("--timeline: {}: must end in .svg or .png", file.display())));
    }
    let files = [
        ("--events", options.events.as_deref()),
        ("--timeline", options.timeline.as_deref()),
        ("--save", options.save.as_deref()),
        ("--report", options.report.file()),
        ("--junit", options.junit.as_deref()),
    ];
    files::prepare_each(files, options.force)
}

/// Writes what happened, as events and as a figure.
fn leave(options: &ReplayOptions, timeline: Option<&Timeline>, observations: &[Observation]) -> Result<(), Failure> {
    if let Some(file) = &options.events {
        files::write_one(file, &lines(observations))?;
        wrote(file);
    }
    if let (Some(file), Some(drawn)) = (&options.timeline, timeline) {
        let is_png = file.extension().is_some_and(|kind| kind == "png");
        let content = if is_png { figure::timeline::png(drawn) } else { figure::timeline::svg(drawn).into_bytes() };
        files::write_bytes(file, &content)?;
        wrote(file);
    }
    Ok(())
}

fn wrote(file: &Path) {
    console::note(&format!("wrote {}", file.display()));
}

fn exit_of(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::AsExpected | Verdict::NothingExpected => Exit::AsExpected,
        Verdict::Violated => Exit::Violated,
        Verdict::NotDeterministic => Exit::NotDeterministic,
    }
}

/// What is run again.
struct Replayed {
    name: String,
    incident: Incident,
    /// What is good enough, where somebody says so.
    objective: Option<Objective>,
}

fn replayed(options: &ReplayOptions) -> Result<Replayed, Failure> {
    let limits = options.objective.settings();
    if let Some(file) = &options.file {
        let name = file.display().to_string();
        let limits = limits.checked("the options given")?;
        // A stored plan has no objective of its own.
        let objective = (!limits.is_empty()).then(|| Objective::for_all(limits));
        needs_objective(options, objective.as_ref())?;
        return Ok(Replayed { name, incident: files::incident(file)?, objective });
    }
    let given = Scenario::named(options.scenario.as_deref().unwrap_or("alpha"))?;
    let subscribers = options.subscribers.unwrap_or_else(|| given.settings().subscribers.first().copied().unwrap_or(1));
    // Given to the scenario's own check, which names a value that is out of range.
    let scenario = given.with(Overrides {
        subscribers: Some(vec![subscribers]),
        buffers: Some(vec![options.buffer]),
        policy: options.policy,
        objective: limits,
        ..Overrides::default()
    })?;
    let objective = Objective::of(&scenario);
    needs_objective(options, objective.as_ref())?;
    let frames = usize::try_from(options.buffer).unwrap_or(usize::MAX);
    let name = &scenario.settings().name;
    let title = options.title.clone().unwrap_or_else(|| scenario.settings().question.clone());
    let plan = Plan::draw(&scenario, subscribers, options.seed);
    let case = Case { plan, frames, overflow: scenario.settings().server.policy };
    let incident = match options.world() {
        World::Simulated => Incident::record(&title, case)?,
        World::Specified => Incident::record_specified(&title, case).map_err(RunError::from)?,
    };
    let name = format!("{name}, N = {subscribers}, seed {}", options.seed);
    Ok(Replayed { name, incident, objective })
}

/// Refuses a report, before anything is run, where there would be nothing in it.
fn needs_objective(options: &ReplayOptions, objective: Option<&Objective>) -> Result<(), Failure> {
    if options.junit.is_some() { refuse_without_objective(objective.is_some()) } else { Ok(()) }
}

/// The incident's or the scenario's name: that of its file, without folder and ending.
fn short_name(options: &ReplayOptions) -> String {
    let file = options.file.as_deref();
    let path = file.unwrap_or_else(|| Path::new(options.scenario.as_deref().unwrap_or("alpha")));
    path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}

fn lines(observations: &[Observation]) -> String {
    let mut text = String::new();
    for line in observations.iter().filter_map(|observation| serde_json::to_string(observation).ok()) {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// Replays every incident in a folder; used by `replay --all`.
pub(super) fn replay_all(folder: &Path) -> Result<Exit, Failure> {
    let entries = std::fs::read_dir(folder).map_err(|why| Failure::input(format!("{}: {why}", folder.display())))?;
    let mut paths: Vec<_> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|kind| kind == "json"));
    // File systems list a folder in different orders, and the output should not depend on that.
    paths.sort();
    if paths.is_empty() {
        return Err(Failure::input(format!("--all: {}: there is no incident (*.json) in it", folder.display())));
    }
    let mut worst = Exit::AsExpected;
    for path in &paths {
        worst = worse(worst, replay_one(path));
    }
    Ok(worst)
}

/// Repeats one incident of a folder and prints its line. A file that is no incident ends nothing but its own replay.
fn replay_one(path: &Path) -> Exit {
    let name = path.display();
    let wrong = |why| Failure::input(format!("{name}: {why}"));
    match files::incident(path).and_then(|incident| incident.replay().map_err(wrong)) {
        Ok(Rerun { replay, .. }) => {
            console::note(&format!("{name}: {}, {} lost", told::in_words(replay.verdict), replay.dropped.total()));
            let exit = exit_of(replay.verdict);
            if exit != Exit::AsExpected {
                console::note(&format!("  cargo sim replay {} says what differs", typed(path)));
            }
            exit
        }
        Err(why) => {
            console::complain(&why.to_string());
            why.exit()
        }
    }
}

/// The worse of two ends, in the order that the help of `--all` gives: 1, 3, 2, 0.
fn worse(one: Exit, other: Exit) -> Exit {
    let rank = |exit: Exit| match exit {
        Exit::Violated => 4,
        Exit::NotDeterministic => 3,
        Exit::BadInput => 2,
        Exit::Interrupted => 1,
        Exit::AsExpected => 0,
    };
    if rank(other) > rank(one) { other } else { one }
}
