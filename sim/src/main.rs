//! The `sim` command.

use std::process::ExitCode;

/// A third of a simulation's time went into the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    hubbub_sim::command(std::env::args_os())
}
