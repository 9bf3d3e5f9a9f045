//! `cluster`: servers on one stream whose brokers, servers and links fail, in simulated time.

mod text;

use std::path::{Path, PathBuf};

use super::exit::{Exit, Failure};
use super::options::ClusterOptions;
use super::progress::Bars;
use super::typed::typed;
use super::{console, files, whole};
use crate::cluster::{Broken, ClusterCase, StoredCase, Trusts, canaries, run as run_case, shrink, soak};
use crate::runs::Progress;

/// Runs the cases of files, or drawn ones, and says which law is broken first.
pub(super) fn run(options: &ClusterOptions) -> Result<Exit, Failure> {
    if options.case.is_empty() { run_drawn(options) } else { run_stored(&options.case, options.trusts()) }
}

fn run_drawn(options: &ClusterOptions) -> Result<Exit, Failure> {
    let trusts = options.trusts();
    let caught = match trusts {
        Trusts::Leader => Some(canaries()),
        // They are wrong on purpose themselves.
        Trusts::AnyBroker | Trusts::CutOff => None,
    };
    if caught == Some(None) {
        console::complain("servers that are wrong on purpose, as a test of the laws, are not reported");
        return Ok(Exit::Violated);
    }
    files::prepare(&options.out)?;
    let bars = Bars::new();
    bars.begin("cluster", options.seeds);
    let soaked = soak(options.first_seed, options.seeds, options.threads.number(), trusts, || bars.advance(1));
    bars.end();
    match soaked {
        Ok(soaked) => {
            console::print(&text::of_soak(options.first_seed, &soaked));
            console::print(&text::of_laws(caught.flatten().as_ref()));
            Ok(Exit::AsExpected)
        }
        Err((seed, broken)) => leave(ClusterCase::draw(seed), broken, options).map(|()| Exit::Violated),
    }
}

/// Makes a case that breaks a law smaller, and keeps it in a file that was not there before.
fn leave(case: ClusterCase, broken: Broken, options: &ClusterOptions) -> Result<(), Failure> {
    let trusts = options.trusts();
    console::print(&text::of_case(&case));
    console::print(&text::broken(case.seed, &broken));
    console::note("it is run again and again, to find a smaller case that breaks the same law");
    let (small, broken) = shrink(case, broken, options.most_runs, |case| run_case(case, trusts).map(|_| ()));
    console::print(&text::of_case(&small));
    console::print(&text::broken(small.seed, &broken));
    let name = format!("{}-seed-{}", broken.law.name(), small.seed);
    let text = StoredCase::of_broken(small, &broken).to_json();
    let file = whole::unused(&options.out, &name, "json", &text);
    files::write_one(&file, &text)?;
    let wrong = if trusts == Trusts::Leader { String::new() } else { format!(" --trusts {}", trusts.name()) };
    console::note(&format!("REPRODUCE WITH: cargo sim cluster{wrong} --case {}", typed(&file)));
    Ok(())
}

/// Runs the cases of files, and says of each what came of it.
fn run_stored(files: &[PathBuf], trusts: Trusts) -> Result<Exit, Failure> {
    // All of them are read before one is run: a mistake in the last would be seen late.
    let cases: Vec<_> = files.iter().map(|file| Ok((file, stored(file)?))).collect::<Result<_, Failure>>()?;
    let mut exit = Exit::AsExpected;
    for (file, stored) in &cases {
        console::print(&text::of_file(&file.display().to_string(), &stored.title));
        console::print(&text::of_case(&stored.case));
        let ran = run_case(&stored.case, trusts);
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
