//! The command line: options in, exit code out. Only this room and `main` print.

mod capacity;
mod check;
mod cluster;
mod console;
mod determinism;
mod evidence;
mod exit;
mod explain;
mod fidelity;
mod files;
mod herd;
mod history;
mod import;
mod interrupt;
mod load;
mod meter;
mod new;
mod number;
mod options;
mod pages;
mod places;
mod probe;
mod progress;
mod published;
mod record;
mod recording;
mod replay;
mod run;
mod schema;
mod shards;
mod shrink;
mod soak;
mod stages;
mod threads;
mod told;
mod typed;
mod verdict;
mod verify;
mod whole;

use std::ffi::OsString;

use clap::Parser;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::client::redacted_urls_in;
pub use exit::Exit;
use options::{Command, Options};

/// Runs the program with these arguments, the first being its name.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let arguments = number::joined(arguments);
    let options = match Options::try_parse_from(&arguments) {
        Ok(options) => options,
        Err(error) => return usage(&error, &arguments),
    };
    // Before the handler, which has a thread of its own.
    if matches!(options.command, Command::EmulateRuns) {
        return ended(load::emulate());
    }
    // After the options: help and mistakes end at once, and need no handler.
    interrupt::install();
    let result = match options.command {
        Command::Sweep(sweep) if sweep.check => check::check(&sweep),
        Command::Sweep(sweep) => match sweep.shard {
            Some(shard) => shards::part(&sweep, shard, &arguments),
            None => run::sweep(&sweep),
        },
        Command::Merge(options) => shards::merge(&options),
        Command::Size(size) if size.history.history => history::size(&size),
        Command::Size(size) => run::size(&size),
        Command::Capacity(options) => capacity::run(&options),
        Command::Load(options) => load::run(&options),
        Command::Record(options) => record::run(&options),
        Command::Probe(options) => probe::run(&options),
        Command::ServeARun => load::serve(),
        Command::EmulateRuns => load::emulate(),
        Command::Replay(options) => match &options.all {
            Some(folder) => replay::replay_all(folder),
            None => replay::replay(&options),
        },
        Command::New(options) => new::new(&options),
        Command::Check(options) => explain::explain(&options),
        Command::Import(options) => import::import(&options),
        Command::Determinism(options) => determinism::determinism(&options),
        Command::Shrink(options) => shrink::run(&options),
        Command::Soak(options) => soak::run(&options),
        Command::Cluster(options) => cluster::run(&options),
        Command::Verify(options) => verify::verify(&options),
        Command::Fidelity(options) => fidelity::run(&options),
        Command::Stages(options) => stages::run(&options),
        Command::Herd(options) => herd::run(&options),
        Command::Schema(options) => schema::schema(&options),
        Command::Docs(docs) => published::docs(&docs),
    };
    ended(result)
}

fn ended(result: Result<Exit, exit::Failure>) -> Exit {
    result.unwrap_or_else(|failure| {
        console::complain(&failure.to_string());
        failure.exit()
    })
}

/// Help is printed as it is; of an error, the line that says what is wrong.
fn usage(error: &clap::Error, arguments: &[OsString]) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => console::print(&error.to_string()),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            console::complain_as_it_is(&error.to_string());
            return Exit::BadInput;
        }
        // What it quotes may be a value of a header field that the shell has split.
        ErrorKind::UnknownArgument if has_header(arguments) && !is_option(error) => {
            console::complain(
                "unexpected argument, which is not shown because it may be of --header: put a header field in quotes, as \
                 --header 'Name: value'",
            );
            return Exit::BadInput;
        }
        _ => {
            // It quotes what was typed, and a misplaced URL may have a token in it.
            let text = redacted_urls_in(&error.to_string());
            // clap writes a page with usage and hints. This program promises one line for each error.
            let mut paragraphs = text.split("\n\n").map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
            let what = paragraphs.next().unwrap_or_default();
            let tip = paragraphs.find(|part| part.starts_with("tip:")).map(|tip| format!(" ({tip})"));
            let what = number::in_words(what.trim_start_matches("error: "));
            console::complain(&format!("{what}{}", tip.unwrap_or_default()));
            return Exit::BadInput;
        }
    }
    Exit::AsExpected
}

fn has_header(arguments: &[OsString]) -> bool {
    let is_header = |text: &str| text == "--header" || text.starts_with("--header=");
    arguments.iter().filter_map(|argument| argument.to_str()).any(is_header)
}

/// Whether the argument that clap does not know has the form of a long option, which no token has.
fn is_option(error: &clap::Error) -> bool {
    let Some(ContextValue::String(argument)) = error.get(ContextKind::InvalidArg) else { return false };
    let name = argument.strip_prefix("--");
    name.is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'))
}
