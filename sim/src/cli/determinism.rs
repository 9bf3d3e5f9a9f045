//! `determinism`: the same seed, run in every way there is, must give the same digests.

use std::path::Path;
use std::process::Command;

use super::exit::{Exit, Failure};
use super::options::DeterminismOptions;
use super::progress::Bars;
use super::{console, files};
use crate::fingerprint::{self, Fingerprint, FingerprintRun, first_difference};
use crate::runs::Progress;

/// Where the digests of the named scenarios are kept.
const FILE: &str = "sim/fingerprints.json";

/// In how many ways the runs are done.
const WAYS: u64 = 5;

/// Checks, or with `--write` takes the present digests for the right ones.
pub(super) fn determinism(options: &DeterminismOptions) -> Result<Exit, Failure> {
    let cases = fingerprint::cases()?;
    if options.print {
        console::print(&fingerprint::to_json(&fingerprint::fingerprints(&cases, 1, &Bars::new())?));
        return Ok(Exit::AsExpected);
    }
    if let Some(run) = options.print_run {
        let case =
            cases.get(run).ok_or_else(|| Failure::input(format!("--print-run {run}: there are {}", cases.len())))?;
        console::print(&case.events()?);
        return Ok(Exit::AsExpected);
    }
    let bars = Bars::new();
    let runs = cases.len() as u64;
    bars.begin("determinism", WAYS * runs);
    let here = |threads| fingerprint::fingerprints(&cases, threads, &bars);
    let fresh = || in_a_fresh_process().inspect(|_| bars.advance(runs));
    // One thread, in this process: the plainest way is what the others are compared with.
    let first = here(1)?;
    let mut ways = vec![("again in this process", here(1)?)];
    ways.push(("on two threads", here(2)?));
    ways.push(("in a fresh process", fresh()?));
    // Two of them: what is keyed by process, as the order of a hash map, may agree once by chance.
    ways.push(("in another fresh process", fresh()?));
    bars.end();
    for (way, prints) in &ways {
        if let Some(at) = (0..first.len()).find(|at| prints.get(*at) != Some(&first[*at])) {
            complain_of_difference(way, (at, &cases[at]), &first[at])?;
            return Ok(Exit::NotDeterministic);
        }
    }
    // Neighbours are the two seeds of a scenario. If they agree, the digest does not see what the seed decides.
    if let Some(pair) = first.chunks(2).find(|pair| pair.len() == 2 && pair[0].digest == pair[1].digest) {
        console::complain(&format!("{}: seeds 0 and 1 give the same digest", pair[0].scenario));
        return Ok(Exit::Violated);
    }
    let now = fingerprint::to_json(&first);
    if options.write {
        files::write_one(Path::new(FILE), &now)?;
        console::note(&format!("wrote {FILE}"));
        return Ok(Exit::AsExpected);
    }
    compare(&first)
}

fn in_a_fresh_process() -> Result<Vec<Fingerprint>, Failure> {
    let printed = fresh_process(&["--print"])?;
    serde_json::from_slice(&printed).map_err(|why| Failure::input(format!("a fresh process: {why}")))
}

/// What this command prints in a process of its own.
fn fresh_process(arguments: &[&str]) -> Result<Vec<u8>, Failure> {
    let program = std::env::current_exe().map_err(Failure::input)?;
    let output = Command::new(program).arg("determinism").args(arguments).output().map_err(Failure::input)?;
    // Its exit code does not matter: what it printed is compared, and a part of that differs as well.
    Ok(output.stdout)
}

/// Says where the runs part: here and once more here, or here and in a fresh process.
fn complain_of_difference(
    way: &str,
    (run, case): (usize, &FingerprintRun),
    first: &Fingerprint,
) -> Result<(), Failure> {
    let (scenario, seed) = (&first.scenario, first.seed);
    console::complain(&format!("{scenario}, seed {seed}: {way} the run is another one"));
    let (one, again) = (case.events()?, case.events()?);
    let fresh = String::from_utf8_lossy(&fresh_process(&["--print-run", &run.to_string()])?).into_owned();
    match first_difference(&one, &again).or_else(|| first_difference(&one, &fresh)) {
        Some([one, other]) => console::note(&format!("  first difference: {one}\n               and: {other}")),
        None => console::note("  run again with every event kept, all agree: the difference does not show each time"),
    }
    Ok(())
}

fn compare(first: &[Fingerprint]) -> Result<Exit, Failure> {
    let text = std::fs::read_to_string(FILE).map_err(|why| Failure::input(format!("{FILE}: {why}")))?;
    let known: Vec<Fingerprint> =
        serde_json::from_str(&text).map_err(|why| Failure::input(format!("{FILE}: {why}")))?;
    let changed: Vec<_> = first.iter().filter(|print| !known.contains(print)).collect();
    for print in &changed {
        let Fingerprint { scenario, seed, lost: [lost, offered], .. } = print;
        console::complain(&format!(
            "{scenario}, seed {seed}: behaves otherwise than {FILE} has it; now {lost} of {offered} are lost"
        ));
    }
    // The lengths, too: the file may have runs that are not made any more.
    if changed.is_empty() && known.len() == first.len() {
        console::note(&format!("{} runs, each in {WAYS} ways: the same digests, and those of {FILE}", first.len()));
        return Ok(Exit::AsExpected);
    }
    console::note("if that is meant: cargo sim determinism --write");
    Ok(Exit::Violated)
}
