//! Shrinking: takes subscribers, faults, losses of paths, arrivals and time out of a plan, for as long as what it shows
//! stands.
//!
//! Delta debugging (Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002), one dimension
//! after the other, until none gives any more.

mod paths;

use std::time::Duration;

use hubbub::LossReason;

use super::{Incident, IncidentError};
use crate::laws::{Case, Law};
use crate::plan::{Fault, Plan};
use crate::runs::Progress;
use crate::world;

/// What must go on to be so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    /// This law is broken.
    Breaks(Law),
    /// Somebody loses a frame for this reason.
    Loses(LossReason),
}

impl std::fmt::Display for Aim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Breaks(law) => write!(f, "the law \"{}\" is broken", law.name()),
            Self::Loses(reason) => write!(f, "somebody loses a frame, {reason}"),
        }
    }
}

/// How much there is in a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Subscribers.
    pub subscribers: usize,
    /// Faults.
    pub faults: usize,
    /// Paths of classes, and lost time slots and outages of subscribers.
    pub of_paths: usize,
    /// Arrivals.
    pub arrivals: usize,
    /// From the start to the end of the drain.
    pub time: Duration,
}

impl Size {
    /// Of a plan.
    pub fn of(plan: &Plan) -> Self {
        let (subscribers, faults, arrivals) = (plan.subscribers.len(), plan.faults.len(), plan.arrivals.len());
        let of_paths = paths::classes(plan) + paths::outages(plan) + paths::lost_slots(plan);
        Self { subscribers, faults, of_paths, arrivals, time: plan.duration + plan.drain }
    }
}

/// What an incident shows: the law that it breaks, or else the reason for which it loses most.
pub fn aim(incident: &Incident) -> Option<Aim> {
    if let Some(violation) = &incident.expected.first_violation {
        return Some(Aim::Breaks(violation.law));
    }
    let lost = incident.expected.dropped;
    // Reversed: `max_by_key` takes the last of equals, and of equals the first reason is wanted.
    let (reason, frames) = lost.by_reason().into_iter().rev().max_by_key(|(_, frames)| *frames)?;
    (frames > 0).then_some(Aim::Loses(reason))
}

/// The smallest plan found that shows the same, as an incident of its own, and how many runs it took: at most
/// `most_runs`, and then it is the smallest until then. `progress` is told each run.
///
/// # Errors
/// A size or a policy that there is not.
pub fn shrink(
    incident: &Incident,
    aim: Aim,
    most_runs: u64,
    progress: &dyn Progress,
) -> Result<(Incident, u64), IncidentError> {
    let mut work = Work { case: incident.case()?, aim, runs_left: most_runs, progress };
    progress.begin_at_most("shrink", most_runs);
    work.less_at_the_ends();
    if work.case.plan.asks_for_tables() {
        work.try_plan(work.case.plan.with_one_table());
    }
    loop {
        let before = Size::of(&work.case.plan);
        work.less(|plan| plan.subscribers.len(), |plan, is_kept| plan.with_only(is_kept), 1);
        work.less(|plan| plan.faults.len(), with_faults, 0);
        // The coarsest first: a class without a path has no losses left to try.
        work.less(paths::classes, paths::with_classes, 0);
        work.less(paths::outages, paths::with_outages, 0);
        work.less(paths::lost_slots, paths::with_lost_slots, 0);
        work.less(|plan| plan.arrivals.len(), with_arrivals, 1);
        work.less_time();
        // Another round, because a dimension may give way only after another one has.
        if Size::of(&work.case.plan) == before || work.runs_left == 0 {
            break;
        }
    }
    progress.end();
    let title = format!("{}, shrunk", incident.title);
    let runs = most_runs - work.runs_left;
    let violation = match aim {
        Aim::Breaks(law) => law.judge(&work.case).err(),
        Aim::Loses(_) => None,
    };
    // Judged again above: the smaller case breaks the law at another time and in other words.
    let shrunk = match violation {
        Some(violation) => Incident::of_violation(&title, work.case, violation),
        None => Incident::record(&title, work.case).map_err(|why| IncidentError::Value(why.to_string()))?,
    };
    Ok((shrunk, runs))
}

struct Work<'a> {
    case: Case,
    aim: Aim,
    runs_left: u64,
    progress: &'a dyn Progress,
}

impl Work<'_> {
    fn would_show(&mut self, plan: Plan) -> bool {
        // Without a run left nothing is known of the plan, so the present one stays.
        if self.runs_left == 0 {
            return false;
        }
        self.runs_left -= 1;
        let shows = shows(&Case { plan, ..self.case.clone() }, self.aim);
        self.progress.advance(1);
        shows
    }

    /// Takes the plan in place of the present one, if it shows the same.
    fn try_plan(&mut self, plan: Plan) -> bool {
        let shows = self.would_show(plan.clone());
        if shows {
            self.case.plan = plan;
        }
        shows
    }

    /// Leaves out as many of the last arrivals as can be, and then as many of the first: of most plans a stretch in the
    /// middle is what matters, and that is found in few runs.
    fn less_at_the_ends(&mut self) {
        for at_the_end in [true, false] {
            let all = self.case.plan.arrivals.len();
            // No arrival at all is taken to show nothing, and all of them are known to show it.
            let (mut fails, mut shows) = (0, all);
            while shows - fails > 1 {
                let half = usize::midpoint(fails, shows);
                let is_kept = |index: usize| if at_the_end { index < half } else { index >= all - half };
                let smaller = with_arrivals(&self.case.plan, &is_kept);
                // Bisection takes for granted that more arrivals show it too. Where they do not, the steps that follow
                // repair that.
                if self.would_show(smaller) { shows = half } else { fails = half }
            }
            let is_kept = |index: usize| if at_the_end { index < shows } else { index >= all - shows };
            // Run once more: the last probe of the bisection may have been of another number.
            self.try_plan(with_arrivals(&self.case.plan, &is_kept));
            self.less(|plan| plan.subscribers.len(), |plan, is_kept| plan.with_only(is_kept), 1);
        }
    }

    /// Leaves out ever smaller pieces of one dimension.
    fn less(&mut self, count: fn(&Plan) -> usize, part: fn(&Plan, &dyn Fn(usize) -> bool) -> Plan, at_least: usize) {
        let mut piece = count(&self.case.plan).div_ceil(2);
        while piece > 0 {
            let mut from = 0;
            while from < count(&self.case.plan) {
                let leaves_out = |index: usize| !(from..from + piece).contains(&index);
                let smaller = part(&self.case.plan, &leaves_out);
                if count(&smaller) < at_least || !self.try_plan(smaller) {
                    // Only after a failure: when a piece has been left out, the one behind it has moved to `from`.
                    from += piece;
                }
            }
            piece /= 2;
        }
    }

    /// Cuts the drain.
    fn less_time(&mut self) {
        while !self.case.plan.drain.is_zero() && self.runs_left > 0 {
            // In whole milliseconds, so that halving ends at zero.
            let drain = Duration::from_millis(u64::try_from(self.case.plan.drain.as_millis() / 2).unwrap_or(0));
            if !self.try_plan(Plan { drain, ..self.case.plan.clone() }) {
                break;
            }
        }
    }
}

fn with_faults(plan: &Plan, is_kept: &dyn Fn(usize) -> bool) -> Plan {
    let kept = plan.faults.iter().enumerate().filter(|(index, _)| is_kept(*index));
    Plan { faults: kept.map(|(_, fault)| fault.clone()).collect(), ..plan.clone() }
}

/// The run lasts until the last arrival or fault that is left.
fn with_arrivals(plan: &Plan, is_kept: &dyn Fn(usize) -> bool) -> Plan {
    let kept = plan.arrivals.iter().enumerate().filter(|(index, _)| is_kept(*index));
    let arrivals: Vec<_> = kept.map(|(_, arrival)| *arrival).collect();
    let ends = arrivals.last().map(|last| last.at).into_iter().chain(plan.faults.iter().map(Fault::until));
    // A fault may end after the run, and must not make it longer.
    let duration = ends.max().unwrap_or_default().min(plan.duration);
    Plan { arrivals, duration, ..plan.clone() }
}

fn shows(case: &Case, aim: Aim) -> bool {
    match aim {
        Aim::Breaks(law) => law.judge(case).is_err_and(|violation| violation.law == law),
        Aim::Loses(reason) => world::run(&case.plan, case.choice()).is_ok_and(|record| {
            let reasons = record.subscribers.iter().flat_map(|subscriber| subscriber.dropped.by_reason());
            reasons.into_iter().any(|(name, frames)| name == reason && frames > 0)
        }),
    }
}
