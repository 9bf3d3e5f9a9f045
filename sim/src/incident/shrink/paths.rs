//! What shrinking may leave out of paths: whole paths, outages, lost time slots. Each is counted over the whole plan.

use crate::plan::{Impairments, Plan};

/// Classes with a path.
pub(super) fn classes(plan: &Plan) -> usize {
    plan.classes.iter().filter(|class| class.path.is_some()).count()
}

/// The plan with some of the paths. Members of the others keep the window alone.
pub(super) fn with_classes(plan: &Plan, is_kept: &dyn Fn(usize) -> bool) -> Plan {
    let mut plan = plan.clone();
    let with_path = plan.classes.iter_mut().filter(|class| class.path.is_some());
    for (_, class) in with_path.enumerate().filter(|(place, _)| !is_kept(*place)) {
        class.path = None;
    }
    for subscriber in &mut plan.subscribers {
        if plan.classes[subscriber.class].path.is_none() {
            subscriber.impairments = Impairments::default();
        }
    }
    plan
}

/// Outages of all subscribers.
pub(super) fn outages(plan: &Plan) -> usize {
    plan.subscribers.iter().map(|subscriber| subscriber.impairments.outages.len()).sum()
}

/// The plan with some of the outages.
pub(super) fn with_outages(plan: &Plan, is_kept: &dyn Fn(usize) -> bool) -> Plan {
    with_some(plan, |impairments, next| impairments.outages.retain(|_| is_kept(next())))
}

/// Lost time slots of all subscribers, in both directions.
pub(super) fn lost_slots(plan: &Plan) -> usize {
    let lost = |impairments: &Impairments| impairments.lost_down.len() + impairments.lost_up.len();
    plan.subscribers.iter().map(|subscriber| lost(&subscriber.impairments)).sum()
}

/// The plan with some of the lost slots.
pub(super) fn with_lost_slots(plan: &Plan, is_kept: &dyn Fn(usize) -> bool) -> Plan {
    with_some(plan, |impairments, next| {
        impairments.lost_down.retain(|_| is_kept(next()));
        impairments.lost_up.retain(|_| is_kept(next()));
    })
}

/// Changes the impairments of each subscriber. `next` counts what has been asked about so far.
fn with_some(plan: &Plan, mut change: impl FnMut(&mut Impairments, &mut dyn FnMut() -> usize)) -> Plan {
    let mut plan = plan.clone();
    let mut places = 0..;
    for subscriber in &mut plan.subscribers {
        change(&mut subscriber.impairments, &mut || places.next().unwrap_or_default());
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{LinePlan, PathPlan};
    use crate::scenario::Scenario;
    use crate::tcp::Rate;

    fn plan() -> Plan {
        let mut plan = Plan::draw(&Scenario::named("alpha").unwrap(), 10, 0);
        let line = LinePlan::of(Rate::BitsPerSecond(1_000_000), None);
        for class in &mut plan.classes[..2] {
            class.path = Some(PathPlan::cubic(line.clone(), line.clone()));
        }
        for subscriber in plan.subscribers.iter_mut().filter(|subscriber| subscriber.class < 2) {
            subscriber.impairments = Impairments { lost_down: vec![1, 2], lost_up: vec![5], outages: Vec::new() };
        }
        plan
    }

    #[test]
    fn a_path_that_is_left_out_takes_its_losses_with_it() {
        let smaller = with_classes(&plan(), &|place| place == 1);
        assert!(smaller.classes[0].path.is_none() && smaller.classes[1].path.is_some());
        smaller.check().unwrap();
        assert_eq!((classes(&smaller), lost_slots(&smaller)), (1, 6));
    }

    #[test]
    fn lost_slots_are_counted_over_all_subscribers_and_directions() {
        assert_eq!(lost_slots(&plan()), 27);
        let smaller = with_lost_slots(&plan(), &|place| (1..4).contains(&place));
        let of = |index: usize| smaller.subscribers[index].impairments.clone();
        assert_eq!((of(0).lost_down, of(0).lost_up), (vec![2], vec![5]));
        assert_eq!((of(1).lost_down, of(1).lost_up), (vec![1], vec![]));
        assert_eq!(lost_slots(&smaller), 3);
    }
}
