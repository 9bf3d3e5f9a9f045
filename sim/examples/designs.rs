//! Designs of a server under the same luck: one shared ring, a mailbox for each client, and hubbub's gated mailboxes under
//! its policies. It makes a figure for each of three named scenarios, and one table.
//!
//! `cargo run --release -p hubbub-sim --example designs -- --out plots/designs`, and `--check` compares a new run with the
//! files that are there.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use hubbub::Overflow;
use hubbub_sim::internals::figure;
use hubbub_sim::internals::summary::document::{ALL_POLICIES, Sweep};
use hubbub_sim::{Dialect, Overrides, Running, Scenario, Server, Start, Testbed, TestbedError};
use tokio::sync::broadcast;

#[path = "broadcast.rs"]
mod ring;

#[path = "gated.rs"]
mod gated;
#[path = "mailbox.rs"]
mod mailbox;

/// A handle to a payload that is shared, in bytes.
const HANDLE_BYTES: u64 = size_of::<Arc<str>>() as u64;

/// Sizes of the last events, for a server that knows how many of them it still holds.
#[derive(Clone, Default)]
struct LastEvents(Arc<Mutex<VecDeque<u64>>>);

impl LastEvents {
    fn published(&self, bytes: usize, most: usize) {
        let mut sizes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sizes.push_front(bytes as u64);
        sizes.truncate(most);
    }

    fn bytes(&self, events: usize) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().take(events).sum()
    }
}

/// The ring of the example `broadcast`, with a handle to publish by, which says how much it holds.
struct Ring;

impl Server for Ring {
    fn start(&self, start: &Start) -> Running {
        let events: broadcast::Sender<Arc<str>> = broadcast::channel(start.frames()).0;
        let (publish, last, most) = (events.clone(), LastEvents::default(), start.frames());
        let held = (events.clone(), last.clone());
        Running::serving(ring::routes(events))
            .publishing(move |event| {
                last.published(event.len(), most);
                drop(publish.send(String::from_utf8_lossy(&event).into()));
            })
            .holding(move || held.1.bytes(held.0.len()))
    }

    fn dialect(&self) -> Dialect {
        Dialect::sse("/watch")
    }

    fn effective_frames(&self, frames: usize) -> usize {
        frames.next_power_of_two()
    }
}

/// The mailboxes of the example `mailbox`, which say how much they hold: payloads are shared, so the longest queue has all.
struct Mailboxes;

impl Server for Mailboxes {
    fn start(&self, start: &Start) -> Running {
        let clients = mailbox::Clients::new(start.frames());
        let (publish, last, most) = (clients.clone(), LastEvents::default(), start.frames());
        let held = (clients.clone(), last.clone());
        Running::serving(mailbox::routes(clients))
            .publishing(move |event| {
                last.published(event.len(), most);
                publish.publish(&String::from_utf8_lossy(&event).into());
            })
            .holding(move || held.1.bytes(held.0.waiting()))
    }

    fn dialect(&self) -> Dialect {
        Dialect::sse("/watch")
    }
}

/// A design by its name, with the bytes that K slots cost one of N subscribers.
type Design = (Testbed, fn(u64, u64) -> u64);

fn designs() -> [Design; 4] {
    let gated = |policy| Testbed::new(format!("gated, {policy}"), gated::Gated(policy));
    [
        (Testbed::new("shared ring", Ring), |frames, subscribers| frames * HANDLE_BYTES / subscribers.max(1)),
        (Testbed::new("mpsc, try_send", Mailboxes), |frames, _| frames * HANDLE_BYTES),
        (gated(Overflow::DropNewest), |frames, _| frames * 8),
        (gated(Overflow::DropOldest), |frames, _| frames * 8),
    ]
}

/// The scenarios, without a model of the CPU: subscribers are then independent of each other.
fn scenarios() -> Result<Vec<Scenario>, TestbedError> {
    let alpha = include_str!("../scenarios/alpha.toml");
    let (before, cpu) = alpha.split_once("[server.cpu]").unwrap_or((alpha, ""));
    let after = cpu.split_once("[arrivals]").map_or("", |(_, after)| after);
    let alpha = Scenario::parse("alpha without a CPU", &format!("{before}[arrivals]{after}"))?;
    let few = |scenario: Scenario, subscribers: usize, buffers: &[u64]| {
        let (subscribers, buffers) = (Some(vec![subscribers]), Some(buffers.to_vec()));
        scenario.with(Overrides { subscribers, buffers, seeds: Some(3), ..Overrides::default() })
    };
    Ok(vec![
        few(alpha, 50, &[16, 64, 256])?,
        few(Scenario::named("backlog-flush")?, 6, &[64, 1024, 8192])?,
        few(Scenario::named("ci-build")?, 50, &[16, 64, 256])?,
    ])
}

/// Every design on a scenario, as one document whose cells differ in their policy, and the rows of the table.
fn compared(scenario: &Scenario) -> Result<(Sweep, String), TestbedError> {
    let mut document: Option<Sweep> = None;
    let mut rows = String::new();
    for (testbed, slots) in designs() {
        let mut swept = testbed.sweep(scenario)?;
        for cell in &mut swept.document.cells {
            testbed.name().clone_into(&mut cell.policy);
            cell.memory_bytes_per_subscriber.slots = slots(cell.buffer, cell.subscribers as u64);
        }
        let size = swept.sizes.first().and_then(|size| size.frames);
        let size = size.map_or("none".to_owned(), |frames| frames.to_string());
        for cell in &swept.document.cells {
            let missed = 100.0 * cell.missed_rate().unwrap_or(0.0);
            let age = cell.receipt_latency_ms.p99.map_or("–".to_owned(), |ms| format!("{ms:.1}"));
            let memory = cell.memory_bytes_per_subscriber;
            let name = &scenario.settings().name;
            // Writing to a `String` cannot fail.
            let _ = writeln!(
                rows,
                "| {name} | {} | {} | {missed:.3} | {age} | {} | {:.0} | {size} |",
                cell.policy, cell.buffer, memory.slots, memory.payload
            );
        }
        let all = document.get_or_insert_with(|| Sweep {
            policy: ALL_POLICIES.to_owned(),
            zero_drop: Vec::new(),
            cells: Vec::new(),
            ..swept.document.clone()
        });
        all.cells.extend(swept.document.cells);
    }
    Ok((document.unwrap_or_else(|| unreachable!("there are designs")), rows))
}

/// All files, by name.
fn files() -> Result<Vec<(String, Vec<u8>)>, TestbedError> {
    let mut files = Vec::new();
    let mut page = "\
# Designs under the same luck

Made by `cargo run --release -p hubbub-sim --example designs -- --out plots/designs`, which `--check` compares. Every design
has the same plans: 3 seeds, the CPU off, N = 50, and N = 6 for `backlog-flush`. A size is the smallest one without a loss on these seeds.
The designs without a gate have smaller sizes, because hyper takes frames out of the buffer before the socket accepts them.

| scenario | design | K | missed % | age p99, ms | slots, B a subscriber | payload, B a subscriber | size |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |
"
    .to_owned();
    for scenario in scenarios()? {
        let (document, rows) = compared(&scenario)?;
        page += &rows;
        for figure in figure::draw(&document) {
            let name = &scenario.settings().name;
            files.push((format!("{name}.svg"), figure.svg.into_bytes()));
            files.push((format!("{name}.png"), figure.png));
        }
    }
    files.push(("README.md".to_owned(), page.into_bytes()));
    Ok(files)
}

fn run(folder: &Path, checks: bool) -> Result<ExitCode, TestbedError> {
    let failed = |path: &Path, why| TestbedError::File { path: path.display().to_string(), why };
    let mut is_same = true;
    for (name, content) in files()? {
        let path = folder.join(name);
        if checks {
            let known = std::fs::read(&path).map_err(|why| failed(&path, why))?;
            if known != content {
                eprintln!("{}: differs from a new run", path.display());
                is_same = false;
            }
        } else {
            std::fs::create_dir_all(folder)
                .and_then(|()| std::fs::write(&path, content))
                .map_err(|why| failed(&path, why))?;
        }
    }
    Ok(if is_same { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (folder, checks) = match arguments[..] {
        ["--out", folder] => (PathBuf::from(folder), false),
        ["--out", folder, "--check"] | ["--check", "--out", folder] => (PathBuf::from(folder), true),
        _ => {
            eprintln!("usage: designs --out DIR [--check]");
            return ExitCode::from(2);
        }
    };
    run(&folder, checks).unwrap_or_else(|why| {
        eprintln!("{why}");
        why.exit_code()
    })
}
