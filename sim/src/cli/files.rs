//! The files of a result: what they are, where they go, and how they get there whole.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::exit::Failure;
use super::interrupt::while_writing;
pub(super) use super::places::{ELSEWHERE, INCIDENTS, MEASURED, POLICIES, PUBLISHED};
use super::typed::typed;
use super::{places, whole};
use serde::de::DeserializeOwned;

use crate::figure::{self, Figure};
use crate::incident::Incident;
use crate::report;
use crate::summary::comparison::Fidelity;
use crate::summary::document::Sweep;
use crate::summary::herd::Herd;
use crate::summary::json;
use crate::summary::servers::Servers;
use crate::summary::stages::Stages;
use crate::theory::document::Verify;

/// The folder of a verification, among the published results and elsewhere.
pub(super) const THEORY: &str = "theory";

/// Its document.
pub(super) const VERIFIED: &str = "verify.json";

/// The folder of a comparison of both worlds, and its document.
pub(super) const WORLDS: &str = "fidelity";
pub(super) const COMPARED: &str = "fidelity.json";

/// Subfolder of the comparison of worlds: what the kernel's TCP did on each row of paths.
pub(super) const PATHS: &str = "paths";

/// The folder of a second stage's cost, and its document.
pub(super) const STAGES: &str = "stages";
pub(super) const STAGED: &str = "stages.json";

/// The folder of restarts with and without jitter, and its document.
pub(super) const HERD: &str = "herd";
pub(super) const OF_HERD: &str = "herd.json";

/// The folder of the designs that the example of that name compares, and its document.
pub(super) const DESIGNS: &str = "designs";
pub(super) const OF_SERVERS: &str = "servers.json";

/// Where load tests are, among the published results.
const LOADS: &str = "load";

/// A file's name and content.
pub(super) type File = (String, Vec<u8>);

/// All files of a result but `sweep.json`: pure functions of it and of its folder's path.
pub(super) fn drawn(folder: &Path, sweep: &Sweep) -> Vec<File> {
    with_figures(report::readme(sweep, &places::command(folder, sweep)), figure::draw(sweep))
}

/// All files of a verification.
pub(super) fn of_theory(verify: &Verify) -> Vec<File> {
    let mut files = drawn_of_theory(verify);
    files.push((VERIFIED.to_owned(), json::stable(verify).into_bytes()));
    files
}

fn drawn_of_theory(verify: &Verify) -> Vec<File> {
    with_figures(report::theory::readme(verify, &verify.command), vec![figure::theory::draw(verify)])
}

/// All files of a comparison.
pub(super) fn of_worlds(fidelity: &Fidelity) -> Vec<File> {
    let mut files = drawn_of_worlds(fidelity);
    files.push((COMPARED.to_owned(), json::stable(fidelity).into_bytes()));
    files
}

fn drawn_of_worlds(fidelity: &Fidelity) -> Vec<File> {
    let figures = [figure::worlds::draw(fidelity)].into_iter().chain(figure::paths::draw(fidelity)).collect();
    with_figures(report::worlds::readme(fidelity), figures)
}

/// The comparison that a folder has, if it has one.
pub(super) fn compared(folder: &Path) -> Result<Option<Fidelity>, Failure> {
    parsed(&folder.join(COMPARED))
}

/// All files of a second stage's cost.
pub(super) fn of_stages(stages: &Stages) -> Vec<File> {
    let mut files = drawn_of_stages(stages);
    files.push((STAGED.to_owned(), json::stable(stages).into_bytes()));
    files
}

fn drawn_of_stages(stages: &Stages) -> Vec<File> {
    with_figures(report::stages::readme(stages), Vec::new())
}

/// All files of restarts with and without jitter.
pub(super) fn of_herd(herd: &Herd) -> Vec<File> {
    let mut files = with_figures(report::herd::readme(herd), Vec::new());
    files.push((OF_HERD.to_owned(), json::stable(herd).into_bytes()));
    files
}

fn with_figures(readme: String, figures: Vec<Figure>) -> Vec<File> {
    let mut files = vec![("README.md".to_owned(), readme.into_bytes())];
    for figure in figures {
        files.push((format!("{}.svg", figure.name), figure.svg.into_bytes()));
        files.push((format!("{}.png", figure.name), figure.png));
    }
    files
}

/// Makes a folder and makes sure that it can be written to, before anything is computed.
pub(super) fn prepare(folder: &Path) -> Result<(), Failure> {
    let result = fs::create_dir_all(folder).and_then(|()| whole::probe(&folder.join(".probe")));
    result.map_err(|why| Failure::input(format!("--out: {}: cannot be written to: {why}", folder.display())))
}

/// Makes sure that a single file can be written, before anything is computed: one that is there only by force. A pipe
/// or a device is written to as it is.
pub(super) fn prepare_one(option: &str, file: &Path, is_forced: bool) -> Result<(), Failure> {
    let name = file.display();
    if file.is_dir() {
        return Err(Failure::input(format!("{option}: {name}: is a folder: name a file")));
    }
    if whole::is_pipe_or_device(file) {
        return Ok(());
    }
    // Not `exists`, which follows a link: a link that leads nowhere would be overwritten.
    if !is_forced && file.symlink_metadata().is_ok() {
        let way_out = "name another file, or replace it with --force";
        return Err(Failure::input(format!("{option}: {name}: is there already and stays as it is: {way_out}")));
    }
    whole::probe(&whole::place(file))
        .map_err(|why| Failure::input(format!("{option}: {name}: cannot be written to: {why}")))
}

/// Makes sure that the files of several options can be written, as `prepare_one` does, and that each is another one.
pub(super) fn prepare_each<'a>(
    files: impl IntoIterator<Item = (&'a str, Option<&'a Path>)>,
    is_forced: bool,
) -> Result<(), Failure> {
    let mut before: Vec<(&str, PathBuf)> = Vec::new();
    for (option, file) in files.into_iter().filter_map(|(option, file)| Some((option, file?))) {
        // Compared by place, since two options may write the path of one file in two ways.
        let place = whole::place(file);
        if let Some((other, _)) = before.iter().find(|(_, taken)| *taken == place) {
            return Err(Failure::input(format!("{option}: {}: is the file of {other} already", file.display())));
        }
        prepare_one(option, file, is_forced)?;
        before.push((option, place));
    }
    Ok(())
}

/// Reads an incident.
pub(super) fn incident(file: &Path) -> Result<Incident, Failure> {
    let wrong = |why: &dyn std::fmt::Display| Failure::input(format!("{}: {why}", file.display()));
    if file.is_dir() {
        return Err(wrong(&format!("is a folder: replay --all {} repeats every incident in it", typed(file))));
    }
    let text = fs::read_to_string(file).map_err(|why| wrong(&why))?;
    if file.extension().is_some_and(|kind| kind == "toml") {
        return Err(wrong(&format!("an incident is JSON; a scenario is run with replay --scenario {}", typed(file))));
    }
    Incident::parse(&text).map_err(|why| wrong(&why))
}

/// Writes a sweep's result.
pub(super) fn write(folder: &Path, sweep: &Sweep) -> Result<(), Failure> {
    let mut files = drawn(folder, sweep);
    files.push(("sweep.json".to_owned(), json::to_json(sweep).into_bytes()));
    write_all(folder, &files)
}

/// Writes a result: every file first beside its place, then all of them into place. Figures of an earlier result that
/// this one does not have are removed.
pub(super) fn write_all(folder: &Path, files: &[File]) -> Result<(), Failure> {
    let result = while_writing(|| -> io::Result<()> {
        whole::write(files.iter().map(|(name, content)| (folder.join(name), content.as_slice())))?;
        // Only now that all files are in place: a failure before this must leave the old result whole.
        for stale in figure_files(folder)? {
            if !files.iter().any(|(name, _)| folder.join(name) == stale) {
                fs::remove_file(stale)?;
            }
        }
        Ok(())
    });
    result.map_err(|why| Failure::input(format!("{}: {why}", folder.display())))
}

/// Figures in a folder.
pub(super) fn figure_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut figures = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|kind| kind == "svg" || kind == "png") {
            figures.push(path);
        }
    }
    // The system lists a folder in an arbitrary order, and messages about it must not change from run to run.
    figures.sort();
    Ok(figures)
}

/// Reads a published result.
pub(super) fn read(file: &Path) -> Result<(String, Sweep), Failure> {
    let text = fs::read_to_string(file).map_err(|why| Failure::input(format!("{}: {why}", file.display())))?;
    let sweep = json::from_json(&text).map_err(|why| Failure::input(format!("{}: {why}", file.display())))?;
    Ok((text, sweep))
}

/// Writes one text file whole or not at all.
pub(super) fn write_one(file: &Path, content: &str) -> Result<(), Failure> {
    write_bytes(file, content.as_bytes())
}

/// Writes one file whole or not at all; to a pipe or a device, as it is.
pub(super) fn write_bytes(file: &Path, content: &[u8]) -> Result<(), Failure> {
    let result = if whole::is_pipe_or_device(file) {
        whole::write_to(file, content)
    } else {
        while_writing(|| whole::write([(whole::place(file), content)]))
    };
    result.map_err(|why| Failure::input(format!("{}: {why}", file.display())))
}

/// All results published in a folder, by name, each with its own folder.
fn published(folder: &Path) -> Result<Vec<(PathBuf, Sweep)>, Failure> {
    let mut folders: Vec<_> = match fs::read_dir(folder) {
        Ok(entries) => entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect(),
        Err(why) => {
            let folder = folder.display();
            return Err(Failure::input(format!("{folder}: {why}: run this at the project's root")));
        }
    };
    // By name: the system lists a folder in no order, and a page takes a part from the first document that has it.
    folders.sort();
    // Folders of other evidence stand beside them and have documents of another kind.
    folders.retain(|folder| folder.join("sweep.json").exists());
    folders.into_iter().map(|folder| Ok((folder.clone(), read(&folder.join("sweep.json"))?.1))).collect()
}

/// Every sweep, comparison of policies and load test that is published, with its folder.
pub(super) fn published_sweeps() -> Result<Vec<(PathBuf, Sweep)>, Failure> {
    let mut sweeps = published(Path::new(PUBLISHED))?;
    for folder in [LOADS, POLICIES].map(|name| Path::new(PUBLISHED).join(name)) {
        if folder.exists() {
            sweeps.extend(published(&folder)?);
        }
    }
    Ok(sweeps)
}

/// Every published folder, with the files that its document gives: all but the document.
pub(super) fn published_folders() -> Result<Vec<(PathBuf, Vec<File>)>, Failure> {
    let sweeps = published_sweeps()?;
    let mut folders: Vec<_> = sweeps
        .into_iter()
        .map(|(folder, sweep)| {
            let files = drawn(&folder, &sweep);
            (folder, files)
        })
        .collect();
    let named = |name: &str| Path::new(PUBLISHED).join(name);
    folders.extend(document(THEORY, VERIFIED)?.map(|verify| (named(THEORY), drawn_of_theory(&verify))));
    folders.extend(document(WORLDS, COMPARED)?.map(|fidelity| (named(WORLDS), drawn_of_worlds(&fidelity))));
    folders.extend(document(STAGES, STAGED)?.map(|stages| (named(STAGES), drawn_of_stages(&stages))));
    let of_herd = |herd: Herd| (named(HERD), with_figures(report::herd::readme(&herd), Vec::new()));
    folders.extend(document(HERD, OF_HERD)?.map(of_herd));
    let of_designs = |designs: Servers| {
        (named(DESIGNS), with_figures(report::servers::readme(&designs), vec![figure::servers::draw(&designs)]))
    };
    folders.extend(document(DESIGNS, OF_SERVERS)?.map(of_designs));
    Ok(folders)
}

/// A published document, if there is one.
pub(super) fn document<T: DeserializeOwned>(folder: &str, name: &str) -> Result<Option<T>, Failure> {
    parsed(&Path::new(PUBLISHED).join(folder).join(name))
}

/// A document, if there is one.
fn parsed<T: DeserializeOwned>(file: &Path) -> Result<Option<T>, Failure> {
    if !file.exists() {
        return Ok(None);
    }
    let wrong = |why: &dyn std::fmt::Display| Failure::input(format!("{}: {why}", file.display()));
    let text = fs::read_to_string(file).map_err(|why| wrong(&why))?;
    serde_json::from_str(&text).map(Some).map_err(|why| wrong(&why))
}
