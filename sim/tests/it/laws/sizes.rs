//! Sizes: the exact one, and what a larger mailbox or a larger window changes.

use std::time::Duration;

use hubbub_sim::internals::laws::draw::any_case;
use hubbub_sim::internals::laws::{Case, Law, no_earlier_loss, no_more_losses};
use hubbub_sim::internals::plan::{Plan, Reading, SubscriberPlan};
use proptest::prelude::*;

use super::campaign::{broken, holds, obeys, record};
use crate::plans;

#[test]
fn the_largest_high_water_mark_of_the_unbounded_run_is_the_smallest_size_without_a_loss() {
    obeys(64, Law::ExactSize);
}

#[test]
fn the_exact_history_is_enough_and_one_event_or_one_byte_less_is_not() {
    obeys(48, Law::ExactHistory);
}

/// Wider by so many bytes, and at least twice as wide where somebody reads at a limited rate: such a reader tells of
/// freed room in steps of up to half its window, and a window that grows by less than a step may have it told later.
fn with_wider_windows(case: &Case, bytes: u64) -> Case {
    let mut plan = case.plan.clone();
    for (index, class) in plan.classes.iter_mut().enumerate() {
        let in_steps = |member: &SubscriberPlan| member.reading.bytes_per_second().is_some();
        let has_steps = plan.subscribers.iter().any(|member| member.class == index && in_steps(member));
        class.window_bytes = class.window_bytes * if has_steps { 2 } else { 1 } + bytes;
    }
    Case { plan, ..case.clone() }
}

#[test]
fn a_larger_mailbox_never_loses_its_first_frame_earlier() {
    let case = any_case().prop_map(Case::without_ids).prop_map(Case::without_cpu).prop_map(Case::without_recovery);
    holds(Law::FirstLoss, 64, (case, 1usize..20), |(case, more)| {
        let less = record(&case, case.choice())?;
        broken(no_earlier_loss(&less, &record(&case, case.choice_of(case.frames + more))?))
    });
}

#[test]
fn a_larger_window_never_loses_its_first_frame_earlier() {
    // A connection that is cut off for want of progress loses nothing more, and a wider window may spare it that. A
    // partition ends the connections that have something under way, and a wider window has more under way. Over a path a
    // larger receive buffer makes fuller segments, which meet other lost slots.
    let case = any_case()
        .prop_map(Case::without_ids)
        .prop_map(Case::without_cpu)
        .prop_map(Case::without_faults)
        .prop_map(Case::without_paths);
    let case = case.prop_map(Case::patient).prop_map(Case::dropping_newest);
    let case = case.prop_map(Case::without_recovery);
    holds(Law::FirstLoss, 64, (case, 1u64..3000), |(case, more)| {
        let less = record(&case, case.choice())?;
        broken(no_earlier_loss(&less, &record(&with_wider_windows(&case, more), case.choice())?))
    });
}

#[test]
fn with_equal_frames_a_larger_mailbox_or_window_never_loses_more() {
    // Over a path it can: more frames in a backlog make other segments, which meet other lost slots.
    let case = any_case()
        .prop_map(Case::without_ids)
        .prop_map(Case::without_cpu)
        .prop_map(Case::without_faults)
        .prop_map(Case::without_paths);
    let case = case.prop_map(Case::patient).prop_map(Case::dropping_newest);
    let case = case.prop_map(Case::without_recovery);
    let case = (case, 20u32..1500).prop_map(|(case, bytes)| case.with_equal_frames(bytes));
    holds(Law::FirstLoss, 64, (case, (1usize..8, 1u64..3000)), |(case, (frames, bytes))| {
        let less = record(&case, case.choice())?;
        broken(no_more_losses(&less, &record(&case, case.choice_of(case.frames + frames))?))?;
        broken(no_more_losses(&less, &record(&with_wider_windows(&case, bytes), case.choice())?))
    });
}

/// One size more, and more is lost: it has room for the large frame, behind which the small ones do not fit.
#[test]
fn with_unequal_frames_a_larger_mailbox_can_lose_more() {
    let mut plan = plans::plan(vec![Reading::Rate { bytes_per_second: 1000 }], 250, 23, plans::ms(100), 1);
    let at = plan.arrivals[0].at;
    plan.arrivals[1..3].iter_mut().for_each(|arrival| arrival.at = at);
    for (arrival, payload_bytes) in plan.arrivals.iter_mut().zip([300, 1, 3000]) {
        arrival.payload_bytes = payload_bytes;
    }
    let at = |frames| plans::at(&plan, frames).subscribers.remove(0).dropped.buffer_full;
    assert_eq!(at(1), 1, "only the large frame");
    assert!(at(2) > 10, "{}", at(2));
    let first_drop = |frames| plans::at(&plan, frames).subscribers.remove(0).first_drop_at;
    assert!(first_drop(2) > first_drop(1), "and yet the first is lost later");
}

/// The receiver's silly-window avoidance: it tells of freed room in steps of half a window, so that a window that is
/// a little larger may be told of it later.
#[test]
fn a_window_larger_by_less_than_a_step_can_lose_earlier() {
    let reading = Reading::Rate { bytes_per_second: 178_773 };
    let plan = |window_bytes| -> Plan {
        plans::plan(vec![reading.clone()], window_bytes, 8, Duration::from_micros(1834), 572)
    };
    let first_drop = |window_bytes| plans::at(&plan(window_bytes), 1).subscribers.remove(0).first_drop_at;
    assert!(first_drop(1077) < first_drop(1000));
    assert!(first_drop(2 * 1000) > first_drop(1000) || first_drop(2 * 1000).is_none(), "a step makes up for it");
}
