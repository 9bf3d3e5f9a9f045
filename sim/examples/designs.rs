//! Designs of a server under the same luck: one shared ring, a mailbox for each client, and hubbub's gated mailboxes under
//! each of its policies, on the same plans of three named scenarios.
//!
//! `cargo run --release -p hubbub-sim --example designs -- --out plots/designs` writes a figure and a table.
//! `--scenario NAME` makes one scenario anew and leaves the others. `--check` compares instead of writing.

#![allow(clippy::print_stdout, reason = "a program that prints a page")]

use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use hubbub::Overflow;
use hubbub_sim::{Comparison, Dialect, Overrides, Running, Scenario, Server, Start, Testbed, TestbedError};
use tokio::sync::broadcast;

#[path = "broadcast.rs"]
mod ring;

#[path = "gated.rs"]
mod gated;
#[path = "mailbox.rs"]
mod mailbox;

/// What a slot of each design takes beside the event's payload: a slot of `tokio::sync::broadcast`, which is one for all
/// clients, and a handle in a channel.
const RING_SLOT_BYTES: u64 = 40;
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

    fn slot_bytes(&self, frames: usize, subscribers: usize) -> u64 {
        frames as u64 * RING_SLOT_BYTES / subscribers.max(1) as u64
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

    fn slot_bytes(&self, frames: usize, _: usize) -> u64 {
        frames as u64 * HANDLE_BYTES
    }
}

fn designs() -> Vec<Testbed> {
    let gated = |policy: Overflow| Testbed::new(format!("hubbub, {policy}"), gated::Gated(policy));
    let mut designs = vec![Testbed::new("shared ring", Ring), Testbed::new("mpsc, try_send", Mailboxes)];
    designs.extend(Overflow::ALL.map(gated));
    designs
}

/// N and buffers of each scenario, and its seeds.
const SCENARIOS: [(&str, usize, [u64; 3], u64); 3] =
    [("alpha", 100, [16, 64, 256], 2), ("backlog-flush", 6, [64, 1024, 8192], 1), ("ci-build", 20, [16, 64, 256], 3)];

/// The scenarios, without a model of the CPU: subscribers are then independent of each other. Clients whose stream ends
/// come back, as some of the policies need it. So all designs have the same plans.
fn scenarios(only: Option<&str>) -> Result<Vec<Scenario>, TestbedError> {
    let wanted = SCENARIOS.iter().filter(|(name, ..)| only.is_none_or(|only| only == *name));
    let of = |(name, subscribers, buffers, seeds): &(&str, usize, [u64; 3], u64)| -> Result<Scenario, TestbedError> {
        let few = Overrides {
            subscribers: Some(vec![*subscribers]),
            buffers: Some(buffers.to_vec()),
            seeds: Some(*seeds),
            policy: Some(Overflow::Conflate),
            ..Overrides::default()
        };
        Ok(Scenario::named(name)?.without_cpu()?.with(few)?)
    };
    wanted.map(of).collect()
}

/// What the command line asks for.
struct Options {
    folder: PathBuf,
    only: Option<String>,
    checks: bool,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Option<Self> {
        let (mut folder, mut only, mut checks) = (None, None, false);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--out" => folder = Some(arguments.next()?.into()),
                "--scenario" => only = Some(arguments.next()?),
                "--check" => checks = true,
                _ => return None,
            }
        }
        let is_known = |name: &String| SCENARIOS.iter().any(|(known, ..)| *known == name.as_str());
        only.as_ref().is_none_or(is_known).then_some(Self { folder: folder?, only, checks })
    }
}

fn run(Options { folder, only, checks }: &Options) -> Result<ExitCode, TestbedError> {
    let compared = Comparison::of(&designs(), &scenarios(only.as_deref())?)?;
    if *checks {
        let differences = compared.differences(&Comparison::read(folder)?);
        differences.iter().for_each(|line| eprintln!("{}: {line}", folder.display()));
        return Ok(if differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    print!("{compared}");
    let all = match only {
        Some(_) if folder.exists() => Comparison::read(folder)?.with(compared),
        _ => compared,
    };
    let command = "cargo run --release -p hubbub-sim --example designs -- --out plots/designs";
    all.made_by(command).write(folder)?;
    Ok(ExitCode::SUCCESS)
}

fn main() -> ExitCode {
    let Some(options) = Options::parse(std::env::args().skip(1)) else {
        let names = SCENARIOS.map(|(name, ..)| name).join("|");
        eprintln!("usage: designs --out DIR [--scenario {names}] [--check]");
        return ExitCode::from(2);
    };
    run(&options).unwrap_or_else(|why| {
        eprintln!("{why}");
        why.exit_code()
    })
}
