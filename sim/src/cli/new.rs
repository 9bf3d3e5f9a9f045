//! `new`: a scenario's file to start from.

use std::path::PathBuf;

use super::exit::{Exit, Failure};
use super::options::NewOptions;
use super::{console, files};
use crate::scenario::{Scenario, template};

/// Writes it, unless something is there.
pub(super) fn new(options: &NewOptions) -> Result<Exit, Failure> {
    let name = &options.name;
    let text = template(name);
    // The file passes the check of every scenario, so only its name can be wrong.
    Scenario::parse("new", &text)
        .map_err(|_| Failure::input(format!("NAME = {name:?}: must be 1 to 64 of a-z, 0-9 and -")))?;
    let file = options.out.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.toml")));
    files::prepare_one("--out", &file, options.force)?;
    files::write_one(&file, &text)?;
    let file = file.display();
    console::note(&format!("wrote {file}; sim check {file} says what it means"));
    Ok(Exit::AsExpected)
}
