//! A replayed run as text, at most 80 columns wide. Writing to a `String` cannot fail.

use std::fmt::Write;

use hubbub::LossReason;

use crate::incident::{Expected, Incident, Loss, Replay, Verdict};
use crate::record::Record;
use crate::report::prose;
use crate::summary::format::count;

/// Most lines of the table of losses.
const MOST_LOSSES: usize = 12;

pub(super) fn in_words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::AsExpected => "as expected",
        Verdict::Violated => "VIOLATED",
        Verdict::NotDeterministic => "ANOTHER RUN than the stored one",
        Verdict::NothingExpected => "none: nothing is expected of a scenario's run",
    }
}

/// What came of the run, and where it is not the stored one what was expected beside it.
pub(super) fn run(name: &str, incident: &Incident, replay: &Replay) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{}{}", prose(name, ""), prose(&incident.title, "  "));
    let _ = writeln!(text, "  verdict    {}", in_words(replay.verdict));
    match &replay.expected {
        // Where the run is the stored one, both columns would be the same.
        Some(expected) if !replay.same_trajectory => text.push_str(&beside(incident, expected, replay)),
        _ => text.push_str(&alone(replay)),
    }
    let _ = writeln!(text, "  buffer     {} frames, {}", count(incident.buffer), incident.policy);
    for violation in &replay.violations {
        let _ = write!(text, "  violation\n{}", prose(&violation.to_string(), "    "));
    }
    for judgement in &replay.objective {
        let is_met = if judgement.is_met { "met" } else { "NOT MET" };
        text.push_str(&prose(&format!("objective  {is_met}: {judgement}"), "  "));
    }
    for fault in &incident.plan.faults {
        let lasts = fault.harm.lasts().map_or(String::new(), |lasts| format!(" for {:.3} s", lasts.as_secs_f64()));
        let _ = writeln!(text, "  fault      {:.3} s: {}{lasts}", fault.at.as_secs_f64(), fault.harm.kind());
    }
    text
}

/// Reasons that the simulation of a plain buffer has are always told, the others where there are any.
fn is_told(reason: LossReason, lost: u64) -> bool {
    lost > 0 || !matches!(reason, LossReason::Bytes | LossReason::Age | LossReason::Conflated)
}

fn alone(replay: &Replay) -> String {
    let lost = replay.dropped.by_reason().into_iter().filter(|(reason, lost)| is_told(*reason, *lost));
    let lost: Vec<_> = lost.map(|(reason, lost)| format!("{} {reason}", count(lost))).collect();
    let [offered, delivered] = [replay.offered, replay.delivered].map(count);
    let lost = prose(&lost.join(", "), "             ");
    format!(
        "  digest     {}\n  frames     {offered} offered, {delivered} delivered\n  lost       {}",
        replay.digest,
        lost.trim_start()
    )
}

fn beside(incident: &Incident, expected: &Expected, replay: &Replay) -> String {
    let mut text = String::new();
    let mut line = |what: &str, expected: &str, now: &str| {
        let _ = writeln!(text, "{}", format!("  {what:<12} {expected:<32} {now}").trim_end());
    };
    line("", "expected", "now");
    line("digest", &expected.digest, &replay.digest);
    line("offered", &count(expected.offered), &count(replay.offered));
    line("delivered", &count(expected.delivered), &count(replay.delivered));
    for ((reason, stored), (_, now)) in expected.dropped.by_reason().into_iter().zip(replay.dropped.by_reason()) {
        if is_told(reason, stored + now) {
            line(reason.name(), &count(stored), &count(now));
        }
    }
    let causes = format!(
        "There are two possible causes. The code, or the plan in the file, has changed since version {} wrote it: then each \
         replay gives the same new digest. Or the run does not repeat itself: then digests differ from replay to replay, \
         and cargo sim determinism finds the first difference. --save stores the new run as the expected one.",
        incident.version
    );
    format!("{text}\n{}\n", prose(&causes, "  "))
}

/// Who lost what, when and why: those who lost most.
pub(super) fn losses(incident: &Incident, record: &Record, losses: &[Loss]) -> String {
    let mut text = String::new();
    if record.unpublished > 0 {
        let _ = writeln!(
            text,
            "  unsent     {} events arrived while there was no server to publish them",
            record.unpublished
        );
    }
    if losses.is_empty() {
        return text + "\nNobody lost anything.\n";
    }
    text.push_str("\nWho lost what, when and why\n\n");
    text.push_str("  subscriber  class           lost  of offered  reason      first    last   hole\n");
    // The largest losses come first, so that those that matter most are shown.
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
        let _ = writeln!(text, "  and {} more lines; --json - has all of them", losses.len() - MOST_LOSSES);
    }
    text.push_str("\n  hole: most frames lost in a row\n");
    text
}
