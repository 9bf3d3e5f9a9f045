//! A scenario read for its author: everything that is wrong with it at once, each with its line.

use std::path::Path;

use super::error::ScenarioError;
use super::lines::line_of;
use super::{Scenario, TraceFolder, builtin, read_text, shape};

impl Scenario {
    /// A built-in scenario by its name, or a file, with all that is wrong: at least one error.
    ///
    /// # Errors
    ///
    /// Everything that [`Scenario::named`] would refuse one after the other. Text that is not TOML is told alone. Unknown
    /// keys, missing keys and values of another type are told together, and nothing else is: the rest is not known then.
    pub fn review(name: &str) -> Result<Self, Vec<ScenarioError>> {
        // No path is mistaken for a built-in name: a path has a slash or ends in `.toml`.
        if let Some(text) = builtin::scenario(name) {
            return Self::reviewed(name, text, &TraceFolder::BuiltIn);
        }
        let path = Path::new(name);
        if !name.contains('/') && !name.ends_with(".toml") {
            return Self::named(name).map_err(|why| vec![why]);
        }
        let text = read_text(path)
            .map_err(|cause| vec![ScenarioError::Unreadable { file: path.display().to_string(), cause }])?;
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        Self::reviewed(name, &text, &TraceFolder::OnDisk(folder))
    }

    fn reviewed(file: &str, text: &str, folder: &TraceFolder) -> Result<Self, Vec<ScenarioError>> {
        // Shape first: with an unknown or missing key there are no settings whose values could be checked.
        let problems = shape::problems(file, text);
        if !problems.is_empty() {
            return Err(problems);
        }
        let (settings, trace) = Self::read(file, text, folder).map_err(|why| vec![why])?;
        match Self::completed(file.to_owned(), settings, trace) {
            Ok(scenario) => Ok(scenario),
            Err(found) => {
                let place = |field: &str| format!("{file}:{}", line_of(text, field));
                Err(found
                    .into_iter()
                    .map(|wrong| {
                        let place = place(&wrong.field);
                        wrong.in_file(&place)
                    })
                    .collect())
            }
        }
    }
}
