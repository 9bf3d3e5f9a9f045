//! `soak`: the laws on random cases, for a time or a number of seeds.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use super::exit::{Exit, Failure};
use super::options::SoakOptions;
use super::{console, files};
use crate::incident::Incident;
use crate::laws::canary;
use crate::runs::Progress;
use crate::soak::{Found, Soaked, soak};

/// Judges until the time is over, and leaves an incident where a law is broken.
pub(super) fn run(options: &SoakOptions) -> Result<Exit, Failure> {
    let Some(caught) = canary() else {
        console::complain("the canary, a run judged by the wrong rule, is not reported: no law says anything");
        return Ok(Exit::Violated);
    };
    files::prepare(&options.out)?;
    let first_seed = options.first_seed.unwrap_or_else(seed_of_the_moment);
    let (bars, begun) = (console::Bars::new(), Instant::now());
    let lasts = Duration::from_secs_f64(options.minutes.unwrap_or(1.0) * 60.0);
    if let Some(seeds) = options.seeds {
        bars.begin("soak", seeds);
    }
    let soaked = soak(first_seed, options.threads.number(), &bars, |judged| match options.seeds {
        Some(seeds) => seeds.checked_sub(judged),
        None => (begun.elapsed() < lasts).then_some(u64::MAX),
    });
    bars.end();
    console::print(&told(first_seed, &soaked));
    console::print(&format!("The canary was caught: {caught}\n"));
    match &soaked.broken {
        Some(found) => leave(found, &options.out).map(|()| Exit::Violated),
        None => Ok(Exit::AsExpected),
    }
}

#[expect(clippy::disallowed_methods, reason = "where a soak begins is no behaviour, and it is printed")]
fn seed_of_the_moment() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs() * 1000)
}

fn told(first_seed: u64, soaked: &Soaked) -> String {
    let mut text = String::new();
    let Soaked { cases, cases_with_losses, events, frames, .. } = soaked;
    let _ = writeln!(text, "{cases} cases, seeds from {first_seed} on: {events} events, {frames} frames offered,");
    let _ = writeln!(text, "{cases_with_losses} of the cases lost some to a full mailbox");
    for (kind, cases) in &soaked.faults {
        let _ = writeln!(text, "  {cases:>7} with {kind}");
    }
    let mut costs = soaked.costs.clone();
    costs.sort_unstable();
    if let (Some(median), Some(most)) = (costs.get(costs.len() / 2), costs.last()) {
        let [median, most] = [median, most].map(|cost| cost.as_secs_f64() * 1000.0);
        let _ =
            writeln!(text, "On a shared CPU neighbours delayed an event of a witness by {median:.1} ms at most in the");
        let _ = writeln!(text, "median case, and by {most:.1} ms in the worst of {}", costs.len());
    }
    match &soaked.broken {
        Some(Found { seed, violation, .. }) => {
            let _ = writeln!(text, "BROKEN by seed {seed}: {violation}");
        }
        None => text.push_str("No law was broken.\n"),
    }
    text
}

fn leave(found: &Found, folder: &Path) -> Result<(), Failure> {
    let title = format!("the soak's seed {} breaks a law", found.seed);
    let incident = Incident::of_violation(&title, found.case.clone(), found.violation.clone());
    let file = folder.join(format!("{}-seed-{}.json", found.violation.law.name(), found.seed));
    files::write_one(&file, &incident.to_json())?;
    console::note(&format!("REPRODUCE WITH: cargo sim replay {}", file.display()));
    Ok(())
}
