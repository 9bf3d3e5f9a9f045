//! A path without congestion control, headers, a rate, a bound on the queue, losses and outages is a plain window.

use super::case::LONG;
use super::difference::first_difference;
use super::{Broken, Trial};
use crate::plan::{FaultKind, Impairments, PathPlan, Plan};

/// Holds the run with such a path in every class to the run with windows alone. Every observation is the same, at the
/// same time. Memory may differ: it depends on the order of subscribers at one moment.
///
/// Faults of links and of clients that die are left out: a window loses what an outage drops, and a path sends it again.
/// The user timeout is so long that no window stays closed for it: a kernel gives up then, and a window does not.
pub(super) fn is_a_window(trial: &Trial<'_>) -> Result<(), Broken> {
    let plain = plain(&trial.case.plan);
    let mut over_paths = plain.clone();
    over_paths.classes.iter_mut().for_each(|class| class.path = Some(PathPlan::plain()));
    let windows = trial.observed(&plain, trial.case.choice())?;
    let paths = trial.observed(&over_paths, trial.case.choice())?;
    let difference = first_difference(plain.subscribers.len(), ("windows", &windows.log), ("paths", &paths.log));
    difference.map_or(Ok(()), Err)?;
    let (windows, paths) = (windows.record.digest, paths.record.digest);
    if windows == paths {
        return Ok(());
    }
    Err(Broken::new(format!("digest: {windows} over windows, {paths} over paths")))
}

fn plain(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    plan.server.user_timeout = LONG;
    plan.classes.iter_mut().for_each(|class| class.path = None);
    plan.subscribers.iter_mut().for_each(|subscriber| subscriber.impairments = Impairments::default());
    plan.faults.retain(|fault| match fault.harm {
        FaultKind::LinkHeld { .. } | FaultKind::Partition { .. } | FaultKind::ClientDies { .. } => false,
        FaultKind::ReaderStalls { .. }
        | FaultKind::ReaderTrickles { .. }
        | FaultKind::ReaderStops { .. }
        | FaultKind::ServerRestarts { .. }
        | FaultKind::ClassLeaves { .. } => true,
    });
    plan
}
