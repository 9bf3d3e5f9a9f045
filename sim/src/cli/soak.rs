//! `soak`: the laws on random cases, for a time or a number of seeds.

use std::fmt::Write;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::exit::{Exit, Failure};
use super::options::SoakOptions;
use super::progress::Bars;
use super::{console, files, whole};
use crate::incident::Incident;
use crate::laws::canary;
use crate::report::prose;
use crate::runs::Progress;
use crate::soak::{Found, Soaked, soak};

/// Judges until the time is over, and leaves an incident where a law is broken.
pub(super) fn run(options: &SoakOptions) -> Result<Exit, Failure> {
    let Some(caught) = canary() else {
        console::complain("a run judged by a wrong rule, as a test of the laws, is not reported: no law says anything");
        return Ok(Exit::Violated);
    };
    files::prepare(&options.out)?;
    let first_seed = options.first_seed.unwrap_or_else(seed_of_the_moment);
    let (bars, begun) = (Bars::new(), Instant::now());
    let lasts = Duration::from_secs_f64(options.minutes.unwrap_or(1.0) * 60.0);
    let by_time = ByTime { bars: &bars, begun, seconds: AtomicU64::new(0) };
    let (progress, units): (&dyn Progress, _) = match options.seeds {
        Some(seeds) => (&bars, seeds),
        None => (&by_time, lasts.as_secs().max(1)),
    };
    bars.begin("soak", units);
    let soaked = soak(&options.laws(), first_seed, options.threads.number(), progress, |judged| match options.seeds {
        Some(seeds) => seeds.checked_sub(judged),
        None => (begun.elapsed() < lasts).then_some(u64::MAX),
    });
    bars.end();
    console::print(&told(first_seed, &soaked));
    let proof = "Before the first case a run was judged by a wrong rule on purpose (a canary), to see that the laws report \
                 what is wrong. It was reported:";
    console::print(&format!("{}{}", prose(proof, ""), prose(&caught.to_string(), "  ")));
    match &soaked.broken {
        Some(found) => leave(found, &options.out).map(|()| Exit::Violated),
        None => Ok(Exit::AsExpected),
    }
}

/// Counts the seconds of a soak that lasts for a time, in place of its cases.
struct ByTime<'a> {
    bars: &'a Bars,
    begun: Instant,
    seconds: AtomicU64,
}

impl Progress for ByTime<'_> {
    fn begin(&self, what: &str, units: u64) {
        self.bars.begin(what, units);
    }

    fn advance(&self, _: u64) {
        let now = self.begun.elapsed().as_secs();
        // Threads report at the same time. `fetch_max` gives each second to one of them.
        self.bars.advance(now.saturating_sub(self.seconds.fetch_max(now, Ordering::Relaxed)));
    }

    fn end(&self) {
        self.bars.end();
    }
}

#[expect(clippy::disallowed_methods, reason = "where a soak begins is no behaviour, and it is printed")]
fn seed_of_the_moment() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    // A thousand seeds for each second, so that soaks that begin soon after each other do not repeat cases.
    since.map_or(0, |since| since.as_secs() * 1000)
}

fn told(first_seed: u64, soaked: &Soaked) -> String {
    let mut text = String::new();
    let Soaked { cases, cases_with_losses, events, frames, .. } = soaked;
    let head = format!(
        "{cases} cases, seeds from {first_seed} on: {events} events, {frames} frames offered; {cases_with_losses} of the \
         cases lost some to a full mailbox."
    );
    text.push_str(&prose(&head, ""));
    for (kind, cases) in &soaked.faults {
        let _ = writeln!(text, "  {cases:>7} with {kind}");
    }
    let mut costs = soaked.costs.clone();
    costs.sort_unstable();
    if let (Some(median), Some(most)) = (costs.get(costs.len() / 2), costs.last()) {
        let [median, most] = [median, most].map(|cost| cost.as_secs_f64() * 1000.0);
        let cost = format!(
            "In {} of the cases subscribers share a CPU. There one subscriber (the witness) was run alone and beside all \
             others. The others delayed one of its events by at most {median:.1} ms in the median case, and by {most:.1} ms \
             in the worst.",
            costs.len()
        );
        text.push_str(&prose(&cost, ""));
    }
    match &soaked.broken {
        Some(Found { seed, violation, .. }) => {
            text.push_str(&prose(&format!("BROKEN by seed {seed}: {violation}"), ""));
        }
        None => text.push_str("No law was broken.\n"),
    }
    text
}

fn leave(found: &Found, folder: &Path) -> Result<(), Failure> {
    let title = format!("the soak's seed {} breaks a law", found.seed);
    let incident = Incident::of_violation(&title, found.case.clone(), found.violation.clone());
    let name = format!("{}-seed-{}", found.violation.law.name(), found.seed);
    let text = incident.to_json();
    let file = whole::unused(folder, &name, "json", &text);
    files::write_one(&file, &text)?;
    console::note(&format!("REPRODUCE WITH: cargo sim replay {}", file.display()));
    Ok(())
}
