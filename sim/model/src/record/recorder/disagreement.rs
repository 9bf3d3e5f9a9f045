//! The record, made of single observations, against the Hub's own counters.

use hubbub::Counts;

use crate::record::SubscriberRecord;

/// The first figure on which the subscribers' records and the Hub's counters differ, in words; `None` where all are equal.
pub(super) fn disagreement(subscribers: &[SubscriberRecord], hub: &Counts) -> Option<String> {
    let sum = |of: fn(&SubscriberRecord) -> u64| subscribers.iter().map(of).sum::<u64>();
    let lost = |s: &SubscriberRecord| s.dropped.total();
    // Wrapping: a record that contradicts itself is reported below, and a panic here would hide how.
    let under_way = sum(|s| s.offered).wrapping_sub(sum(|s| s.delivered)).wrapping_sub(sum(lost));
    let pairs = [
        ("offered", sum(|s| s.offered), hub.offered),
        ("delivered", sum(|s| s.delivered), hub.delivered),
        ("buffer_full", sum(|s| s.dropped.buffer_full), hub.dropped.buffer_full),
        ("bytes", sum(|s| s.dropped.bytes), hub.dropped.bytes),
        ("age", sum(|s| s.dropped.age), hub.dropped.age),
        ("conflated", sum(|s| s.dropped.conflated), hub.dropped.conflated),
        ("client_gone", sum(|s| s.dropped.client_gone), hub.dropped.client_gone),
        ("evicted", sum(|s| s.dropped.evicted), hub.dropped.evicted),
        ("in flight", under_way, hub.waiting + hub.in_flight),
        ("high water", subscribers.iter().map(|s| s.high_water).max().unwrap_or(0), hub.high_water),
    ];
    let (what, seen, counted) = pairs.into_iter().find(|(_, seen, counted)| seen != counted)?;
    Some(format!("{what}: {seen} observed, {counted} counted"))
}
