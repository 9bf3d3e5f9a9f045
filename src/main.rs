//! The `hubbub` command.

fn main() {}
