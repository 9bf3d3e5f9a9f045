//! `just bench`: what the server delivers, what it, the Hub and the simulation cost; on this machine, as medians, with
//! peers measured in the same run where they are installed.
//!
//! `just bench simulation server` runs some of the parts: deliveries, fanout, memory, server, policies, simulation, alpha;
//! and endurance, which takes five minutes and is run only by name.

mod deliveries;
mod fanout;
mod memory;
mod peers;
mod policies;
mod process;
mod readers;
mod replay;
mod server;
mod simulation;

use std::time::Duration;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    // cargo adds one of its own.
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.split_first() {
        Some((child, arguments)) if child == server::CHILD => return server::child(arguments),
        Some((child, arguments)) if child == readers::CHILD => return readers::child(arguments),
        _ => {}
    }
    const PARTS: [&str; 8] =
        ["deliveries", "fanout", "memory", "endurance", "server", "policies", "simulation", "alpha"];
    let is_part = |argument: &&String| PARTS.contains(&argument.as_str()) || argument.parse::<u64>().is_ok();
    if let Some(other) = arguments.iter().find(|argument| !is_part(argument)) {
        say(&format!("bench: {other}: no part: must be {}", PARTS.join(", ")));
        std::process::exit(2);
    }
    let is_wanted = |part: &str| arguments.is_empty() || arguments.iter().any(|argument| argument == part);
    if is_wanted("deliveries") {
        deliveries::sequential();
        deliveries::burst();
    }
    if is_wanted("fanout") {
        fanout::bench();
    }
    if is_wanted("memory") {
        memory::idle();
    }
    // Five minutes, so only if it is asked for by name.
    if let Some(place) = arguments.iter().position(|argument| argument == "endurance") {
        memory::endurance(arguments.get(place + 1).and_then(|seconds| seconds.parse().ok()).unwrap_or(300));
    }
    if is_wanted("server") {
        server::bench();
    }
    if is_wanted("policies") {
        policies::pushes();
        replay::replay();
    }
    if is_wanted("simulation") {
        simulation::speed();
    }
    if is_wanted("alpha") {
        simulation::alpha();
    }
    peers::clean_up();
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
