//! Reasons: a frame that goes with its stream counts under what ended the stream, and something did.

use hubbub::Overflow;

use super::case::LONG;
use super::{Broken, Case};
use crate::plan::FaultKind;
use crate::record::Record;

pub(super) fn are_known(case: &Case, record: &Record) -> Result<(), Broken> {
    for (index, (subscriber, planned)) in record.subscribers.iter().zip(&case.plan.subscribers).enumerate() {
        let goes = |harm: &FaultKind| {
            let by_the_link = matches!(harm, FaultKind::LinkHeld { .. } | FaultKind::Partition { .. });
            by_the_link || matches!(harm, FaultKind::ClientDies { .. } | FaultKind::ClassLeaves { .. })
        };
        let lost = subscriber.dropped;
        // Over a path a closed window, losses and outages can all last for the user timeout.
        let has_path = case.plan.classes[planned.class].path.is_some();
        let may_go = planned.leave_at.is_some() || has_path || case.plan.is_struck(index, goes);
        if lost.client_gone > 0 && !may_go {
            return Err(Broken::of(
                index,
                format!("{} frames are lost as client_gone, and the client stays", lost.client_gone),
            ));
        }
        // Conflation cuts a client off as well, where no older frame of a key can make room.
        let may_be_cut_off = matches!(case.overflow, Overflow::Disconnect | Overflow::Conflate)
            || case.plan.server.write_deadline < LONG;
        if lost.evicted > 0 && !may_be_cut_off && case.plan.restarts().next().is_none() {
            return Err(Broken::of(
                index,
                format!("{} frames are lost as evicted, and nothing cuts a client off", lost.evicted),
            ));
        }
    }
    Ok(())
}
