//! The report of one run: its verdict, its timeline, and who lost what, when and why.

use super::answer::Answer;
use super::page::{footer, page};
use super::table::table;
use super::text::{escaped, facts, list, paragraph};
use super::timeline;
use crate::figure::timeline::Timeline;
use crate::incident::{Replay, Verdict};
use crate::report::objective::{in_unit, name};
use crate::report::table::{Lean, Table};
use crate::summary::format;

/// What the columns of the losses mean.
const KEY: &str = "lost: frames lost for this reason · of offered: frames that were offered to the subscriber · first, last: \
    when, in seconds since the start of the run · hole: most frames lost in a row";

/// The report of a run as one HTML file. A run that did not come to its end has no timeline. `run` names the incident, or
/// the scenario with its subscribers and seed.
#[must_use]
pub fn of_replay(run: &str, command: &str, replay: &Replay, timeline: Option<&Timeline>) -> String {
    let answer = answer(replay);
    let mut body = format!(
        "<header>\n{}<h1>{}</h1>\n{}</header>\n<main>\n{}",
        paragraph("kind", "Replay of a run"),
        escaped(run),
        paragraph("quiet", &replay.title),
        answer.html()
    );
    body.push_str(&list(replay.violations.iter().map(|violation| format!("Violation: {violation}"))));
    body.push_str(&facts(&about(replay)));
    body.push_str("<h2>What happened, and when</h2>\n");
    body.push_str(&timeline.map_or_else(
        || paragraph("partial", "The run did not come to its end, so there is no timeline."),
        timeline::figure,
    ));
    body.push_str("<h2>Who lost what, when and why</h2>\n");
    body.push_str(&match losses(replay) {
        Some(losses) => table("Losses", &losses, KEY),
        None => paragraph("", "Nobody lost anything."),
    });
    if let Some(expected) = expected(replay) {
        body.push_str(&table("The stored run and this one", &expected, ""));
    }
    if let Some(judged) = judged(replay) {
        body.push_str(&format!("<h2>The objective</h2>\n{}", table("Limit by limit", &judged, "")));
    }
    body.push_str("</main>\n");
    body.push_str(&footer(command));
    page(&format!("{run}: {}", answer.number), &body)
}

fn answer(replay: &Replay) -> Answer {
    let lost = replay.dropped.total();
    let unmet = replay.objective.iter().filter(|judgement| !judgement.is_met);
    let verdict = match replay.verdict {
        Verdict::AsExpected => "The run is as expected.",
        Verdict::Violated => "The run violates what is expected of it.",
        Verdict::NotDeterministic => "The run is another than the stored one.",
        Verdict::NothingExpected => "Nothing is expected of this run.",
    };
    let by_reason = replay.dropped.by_reason().into_iter().filter(|(_, lost)| *lost > 0);
    let by_reason: Vec<String> = by_reason.map(|(reason, lost)| format!("{} {reason}", format::count(lost))).collect();
    let [offered, delivered] = [replay.offered, replay.delivered].map(format::count);
    let lost_for = if by_reason.is_empty() { String::new() } else { format!("; lost: {}", by_reason.join(", ")) };
    let mut sentences =
        vec![verdict.to_owned(), format!("{delivered} of {offered} offered frames were delivered{lost_for}.")];
    sentences.extend(unmet.map(|judgement| format!("Not met: {judgement}.")));
    let number = if lost == 0 { "Nothing lost".to_owned() } else { format!("{} lost", format::plural(lost, "frame")) };
    Answer { is_met: is_good(replay), number, beside: String::new(), sentences }
}

/// Whether a run is what was expected or wished; `None` where there was neither.
fn is_good(replay: &Replay) -> Option<bool> {
    let is_met = replay.objective.iter().all(|judgement| judgement.is_met);
    match replay.verdict {
        Verdict::AsExpected => Some(is_met),
        Verdict::Violated | Verdict::NotDeterministic => Some(false),
        Verdict::NothingExpected => (!replay.objective.is_empty()).then_some(is_met),
    }
}

fn about(replay: &Replay) -> [(&'static str, String); 6] {
    [
        ("Scenario", replay.scenario.clone()),
        ("Subscribers", format::count(replay.subscribers as u64)),
        ("Buffer", format::plural(replay.buffer, "frame")),
        ("Policy", replay.policy.clone()),
        ("Seed", replay.seed.to_string()),
        ("Digest", replay.digest.clone()),
    ]
}

fn losses(replay: &Replay) -> Option<Table> {
    let heads = ["subscriber", "class", "reason", "lost", "of offered", "first s", "last s", "hole"];
    let lean = |head: &str| if ["class", "reason"].contains(&head) { Lean::Left } else { Lean::Right };
    let mut table = Table::new(&heads.map(|head| (head, lean(head))));
    let mut rows: Vec<_> = replay.losses.iter().flat_map(|of| of.lost.iter().map(move |lost| (of, lost))).collect();
    // Stable: of equals the first in the plan comes first.
    rows.sort_by_key(|(_, lost)| std::cmp::Reverse(lost.frames));
    for (of, lost) in &rows {
        let seconds = |ms: f64| format!("{:.3}", ms / 1e3);
        table.row([
            of.subscriber.to_string(),
            of.class.clone(),
            lost.reason.to_string(),
            format::count(lost.frames),
            format::count(of.offered),
            seconds(lost.first_at_ms),
            seconds(lost.last_at_ms),
            format::count(lost.longest_hole),
        ]);
    }
    (!rows.is_empty()).then_some(table)
}

/// What the incident has beside what the run gave; none where both are the same.
fn expected(replay: &Replay) -> Option<Table> {
    let expected = replay.expected.as_ref().filter(|_| !replay.same_trajectory)?;
    let mut table = Table::new(&[("figure", Lean::Left), ("expected", Lean::Right), ("now", Lean::Right)]);
    let mut row = |what: &str, expected: String, now: String| table.row([what.to_owned(), expected, now]);
    row("digest", expected.digest.clone(), replay.digest.clone());
    row("offered", format::count(expected.offered), format::count(replay.offered));
    row("delivered", format::count(expected.delivered), format::count(replay.delivered));
    for ((reason, stored), (_, now)) in expected.dropped.by_reason().into_iter().zip(replay.dropped.by_reason()) {
        if stored + now > 0 {
            row(reason.name(), format::count(stored), format::count(now));
        }
    }
    Some(table)
}

fn judged(replay: &Replay) -> Option<Table> {
    let heads = [("whom", Lean::Left), ("figure", Lean::Left), ("value", Lean::Right), ("at most", Lean::Right)];
    let mut table = Table::new(&heads.into_iter().chain([("kept", Lean::Left)]).collect::<Vec<_>>());
    for judgement in &replay.objective {
        let figure = judgement.figure;
        let value = judgement.value.map_or_else(|| "–".to_owned(), |value| in_unit(figure, value));
        let kept = if judgement.is_met { "yes" } else { "no" };
        table.row([
            judgement.whom().to_owned(),
            name(figure),
            value,
            in_unit(figure, judgement.at_most),
            kept.to_owned(),
        ]);
    }
    (!replay.objective.is_empty()).then_some(table)
}
