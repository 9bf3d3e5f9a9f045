//! Scenarios: a workload as a person means it, read from TOML and checked as a whole.
//!
//! A [`Scenario`] that exists is valid: files, built-in names, options of the command line and the changes of the
//! sensitivity all pass the same check. This room draws nothing; `plan` does, from what is said here.

mod builtin;
mod check;
mod class;
mod distrust;
mod error;
mod fault;
mod idle;
mod key;
mod keys;
mod limits;
mod lines;
mod load;
mod meaning;
mod needs;
mod number;
mod objective;
mod overrides;
mod page;
mod path;
mod population;
mod reads;
mod recording;
mod review;
mod schema;
mod settings;
mod shape;
mod template;
mod trace;
mod warning;
mod watched;

use std::fs::File;
use std::hash::Hasher;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use siphasher::sip::SipHasher13;

use crate::tcp::Recording;

pub use class::Class;
pub use error::ScenarioError;
pub use fault::FaultSettings;
pub use limits::{
    MAX_BUFFER, MAX_HISTORY, MAX_HISTORY_BYTES, MAX_OBJECTIVE_BYTES, MAX_READ_BYTES_PER_SECOND, MAX_SEEDS,
    MAX_SPEED_UP, MAX_SUBSCRIBERS, MAX_TABLES, MAX_WINDOW_BYTES,
};
pub use load::{FRAME_OVERHEAD_BYTES, busiest, cycle_nanos, sped_up_nanos};
pub use meaning::Drain;
pub use objective::{ClassObjective, ObjectiveSettings};
pub use overrides::{Change, Overrides};
pub use page::page;
pub use path::{Line, NetworkPath, OutageSettings, Packets, PathSettings, Preset};
pub use reads::{Reads, RoundTrip};
pub use schema::schema;
pub use settings::{Arrivals, CpuPrices, DEFAULT_CURRENT_BUFFER, Payload, RecoverySettings, ServerSection, Settings};
pub use template::template;
pub use trace::{Trace, TraceError, TraceEvent};
pub use warning::Warning;

/// Largest scenario file: hundreds of classes have room in a megabyte.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// A workload: what arrives, who watches, and how it is to be tried.
#[derive(Debug, Clone)]
pub struct Scenario {
    source: String,
    /// As the file has it, with what options have changed.
    given: Settings,
    /// The given ones with what their policy needs.
    settings: Settings,
    // Shared, since each changed scenario keeps the trace, and that may be large.
    trace: Option<Arc<Trace>>,
    duration: Duration,
    /// Whether a trace of the command line took the place of the file's duration.
    trace_replaces_duration: bool,
    /// A hash of settings and trace.
    fingerprint: u64,
}

impl Scenario {
    /// A built-in scenario by its name, or a file by a path that ends in `.toml` or has a `/`.
    ///
    /// # Errors
    ///
    /// An unknown name, and whatever [`Scenario::load`] refuses.
    pub fn named(name: &str) -> Result<Self, ScenarioError> {
        if name.contains('/') || name.ends_with(".toml") {
            return Self::load(Path::new(name));
        }
        let Some(text) = builtin::scenario(name) else {
            let known = builtin::names().collect::<Vec<_>>().join(", ");
            return Err(ScenarioError::UnknownName { name: name.to_owned(), known });
        };
        Self::parse(name, text)
    }

    /// The names of the built-in scenarios, in the order in which they are best read.
    pub fn built_in_names() -> impl Iterator<Item = &'static str> {
        builtin::names()
    }

    /// Reads a scenario's file, and its trace from beside it.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or is not TOML, a field that is unknown or out of range, a trace that is refused.
    pub fn load(path: &Path) -> Result<Self, ScenarioError> {
        let file = path.display().to_string();
        let text = read_text(path).map_err(|cause| ScenarioError::Unreadable { file: file.clone(), cause })?;
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        Self::from_text(&file, &text, &TraceFolder::OnDisk(folder))
    }

    /// Reads a scenario from text; `name` is what errors call it. A trace is looked for among the built-in ones.
    ///
    /// # Errors
    ///
    /// As [`Scenario::load`].
    pub fn parse(name: &str, text: &str) -> Result<Self, ScenarioError> {
        Self::from_text(name, text, &TraceFolder::BuiltIn)
    }

    fn from_text(file: &str, text: &str, folder: &TraceFolder) -> Result<Self, ScenarioError> {
        // Before the file is read into settings: that stops at the first fault and knows less of its place.
        if let Some(first) = shape::problems(file, text).into_iter().next() {
            return Err(first);
        }
        let (settings, trace) = Self::read(file, text, folder)?;
        Self::checked(file.to_owned(), settings, trace)
    }

    /// What the file says, not yet checked.
    fn read(file: &str, text: &str, folder: &TraceFolder) -> Result<Parts, ScenarioError> {
        let mut settings: Settings = toml::from_str(text).map_err(|error| error::syntax(file, text, &error))?;
        // Here and not by a default of the field, which would not know the name.
        if settings.question.is_empty() {
            settings.question = format!("What buffer does {} need?", settings.name);
        }
        // Here as well: a table that is given beside several is refused, and the default would look like one.
        if settings.shares.is_empty() {
            settings.table.get_or_insert_with(|| settings::DEFAULT_TABLE.to_owned());
        }
        let trace = match &settings.arrivals {
            Arrivals::Trace { file: trace, .. } => Some(Arc::new(folder.trace(file, trace)?)),
            Arrivals::Constant { .. }
            | Arrivals::Poisson { .. }
            | Arrivals::Bursts { .. }
            | Arrivals::BacklogFlush { .. } => None,
        };
        folder.record(file, &mut settings)?;
        Ok((settings, trace))
    }

    /// The one way in: every scenario, changed ones too, passes here.
    fn checked(source: String, given: Settings, trace: Option<Arc<Trace>>) -> Result<Self, ScenarioError> {
        Self::completed(source.clone(), given, trace).map_err(|wrong| first_of(wrong, &source))
    }

    /// The scenario with what its policy needs, or all that is wrong: at least one thing.
    fn completed(source: String, given: Settings, trace: Option<Arc<Trace>>) -> Result<Self, Vec<error::Wrong>> {
        // The given ones are kept beside them: under another policy, what this one needed must be off again.
        let settings = needs::met(given.clone());
        let duration = check::check(&settings, trace.as_deref())?;
        let fingerprint = fingerprint(&settings, trace.as_deref());
        Ok(Self { source, given, settings, trace, duration, trace_replaces_duration: false, fingerprint })
    }

    /// The name, as results have it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// The numbers of subscribers to try.
    #[must_use]
    pub fn subscribers(&self) -> &[usize] {
        &self.settings.subscribers
    }

    /// The buffers to try, in frames.
    #[must_use]
    pub fn buffers(&self) -> &[u64] {
        &self.settings.buffers
    }

    /// How many seeds each number of subscribers is run with: 0 and those that follow.
    #[must_use]
    pub fn seeds(&self) -> u64 {
        self.settings.seeds
    }

    /// What the file says, with defaults filled in and what the overflow policy needs switched on.
    #[doc(hidden)]
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How long events arrive: as set, or else one cycle of the sped-up trace.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.duration
    }

    /// A hash of everything that is set and of the trace, the same on every machine. Equal scenarios have equal ones.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// The trace that is replayed, if one is.
    #[must_use]
    pub fn trace(&self) -> Option<&Trace> {
        self.trace.as_deref()
    }
}

fn fingerprint(settings: &Settings, trace: Option<&Trace>) -> u64 {
    let mut hasher = SipHasher13::new();
    // The debug form has every field, and writes the shortest digits that read back as the same number.
    hasher.write(format!("{settings:?} {trace:?}").as_bytes());
    hasher.finish()
}

/// What a file says, and the trace that it names.
type Parts = (Settings, Option<Arc<Trace>>);

/// What is said of a scenario that is to be run; [`Scenario::review`] says all.
fn first_of(wrong: Vec<error::Wrong>, source: &str) -> ScenarioError {
    let first = wrong.into_iter().next().unwrap_or_else(|| unreachable!("a refusal has a reason"));
    first.in_file(source)
}

fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    // Read with a limit and not measured first: a device or a pipe has no length.
    File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(io::Error::other(format!("larger than the {MAX_FILE_BYTES} bytes that a scenario may have")));
    }
    Ok(text)
}

/// Where a scenario's `arrivals.file` is looked for.
enum TraceFolder {
    BuiltIn,
    OnDisk(PathBuf),
}

impl TraceFolder {
    fn trace(&self, scenario: &str, file: &str) -> Result<Trace, ScenarioError> {
        match self {
            Self::OnDisk(folder) => Ok(Trace::load(&folder.join(file))?),
            Self::BuiltIn => match builtin::trace(file) {
                Some(text) => Ok(Trace::read(file, text.as_bytes())?),
                None => Err(error::Wrong::new("arrivals.file", file, "no built-in trace").in_file(scenario)),
            },
        }
    }

    /// Reads the files of recorded lines.
    fn record(&self, scenario: &str, settings: &mut Settings) -> Result<(), ScenarioError> {
        for (index, class) in settings.classes.iter_mut().enumerate() {
            let Some(path) = &mut class.path else { continue };
            let read = path.recorded().map(|(key, file)| {
                let field = format!("class[{index}].path.{key}");
                file.map(|file| self.recording(file).map_err(|why| error::Wrong::new(field, file, why))).transpose()
            });
            let [down, up] = read;
            let in_file = |wrong: error::Wrong| wrong.in_file(scenario);
            path.recordings = path::Recordings { down: down.map_err(in_file)?, up: up.map_err(in_file)? };
        }
        Ok(())
    }

    fn recording(&self, file: &str) -> Result<Recording, String> {
        match self {
            Self::OnDisk(folder) => recording::load(&folder.join(file)),
            Self::BuiltIn => match builtin::trace(file) {
                Some(text) => recording::parse(text),
                None => Err("no built-in recorded link".to_owned()),
            },
        }
    }
}

#[cfg(test)]
mod tests;
