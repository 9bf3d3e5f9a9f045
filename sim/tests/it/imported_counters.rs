//! What `import` makes of counters: the scenario, its drain rate, and the counts that no drain rate explains.

use hubbub::Overflow;
use hubbub_sim::internals::import::{Counters, DrainRate, DroppedBy, Imported, import};
use hubbub_sim::internals::plan::Plan;
use hubbub_sim::internals::scenario::Scenario;
use hubbub_sim::internals::world::run;

use crate::plans::{Silent, choice};

/// The seeds that an import tries.
const SEEDS: u64 = 8;

/// 500 events of 500 B in a second, and a viewer that lost some of them.
fn counters() -> Counters {
    Counters {
        name: "counted".into(),
        events_per_second: 2.0,
        burst_events: 500,
        burst_seconds: 1.0,
        frame_bytes: 500,
        viewers: 3,
        buffer: 32,
        policy: Overflow::DropNewest,
        window_seconds: 2.0,
        dropped: 200,
        dropped_by: DroppedBy::One,
        round_trip_ms: 20.0,
        window_bytes: 16_384,
    }
}

fn imported(counters: &Counters) -> Imported {
    import(counters, 2, &Silent).unwrap()
}

fn refused(counters: &Counters) -> String {
    let complaint = import(counters, 2, &Silent).unwrap_err().to_string();
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    complaint
}

/// What each viewer loses in a run of the scenario that was made, all viewers in it.
fn losses(counters: &Counters, text: &str, seed: u64) -> Vec<u64> {
    let scenario = Scenario::parse("made", text).unwrap();
    let plan = Plan::draw(&scenario, counters.viewers, seed);
    let frames = usize::try_from(counters.buffer).unwrap();
    let record = run(&plan, choice(frames, scenario.settings().server.policy)).unwrap();
    record.subscribers.iter().map(|viewer| viewer.dropped.buffer_full).collect()
}

fn mean(of: impl Fn(u64) -> u64) -> f64 {
    (0..SEEDS).map(of).sum::<u64>() as f64 / SEEDS as f64
}

/// The same scenario with another drain rate.
fn at(imported: &Imported, bytes_per_second: u64) -> String {
    let fitted = format!("bytes_per_second = {}", imported.drain_rate.bytes_per_second);
    assert_eq!(imported.text.matches(&fitted).count(), 1);
    imported.text.replace(&fitted, &format!("bytes_per_second = {bytes_per_second}"))
}

#[test]
fn the_scenario_that_is_made_loses_what_the_import_says_and_the_others_keep_up() {
    for policy in [Overflow::DropNewest, Overflow::DropOldest] {
        let counters = Counters { policy, ..counters() };
        let imported = imported(&counters);
        assert!(imported.residual.relative.unwrap().abs() < 0.01, "{:?}", imported.residual);
        assert_eq!(mean(|seed| losses(&counters, &imported.text, seed)[0]), imported.simulated.dropped);
        assert_eq!(losses(&counters, &imported.text, 0)[1..], [0, 0]);
        let DrainRate { bytes_per_second, least, most, .. } = imported.drain_rate;
        assert!(least <= bytes_per_second && most.is_some_and(|most| bytes_per_second <= most));
    }
}

#[test]
fn a_drain_rate_that_was_set_is_found_again_within_a_percent() {
    let any = imported(&counters());
    for bytes_per_second in [60_000, 155_555] {
        let made = at(&any, bytes_per_second);
        let lost = mean(|seed| losses(&counters(), &made, seed)[0]).round() as u64;
        let found = imported(&Counters { dropped: lost, ..counters() }).drain_rate;
        let off = found.bytes_per_second as f64 / bytes_per_second as f64 - 1.0;
        assert!(off.abs() < 0.01, "{bytes_per_second}, {lost} lost: {found:?}");
    }
}

#[test]
fn losses_of_all_viewers_in_sum_are_those_of_alike_ones() {
    let of_one = imported(&Counters { viewers: 1, ..counters() });
    let all = Counters { dropped: 3 * 200, dropped_by: DroppedBy::All, ..counters() };
    let of_all = imported(&all);
    let [of_one, of_three] = [of_one, of_all.clone()].map(|made| made.drain_rate.bytes_per_second as f64);
    assert!((of_three / of_one - 1.0).abs() < 0.005, "{of_three} and {of_one} B/s");
    assert_eq!(mean(|seed| losses(&all, &of_all.text, seed).iter().sum()), of_all.simulated.dropped);
}

#[test]
fn only_losses_within_the_window_are_counted() {
    let half = imported(&Counters { window_seconds: 0.5, dropped: 100, ..counters() });
    let slower = half.drain_rate.bytes_per_second;
    let whole = (0..SEEDS).map(|seed| losses(&counters(), &half.text, seed)[0]).min();
    assert!(whole > Some(200), "at {slower} B/s, which lose 100 in the first half second");
    assert!((245.0..260.0).contains(&half.simulated.offered), "{}", half.simulated.offered);
}

#[test]
fn nothing_lost_gives_the_slowest_rate_that_loses_nothing_as_a_lower_bound() {
    let imported = imported(&Counters { dropped: 0, ..counters() });
    let DrainRate { bytes_per_second, least, most, .. } = imported.drain_rate;
    assert_eq!(bytes_per_second, least);
    assert_eq!(most, None);
    assert_eq!(imported.residual.relative, None);
    assert_eq!(imported.simulated.most, 0);
    assert!(imported.text.contains("a lower bound"));
    let slower = at(&imported, least - 1);
    assert!((0..SEEDS).any(|seed| losses(&counters(), &slower, seed)[0] > 0));
}

#[test]
fn losses_that_no_drain_rate_explains_are_refused_with_the_reason() {
    let dropped = |dropped| Counters { dropped, ..counters() };
    assert!(refused(&dropped(1000)).contains("more than the 504 frames that a viewer is offered"));
    assert!(refused(&dropped(u64::MAX)).contains("more than the"));
    assert!(refused(&dropped(490)).contains("read nothing at all"));
    let narrow = Counters { window_bytes: 1000, ..dropped(10) };
    assert!(refused(&narrow).contains("--window-bytes and --round-trip-ms alone lose"));
}
