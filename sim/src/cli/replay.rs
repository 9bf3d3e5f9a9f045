//! `replay`: an incident, or one run of a scenario, again; with all that happened in it.

use std::fmt::Write;
use std::path::Path;

use super::exit::{Exit, Failure};
use super::options::ReplayOptions;
use super::{console, files};
use crate::figure;
use crate::incident::{Incident, Loss, Replay, Rerun, Verdict, losses, timeline};
use crate::laws::Case;
use crate::plan::Plan;
use crate::record::{Observation, Record};
use crate::scenario::{Overrides, Scenario};

/// Most lines of the table of losses.
const MOST_LOSSES: usize = 12;

/// Runs it, says what happened, and leaves what is asked for.
pub(super) fn replay(options: &ReplayOptions) -> Result<Exit, Failure> {
    let (name, incident) = incident(options)?;
    let Rerun { replay, run } = incident.replay().map_err(|why| Failure::input(format!("{name}: {why}")))?;
    if let (Some(file), Some((_, observations))) = (&options.events, &run) {
        files::write_one(file, &lines(observations))?;
    }
    if let (Some(file), Some((record, observations))) = (&options.timeline, &run) {
        let drawn = timeline(&incident, &short_name(options), record, observations);
        let is_png = file.extension().is_some_and(|kind| kind == "png");
        let content = if is_png { figure::timeline::png(&drawn) } else { figure::timeline::svg(&drawn).into_bytes() };
        files::write_bytes(file, &content)?;
    }
    if let Some(file) = &options.save {
        files::write_one(file, &incident.as_it_runs(&replay).to_json())?;
    }
    let is_other_version = incident.version != env!("CARGO_PKG_VERSION");
    if is_other_version && !replay.same_trajectory {
        let same = if replay.verdict == Verdict::AsExpected { "same" } else { "different" };
        console::note(&format!("written by version {}: trajectory differs, verdict {same}", incident.version));
    }
    if options.json.is_some() {
        console::print(&(serde_json::to_string_pretty(&replay).map_err(Failure::input)? + "\n"));
    } else {
        console::print(&told(&name, &incident, &replay));
        if let Some((record, observations)) = &run {
            console::print(&told_losses(&incident, record, &losses(record, observations)));
        }
    }
    Ok(exit_of(replay.verdict))
}

fn exit_of(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::AsExpected => Exit::AsExpected,
        Verdict::Violated => Exit::Violated,
        Verdict::NotDeterministic => Exit::NotDeterministic,
    }
}

fn incident(options: &ReplayOptions) -> Result<(String, Incident), Failure> {
    if let Some(file) = &options.file {
        let name = file.display().to_string();
        return Ok((name, files::incident(file)?));
    }
    let given = Scenario::named(options.scenario.as_deref().unwrap_or("alpha"))?;
    let subscribers = options.subscribers.unwrap_or_else(|| given.settings().subscribers.first().copied().unwrap_or(1));
    let scenario = given.with(Overrides {
        subscribers: Some(vec![subscribers]),
        buffers: Some(vec![options.buffer]),
        policy: options.policy,
        ..Overrides::default()
    })?;
    let frames = usize::try_from(options.buffer).unwrap_or(usize::MAX);
    let name = &scenario.settings().name;
    let title = options.title.clone().unwrap_or_else(|| scenario.settings().question.clone());
    let plan = Plan::draw(&scenario, subscribers, options.seed);
    let case = Case { plan, frames, overflow: scenario.settings().server.policy };
    Ok((format!("{name}, N = {subscribers}, seed {}", options.seed), Incident::record(&title, case)?))
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

fn in_words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::AsExpected => "as expected",
        Verdict::Violated => "VIOLATED",
        Verdict::NotDeterministic => "NOT DETERMINISTIC: another run than the stored one",
    }
}

/// What an operator reads, at most 80 columns wide. Writing to a `String` cannot fail.
fn told(name: &str, incident: &Incident, replay: &Replay) -> String {
    let mut text = String::new();
    let verdict = in_words(replay.verdict);
    let _ = writeln!(text, "{name}\n  {}\n", incident.title);
    let _ = writeln!(text, "  verdict    {verdict}\n  digest     {}", replay.digest);
    let _ = writeln!(text, "  buffer     {} frames, {}", incident.buffer, incident.policy);
    let dropped = replay.dropped;
    let _ = writeln!(text, "  frames     {} offered, {} delivered", replay.offered, replay.delivered);
    // Those that the simulation of a plain buffer has are always told, the others where there are any.
    let is_told = |(reason, lost): &(&str, u64)| *lost > 0 || !matches!(*reason, "bytes" | "age" | "conflated");
    let lost = dropped.by_reason().into_iter().filter(is_told).map(|(reason, lost)| format!("{lost} {reason}"));
    let _ = writeln!(text, "  lost       {}", lost.collect::<Vec<_>>().join(", "));
    for violation in &replay.violations {
        let _ = writeln!(text, "  violation  {violation}");
    }
    for fault in &incident.plan.faults {
        let lasts = fault.harm.lasts().map_or(String::new(), |lasts| format!(" for {:.3} s", lasts.as_secs_f64()));
        let _ = writeln!(text, "  fault      {:.3} s: {}{lasts}", fault.at.as_secs_f64(), fault.harm.kind());
    }
    text
}

fn told_losses(incident: &Incident, record: &Record, losses: &[Loss]) -> String {
    let mut text = String::new();
    if record.unpublished > 0 {
        let _ = writeln!(text, "  unheard    {} events came when nobody could publish them", record.unpublished);
    }
    if losses.is_empty() {
        return text + "\nNobody lost anything.\n";
    }
    text.push_str("\nWho lost what, when and why\n\n");
    text.push_str("  subscriber  class           lost  of offered  reason      first    last   hole\n");
    for loss in losses.iter().take(MOST_LOSSES) {
        let class = record.subscribers.get(loss.subscriber).map_or(0, |subscriber| subscriber.class);
        let class = incident.plan.classes.get(class).map_or("", |class| class.name.as_str());
        let _ = writeln!(
            text,
            "  {:>10}  {class:<14.14}{:>6}{:>12}  {:<11}{:>5.1}s {:>6.1}s {:>6}",
            loss.subscriber,
            loss.frames,
            loss.offered,
            loss.reason,
            loss.first_at.as_secs_f64(),
            loss.last_at.as_secs_f64(),
            loss.longest_hole
        );
    }
    if losses.len() > MOST_LOSSES {
        let _ = writeln!(text, "  and {} more", losses.len() - MOST_LOSSES);
    }
    text.push_str("\n  hole: most frames lost in a row\n");
    text
}

/// Replays every incident in a folder; used by `replay --all`.
pub(super) fn replay_all(folder: &Path) -> Result<Exit, Failure> {
    let entries = std::fs::read_dir(folder).map_err(|why| Failure::input(format!("{}: {why}", folder.display())))?;
    let mut paths: Vec<_> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|kind| kind == "json"));
    paths.sort();
    let mut worst = Exit::AsExpected;
    for path in &paths {
        let name = path.display();
        let replay = files::incident(path)?.replay().map_err(|why| Failure::input(format!("{name}: {why}")))?.replay;
        let lost = replay.dropped.total();
        console::note(&format!("{name}: {}, {lost} lost", in_words(replay.verdict)));
        worst = match replay.verdict {
            Verdict::AsExpected => worst,
            Verdict::Violated => Exit::Violated,
            Verdict::NotDeterministic => Exit::NotDeterministic,
        };
    }
    Ok(worst)
}
