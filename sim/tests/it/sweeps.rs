//! Sweeps and sizes as a whole, on a small scenario.

use hubbub::Capacity;
use hubbub_sim::internals::plan::{HubChoice, Plan};
use hubbub_sim::internals::runs::Workers;
use hubbub_sim::internals::scenario::{Overrides, Scenario};
use hubbub_sim::internals::summary::document::{Sweep, ZeroDrop};
use hubbub_sim::internals::summary::json::to_json;
use hubbub_sim::internals::sweep::{Judge, Parts, Sizes, sweep};
use hubbub_sim::internals::world::run;

use crate::plans::IN_BOTH;

const SMALL: &str = include_str!("../../model/src/scenario/small.toml");

fn swept(scenario: &Scenario, threads: usize) -> Sweep {
    sweep(
        scenario,
        Parts {
            cells: true,
            policies: false,
            sizes: Sizes::WithRisk { runs: 20, extrapolated_risk: None },
            sensitivity: false,
            objective: Judge::Nothing,
        },
        Workers { threads, ..IN_BOTH },
        |_| {},
    )
    .unwrap()
}

fn drops(plan: &Plan, frames: u64) -> u64 {
    let capacity = Capacity::new(usize::try_from(frames).unwrap()).unwrap();
    let record = run(plan, HubChoice { capacity, overflow: hubbub::Overflow::DropNewest }).unwrap();
    record.subscribers.iter().map(|subscriber| subscriber.dropped.buffer_full).sum()
}

/// What a policy needs is on wherever it is named: in the scenario, as an option, or among all.
#[test]
fn a_policy_gives_the_same_cells_alone_and_beside_all_others() {
    let scenario = Scenario::parse("small.toml", SMALL).unwrap();
    let overrides = Overrides { subscribers: Some(vec![8]), seeds: Some(2), ..Overrides::default() };
    let scenario = scenario.with(overrides).unwrap();
    let parts =
        Parts { cells: true, policies: true, sizes: Sizes::None, sensitivity: false, objective: Judge::Nothing };
    let all = sweep(&scenario, parts, IN_BOTH, |_| {}).unwrap();
    for policy in hubbub::Overflow::ALL {
        let alone = swept(&scenario.under(policy).unwrap(), 2);
        let of_policy: Vec<_> = all.cells.iter().filter(|cell| cell.policy == policy.name()).cloned().collect();
        assert_eq!(alone.cells, of_policy, "{policy}");
        let said = all.run_with.iter().find(|with| with.policy == policy.name());
        assert_eq!(alone.run_with.first(), said, "{policy}");
    }
}

#[test]
fn who_is_cut_off_misses_what_it_did_not_read_even_where_no_mailbox_lost_it() {
    let scenario = Scenario::parse("small.toml", SMALL).unwrap();
    let overrides = Overrides { subscribers: Some(vec![8]), seeds: Some(2), ..Overrides::default() };
    let parts =
        Parts { cells: true, policies: false, sizes: Sizes::None, sensitivity: false, objective: Judge::Nothing };
    let one = scenario.with(overrides).unwrap();
    let missed = |policy| {
        let sweep = sweep(&one.under(policy).unwrap(), parts, IN_BOTH, |_| {}).unwrap();
        let cell = &sweep.cells[0];
        assert!(cell.missed <= cell.wanted && cell.buffer == 1, "{cell:?}");
        cell.missed
    };
    assert!(missed(hubbub::Overflow::DropNewest) > 0);
    assert_eq!(missed(hubbub::Overflow::Park), 0, "what does not fit is read later");
}

#[test]
fn a_sweep_is_the_same_on_one_thread_and_on_two() {
    let scenario = Scenario::parse("small.toml", SMALL).unwrap();
    assert_eq!(to_json(&swept(&scenario, 1)), to_json(&swept(&scenario, 2)));
}

#[test]
fn a_run_that_fits_into_a_buffer_stands_in_for_it_to_the_last_digit() {
    let scenario = Scenario::parse("small.toml", SMALL).unwrap();
    let every_run =
        Parts { cells: true, policies: false, sizes: Sizes::None, sensitivity: false, objective: Judge::Nothing };
    let every_run = sweep(&scenario, every_run, IN_BOTH, |_| {}).unwrap();
    let sweep = swept(&scenario, 2);
    assert!(sweep.cells.iter().any(|cell| cell.runs_with_drops == 0));
    assert_eq!(sweep.cells, every_run.cells);
}

#[test]
fn the_exact_size_loses_nothing_and_one_less_loses_something() {
    let scenario = Scenario::parse("small.toml", SMALL).unwrap();
    let sweep = swept(&scenario, 2);
    for size in &sweep.zero_drop {
        assert_eq!(size.buffer, size.per_seed.iter().max().copied());
        for (seed, high_water) in sweep.seeds.iter().zip(&size.per_seed) {
            let plan = Plan::draw(&scenario, size.subscribers, *seed);
            assert_eq!(drops(&plan, (*high_water).max(1)), 0, "N = {}, seed {seed}", size.subscribers);
            assert!(*high_water < 2 || drops(&plan, high_water - 1) > 0, "N = {}, seed {seed}", size.subscribers);
        }
    }
}

#[test]
fn every_cell_accounts_for_every_frame_and_agrees_with_the_exact_size() {
    let scenario = Scenario::parse("small.toml", SMALL).unwrap();
    let sweep = swept(&scenario, 2);
    assert_eq!(sweep.cells.len(), 6);
    for cell in &sweep.cells {
        let dropped = cell.dropped.buffer_full + cell.dropped.client_gone + cell.dropped.evicted;
        assert_eq!(cell.offered, cell.delivered + dropped + cell.in_flight);
        assert!(cell.received <= cell.delivered && cell.offered > 0);
        let size = sweep.zero_drop.iter().find(|size| size.subscribers == cell.subscribers).unwrap();
        assert_eq!(cell.dropped.buffer_full == 0, cell.buffer >= size.buffer.unwrap(), "K = {}", cell.buffer);
        assert_eq!(cell.drop_rate_ci95.is_some(), cell.dropped.buffer_full > 0);
    }
    let offered: Vec<_> = sweep.cells.iter().map(|cell| (cell.subscribers, cell.offered)).collect();
    assert!(offered.windows(2).all(|pair| pair[0].0 != pair[1].0 || pair[0].1 == pair[1].1), "the same plan at each K");
}

/// A scenario whose stalls are rare: one seed is too few to find the size that others need.
fn with_rare_stalls() -> Scenario {
    let rare = "after_seconds = [0.1, 20], for_seconds = [0.01, 2]";
    let small = SMALL.replace("after_seconds = [0.2, 1], for_seconds = [0.2, 1]", rare);
    let scenario = Scenario::parse("small.toml", &small).unwrap();
    scenario.with(Overrides { seeds: Some(1), ..Overrides::default() }).unwrap()
}

#[test]
fn a_run_loses_something_at_exactly_the_sizes_below_its_mark() {
    let scenario = with_rare_stalls();
    let sweep = swept(&scenario, 2);
    for size in &sweep.zero_drop {
        let tolerance = size.tolerance.as_ref().unwrap();
        let plan = Plan::draw(&scenario, size.subscribers, tolerance.seed);
        assert_eq!(drops(&plan, tolerance.buffer), 0);
        assert!(drops(&plan, tolerance.buffer - 1) > 0);
        let runs: Vec<_> = (0..20).map(|seed| Plan::draw(&scenario, size.subscribers, seed)).collect();
        for risk in size.risk.iter().step_by(3) {
            let lossy = runs.iter().filter(|plan| drops(plan, risk.buffer) > 0).count() as u64;
            assert_eq!(risk.runs_with_drops, lossy, "K = {}", risk.buffer);
        }
    }
    let of_all_runs = sweep.zero_drop.iter().map(|size| size.tolerance.as_ref().unwrap().buffer);
    let of_one_seed = sweep.zero_drop.iter().map(|size| size.buffer.unwrap());
    assert!(of_all_runs.zip(of_one_seed).any(|(all, one)| all > one), "one seed is too few, and more runs show it");
}

#[test]
fn the_named_size_is_run_on_seeds_that_no_mark_comes_from() {
    let sweep = swept(&with_rare_stalls(), 2);
    for size in &sweep.zero_drop {
        let (marks, fresh) = (size.marks.as_ref().unwrap(), size.validation.as_ref().unwrap());
        assert_eq!(marks.first_seed, 0);
        assert_eq!(marks.runs, 20);
        assert_eq!(marks.each().count(), 20);
        assert!(fresh.seeds.iter().all(|seed| *seed >= marks.runs));
        assert_eq!(fresh.seeds.len(), 59);
        assert_eq!(fresh.buffer, (size.tolerance.as_ref().unwrap().buffer + 1).next_power_of_two());
    }
}

#[test]
fn published_marks_are_kept_where_repeated_runs_are_among_them_and_refused_where_not() {
    let scenario = with_rare_stalls();
    let published = swept(&scenario, 2);
    let again = |zero_drop: &[ZeroDrop]| {
        let parts = Parts {
            cells: true,
            policies: false,
            sizes: Sizes::AsPublished(zero_drop),
            sensitivity: false,
            objective: Judge::Nothing,
        };
        sweep(&scenario, parts, IN_BOTH, |_| {}).unwrap()
    };
    assert_eq!(again(&published.zero_drop).zero_drop, published.zero_drop);
    let mut forged = published.zero_drop.clone();
    for size in &mut forged {
        let marks = size.marks.as_mut().unwrap();
        marks.high_water[0][0] -= 1;
    }
    assert!(again(&forged).zero_drop.iter().all(|size| size.marks.is_none() && size.validation.is_none()));
}

#[test]
fn half_the_time_step_gives_the_same_drops_but_for_rounding() {
    let finer = SMALL.replace("name = \"small\"", "name = \"small\"\ntime_scale = 4");
    let finer = finer.replace("round_trip_ms = \"minimum\"", "round_trip_ms = 2");
    let coarse = Scenario::parse("small.toml", SMALL).unwrap();
    let finer = Scenario::parse("finer.toml", &finer).unwrap();
    for seed in 0..4 {
        let at = |scenario: &Scenario| drops(&Plan::draw(scenario, 8, seed), 4) as f64;
        let coarse = at(&coarse);
        let finer = at(&finer);
        assert!((coarse - finer).abs() <= 2.0 + coarse * 0.02, "seed {seed}: {coarse} and {finer}");
    }
}

#[test]
fn without_further_runs_sizes_are_exact_on_their_seeds_and_nothing_is_recommended() {
    let scenario = Scenario::parse("small.toml", SMALL).unwrap();
    let overrides = Overrides { subscribers: Some(vec![8]), seeds: Some(2), ..Overrides::default() };
    let scenario = scenario.with(overrides).unwrap();
    let parts =
        Parts { cells: false, policies: false, sizes: Sizes::Exact, sensitivity: false, objective: Judge::Nothing };
    let sweep = sweep(&scenario, parts, IN_BOTH, |_| {}).unwrap();
    let size = &sweep.zero_drop[0];
    assert_eq!(size.validation, None);
    assert_eq!(sweep.recommendation.buffer, None);
    assert!(sweep.recommendation.because.contains("bound no risk"), "{}", sweep.recommendation.because);
    // Each class at the exact size: nothing lost, and the class that binds has waited that long.
    assert_eq!(size.by_class.keys().collect::<Vec<_>>(), ["fast", "tab"]);
    assert!(size.by_class.values().all(|class| class.drop_rate == Some(0.0) && class.missed == 0));
    assert_eq!(size.by_class.values().map(|class| class.high_water).max(), size.buffer);
}
