//! What a search finds does not depend on how few seeds it runs.

use hubbub::Overflow;
use proptest::prelude::*;
use proptest::sample::select;

use super::{Effort, found};
use crate::laws::Case;
use crate::laws::draw::any_case;
use crate::plan::Plan;
use crate::runs::{Progress, RunLog, RunWorld, Workers};
use crate::scenario::{Overrides, Scenario};
use crate::specified;
use crate::summary::cell::{CellKey, cell};
use crate::summary::document::{Limit, Measure, ObjectiveResult};
use crate::summary::objective::{Objective, SoFar};
use crate::summary::run::{Latencies, RunSummary};

struct Quiet;

impl Progress for Quiet {
    fn begin(&self, _what: &str, _units: u64) {}
    fn advance(&self, _units: u64) {}
    fn end(&self) {}
}

fn workers(threads: usize) -> Workers<'static> {
    Workers { threads, world: RunWorld::Specified, checks_a_share: false, known: None, progress: &Quiet }
}

/// The result of a search, and how many runs it has counted.
fn searched(scenarios: &[Scenario], objective: &Objective, effort: Effort, threads: usize) -> (ObjectiveResult, u64) {
    let mut log = RunLog::default();
    let result = found(scenarios, objective, effort, workers(threads), &mut log).unwrap();
    (result, log.done.specified)
}

/// What is the same however few seeds are run: all but the values of sizes of which only some are.
fn answers(mut result: ObjectiveResult) -> ObjectiveResult {
    for tried in result.sizes.iter_mut().flat_map(|size| &mut size.tried) {
        tried.values.clear();
        tried.seeds_run = None;
        tried.unmet = tried.unmet.min(1);
    }
    result
}

/// Limits of `of`: about as large as what runs have, so that they bind at some sizes.
fn limits(of: Option<&'static str>) -> impl Strategy<Value = Vec<Limit>> {
    let missed = prop_oneof![1 => Just(0.0), 3 => (-4.0..0.0).prop_map(|power: f64| 10f64.powf(power))];
    let age = (1.0..4.0).prop_map(|power: f64| 10f64.powf(power));
    let memory = (8u64..20_000).prop_map(|bytes| bytes as f64);
    let figures = (prop::option::weighted(0.6, missed), prop::option::of(age), prop::option::weighted(0.3, memory));
    figures.prop_map(move |(missed, age, memory)| {
        let memory = memory.filter(|_| of.is_none());
        let all = Measure::ALL.into_iter().zip([missed, age, memory]);
        let limit = |(figure, at_most): (Measure, Option<f64>)| {
            Some(Limit { class: of.map(str::to_owned), figure, at_most: at_most? })
        };
        all.filter_map(limit).collect()
    })
}

/// An objective with a limit at least, for all subscribers, for the class `tab`, or for both.
fn objective() -> impl Strategy<Value = Objective> {
    let all = (limits(None), prop_oneof![2 => Just(Vec::new()).boxed(), 1 => limits(Some("tab")).boxed()]);
    let all = all.prop_map(|(all, of_class)| Objective::new([all, of_class].concat()));
    all.prop_map(|some| if some.limits().is_empty() { Objective::default().missed(0.01) } else { some })
}

/// Small scenarios with everything that a limit may turn on: a CPU, a history, stalls, tables, lives, restarts.
fn scenario() -> impl Strategy<Value = Scenario> {
    let cpu = select(vec!["", "[server.cpu]\npublish_us = 50\ndelivery_us = 400\n"]);
    let recovery = select(vec!["", "", "[server.recovery]\nhistory_events = 50\n"]);
    let tables = select(vec!["", "", "[tables]\na = 0.7\nb = 0.3\n"]);
    let fault = select(vec!["", "", "[[fault]]\nkind = \"server-restarts\"\nat_seconds = 1\nlasts_seconds = 0.5\n"]);
    let life = select(vec!["", "stay_seconds = [0.5, 2]", "reconnect_after_seconds = 0.2"]);
    let window = select(vec![1000, 4096, 16384]);
    let numbers = (1usize..=6, 2u64..=6, 10u64..=120, 0.1..1.5f64);
    let parts = (cpu, recovery, tables, fault, life, window, numbers);
    parts.prop_map(|(cpu, recovery, tables, fault, life, window, (subscribers, seeds, rate, stall))| {
        let watched = if tables.is_empty() { "" } else { "tables = [\"a\"]" };
        let text = format!(
            "name = \"drawn\"\nduration_seconds = 2\ndrain_seconds = 1\nsubscribers = [{subscribers}, 7]\n\
             seeds = {seeds}\nkeys = 5\n{tables}\n{cpu}{recovery}\n\
             [arrivals]\nkind = \"bursts\"\nquiet_per_second = 5\nburst_per_second = {rate}\n\
             quiet_seconds = [0.2, 1]\nburst_seconds = [0.2, 1]\n\
             [payload]\nkind = \"log-normal\"\nmedian_bytes = 300\nsigma = 0.5\nmin_bytes = 100\nmax_bytes = 1000\n\
             [[class]]\nname = \"fast\"\nshare = 0.5\nround_trip_ms = 20\nwindow_bytes = 16384\n\
             reads = \"as-it-arrives\"\n{life}\n\
             [[class]]\nname = \"tab\"\nshare = 0.5\nround_trip_ms = \"minimum\"\nwindow_bytes = {window}\n{watched}\n\
             reads.stalls = {{ after_seconds = [0.1, 1], for_seconds = [0.1, {}] }}\n{fault}",
            0.1 + stall
        );
        Scenario::parse("drawn.toml", &text).unwrap_or_else(|why| panic!("{why}\n{text}"))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_search_that_stops_when_failure_is_certain_answers_as_one_that_runs_every_seed_of_every_size(
        scenario in scenario(),
        objective in objective(),
        policy in select(Overflow::ALL.to_vec()),
    ) {
        let scenarios = [scenario.under(policy).unwrap()];
        let (whole, all_runs) = searched(&scenarios, &objective, Effort::EverySeed, 2);
        let (short, runs) = searched(&scenarios, &objective, Effort::NoMoreThanNeeded, 2);
        prop_assert!(runs <= all_runs, "{runs} runs, of {all_runs}");
        for (short, whole) in short.sizes.iter().zip(&whole.sizes) {
            for (short, whole) in short.tried.iter().zip(&whole.tried) {
                prop_assert!(short.unmet <= whole.unmet && (short.unmet > 0) == (whole.unmet > 0));
                prop_assert!(short.seeds_run.is_some() || short == whole, "{short:?}, {whole:?}");
            }
        }
        let (by_one_thread, runs_of_one) = searched(&scenarios, &objective, Effort::NoMoreThanNeeded, 1);
        prop_assert_eq!(&short, &by_one_thread, "the threads do not show");
        prop_assert_eq!(runs, runs_of_one);
        prop_assert_eq!(answers(short), answers(whole));
    }

    #[test]
    fn what_exceeds_a_limit_at_least_exceeds_it_when_all_runs_are_made(
        case in any_case(),
        all in limits(None),
        of_class in limits(Some("tab")),
    ) {
        let mut plan = case.plan.clone();
        plan.classes[0].name = "tab".to_owned();
        let plans: Vec<Plan> = (0..4).map(|part| with_a_part_of_the_arrivals(&plan, part)).collect();
        let objective = Objective::new([all, of_class].concat());
        let runs: Vec<_> = plans.iter().map(|plan| run(plan, &case)).collect();
        let names: Vec<String> = plan.classes.iter().map(|class| class.name.clone()).collect();
        let of = |runs: &[(RunSummary, Latencies)]| {
            let mut latencies = Latencies(Vec::new());
            runs.iter().for_each(|(_, of_run)| latencies.merge(of_run.clone()));
            let runs: Vec<_> = runs.iter().map(|(run, _)| run.clone()).collect();
            let (policy, subscribers) = (case.overflow.name(), plan.subscribers.len());
            let (buffer, seconds) = (case.frames as u64, plan.duration.as_secs_f64());
            (cell(CellKey { policy, subscribers, buffer, class_names: &names, seconds }, &runs, &latencies), latencies)
        };
        let whole = objective.judge(&of(&runs).0);
        for made in 0..runs.len() {
            let (cell, latencies) = of(&runs[..made]);
            let mut ahead = vec![0; names.len()];
            for wanted in plans[made..].iter().map(Plan::most_wanted) {
                wanted.iter().enumerate().for_each(|(class, wanted)| ahead[class] += wanted);
            }
            let so_far = SoFar { cell: &cell, latencies: &latencies, class_names: &names, ahead: &ahead };
            for least in objective.at_least(&so_far) {
                let Some(value) = least.value else { continue };
                let last = whole.iter().find(|last| (&last.class, last.figure) == (&least.class, least.figure));
                prop_assert!(least.is_met || last.is_some(), "{least} after {made} runs, and is kept in the end");
                let exceeding = last.and_then(|last| last.value);
                prop_assert!(exceeding.is_none_or(|last| value <= last), "{least} after {made} runs, then {exceeding:?}");
            }
        }
    }
}

/// The plan with every other event or all but every third, or with none or all: runs as different as those of seeds.
fn with_a_part_of_the_arrivals(plan: &Plan, part: usize) -> Plan {
    let is_kept = |place: usize| match part {
        0 => true,
        1 => place.is_multiple_of(2),
        2 => !place.is_multiple_of(3),
        _ => false,
    };
    let arrivals = plan.arrivals.iter().enumerate().filter(|(place, _)| is_kept(*place)).map(|(_, arrival)| *arrival);
    Plan { arrivals: arrivals.collect(), ..plan.clone() }
}

fn run(plan: &Plan, case: &Case) -> (RunSummary, Latencies) {
    RunSummary::of(plan.seed, specified::run(plan, case.choice()).unwrap())
}

#[test]
fn a_size_that_is_far_too_small_is_not_run_on_every_seed() {
    let few = Overrides { subscribers: Some(vec![20]), duration_seconds: Some(10.0), ..Overrides::default() };
    let scenarios = [Scenario::named("alpha").unwrap().with(few).unwrap()];
    let objective = Objective::default().missed(0.001);
    let (_, all_runs) = searched(&scenarios, &objective, Effort::EverySeed, 1);
    let (result, runs) = searched(&scenarios, &objective, Effort::NoMoreThanNeeded, 1);
    assert!(result.sizes[0].tried[0].seeds_run.is_some_and(|seeds| seeds < 8), "{result:?}");
    assert!(runs < all_runs, "{runs} runs, of {all_runs}");
}
