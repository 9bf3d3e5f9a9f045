//! The size of a history: the smallest from which everybody who comes back in time finds everything.

use std::time::Duration;

use hubbub::Overflow;
use hubbub::hub::HistorySettings;
use hubbub_sim::internals::laws::out_of_reach;
use hubbub_sim::internals::plan::{Fault, FaultKind, HubChoice, Plan, Reading, Recovery};
use hubbub_sim::internals::record::ObservationKind;
use hubbub_sim::internals::scenario::{Overrides, Scenario};
use hubbub_sim::internals::specified::{ExactHistory, exact_history};
use hubbub_sim::internals::world::run_observed;

use crate::plans::{choice, ms, plan};

const FOR_EVER: Duration = Duration::MAX;

fn size_of(plan: &Plan, choice: HubChoice, longest: Duration) -> ExactHistory {
    exact_history(plan, choice, longest).unwrap()
}

/// Whether the full stack, with a history of that size, gives every stream that counts all that it asks for.
fn is_enough(plan: &Plan, choice: HubChoice, size: HistorySettings, longest: Duration) -> bool {
    let plan = plan.with_history(size);
    let (record, log) = run_observed(&plan, choice).unwrap();
    out_of_reach(&plan, &record, &log, longest).is_none()
}

/// A server that keeps a history and restarts: it ends after a second and is back after two. Two clients come back after
/// pauses of their own. 80 events, one every 50 ms from 100 ms on, each of 100 B.
fn restarted(back_after: [u64; 2]) -> Plan {
    let mut plan = plan(vec![Reading::AsItArrives; 2], 16_384, 80, ms(50), 100);
    let (history_events, history_bytes) = (10_000, 1 << 30);
    plan.server.recovery = Some(Recovery { history_events, history_bytes, waiting_bytes: None, waiting_age: None });
    let back_after = back_after.into_iter().map(ms).collect();
    plan.faults.push(Fault { at: ms(1000), harm: FaultKind::ServerRestarts { lasts: ms(1000), back_after } });
    plan
}

#[test]
fn after_a_restart_the_history_has_to_hold_what_was_published_until_the_last_client_is_back() {
    let plan = restarted([1200, 1700]);
    let choice = choice(4, Overflow::DropNewest);
    let found = size_of(&plan, choice, FOR_EVER);
    let (_, log) = run_observed(&plan, choice).unwrap();
    let is_return = |what| matches!(what, ObservationKind::Subscribed { connection: 2.. });
    let last_back = log.iter().filter(|seen| is_return(seen.what)).map(|seen| seen.at).max().unwrap();
    let at_least = plan.arrivals.iter().filter(|arrival| arrival.at >= ms(2000) && arrival.at < last_back).count();
    // While its mailbox of four is filled from the history, another event may come.
    assert!((at_least..=at_least + 1).contains(&found.size.events), "{at_least}: {found:?}");
    assert_eq!(found.size.bytes, found.size.events * 100);
    assert!(found.absences.iter().all(|away| (ms(1200)..ms(1800)).contains(away)), "{found:?}");
    assert_eq!(found.most_events.map(|reach| reach.subscriber), Some(1));
}

#[test]
fn an_absence_that_was_too_long_does_not_count() {
    let plan = restarted([1200, 1700]);
    let choice = choice(4, Overflow::DropNewest);
    let [all, early] = [FOR_EVER, ms(1500)].map(|longest| size_of(&plan, choice, longest));
    assert!(early.size.events < all.size.events && early.size.bytes < all.size.bytes, "{early:?} {all:?}");
    assert_eq!(early.most_events.map(|reach| reach.subscriber), Some(0));
    assert!(is_enough(&plan, choice, early.size, ms(1500)));
    assert!(!is_enough(&plan, choice, early.size, FOR_EVER), "the other one misses something");
    let HistorySettings { events, bytes } = early.size;
    assert!(!is_enough(&plan, choice, HistorySettings { events: events - 1, bytes }, ms(1500)));
    assert!(!is_enough(&plan, choice, HistorySettings { events, bytes: bytes - 1 }, ms(1500)));
}

#[test]
fn a_stream_of_a_client_that_has_left_for_good_with_its_request_at_the_server_is_as_long_away_as_any_other() {
    let mut plan = restarted([1200, 1700]);
    plan.classes[0].round_trip = Some(ms(100));
    let choice = choice(4, Overflow::DropNewest);
    let back_at = |plan: &Plan| {
        let (_, log) = run_observed(plan, choice).unwrap();
        let is_return = |what| matches!(what, ObservationKind::Subscribed { connection: 2 });
        log.iter().find(|seen| seen.subscriber == 1 && is_return(seen.what)).map(|seen| seen.at)
    };
    let at = back_at(&plan).unwrap();
    plan.subscribers[1].leave_at = Some(at - ms(1));
    assert_eq!(back_at(&plan), Some(at), "its stream begins all the same");
    let found = size_of(&plan, choice, ms(500));
    assert_eq!(found.size, HistorySettings { events: 1, bytes: 1 }, "{found:?}");
    assert!(found.absences.iter().all(|away| *away > ms(1000)), "{found:?}");
}

#[test]
fn the_full_stack_confirms_the_exact_size_of_a_scenario_whose_viewers_are_cut_off_and_come_back() {
    let overrides = Overrides { policy: Some(Overflow::Disconnect), ..Overrides::default() };
    let text =
        include_str!("../../model/src/scenario/small.toml").replace("duration_seconds = 4", "duration_seconds = 9");
    let scenario = Scenario::parse("small", &text).unwrap().with(overrides).unwrap();
    let choice = choice(2, Overflow::Disconnect);
    let mut confirmed = 0;
    for seed in 0..4 {
        let plan = Plan::draw(&scenario, 4, seed);
        let found = size_of(&plan, choice, FOR_EVER);
        if found.size.events < 2 {
            continue;
        }
        confirmed += 1;
        let HistorySettings { events, bytes } = found.size;
        assert!(is_enough(&plan, choice, found.size, FOR_EVER), "seed {seed}: {found:?}");
        let less = HistorySettings { events: events - 1, bytes };
        assert!(!is_enough(&plan, choice, less, FOR_EVER), "seed {seed}: {found:?}");
        let less = HistorySettings { events, bytes: bytes - 1 };
        assert!(!is_enough(&plan, choice, less, FOR_EVER), "seed {seed}: {found:?}");
    }
    assert!(confirmed > 1, "in most runs somebody comes back for several events");
}
