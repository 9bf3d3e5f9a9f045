//! The program as a user has it: options, files, exit codes, one clear line for what is wrong.

mod bad_input;
mod capacity;
mod history;
mod incidents;
mod policies;
mod results;
mod scenarios;
mod sweep;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

/// A folder of this test's own, empty.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("small.toml"), include_str!("../../../model/src/scenario/small.toml")).unwrap();
    folder
}

pub(crate) fn sim(folder: &PathBuf, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sim")).args(arguments).current_dir(folder).output().unwrap()
}

pub(crate) fn refused(folder: &PathBuf, arguments: &[&str]) -> String {
    let output = sim(folder, arguments);
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {complaint}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    assert_eq!(complaint.lines().filter(|line| !line.contains("warning:")).count(), 1, "{arguments:?}: {complaint}");
    complaint
}

/// The name of every command, in the order of the help.
pub(crate) fn all_commands() -> Vec<String> {
    // Several tests ask at the same time, so none of them may make the folder anew.
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let help = String::from_utf8(sim(&folder, &["--help"]).stdout).unwrap();
    let (_, list) = help.split_once("Commands:\n").unwrap();
    // A description that takes more than one line continues far to the right.
    let lines = list.lines().take_while(|line| !line.is_empty()).filter(|line| !line.starts_with("   "));
    let names = lines.map(|line| line.split_whitespace().next().unwrap().to_owned());
    let names: Vec<_> = names.filter(|name| name != "help").collect();
    assert!(names.len() > 10, "{help}");
    names
}
