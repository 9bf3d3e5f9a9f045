//! `cluster`: servers on one stream whose brokers, servers and links fail, in simulated time.

mod text;

use std::path::Path;

use super::exit::{Exit, Failure};
use super::options::ClusterOptions;
use super::progress::Bars;
use super::typed::typed;
use super::{console, files, whole};
use crate::cluster::{Broken, ClusterCase, StoredCase, Trusts, canaries, run as run_case, shrink, soak};
use crate::runs::Progress;

/// Most runs that a case takes until it is made smaller.
const MOST_RUNS: u64 = 1000;

/// Runs the cases of files, or drawn ones, and says which law is broken first.
pub(super) fn run(options: &ClusterOptions) -> Result<Exit, Failure> {
    if options.case.is_empty() { run_drawn(options) } else { run_stored(&options.case) }
}

fn run_drawn(options: &ClusterOptions) -> Result<Exit, Failure> {
    let Some(caught) = canaries() else {
        console::complain("servers that are wrong on purpose, as a test of the laws, are not reported");
        return Ok(Exit::Violated);
    };
    files::prepare(&options.out)?;
    let bars = Bars::new();
    bars.begin("cluster", options.seeds);
    let soaked = soak(options.first_seed, options.seeds, options.threads.number(), || bars.advance(1));
    bars.end();
    match soaked {
        Ok(soaked) => {
            console::print(&text::of_soak(options.first_seed, &soaked));
            console::print(&text::of_canaries(&caught));
            Ok(Exit::AsExpected)
        }
        Err((seed, broken)) => leave(ClusterCase::draw(seed), broken, &options.out).map(|()| Exit::Violated),
    }
}

/// Makes a case that breaks a law smaller, and keeps it in a file that was not there before.
fn leave(case: ClusterCase, broken: Broken, folder: &Path) -> Result<(), Failure> {
    console::print(&text::of_case(&case));
    console::print(&text::broken(case.seed, &broken));
    console::note("it is run again and again, to find a smaller case that breaks the same law");
    let (small, broken) = shrink(case, broken, MOST_RUNS, |case| run_case(case, Trusts::Leader).map(|_| ()));
    let name = format!("{}-seed-{}", broken.law.name(), small.seed);
    let text = StoredCase::of_broken(small, &broken).to_json();
    let file = whole::unused(folder, &name, "json", &text);
    files::write_one(&file, &text)?;
    console::note(&format!("REPRODUCE WITH: cargo sim cluster --case {}", typed(&file)));
    Ok(())
}

/// Runs the cases of files, and says of each what came of it.
fn run_stored(files: &[std::path::PathBuf]) -> Result<Exit, Failure> {
    // All of them are read before one is run: a mistake in the last would be seen late.
    let cases: Vec<_> = files.iter().map(|file| Ok((file, stored(file)?))).collect::<Result<_, Failure>>()?;
    let mut exit = Exit::AsExpected;
    for (file, stored) in &cases {
        console::print(&text::of_file(&file.display().to_string(), &stored.title));
        console::print(&text::of_case(&stored.case));
        let ran = run_case(&stored.case, Trusts::Leader);
        match &ran {
            Ok(run) => {
                console::print(&text::of_run(run));
                if let Some(why) = stored.differs(run) {
                    console::complain(&format!("{}: {why}", file.display()));
                    exit = Exit::Violated;
                }
            }
            Err(broken) => {
                console::print(&text::broken(stored.case.seed, broken));
                exit = Exit::Violated;
            }
        }
    }
    Ok(exit)
}

fn stored(file: &Path) -> Result<StoredCase, Failure> {
    let wrong = |why: &dyn std::fmt::Display| Failure::input(format!("--case: {}: {why}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|why| wrong(&why))?;
    StoredCase::parse(&text).map_err(|why| wrong(&why))
}
