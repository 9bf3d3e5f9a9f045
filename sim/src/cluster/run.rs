//! A run: the hosts, what fails when, and the end.

use std::hash::Hasher;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use siphasher::sip128::{Hasher128, SipHasher13};
use tokio::task::JoinSet;

use super::case::{ClusterCase, ClusterFault, ClusterFaultKind};
use super::judge::{Broken, Truth};
use super::model::{Model, Trusts, World};
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClusterRun {
    /// Of everything that publisher and viewers saw.
    pub digest: Digest,
    /// Virtual time from the beginning until everything was there.
    pub complete_after: Duration,
    /// Events that viewers got.
    pub received: u64,
    /// Notices of gaps.
    pub gaps: u64,
    /// Publishes that were refused, or whose fate was unknown.
    pub refused: u64,
    /// What the brokers went through.
    pub sights: Sights,
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
    let mut turns = turns(&case).into_iter().peekable();
    let until = case.settles_at() + HEALS_WITHIN;
    let mut complete_at = None;
    let mut steps = 0_u64;
    loop {
        while let Some((_, fault, turn)) = turns.next_if(|(at, ..)| *at <= sim.elapsed()) {
            take(&mut sim, &model, fault, turn);
        }
        sim.step().map_err(|why| Broken(why.to_string()))?;
        steps += 1;
        if !steps.is_multiple_of(LOOKS_EVERY) {
            continue;
        }
        let truth = Truth::of(&case, &model.world().brokers);
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
            let why = missing.unwrap_or_else(|| "ready again: a node says that it is not ready".to_owned());
            return Err(Broken(why));
        }
    }
    let sightings = seen.lock().clone();
    let sights = model.world().brokers.sights;
    Ok(told(&sightings, sights, complete_at.unwrap_or_default()))
}

fn told(seen: &Sightings, sights: Sights, complete_after: Duration) -> ClusterRun {
    let got = || seen.got.iter().flatten();
    let received = got().filter(|got| matches!(got, Got::Event(..))).count() as u64;
    let gaps = got().filter(|got| matches!(got, Got::Gap { .. })).count() as u64;
    let mut hasher = SipHasher13::new_with_keys(0x6875_6262, 0x7562_0002);
    // The text of plain data: no address, and no order of a hash map is in it.
    hasher.write(format!("{seen:?}").as_bytes());
    let hash = hasher.finish128();
    let digest = Digest(u128::from(hash.h1) << 64 | u128::from(hash.h2));
    ClusterRun { digest, complete_after, received, gaps, refused: seen.refused.len() as u64, sights }
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

/// The beginning or the end of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Begins,
    Ends,
}

/// All beginnings and ends, in order of time. Of two of one moment the earlier fault's comes first.
fn turns(case: &ClusterCase) -> Vec<(Duration, ClusterFault, Turn)> {
    let of = |fault: &ClusterFault| [(fault.at, *fault, Turn::Begins), (fault.until(), *fault, Turn::Ends)];
    let mut turns: Vec<_> = case.faults.iter().flat_map(of).collect();
    turns.sort_by_key(|(at, ..)| *at);
    turns
}

fn take(sim: &mut turmoil::Sim<'_>, model: &Model, fault: ClusterFault, turn: Turn) {
    let now = sim.elapsed();
    let begins = turn == Turn::Begins;
    match fault.kind {
        ClusterFaultKind::NodeKilled(number) if begins => sim.crash(node::name(number)),
        ClusterFaultKind::NodeKilled(number) => sim.bounce(node::name(number)),
        _ => model.change(|world| strike(world, now, fault.kind, begins)),
    }
}

fn strike(world: &mut World, now: Duration, kind: ClusterFaultKind, begins: bool) {
    let World { brokers, links } = world;
    match kind {
        ClusterFaultKind::NodeKilled(_) => {}
        ClusterFaultKind::BrokerKilled(broker) if begins => brokers.end(now, broker),
        ClusterFaultKind::BrokerKilled(broker) => brokers.begin(now, broker),
        ClusterFaultKind::BrokerLags(broker) => brokers.lags(broker, begins),
        ClusterFaultKind::NodeCutOff(node) => links[node].is_cut = begins,
        ClusterFaultKind::AcknowledgementsLost(node) => links[node].loses_acknowledgements = begins,
        ClusterFaultKind::StreamFull => brokers.is_full = begins,
        // What happens in a moment has no end.
        _ if !begins => {}
        ClusterFaultKind::MessageLost(node) => links[node].loses += 1,
        ClusterFaultKind::ConsumersEnd(node) => links[node].consumers_ended += 1,
        ClusterFaultKind::MessageDeleted => brokers.delete_one(),
        ClusterFaultKind::Purged => brokers.purge(),
        ClusterFaultKind::Foreign => brokers.keep_foreign(now),
    }
}

#[cfg(test)]
mod tests {
    use super::super::case::ViewerPlan;
    use super::*;

    #[test]
    fn the_same_case_gives_the_same_run() {
        for seed in [3, 4] {
            let case = ClusterCase::draw(seed);
            let first = run(&case, Trusts::Leader).unwrap();
            assert_eq!(run(&case, Trusts::Leader).unwrap(), first, "seed {seed}");
        }
    }

    #[test]
    fn servers_on_a_stream_whose_brokers_fail_keep_the_laws() {
        for seed in 0..40 {
            let case = ClusterCase::draw(seed);
            run(&case, Trusts::Leader).unwrap_or_else(|why| panic!("seed {seed}: {why}\n{case:#?}"));
        }
    }

    /// A case of one server and one broker, without a fault of its own.
    fn quiet(events: u64) -> ClusterCase {
        let ms = Duration::from_millis;
        ClusterCase {
            seed: 1,
            nodes: 1,
            brokers: 1,
            history_events: 100,
            replay_events: 100,
            publish_at: (0..events).map(|number| ms(4000 + 500 * number)).collect(),
            viewers: vec![ViewerPlan { comes_at: ms(300), first_node: 0, leaves: Vec::new() }],
            faults: Vec::new(),
        }
    }

    #[test]
    fn a_message_that_is_lost_on_the_way_is_read_again_although_nothing_follows_it() {
        let lost = ClusterFault {
            at: Duration::from_millis(4200),
            lasts: Duration::ZERO,
            kind: ClusterFaultKind::MessageLost(0),
        };
        let ran = run(&ClusterCase { faults: vec![lost], ..quiet(2) }, Trusts::Leader).unwrap();
        assert_eq!((ran.received, ran.gaps), (2, 0));
        assert!(ran.complete_after > Duration::from_secs(5), "{ran:?}");
    }

    #[test]
    fn a_purge_between_two_questions_of_a_server_is_told_and_does_not_pass_for_deleted_messages() {
        run(&ClusterCase::draw(13_144), Trusts::Leader).unwrap();
    }

    #[test]
    fn servers_that_believe_a_broker_which_is_behind_are_reported() {
        let broken = (0..200).map(ClusterCase::draw).find_map(|case| run(&case, Trusts::AnyBroker).err());
        assert!(broken.is_some_and(|why| why.0.contains("nothing lost")));
    }
}
