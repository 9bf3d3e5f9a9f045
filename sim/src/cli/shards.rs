//! `sweep --shard` and `merge`: a sweep that is spread over machines.

use std::ffi::OsString;
use std::fs;
use std::hash::Hasher;
use std::path::{Path, PathBuf};

use clap::Parser;
use siphasher::sip::SipHasher13;

use super::exit::{Exit, Failure};
use super::options::{Command, MergeOptions, Options, SweepOptions};
use super::{console, files, progress, run, verdict};
use crate::runs::Workers;
use crate::shards::{self, Part, Shard};

/// The document of a part in its folder.
const PART: &str = "part.json";

/// Options that say how a part is made and not what it is a part of.
const OF_A_PART: [&str; 3] = ["--shard", "--out", "--threads"];

/// Does one part of a sweep and leaves its document.
pub(super) fn part(options: &SweepOptions, shard: Shard, arguments: &[OsString]) -> Result<Exit, Failure> {
    let scenario = options.scenario()?;
    run::warn(&scenario);
    let spread = options.spread(&scenario)?;
    let Some(folder) = &options.out else { return Err(Failure::input("--shard: needs --out".to_owned())) };
    files::prepare(folder)?;
    let bars = progress::Bars::new();
    let workers = options.workers.workers(&bars);
    let runs = shards::runs_of(&scenario, spread, shard, workers).map_err(Into::into).inspect_err(run::leave)?;
    let count = runs.len();
    let part = Part::new(&this_program(), what_is_swept(arguments), scenario.fingerprint(), shard, runs);
    let text = serde_json::to_string(&part).map_err(|why| Failure::input(format!("--shard: {why}")))?;
    files::write_one(&folder.join(PART), &(text + "\n"))?;
    console::note(&format!("wrote {}: part {shard}, {count} runs", folder.join(PART).display()));
    Ok(Exit::AsExpected)
}

/// Makes the result of a sweep from all of its parts.
pub(super) fn merge(options: &MergeOptions) -> Result<Exit, Failure> {
    let parts = options.parts.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    let known = shards::known_runs(&parts, &this_program()).map_err(|why| Failure::input(why.to_string()))?;
    let Some((first, part)) = parts.first() else { return Err(Failure::input("no parts are given".to_owned())) };
    let sweep = swept(part).ok_or_else(|| Failure::input(format!("{first}: its options are no sweep's")))?;
    let scenario = sweep.scenario()?;
    if scenario.fingerprint() != part.scenario {
        let name = &scenario.settings().name;
        return Err(Failure::input(format!("{first}: the scenario {name} is not what it was when the part was made")));
    }
    files::prepare(&options.out)?;
    let bars = progress::Bars::new();
    let workers = Workers { threads: options.threads.number(), known: Some(&known), ..sweep.workers.workers(&bars) };
    let parts = sweep.parts(&scenario, sweep.wants_sensitivity(&scenario))?;
    let result = run::run(&scenario, parts, workers, sweep.command())?;
    console::print(&(crate::report::terminal(&result) + "\n"));
    files::write(&options.out, &result)?;
    console::note(&format!("wrote {}/", options.out.display()));
    verdict::of_sweep(&result, "sweep", None)
}

/// A part with its path, given as its folder or as the document itself.
fn read(path: &Path) -> Result<(String, Part), Failure> {
    let file: PathBuf = if path.is_dir() { path.join(PART) } else { path.to_owned() };
    let name = file.display().to_string();
    let text = fs::read_to_string(&file).map_err(|why| Failure::input(format!("{name}: cannot be read: {why}")))?;
    let part: Part = serde_json::from_str(&text)
        .map_err(|why| Failure::input(format!("{name}: is no part of a sweep, or was cut off: {why}")))?;
    if part.is_of_this_kind() {
        Ok((name, part))
    } else {
        Err(Failure::input(format!("{name}: a part of another kind, {:?}", part.schema)))
    }
}

/// The arguments of a sweep without its name, its command, and what makes it a part.
fn what_is_swept(arguments: &[OsString]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut arguments = arguments.iter().skip(2).map(|argument| argument.to_string_lossy().into_owned());
    while let Some(argument) = arguments.next() {
        // A value after a space is an argument of its own and goes with its option. One after `=` is part of the
        // option.
        if OF_A_PART.contains(&argument.as_str()) {
            arguments.next();
        } else if !OF_A_PART.iter().any(|option| argument.starts_with(&format!("{option}="))) {
            kept.push(argument);
        }
    }
    kept
}

fn swept(part: &Part) -> Option<SweepOptions> {
    let arguments = ["sim", "sweep"].into_iter().map(str::to_owned).chain(part.arguments.iter().cloned());
    match Options::try_parse_from(arguments).ok()?.command {
        Command::Sweep(sweep) => Some(sweep),
        _ => None,
    }
}

/// The version, and a hash of the digests of the named scenarios: where a run would go differently, they differ.
fn this_program() -> String {
    let mut hasher = SipHasher13::new();
    hasher.write(include_bytes!("../../fingerprints.json"));
    format!("{} {:016x}", env!("CARGO_PKG_VERSION"), hasher.finish())
}
