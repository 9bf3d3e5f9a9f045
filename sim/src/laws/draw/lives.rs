//! Subscribers' lives: when they come and go, and how they read.

use std::time::Duration;

use proptest::prelude::*;

use super::millis;
use crate::plan::{Impairments, Plan, Reading, Stall, SubscriberPlan};

pub(super) fn subscriber() -> impl Strategy<Value = SubscriberPlan> {
    let leave_at = prop_oneof![4 => Just(None), 1 => millis(60..900).prop_map(Some)];
    let parts = (millis(0..80), leave_at, reading());
    parts.prop_map(|(connect_at, leave_at, reading)| {
        // A plan refuses a client that leaves before it connects.
        let leave_at = leave_at.map(|at| at.max(connect_at));
        SubscriberPlan { class: 0, connect_at, leave_at, reading, impairments: Impairments::default() }
    })
}

/// Bytes a second.
pub(super) fn rate() -> impl Strategy<Value = u64> {
    prop_oneof![1 => 1000u64..20_000, 2 => 20_000u64..2_000_000]
}

/// Those who stall read at these rates between, where there is one.
pub(super) fn with_rates(mut plan: Plan, rates: &[Option<u64>]) -> Plan {
    for (subscriber, rate) in plan.subscribers.iter_mut().zip(rates) {
        if let (Reading::Stalls { stalls }, Some(bytes_per_second)) = (&mut subscriber.reading, *rate) {
            let stalls = std::mem::take(stalls);
            subscriber.reading = Reading::RateWithStalls { bytes_per_second, stalls };
        }
    }
    plan
}

fn reading() -> impl Strategy<Value = Reading> {
    let stalls = prop::collection::vec((millis(1..300), millis(20..500)), 1..=3);
    prop_oneof![
        3 => Just(Reading::AsItArrives),
        3 => rate().prop_map(|bytes_per_second| Reading::Rate { bytes_per_second }),
        3 => stalls.prop_map(|stalls| Reading::Stalls { stalls: one_after_the_other(stalls) }),
        1 => Just(Reading::Never),
    ]
}

fn one_after_the_other(gaps: Vec<(Duration, Duration)>) -> Vec<Stall> {
    let mut at = Duration::ZERO;
    let stalls = gaps.into_iter().map(|(after, lasts)| {
        let from = at + after;
        at = from + lasts;
        Stall { from, lasts }
    });
    stalls.collect()
}
