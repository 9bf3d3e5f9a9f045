//! "Sometimes" marks: what must happen now and then in the cases, for the laws to say anything.

use std::cell::RefCell;
use std::collections::BTreeMap;

use hubbub::{LossReason, Overflow, PushOutcome};
use hubbub_sim::internals::laws::draw::any_case;
use hubbub_sim::internals::laws::{Case, Law, audit};
use hubbub_sim::internals::plan::{Fault, FaultKind, Plan, Reading, SubscriberPlan};
use hubbub_sim::internals::record::{Observation, ObservationKind, Record};
use hubbub_sim::internals::specified;
use proptest::test_runner::TestCaseError;

use super::campaign::{broken, holds, observed};

const EVERY_MARK: [&str; 27] = [
    "a mailbox was filled",
    "something was dropped",
    "drop-newest refused",
    "drop-oldest displaced",
    "disconnect cut off",
    "a stream was evicted by the write deadline",
    "a client cut off came back",
    "a client left with frames waiting",
    "a stall outlived the window",
    "a stall of a reader of limited rate outlived the window",
    "a socket blocked for good",
    "several events came in one instant",
    "a reader of limited rate dropped",
    "the CPU was shared",
    "a run was scaled in time",
    "frames were of unequal size",
    "a run lost nothing",
    "somebody lost nothing beside somebody who lost",
    "a client never got a stream",
    "everybody came back within a second: a reconnect storm",
    "conflation let an old value go",
    "the bytes that wait bound",
    "the age of what waits bound",
    "several were lost for one",
    "somebody was parked",
    "the history had not kept what was parked",
    "somebody came back and was told that something is missing",
];

/// In how many cases each mark was hit.
type Hits = BTreeMap<&'static str, u32>;

#[test]
fn what_the_laws_are_about_happens_in_the_cases_and_a_fifth_of_them_drop_something() {
    let hits = RefCell::new(Hits::new());
    let cases = RefCell::new(0);
    holds(Law::Account, 240, any_case(), |case| {
        let (record, observations) = observed(&case)?;
        broken(audit(&case, &record, &observations))?;
        *cases.borrow_mut() += 1;
        for (mark, is_hit) in marks(&case, &record, &observations) {
            *hits.borrow_mut().entry(mark).or_default() += u32::from(is_hit);
        }
        Ok(())
    });
    let hits = hits.into_inner();
    let cases = cases.into_inner();
    let report = format!("of {cases} cases: {hits:#?}");
    assert!(EVERY_MARK.iter().all(|mark| hits[mark] > 0), "{report}");
    assert!(hits["something was dropped"] * 5 >= cases, "{report}");
}

fn marks(case: &Case, record: &Record, observations: &[Observation]) -> impl Iterator<Item = (&'static str, bool)> {
    let plan = &case.plan;
    let saw = |wanted: fn(&ObservationKind) -> bool| observations.iter().any(|seen| wanted(&seen.what));
    let lost = |index: usize| record.subscribers[index].dropped.buffer_full > 0;
    let any = |is: &dyn Fn(usize, &SubscriberPlan) -> bool| {
        plan.subscribers.iter().enumerate().any(|(index, subscriber)| is(index, subscriber))
    };
    let is_evicted = |index: usize| record.subscribers[index].dropped.evicted > 0;
    let is_disconnecting = case.overflow == Overflow::Disconnect;
    let hits = [
        record.subscribers.iter().any(|subscriber| subscriber.high_water == case.frames as u64),
        any(&|index, _| lost(index)),
        saw(|what| matches!(what.outcome(), Some(PushOutcome::Refused { .. }))),
        saw(|what| matches!(what.outcome(), Some(PushOutcome::Displaced { .. }))),
        saw(|what| matches!(what.outcome(), Some(PushOutcome::Disconnected { .. }))),
        !is_disconnecting && any(&|index, _| is_evicted(index)),
        any(&|index, _| is_evicted(index) && record.subscribers[index].connections > 1),
        any(&|index, _| record.subscribers[index].dropped.client_gone > 1),
        observations.iter().any(|seen| is_lost_in_a_stall(plan, seen)),
        observations.iter().any(|seen| {
            plan.subscribers[seen.subscriber].reading.bytes_per_second().is_some() && is_lost_in_a_stall(plan, seen)
        }),
        any(&|index, member| member.reading == Reading::Never && record.subscribers[index].in_flight > 0),
        plan.arrivals.windows(2).any(|pair| pair[0].at == pair[1].at),
        any(&|index, member| matches!(member.reading, Reading::Rate { .. }) && lost(index)),
        plan.server.cpu.is_some(),
        plan.time_scale > 1,
        has_unequal_frames(plan),
        !any(&|index, _| lost(index)),
        any(&|index, _| lost(index)) && any(&|index, _| !lost(index) && record.subscribers[index].offered > 0),
        record.subscribers.iter().any(|subscriber| subscriber.connections == 0),
        is_stormed(observations),
        saw(|what| is_lost_to(what, LossReason::Conflated)),
        saw(|what| is_lost_to(what, LossReason::Bytes)),
        saw(|what| is_lost_to(what, LossReason::Age)),
        saw(|what| matches!(what.outcome(), Some(PushOutcome::Shed { .. }))),
        saw(|what| matches!(what.outcome(), Some(PushOutcome::Parked { .. }))),
        saw(|what| matches!(what, ObservationKind::Forgotten { .. })),
        any(&|index, _| record.subscribers[index].connections > 1)
            && saw(|what| matches!(what, ObservationKind::Told { .. })),
    ];
    EVERY_MARK.into_iter().zip(hits)
}

fn is_lost_to(what: &ObservationKind, wanted: LossReason) -> bool {
    what.outcome().and_then(|outcome| outcome.loss_reason()) == Some(wanted)
}

fn has_unequal_frames(plan: &Plan) -> bool {
    plan.arrivals.windows(2).any(|pair| pair[0].payload_bytes != pair[1].payload_bytes)
}

fn is_lost_in_a_stall(plan: &Plan, seen: &Observation) -> bool {
    let stalls = plan.subscribers[seen.subscriber].reading.stalls();
    let is_loss = matches!(
        seen.what.outcome(),
        Some(PushOutcome::Refused { .. } | PushOutcome::Displaced { .. } | PushOutcome::Disconnected { .. })
    );
    is_loss && stalls.iter().any(|stall| (stall.from..stall.from + stall.lasts).contains(&seen.at))
}

/// At least four streams began again within a second, each the second of its subscriber or a later one.
fn is_stormed(observations: &[Observation]) -> bool {
    let back = |seen: &&Observation| matches!(seen.what, ObservationKind::Subscribed { connection } if connection > 1);
    let times: Vec<_> = observations.iter().filter(back).map(|seen| seen.at).collect();
    times.windows(4).any(|four| four[3] - four[0] < std::time::Duration::from_secs(1))
}

/// A kind of fault that never changes what anybody gets or loses would be a check of nothing.
#[test]
fn every_kind_of_fault_changes_an_outcome_somewhere_and_is_off_somewhere() {
    let changed = RefCell::new(Hits::new());
    let off = RefCell::new(Hits::new());
    holds(Law::Account, 200, any_case(), |case| {
        let with = by_the_rules(&case)?;
        for kind in FaultKind::KINDS {
            let is_other = |fault: &&Fault| fault.harm.kind() != kind;
            if case.plan.faults.iter().all(|fault| is_other(&fault)) {
                *off.borrow_mut().entry(kind).or_default() += 1;
                continue;
            }
            let faults = case.plan.faults.iter().filter(is_other).cloned().collect();
            let without = by_the_rules(&Case { plan: Plan { faults, ..case.plan.clone() }, ..case.clone() })?;
            *changed.borrow_mut().entry(kind).or_default() += u32::from(outcome(&with) != outcome(&without));
        }
        Ok(())
    });
    let changed = changed.into_inner();
    let off = off.into_inner();
    let report = format!("changed an outcome: {changed:#?}\nwas off: {off:#?}");
    assert!(FaultKind::KINDS.iter().all(|kind| changed.get(kind) > Some(&0) && off.get(kind) > Some(&0)), "{report}");
}

/// Faults are what cases have. The specification is enough to see what comes of them.
fn by_the_rules(case: &Case) -> Result<Record, TestCaseError> {
    specified::run(&case.plan, case.choice()).map_err(|why| TestCaseError::fail(why.to_string()))
}

/// What everybody got and lost.
fn outcome(record: &Record) -> Vec<(u64, u64, hubbub::LossCounts)> {
    let account = |subscriber: &hubbub_sim::internals::record::SubscriberRecord| {
        (subscriber.offered, subscriber.received, subscriber.dropped)
    };
    record.subscribers.iter().map(account).collect()
}
