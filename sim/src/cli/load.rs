//! `load`: a scenario over real TCP, and the server's process that it begins for a run.

use std::path::PathBuf;

use super::exit::{Exit, Failure};
use super::options::{LoadPaths, RealOptions};
use super::run::{show, warn};
use super::{console, files, interrupt, progress, verdict};
use crate::load::{self, LoadTarget, Loaded};
use crate::real::RealError;
use crate::report::html;
use crate::summary::json;
use crate::{emulated, real};

/// Measures, and leaves what it could measure.
pub(super) fn run(options: &RealOptions) -> Result<Exit, Failure> {
    let scenario = options.scenario()?;
    warn(&scenario);
    let most = scenario.settings().subscribers.iter().copied().max().unwrap_or(0);
    real::need_files(most)?;
    let mut target = match options.routes()? {
        Some([stream, ingest]) => LoadTarget::Other { stream, format: options.dialect(), ingest },
        None if options.paths == Some(LoadPaths::Emulated) => LoadTarget::Emulated,
        None => LoadTarget::Own,
    };
    if matches!(target, LoadTarget::Other { .. }) && scenario.settings().asks_for_tables() {
        return Err(Failure::Input(format!("scenario {}: {}", scenario.name(), RealError::Tables)));
    }
    options.junit.prepare(&options.json, &options.report, load::objective(&scenario, &target).is_some())?;
    // Before any run: a wrong URL, or a machine without namespaces, would otherwise show only after a whole one.
    match &mut target {
        LoadTarget::Other { stream, format, .. } => {
            // Clients then connect to the place behind all redirections.
            *stream = real::check_stream(stream, *format, options.head_timeout()?)?;
            if stream.redirects() > 0 {
                console::note(&format!("the stream is at {}", stream.url()));
            }
        }
        LoadTarget::Emulated => emulated::check()?,
        LoadTarget::Own => {}
    }
    let is_to_stdout = options.json.is_to_stdout();
    let parent = options.out.clone().or_else(|| (!is_to_stdout).then(|| PathBuf::from(files::MEASURED)));
    let folder = parent.map(|parent| parent.join(&scenario.settings().name));
    if let Some(folder) = &folder {
        files::prepare(folder)?;
    }
    interrupt::catch();
    let Loaded { mut sweep, ended_by } =
        load::load(&scenario, &target, &progress::Bars::new(), &|| !interrupt::was_caught());
    sweep.command = options.command();
    // Read back from its own text: what is shown has the rounded numbers that the file has.
    let sweep = json::from_json(&json::to_json(&sweep)).unwrap_or(sweep);
    // An older whole result is worth more than a new one without a single cell.
    if ended_by.is_none() || !sweep.cells.is_empty() {
        show(&sweep, &options.json)?;
        verdict::write(options.report.file(), || html::of_sweep(&sweep))?;
        if let Some(folder) = folder {
            files::write(&folder, &sweep)?;
            console::note(&format!("wrote {}/", folder.display()));
        }
    }
    let exit = verdict::of_sweep(&sweep, "load", options.junit.file())?;
    ended_by.map_or(Ok(exit), |why| Err(why.into()))
}

/// The process of emulated paths and the runs over them.
pub(super) fn emulate() -> Result<Exit, Failure> {
    // Ctrl-C is for the process that gave the order.
    let made = || {
        interrupt::install();
        interrupt::catch();
    };
    let orders = std::io::BufReader::new(std::io::stdin());
    let answers = std::io::stdout().lock();
    emulated::serve_runs(orders, answers, made).map(|()| Exit::AsExpected).map_err(Failure::Input)
}

/// The other process of a run.
pub(super) fn serve() -> Result<Exit, Failure> {
    // A terminal's Ctrl-C is for the process that gave the orders, which ends this one.
    interrupt::catch();
    let (orders, answers) = (std::io::stdin().lock(), std::io::stdout().lock());
    real::serve_child(orders, answers).map(|()| Exit::AsExpected).map_err(Failure::Input)
}
