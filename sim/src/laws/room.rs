//! Room: with room in every socket no frame waits in a mailbox.

use super::{Broken, Trial};
use crate::plan::Impairments;

/// Far more than a drawn case sends.
const ENDLESS_WINDOW_BYTES: u64 = 1 << 30;

pub(super) fn is_used(trial: &Trial<'_>) -> Result<(), Broken> {
    let mut plan = trial.case.plan.clone();
    // Over a path the socket's own bound and the congestion window make frames wait, whatever the receiver has room for.
    plan.classes.iter_mut().for_each(|class| {
        class.window_bytes = ENDLESS_WINDOW_BYTES;
        class.path = None;
    });
    plan.subscribers.iter_mut().for_each(|subscriber| subscriber.impairments = Impairments::default());
    let record = trial.run(&plan, trial.case.choice())?;
    match record.subscribers.iter().position(|subscriber| subscriber.high_water > 1) {
        Some(waits) => {
            let why = format!("{} wait, with room in the socket", record.subscribers[waits].high_water);
            Err(Broken::of(waits, why))
        }
        None => Ok(()),
    }
}
