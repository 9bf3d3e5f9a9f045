//! Cases of the simulated world with real brokers and real servers: the same files, the same laws.
//!
//! - [`clients`]: the publisher and the viewers
//! - [`file`]: a case as a file, and what of it cannot be done here
//! - [`judge`]: what must hold of what they see
//! - [`seen`]: what they have seen
//! - [`world`]: the brokers and the servers

mod clients;
mod file;
mod judge;
mod seen;
mod world;

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use file::{Case, Fault, StoredCase};
use seen::{Seen, Sightings};
use world::{Truth, World};

/// The cases that run in both worlds, by the names of their files.
const CASES: [&str; 6] =
    ["node-killed", "broker-killed", "trimmed", "purged-while-away", "made-anew", "deleted-and-foreign"];
/// Longest time until every viewer has everything.
const HEALS_WITHIN: Duration = Duration::from_secs(25);
/// Time that a run goes on after that, so that what comes twice is seen.
const GOES_ON: Duration = Duration::from_millis(500);
/// Time between two looks.
const LOOKS_EVERY: Duration = Duration::from_millis(50);

#[tokio::test]
async fn cases_of_the_simulated_world_keep_the_laws_with_real_brokers_and_servers_and_viewers_see_the_same() {
    let begun = Instant::now();
    let mut running = JoinSet::new();
    for name in CASES {
        running.spawn(async move { (name, run(name).await) });
    }
    while let Some(ran) = running.join_next().await {
        let (name, ran) = ran.unwrap();
        ran.unwrap_or_else(|why| panic!("{name}: {why}"));
    }
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}

#[test]
fn what_cannot_be_done_to_real_brokers_is_refused_by_its_name() {
    let refused = StoredCase::read("believed-while-cut-off").expect_err("a broker that is cut off");
    assert_eq!(refused, "broker-cut-off: cannot be done to real brokers and servers");
}

/// Runs a case; without brokers it does nothing.
async fn run(name: &str) -> Result<(), String> {
    let stored = StoredCase::read(name)?;
    let case = &stored.case;
    let seen = Seen::default();
    seen.lock().got = vec![Vec::new(); case.viewers.len()];
    let Some(mut world) = World::start(&format!("case-{name}"), case, &seen).await else { return Ok(()) };
    let zero = Instant::now();
    let mut clients = JoinSet::new();
    clients.spawn(clients::publish(case.clone(), seen.clone(), zero));
    for (number, plan) in case.viewers.iter().cloned().enumerate() {
        clients.spawn(clients::watch(number, plan, seen.clone(), zero));
    }
    let mut turns = turns(case).into_iter().peekable();
    loop {
        while let Some((_, fault, begins)) = turns.next_if(|(at, ..)| zero + *at <= Instant::now()) {
            world.strike(case, fault.kind, begins).await;
        }
        world.supervise().await;
        let has_settled = turns.peek().is_none() && zero.elapsed() > case.settles_at();
        let missing = incomplete(case, &world.truth, &seen.lock());
        if has_settled && missing.is_none() {
            break;
        }
        if zero.elapsed() > case.settles_at() + HEALS_WITHIN {
            return Err(missing.unwrap_or_default());
        }
        sleep(LOOKS_EVERY).await;
    }
    sleep(GOES_ON).await;
    world.note_removed().await;
    world.are_ready().await;
    let sightings = seen.lock().clone();
    for (viewer, got) in sightings.got.iter().enumerate() {
        let judged = judge::check_viewer(&world.truth, &sightings, got);
        judged.map_err(|why| format!("viewer {viewer}: {why}: it got {got:?}"))?;
    }
    for (viewer, (expected, got)) in stored.viewers_see.iter().zip(&sightings.got).enumerate() {
        judge::check_as_simulated(expected, got).map_err(|why| format!("viewer {viewer}: {why}: {got:?}"))?;
    }
    Ok(())
}

/// What is still to come, in words.
fn incomplete(case: &Case, truth: &Truth, seen: &Sightings) -> Option<String> {
    let acknowledged = seen.acknowledged.len();
    if acknowledged < case.publish_at.len() {
        return Some(format!("event {acknowledged} is not acknowledged"));
    }
    let mut viewers = seen.got.iter().enumerate();
    viewers.find_map(|(viewer, got)| {
        if got.is_empty() {
            return Some(format!("viewer {viewer}: it has got no stream"));
        }
        judge::missing(truth, seen, got).map(|why| format!("viewer {viewer}: {why}"))
    })
}

/// All beginnings and ends of faults, in order of time.
fn turns(case: &Case) -> Vec<(Duration, Fault, bool)> {
    let of = |fault: &Fault| [(fault.at, *fault, true), (fault.at + fault.lasts, *fault, false)];
    let mut turns: Vec<_> = case.faults.iter().flat_map(of).collect();
    turns.sort_by_key(|(at, ..)| *at);
    turns
}
