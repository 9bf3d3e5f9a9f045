//! The command line: parts to run, the length of the endurance run, a file for the results.

use std::path::{Path, PathBuf};

const PARTS: [&str; 10] =
    ["deliveries", "fanout", "memory", "endurance", "server", "policies", "simulation", "paths", "foreign", "alpha"];

/// What the command line asks for.
#[derive(Default)]
pub(crate) struct Options {
    parts: Vec<&'static str>,
    pub(crate) endurance_seconds: Option<u64>,
    pub(crate) json: Option<PathBuf>,
}

impl Options {
    /// Reads the arguments.
    ///
    /// # Errors
    /// One line that says what is wrong and what is allowed.
    pub(crate) fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut options = Self::default();
        let mut arguments = arguments.iter().peekable();
        while let Some(argument) = arguments.next() {
            if argument == "--json" {
                let file = arguments.next().filter(|file| !file.is_empty() && !file.starts_with('-'));
                let file = file.ok_or("--json: the name of a new file must follow")?;
                if options.json.replace(new_file(file)?).is_some() {
                    return Err("--json: may be given once".to_owned());
                }
                continue;
            }
            let part = PARTS.into_iter().find(|part| part == argument);
            options.parts.push(part.ok_or_else(|| format!("{argument}: no part: must be {}", PARTS.join(", ")))?);
            if part == Some("endurance")
                && let Some(seconds) = arguments.peek().and_then(|seconds| seconds.parse().ok())
            {
                options.endurance_seconds = Some(seconds);
                arguments.next();
            }
        }
        Ok(options)
    }

    /// Whether a part is to run. Endurance takes five minutes, so it runs only by name.
    pub(crate) fn wants(&self, part: &str) -> bool {
        self.parts.contains(&part) || self.parts.is_empty() && part != "endurance"
    }
}

/// A relative path begins at the repository's root: cargo runs benches in the package's folder.
fn new_file(file: &str) -> Result<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    let path = root.join(file);
    if path.symlink_metadata().is_ok() {
        return Err(format!("--json: {}: exists already: the file must be new", path.display()));
    }
    if !path.parent().is_some_and(Path::is_dir) {
        return Err(format!("--json: {}: its folder must exist", path.display()));
    }
    Ok(path)
}
