//! `replay`: an incident, or one run of a scenario, again; with all that happened in it.

use std::fmt::Write;
use std::path::Path;

use hubbub::Capacity;

use super::exit::{Exit, Failure};
use super::options::ReplayOptions;
use super::{console, files};
use crate::figure;
use crate::incident::{Incident, Loss, Replay, Verdict, losses, timeline};
use crate::plan::Plan;
use crate::record::{Observation, Record};
use crate::scenario::{Overrides, Scenario};
use crate::world::HubChoice;

/// Most lines of the table of losses.
const MOST_LOSSES: usize = 12;

/// Runs it, says what happened, and leaves what is asked for.
pub(super) fn replay(options: &ReplayOptions) -> Result<Exit, Failure> {
    let (name, incident) = incident(options)?;
    let choice = incident.choice().map_err(|why| Failure::input(format!("{name}: {why}")))?;
    let (replay, record, observations) = incident.replay(choice)?;
    if let Some(file) = &options.events {
        files::write_one(file, &lines(&observations))?;
    }
    if let Some(file) = &options.timeline {
        let drawn = timeline(&incident, &record, &observations);
        let is_png = file.extension().is_some_and(|kind| kind == "png");
        let content = if is_png { figure::timeline::png(&drawn) } else { figure::timeline::svg(&drawn).into_bytes() };
        files::write_bytes(file, &content)?;
    }
    if let Some(file) = &options.save {
        files::write_one(file, &incident.to_json())?;
    }
    let is_other_version = incident.version != env!("CARGO_PKG_VERSION");
    if is_other_version && !replay.same_trajectory {
        let same = if replay.verdict == Verdict::AsExpected { "same" } else { "different" };
        console::note(&format!("written by version {}: trajectory differs, verdict {same}", incident.version));
    }
    if options.json.is_some() {
        console::print(&(serde_json::to_string_pretty(&replay).map_err(Failure::input)? + "\n"));
    } else {
        console::print(&told(&name, &incident, &replay, &record, &losses(&record, &observations)));
    }
    Ok(match replay.verdict {
        Verdict::AsExpected => Exit::AsExpected,
        Verdict::Violated => Exit::Violated,
        Verdict::NotDeterministic => Exit::NotDeterministic,
    })
}

fn incident(options: &ReplayOptions) -> Result<(String, Incident), Failure> {
    if let Some(file) = &options.file {
        let name = file.display().to_string();
        let wrong = |why: &dyn std::fmt::Display| Failure::input(format!("{name}: {why}"));
        let text = std::fs::read_to_string(file).map_err(|why| wrong(&why))?;
        return Incident::parse(&text).map(|incident| (name.clone(), incident)).map_err(|why| wrong(&why));
    }
    let given = Scenario::named(options.scenario.as_deref().unwrap_or("alpha"))?;
    let subscribers = options.subscribers.unwrap_or_else(|| given.settings().subscribers.first().copied().unwrap_or(1));
    let scenario = given.with(Overrides {
        subscribers: Some(vec![subscribers]),
        buffers: Some(vec![options.buffer]),
        policy: options.policy,
        ..Overrides::default()
    })?;
    let capacity = usize::try_from(options.buffer).ok().and_then(Capacity::new).unwrap_or(Capacity::UNBOUNDED);
    let choice = HubChoice { capacity, overflow: scenario.settings().server.policy };
    let name = &scenario.settings().name;
    let title = options.title.clone().unwrap_or_else(|| scenario.settings().question.clone());
    let plan = Plan::draw(&scenario, subscribers, options.seed);
    Ok((format!("{name}, N = {subscribers}, seed {}", options.seed), Incident::record(&title, plan, choice)?))
}

fn lines(observations: &[Observation]) -> String {
    let mut text = String::new();
    for line in observations.iter().filter_map(|observation| serde_json::to_string(observation).ok()) {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// What an operator reads, at most 80 columns wide. Writing to a `String` cannot fail.
fn told(name: &str, incident: &Incident, replay: &Replay, record: &Record, losses: &[Loss]) -> String {
    let mut text = String::new();
    let verdict = match replay.verdict {
        Verdict::AsExpected => "as expected",
        Verdict::Violated => "VIOLATED",
        Verdict::NotDeterministic => "NOT DETERMINISTIC: another run than the stored one",
    };
    let _ = writeln!(text, "{name}\n  {}\n", incident.title);
    let _ = writeln!(text, "  verdict    {verdict}\n  digest     {}", replay.digest);
    let _ = writeln!(text, "  buffer     {} frames, {}", incident.buffer, incident.policy);
    let dropped = replay.dropped;
    let _ = writeln!(text, "  frames     {} offered, {} delivered", replay.offered, replay.delivered);
    let _ = writeln!(
        text,
        "  lost       {} buffer_full, {} client_gone, {} evicted",
        dropped.buffer_full, dropped.client_gone, dropped.evicted
    );
    for violation in &replay.violations {
        let (subscriber, at_ms, why) = (violation.subscriber, violation.at_ms, &violation.why);
        let _ = writeln!(text, "  violation  subscriber {subscriber} at {at_ms:.3} ms: {why}");
    }
    if losses.is_empty() {
        text.push_str("\nNobody lost anything.\n");
        return text;
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
        let text = std::fs::read_to_string(path).map_err(|why| Failure::input(format!("{name}: {why}")))?;
        let incident = Incident::parse(&text).map_err(|why| Failure::input(format!("{name}: {why}")))?;
        let choice = incident.choice().map_err(|why| Failure::input(format!("{name}: {why}")))?;
        let (replay, ..) = incident.replay(choice)?;
        console::note(&format!("{name}: {:?}, {} lost to a full buffer", replay.verdict, replay.dropped.buffer_full));
        worst = match replay.verdict {
            Verdict::AsExpected => worst,
            Verdict::Violated => Exit::Violated,
            Verdict::NotDeterministic => Exit::NotDeterministic,
        };
    }
    Ok(worst)
}
