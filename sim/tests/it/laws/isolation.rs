//! Isolation: without a CPU to share, what happens to a subscriber depends on its own life alone.

use std::time::Duration;

use hubbub::Overflow;
use hubbub_sim::internals::laws::draw::{any_case, case_of};
use hubbub_sim::internals::laws::{Case, Law, Trial, isolation_of, what_neighbours_cost};
use hubbub_sim::internals::plan::{CpuPlan, Reading};
use proptest::prelude::*;
use proptest::sample::Index;

use super::campaign::{broken, holds, sound};
use crate::plans::{ms, plan};

#[test]
fn a_witness_sees_the_same_at_the_same_times_with_and_without_any_neighbours() {
    let case = any_case().prop_map(Case::without_cpu).prop_map(Case::without_ids);
    holds(Law::Isolation, 64, (case, any::<Index>()), |(case, witness)| {
        broken(isolation_of(&Trial::on_the_full_stack(&case), witness.index(case.plan.subscribers.len())))
    });
}

/// The others let the run end sooner than it would end with the witness alone, whose stream begins in its last ticks.
#[test]
fn a_stream_may_begin_in_the_last_ticks_of_a_run_or_not() {
    let case = case_of(11_015_974);
    assert_eq!(Law::Isolation.judge_in(&Trial::on_the_specification(&case)), Ok(()));
}

/// Nine who stall cost the witness less than nine who read: nothing is delivered to them. When they come back, the
/// worker hands out what waited for them, and the witness stands in line with it.
#[test]
fn with_a_shared_cpu_what_neighbours_cost_is_measured_and_is_the_work_done_for_them() {
    let cpu = CpuPlan::per_write(Duration::from_micros(100), Duration::from_micros(200));
    let crowd = |neighbour: Reading| {
        let readings = std::iter::once(Reading::AsItArrives).chain(std::iter::repeat_n(neighbour, 9)).collect();
        let mut plan = plan(readings, 2000, 50, ms(20), 400);
        plan.server.cpu = Some(cpu);
        let case = Case { plan, frames: 64, overflow: Overflow::DropNewest };
        sound(what_neighbours_cost(&Trial::on_the_full_stack(&case), 0))
    };
    let readers = crowd(Reading::AsItArrives);
    let dead = crowd(Reading::Never);
    assert_eq!(readers.len(), 50, "the witness reads everything in both");
    assert_eq!(dead.len(), 50, "the witness reads everything in both");
    let most = |cost: &[Duration]| cost.iter().copied().max().unwrap();
    assert!(most(&readers) <= cpu.delivery * 9 + ms(1), "{:?}", most(&readers));
    assert!(dead.iter().rev().take(20).all(Duration::is_zero), "whoever takes nothing costs nothing: {dead:?}");
}
