//! `just bench`: what the server delivers, what it, the Hub and the simulation cost; on this machine, as medians, with
//! peers measured in the same run where they are installed.
//!
//! `just bench simulation server` runs some of the parts: deliveries, fanout, memory, server, policies, simulation, paths,
//! foreign, alpha; and endurance, which takes five minutes and is run only by name.
//!
//! `just bench --json FILE` also writes all results to a new file when all parts are done. A relative FILE begins at the
//! repository's root. The file holds an array of objects with these fields:
//!
//! - `part`: the part's name.
//! - `row`: what is measured, unique within the part.
//! - `value` and `unit`: the result, not rounded.
//! - `beside`: what the result is compared with, or null.
//! - `ratio`: the result divided by that, with two decimals as printed, or null.

mod deliveries;
mod fanout;
mod foreign;
mod memory;
mod options;
mod paths;
mod peers;
mod policies;
mod process;
mod readers;
mod replay;
mod rows;
mod server;
mod simulation;

use std::time::Duration;

use crate::options::Options;
use crate::rows::Rows;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs a part and adds what it measures.
type Bench = fn(&mut Rows, &Options);

fn main() {
    // cargo adds one of its own.
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.split_first() {
        Some((child, arguments)) if child == server::CHILD => return server::child(arguments),
        Some((child, arguments)) if child == readers::CHILD => return readers::child(arguments),
        _ => {}
    }
    let options = Options::parse(&arguments).unwrap_or_else(|why| refuse(&why));
    let mut rows = Rows::default();
    let benches: [(&str, Bench); 10] = [
        ("deliveries", |rows, _| {
            deliveries::sequential(rows);
            deliveries::burst(rows);
            deliveries::steady(rows);
        }),
        ("fanout", |rows, _| fanout::bench(rows)),
        ("memory", |rows, _| memory::idle(rows)),
        ("endurance", |rows, options| memory::endurance(rows, options.endurance_seconds.unwrap_or(300))),
        ("server", |rows, _| server::bench(rows)),
        ("policies", |rows, _| {
            policies::pushes(rows);
            replay::replay(rows);
        }),
        ("simulation", |rows, _| simulation::speed(rows)),
        ("paths", |rows, _| paths::cost(rows)),
        ("foreign", |rows, _| foreign::speed(rows)),
        ("alpha", |rows, _| simulation::alpha(rows)),
    ];
    for (part, bench) in benches.into_iter().filter(|(part, _)| options.wants(part)) {
        rows.begin(part);
        bench(&mut rows, &options);
    }
    peers::clean_up();
    if let Some(file) = &options.json
        && let Err(why) = rows.write(file)
    {
        refuse(&format!("--json: {}: {why}", file.display()));
    }
}

/// Says in one line what is wrong, and ends.
fn refuse(why: &str) -> ! {
    use std::io::Write;
    let _ = writeln!(std::io::stderr().lock(), "bench: {why}");
    std::process::exit(2);
}

/// Prints a line.
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
