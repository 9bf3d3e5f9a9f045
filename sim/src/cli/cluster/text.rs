//! What cases came to as text, at most 80 columns wide.

use crate::cluster::{Broken, Canaries, ClusterCase, ClusterFault, ClusterRun, ClusterSoak};
use crate::report::prose;
use crate::summary::format::count;

/// Number of cases from which on everything rare is expected to be seen.
const CASES_FOR_EVERY_SIGHT: u64 = 200;

/// What many cases came to.
pub(super) fn of_soak(first_seed: u64, soaked: &ClusterSoak) -> String {
    let ClusterSoak { cases, faults, published, received, gaps, restarts, refused, sights } = soaked;
    let head = format!(
        "{} cases, seeds from {first_seed} on, with {} faults: {} events acknowledged, {} publishes refused or of unknown \
         fate, {} events received by viewers, {} gaps told, {} of them that the stream has begun anew.",
        count(*cases),
        count(*faults),
        count(*published),
        count(*refused),
        count(*received),
        count(*gaps),
        count(*restarts)
    );
    let named = sights.named();
    let never: Vec<_> = named.iter().filter(|(times, _)| *times == 0).map(|(_, what)| *what).collect();
    let mut text = prose(&head, "") + &rare(&named);
    if *cases >= CASES_FOR_EVERY_SIGHT && !never.is_empty() {
        text += &prose(&format!("NEVER SEEN, and so never tested: {}.", never.join("; ")), "");
    }
    text
}

fn rare(named: &[(u64, &'static str)]) -> String {
    named.iter().map(|(times, what)| format!("{:>9}  {what}\n", count(*times))).collect()
}

/// That no law was broken, and how the laws report servers that are wrong, if that was looked at.
pub(super) fn of_laws(canaries: Option<&Canaries>) -> String {
    let Some(Canaries { behind: (seed, behind), cut_off }) = canaries else {
        return prose("No law was broken.", "");
    };
    let proof = format!(
        "No law was broken. As a test of the laws, servers that believe a broker which is behind were reported by seed \
         {seed}: {behind}. Servers that believe a broker which is cut off were reported by a case that is kept: {cut_off}."
    );
    prose(&proof, "")
}

/// The name of a file, and what is in it.
pub(super) fn of_file(name: &str, title: &str) -> String {
    prose(&format!("{name}: {title}"), "")
}

/// What is in a case.
pub(super) fn of_case(case: &ClusterCase) -> String {
    let head = format!(
        "{} nodes, {} brokers, a history of {} events, {} events published, {} viewers",
        case.nodes,
        case.brokers,
        case.history_events,
        case.publish_at.len(),
        case.viewers.len()
    );
    let of = |ClusterFault { at, lasts, kind }: &ClusterFault| {
        format!("{:>8.3} s  {kind:?} for {:.3} s\n", at.as_secs_f64(), lasts.as_secs_f64())
    };
    prose(&head, "") + &case.faults.iter().map(of).collect::<String>()
}

/// What came of a case.
pub(super) fn of_run(run: &ClusterRun) -> String {
    let head = format!(
        "No law was broken. {} events were received, and {} gaps told, {} of them that the stream has begun anew. \
         Everything was there after {:.1} s.",
        count(run.received),
        count(run.gaps),
        count(run.restarts),
        run.complete_after.as_secs_f64()
    );
    let mut seen = run.sights.named();
    seen.retain(|(times, _)| *times > 0);
    prose(&head, "") + &rare(&seen)
}

/// The law that a case breaks.
pub(super) fn broken(seed: u64, broken: &Broken) -> String {
    prose(&format!("BROKEN by seed {seed}: {broken}"), "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Sights;

    #[test]
    fn nothing_is_wider_than_a_terminal_and_what_was_never_seen_is_named() {
        let sights = Sights { passed_over: 1_234_567, ..Sights::default() };
        let text = of_soak(0, &ClusterSoak { cases: 1_000_000, sights, ..ClusterSoak::default() });
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(text.contains("1,234,567  messages were passed over"), "{text}");
        assert!(text.contains("NEVER SEEN, and so never tested: leaders were chosen anew; "), "{text}");
    }
}
