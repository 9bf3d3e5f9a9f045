//! `schema`: the JSON Schema of a file, for editors and for programs that read results.

use clap::Args;

use super::console;
use super::exit::{Exit, Failure};
use crate::scenario;
use crate::summary::document;

/// Which schema is printed.
#[derive(Debug, Args)]
pub(super) struct SchemaOptions {
    /// Which file
    #[arg(value_name = "FILE", value_enum)]
    of: SchemaOf,
}

/// Files that have a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum SchemaOf {
    /// A scenario's file, which is TOML: kept as schemas/scenario.json
    Scenario,
    /// The document of sweep, size and load: kept as schemas/sweep.json
    Sweep,
}

/// Prints it.
pub(super) fn schema(options: &SchemaOptions) -> Result<Exit, Failure> {
    console::print(&match options.of {
        SchemaOf::Scenario => scenario::schema(),
        SchemaOf::Sweep => document::schema(),
    });
    Ok(Exit::AsExpected)
}
