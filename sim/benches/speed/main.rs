//! `just bench`: what the simulation costs, what the server costs, and what the hub costs; on this machine, as medians.
//!
//! `cargo bench --package hubbub-sim -- simulation server` runs some of the parts.

mod policies;
mod server;
mod simulation;

use std::time::Duration;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if arguments.first().is_some_and(|argument| argument == server::CHILD) {
        return server::child();
    }
    let is_wanted = |part: &str| arguments.is_empty() || arguments.iter().any(|argument| argument == part);
    if is_wanted("server") {
        server::bench();
    }
    if is_wanted("policies") {
        policies::pushes();
        policies::replay();
    }
    if is_wanted("simulation") {
        simulation::speed();
    }
    if is_wanted("alpha") {
        simulation::alpha();
    }
}

/// A line of results.
fn say(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[expect(clippy::disallowed_methods, reason = "wall time is what is measured here")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begun = std::time::Instant::now();
    let result = work();
    (result, begun.elapsed())
}
