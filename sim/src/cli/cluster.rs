//! `cluster`: servers on one stream whose brokers, servers and links fail, in simulated time.

use super::console;
use super::exit::{Exit, Failure};
use super::options::ClusterOptions;
use super::progress::Bars;
use crate::cluster::{Broken, ClusterCase, ClusterFault, ClusterSoak, canary, soak};
use crate::report::prose;
use crate::runs::Progress;
use crate::summary::format::count;

/// Runs the cases, and says which law is broken first.
pub(super) fn run(options: &ClusterOptions) -> Result<Exit, Failure> {
    let Some((seed, caught)) = canary() else {
        console::complain("servers that are wrong on purpose, as a test of the laws, are not reported");
        return Ok(Exit::Violated);
    };
    let bars = Bars::new();
    bars.begin("cluster", options.seeds);
    let soaked = soak(options.first_seed, options.seeds, options.threads.number(), || bars.advance(1));
    bars.end();
    match soaked {
        Ok(soaked) => {
            let proof = format!(
                "No law was broken. Servers that believe a broker which is behind, as a test of the laws, were reported by \
                 seed {seed}: {caught}."
            );
            console::print(&(told(options.first_seed, &soaked) + &prose(&proof, "")));
            Ok(Exit::AsExpected)
        }
        Err((seed, why)) => {
            console::print(&told_of(&ClusterCase::draw(seed), &why));
            console::note(&format!("REPRODUCE WITH: cargo sim cluster --seeds 1 --first-seed {seed}"));
            Ok(Exit::Violated)
        }
    }
}

fn told(first_seed: u64, soaked: &ClusterSoak) -> String {
    let ClusterSoak { cases, faults, published, received, gaps, refused, sights } = soaked;
    let head = format!(
        "{} cases, seeds from {first_seed} on, with {} faults: {} events acknowledged, {} publishes refused or of unknown \
         fate, {} events received by viewers, {} gaps told.",
        count(*cases),
        count(*faults),
        count(*published),
        count(*refused),
        count(*received),
        count(*gaps)
    );
    let rare = [
        (sights.leaders, "leaders were chosen anew"),
        (sights.passed_over, "messages were passed over, since a consumer's broker had them later"),
        (sights.stale_answers, "answers of a new leader said too little"),
        (sights.unanswered, "questions were not answered"),
        (sights.acknowledgements_lost, "events were kept, and their acknowledgement was lost"),
        (sights.repetitions, "repetitions were recognised by their key"),
        (sights.removed, "messages were removed from the stream"),
        (sights.consumers, "consumers were made"),
    ];
    let rare = rare.iter().map(|(times, what)| format!("{:>9}  {what}\n", count(*times)));
    prose(&head, "") + &rare.collect::<String>()
}

/// A case that breaks a law: what was in it, and which law.
fn told_of(case: &ClusterCase, why: &Broken) -> String {
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
    let faults: String = case.faults.iter().map(of).collect();
    prose(&head, "") + &faults + &prose(&format!("BROKEN by seed {}: {why}", case.seed), "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Sights;

    #[test]
    fn nothing_is_wider_than_a_terminal() {
        let sights = Sights { passed_over: 1_234_567, ..Sights::default() };
        let text = told(0, &ClusterSoak { cases: 1_000_000, sights, ..ClusterSoak::default() });
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(text.contains("1,234,567  messages were passed over"), "{text}");
    }
}
