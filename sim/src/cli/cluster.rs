//! `cluster`: servers on one stream whose brokers, servers and links fail, in simulated time.

use super::console;
use super::exit::{Exit, Failure};
use super::options::ClusterOptions;
use super::progress::Bars;
use crate::cluster::{Broken, ClusterCase, ClusterFault, ClusterRun, Sights, Trusts, run as run_case};
use crate::pool;
use crate::report::prose;
use crate::runs::Progress;
use crate::summary::format::count;

/// Seeds in which a wrong server has to be reported.
const CANARIES: u64 = 200;

/// What a number of cases came to.
#[derive(Default)]
struct Sum {
    cases: u64,
    faults: u64,
    published: u64,
    received: u64,
    gaps: u64,
    refused: u64,
    sights: Sights,
}

impl Sum {
    fn add(&mut self, case: &ClusterCase, run: &ClusterRun) {
        self.cases += 1;
        self.faults += case.faults.len() as u64;
        self.published += case.publish_at.len() as u64;
        self.received += run.received;
        self.gaps += run.gaps;
        self.refused += run.refused;
        self.sights.add(run.sights);
    }

    fn told(&self, first_seed: u64) -> String {
        let Self { cases, faults, published, received, gaps, refused, sights } = self;
        let mut text = prose(
            &format!(
                "{} cases, seeds from {first_seed} on, with {} faults: {} events acknowledged, {} publishes refused or of \
                 unknown fate, {} events received by viewers, {} gaps told.",
                count(*cases),
                count(*faults),
                count(*published),
                count(*refused),
                count(*received),
                count(*gaps)
            ),
            "",
        );
        let rare = [
            (sights.leaders, "leaders were chosen anew"),
            (sights.passed_over, "messages were passed over by a consumer whose broker did not have them"),
            (sights.stale_answers, "answers of a new leader said too little"),
            (sights.unanswered, "questions were not answered"),
            (sights.acknowledgements_lost, "events were kept, and their acknowledgement was lost"),
            (sights.repetitions, "repetitions were recognised by their key"),
            (sights.removed, "messages were removed from the stream"),
            (sights.consumers, "consumers were made"),
        ];
        rare.iter().for_each(|(times, what)| text.push_str(&format!("{:>9}  {what}\n", count(*times))));
        text
    }
}

/// Runs the cases, and says which law is broken first.
pub(super) fn run(options: &ClusterOptions) -> Result<Exit, Failure> {
    let Some((seed, caught)) = canary() else {
        console::complain("servers that are wrong on purpose, as a test of the laws, are not reported");
        return Ok(Exit::Violated);
    };
    let (first_seed, seeds) = (options.first_seed, options.seeds);
    let bars = Bars::new();
    bars.begin("cluster", seeds);
    let jobs: Vec<u64> = (first_seed..first_seed.saturating_add(seeds)).collect();
    let mut sum = Sum::default();
    let work = |seed: &u64| {
        let case = ClusterCase::draw(*seed);
        let ran = run_case(&case, Trusts::Leader).map_err(|why| (*seed, why));
        bars.advance(1);
        ran.map(|run| Some((case, run)))
    };
    let judged = pool::each(&jobs, options.threads.number(), work, |_, (case, run)| sum.add(&case, &run));
    bars.end();
    if let Err((seed, why)) = judged {
        console::print(&told_of(&ClusterCase::draw(seed), &why));
        console::note(&format!("REPRODUCE WITH: cargo sim cluster --seeds 1 --first-seed {seed}"));
        return Ok(Exit::Violated);
    }
    console::print(&sum.told(first_seed));
    let proof = format!(
        "No law was broken. Servers that believe a broker which is behind, as a test of the laws, were reported by seed \
         {seed}: {caught}."
    );
    console::print(&prose(&proof, ""));
    Ok(Exit::AsExpected)
}

/// What a wrong server is reported as, and by which seed; `None` where it is not.
fn canary() -> Option<(u64, Broken)> {
    (0..CANARIES).find_map(|seed| Some((seed, run_case(&ClusterCase::draw(seed), Trusts::AnyBroker).err()?)))
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
    let mut text = prose(&head, "");
    for ClusterFault { at, lasts, kind } in &case.faults {
        text.push_str(&format!("{:>8.3} s  {kind:?} for {:.3} s\n", at.as_secs_f64(), lasts.as_secs_f64()));
    }
    text + &prose(&format!("BROKEN by seed {}: {why}", case.seed), "")
}
