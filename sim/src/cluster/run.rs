//! A run: the hosts, and the end.

use std::hash::Hasher;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use siphasher::sip128::{Hasher128, SipHasher13};
use tokio::task::JoinSet;

use super::case::ClusterCase;
use super::faults::Faults;
use super::judge::{Broken, ClusterLaw, Truth};
use super::model::{Model, Trusts};
use super::seen::{Got, Seen, Sightings};
use super::sights::Sights;
use super::viewer::Viewer;
use super::{node, publisher};
use crate::record::Digest;

/// turmoil's step.
const TICK: Duration = Duration::from_millis(5);
/// Time from when nothing fails any more until every viewer must have everything.
const HEALS_WITHIN: Duration = Duration::from_secs(60);
/// Time that a run goes on after that, so that what comes twice is seen.
const GOES_ON: Duration = Duration::from_secs(2);
/// Steps between two looks at what is still to come.
const LOOKS_EVERY: u64 = 20;
/// Longest time in which a message goes from one host to another.
const LATENCY: Duration = Duration::from_millis(20);
/// Writes that may be under way on a connection.
const MANY_WRITES: usize = 1 << 12;

/// What came of a run that kept the laws.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterRun {
    /// Of everything that publisher and viewers saw.
    pub digest: Digest,
    /// Virtual time from the beginning until everything was there.
    pub complete_after: Duration,
    /// Events that viewers got.
    pub received: u64,
    /// Notices of gaps.
    pub gaps: u64,
    /// Notices which say that the stream has begun anew; they are counted as gaps, too.
    pub restarts: u64,
    /// Publishes that were refused, or whose fate was unknown.
    pub refused: u64,
    /// What the brokers went through.
    pub sights: Sights,
    /// What each viewer saw.
    pub viewers: Vec<ViewerSaw>,
}

/// What a viewer saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewerSaw {
    /// Events that it got.
    pub received: u64,
    /// The reasons of the gaps that it was told of, in order.
    pub gaps: Vec<String>,
}

/// Runs a case.
///
/// # Errors
/// The first law that it breaks.
pub fn run(case: &ClusterCase, trusts: Trusts) -> Result<ClusterRun, Broken> {
    let case = Arc::new(case.clone());
    let model = Model::new(case.seed, case.nodes, case.brokers, trusts);
    let seen = Seen::by(case.viewers.len());
    let mut sim = builder(case.seed).build();
    hosts(&mut sim, &case, &model, &seen);
    let mut faults = Faults::of(&case);
    let until = case.settles_at() + HEALS_WITHIN;
    let mut complete_at = None;
    let mut steps = 0_u64;
    loop {
        faults.take_due(&mut sim, &model)?;
        sim.step().map_err(|why| Broken::of(ClusterLaw::GoesOn, why))?;
        steps += 1;
        if !steps.is_multiple_of(LOOKS_EVERY) {
            continue;
        }
        let world = model.world();
        let truth = Truth::of(&case, &world.brokers.past);
        let sightings = seen.lock().clone();
        truth.check(&sightings)?;
        let has_settled = sim.elapsed() > case.settles_at();
        let missing = if has_settled { truth.missing(&case, &sightings) } else { None };
        if has_settled && missing.is_none() {
            complete_at.get_or_insert(sim.elapsed());
            seen.lock().is_complete = true;
        }
        if complete_at.is_some_and(|at| sightings.are_ready && sim.elapsed() > at + GOES_ON) {
            truth.check_acknowledged(&sightings)?;
            break;
        }
        if sim.elapsed() > until {
            let not_ready = || Broken::of(ClusterLaw::ReadyAgain, "a node says that it is not ready");
            return Err(missing.unwrap_or_else(not_ready));
        }
    }
    let sightings = seen.lock().clone();
    let sights = model.world().brokers.sights;
    Ok(told(&sightings, sights, complete_at.unwrap_or_default()))
}

fn told(seen: &Sightings, sights: Sights, complete_after: Duration) -> ClusterRun {
    let viewers: Vec<_> = seen.got.iter().map(|got| saw(got)).collect();
    let received = viewers.iter().map(|viewer| viewer.received).sum();
    let gaps = viewers.iter().map(|viewer| viewer.gaps.len() as u64).sum();
    let restarts = seen.got.iter().flatten().filter(|got| got.begins_anew()).count() as u64;
    let mut hasher = SipHasher13::new_with_keys(0x6875_6262, 0x7562_0002);
    // The text of plain data: no address, and no order of a hash map is in it.
    hasher.write(format!("{seen:?}").as_bytes());
    let hash = hasher.finish128();
    let digest = Digest(u128::from(hash.h1) << 64 | u128::from(hash.h2));
    let refused = seen.refused.len() as u64;
    ClusterRun { digest, complete_after, received, gaps, restarts, refused, sights, viewers }
}

fn saw(got: &[Got]) -> ViewerSaw {
    let reason = |got: &Got| match got {
        Got::Gap { reason, .. } => Some(reason.clone()),
        Got::Place(_) | Got::Event(..) => None,
    };
    let received = got.iter().filter(|got| matches!(got, Got::Event(..))).count() as u64;
    ViewerSaw { received, gaps: got.iter().filter_map(reason).collect() }
}

/// Pins every input that would else come from the machine.
fn builder(seed: u64) -> turmoil::Builder {
    let mut builder = turmoil::Builder::new();
    builder
        .rng_seed(seed)
        .epoch(SystemTime::UNIX_EPOCH)
        .tick_duration(TICK)
        .simulation_duration(Duration::from_secs(u64::from(u32::MAX)))
        .min_message_latency(TICK)
        .max_message_latency(LATENCY)
        .tcp_capacity(MANY_WRITES);
    builder
}

fn hosts(sim: &mut turmoil::Sim<'_>, case: &Arc<ClusterCase>, model: &Model, seen: &Seen) {
    for number in 0..case.nodes {
        let (case, model) = (case.clone(), model.clone());
        sim.host(node::name(number), move || node::process(model.clone(), number, case.clone()));
    }
    let (viewers, of_viewers) = (case.clone(), seen.clone());
    sim.client("viewers", async move {
        let mut watching = JoinSet::new();
        for (index, plan) in viewers.viewers.iter().cloned().enumerate() {
            let viewer = Viewer { index, plan, nodes: viewers.nodes, seen: of_viewers.clone() };
            watching.spawn_local(viewer.watch());
        }
        while let Some(ended) = watching.join_next().await {
            ended?;
        }
        Ok(())
    });
    let (case, seen) = (case.clone(), seen.clone());
    sim.client("publisher", async move {
        publisher::publish(case, seen).await;
        Ok(())
    });
}

#[cfg(test)]
mod tests;
