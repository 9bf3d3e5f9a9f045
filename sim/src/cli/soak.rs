//! `soak`: the laws on random cases, for a time or a number of seeds.

mod text;

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::exit::{Exit, Failure};
use super::options::SoakOptions;
use super::progress::Bars;
use super::{console, files, whole};
use crate::incident::Incident;
use crate::laws::{Violation, World, canary};
use crate::report::prose;
use crate::runs::{Progress, RunWorld};
use crate::soak::{Found, Soak, soak};

/// Cases that a soak of a limited time begins before it looks at the clock.
const CASES_AT_A_TIME: u64 = 64;

/// Judges until the time is over, and leaves an incident where a law is broken.
pub(super) fn run(options: &SoakOptions) -> Result<Exit, Failure> {
    // Before any case: where the laws do not see a broken rule, a soak without a finding proves nothing.
    let Some(caught) = canaries(options.world()) else {
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
    let laws = options.laws();
    let threads = options.threads.number();
    let what = Soak { laws: &laws, first_seed, world: options.world(), threads };
    let soaked = soak(what, progress, |judged| match options.seeds {
        Some(seeds) => seeds.checked_sub(judged),
        None => (begun.elapsed() < lasts).then_some(CASES_AT_A_TIME),
    });
    bars.end();
    console::print(&text::told(first_seed, &soaked));
    let proof = "Before the first case a run of each world that is used was judged by a wrong rule on purpose (a canary), to \
                 see that the laws report what is wrong. It was reported:";
    let caught: String = caught.iter().map(|violation| prose(&violation.to_string(), "  ")).collect();
    console::print(&format!("{}{caught}", prose(proof, "")));
    console::note(&text::speed(&soaked));
    match &soaked.broken {
        Some(found) => leave(found, &options.out).map(|()| Exit::Violated),
        None => Ok(Exit::AsExpected),
    }
}

/// What the canaries of the worlds that run cases are reported as; `None` where one of them is not.
fn canaries(world: RunWorld) -> Option<Vec<Violation>> {
    let worlds: &[World] = match world {
        // The full stack repeats some cases of the specification, so the laws are tested in both worlds.
        RunWorld::Specified => &[World::Specified, World::Simulated],
        RunWorld::Simulated => &[World::Simulated],
    };
    worlds.iter().map(|world| canary(*world)).collect()
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

fn leave(found: &Found, folder: &Path) -> Result<(), Failure> {
    if found.is_of_the_specification_alone {
        // An incident runs on the full stack, which does not show it.
        let (seed, law) = (found.seed, found.violation.law.name());
        console::note(&format!("REPRODUCE WITH: cargo sim soak --seeds 1 --first-seed {seed} --law {law}"));
        return Ok(());
    }
    let title = format!("the soak's seed {} breaks a law", found.seed);
    let incident = Incident::of_violation(&title, found.case.clone(), found.violation.clone());
    let name = format!("{}-seed-{}", found.violation.law.name(), found.seed);
    let text = incident.to_json();
    let file = whole::unused(folder, &name, "json", &text);
    files::write_one(&file, &text)?;
    console::note(&format!("REPRODUCE WITH: cargo sim replay {}", file.display()));
    Ok(())
}
