//! Pruned runs are the whole runs, to the last digit.

use hubbub::Capacity;
use hubbub::Overflow::{self, Disconnect, DropNewest, DropOldest};
use hubbub_sim::internals::laws::Case;
use hubbub_sim::internals::laws::draw::case_of;
use hubbub_sim::internals::plan::{
    CpuPlan, Fault, FaultKind, HubChoice, Impairments, LinePlan, PathPlan, Plan, Reading,
};
use hubbub_sim::internals::pruning::{self, Condensed};
use hubbub_sim::internals::scenario::Scenario;
use hubbub_sim::internals::summary::cell::{CellKey, cell};
use hubbub_sim::internals::summary::document::Cell;
use hubbub_sim::internals::summary::run::RunSummary;
use hubbub_sim::internals::sweep::{Judge, Parts, Sizes, sweep};
use hubbub_sim::internals::tcp::Rate;
use hubbub_sim::internals::world::run;

use crate::plans::{SIMULATED, ms};

const BUFFERS: [u64; 7] = [1, 2, 3, 5, 8, 16, 40];

/// A drawn case in which nothing is shared, nobody leaves and readers alone are at fault.
fn independent(seed: u64) -> Case {
    let mut case = case_of(seed).without_ids().without_cpu().without_recovery().patient();
    if case.overflow != DropNewest {
        case.overflow = DropOldest;
    }
    case.plan.faults.retain(|fault| {
        matches!(
            fault.harm,
            FaultKind::ReaderStalls { .. } | FaultKind::ReaderTrickles { .. } | FaultKind::ReaderStops { .. }
        )
    });
    case.plan.subscribers.iter_mut().for_each(|subscriber| subscriber.leave_at = None);
    // Somebody keeps up with the events, and a late comer is there before they end.
    case.plan.subscribers[0].reading = Reading::AsItArrives;
    case.plan.duration += ms(300);
    case
}

fn whole(plan: &Plan, overflow: Overflow, buffer: u64) -> Condensed {
    let capacity = Capacity::new(usize::try_from(buffer).unwrap()).unwrap();
    RunSummary::of(plan.seed, run(plan, HubChoice { capacity, overflow }).unwrap())
}

/// Everything that a cell has of a run.
fn as_cell(plan: &Plan, buffer: u64, (summary, latencies): &Condensed) -> Cell {
    let class_names: Vec<_> = plan.classes.iter().map(|class| class.name.clone()).collect();
    let policy = "drop-newest";
    let subscribers = plan.subscribers.len();
    let key = CellKey { policy, subscribers, buffer, class_names: &class_names, seconds: 1.0 };
    cell(key, std::slice::from_ref(summary), latencies)
}

#[test]
fn a_pruned_run_is_the_whole_run_in_every_figure_and_digest() {
    let mut pruned = 0;
    let mut with_drops = 0;
    let mut with_stalls = 0;
    for seed in 0..60 {
        let Case { plan, overflow, .. } = independent(seed);
        for (buffer, run) in pruning::runs(&plan, overflow, &BUFFERS).unwrap().at {
            let whole = whole(&plan, overflow, buffer);
            assert_eq!(as_cell(&plan, buffer, &run), as_cell(&plan, buffer, &whole), "seed {seed}, K = {buffer}");
            assert_eq!(run.0.peak_pinned_bytes, whole.0.peak_pinned_bytes, "seed {seed}, K = {buffer}");
            assert!(run.1.0 == whole.1.0, "every single latency: seed {seed}, K = {buffer}");
            pruned += 1;
            with_drops += usize::from(whole.0.has_drops());
            with_stalls += usize::from(!plan.faults.is_empty());
        }
    }
    assert!(pruned >= 60 && with_drops >= 60 && with_stalls >= 20, "{pruned}, {with_drops}, {with_stalls}");
}

#[test]
fn nothing_is_pruned_where_subscribers_share_something_or_a_stream_may_end() {
    let of = |plan: &Plan, overflow| pruning::runs(plan, overflow, &BUFFERS).unwrap().at.len();
    let plan = (0..60).map(|seed| independent(seed).plan).find(|plan| of(plan, DropNewest) > 0).unwrap();
    let with = |change: fn(&mut Plan)| {
        let mut plan = plan.clone();
        change(&mut plan);
        of(&plan, DropNewest)
    };
    assert_eq!(of(&plan, Disconnect), 0, "whoever is too slow is cut off");
    assert_eq!(with(|plan| plan.server.cpu = Some(CpuPlan::per_write(ms(1), ms(1)))), 0);
    assert_eq!(with(|plan| plan.server.write_deadline = plan.drain / 2), 0);
    assert_eq!(with(|plan| plan.subscribers[0].leave_at = Some(ms(500))), 0);
    assert_eq!(with(|plan| plan.subscribers[0].connect_at = plan.duration), 0);
    for harm in [
        FaultKind::LinkHeld { class: 0, lasts: ms(50) },
        FaultKind::Partition { class: 0, lasts: ms(50) },
        FaultKind::ClientDies { subscriber: 0 },
        FaultKind::ClassLeaves { class: 0 },
        FaultKind::ServerRestarts { lasts: ms(50), back_after: vec![ms(1); plan.subscribers.len()] },
    ] {
        let mut plan = plan.clone();
        plan.faults.push(Fault { at: ms(120), harm });
        assert_eq!(of(&plan, DropNewest), 0, "{:?}", plan.faults.last());
    }
}

#[test]
fn nothing_is_pruned_over_a_path_however_good_it_is() {
    let mut pruned_without = 0;
    for seed in 0..60 {
        let Case { mut plan, overflow, .. } = independent(seed);
        // A path has the times of TCP, which do not scale. Impairments are those of a path that was drawn.
        plan.time_scale = 1;
        plan.classes.iter_mut().for_each(|class| class.path = None);
        plan.subscribers.iter_mut().for_each(|subscriber| subscriber.impairments = Impairments::default());
        pruned_without += pruning::runs(&plan, overflow, &BUFFERS).unwrap().at.len();
        // A connection over a path may time out, and the end of the run decides whether it does.
        let line = LinePlan::of(Rate::BitsPerSecond(100_000_000), None);
        plan.classes[0].path = Some(PathPlan::cubic(line.clone(), line));
        assert_eq!(pruning::runs(&plan, overflow, &BUFFERS).unwrap().at.len(), 0, "seed {seed}");
    }
    assert!(pruned_without >= 20, "{pruned_without}");
}

#[test]
fn a_sweep_with_pruned_runs_has_the_cells_of_one_without() {
    let small = include_str!("../../model/src/scenario/small.toml")
        .replace("[server.cpu]\npublish_us = 20\ndelivery_us = 50\n", "");
    let scenario = Scenario::parse("small.toml", &small).unwrap();
    let plan = Plan::draw(&scenario, 8, 0);
    let of_one = pruning::runs(&plan, DropNewest, &scenario.settings().buffers).unwrap();
    assert!(!of_one.at.is_empty(), "something is pruned");
    let cells = |sizes| {
        let parts = Parts { cells: true, policies: false, sizes, sensitivity: false, objective: Judge::Nothing };
        sweep(&scenario, parts, SIMULATED, |_| {}).unwrap().cells
    };
    assert_eq!(cells(Sizes::WithRisk { runs: 4, extrapolated_risk: None }), cells(Sizes::None));
}
