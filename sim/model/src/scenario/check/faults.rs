//! Checks of what goes wrong.

use std::time::Duration;

use super::range::{positive, whole, within};
use super::{Found, Settings};
use crate::scenario::FaultSettings;
use crate::scenario::limits::{MAX_BACK_SECONDS, MAX_FAULTS, MAX_READ_BYTES_PER_SECOND, MAX_SECONDS};
use crate::scenario::number::number;

pub(super) fn faults(found: &mut Found, settings: &Settings, duration: Duration) {
    let faults = &settings.faults;
    if faults.len() > MAX_FAULTS {
        found.add("fault", format!("{} faults", faults.len()), format!("must be {MAX_FAULTS} at most"));
    }
    let mut up_again = 0.0;
    for (index, fault) in faults.iter().enumerate() {
        let at = |field: &str| format!("fault[{index}].{field}");
        found.note(within(&at("at_seconds"), fault.at_seconds(), 0.0..=duration.as_secs_f64()));
        if let Some(lasts) = fault.lasts_seconds() {
            found.note(positive(&at("lasts_seconds"), lasts, MAX_SECONDS));
        }
        if let Some(share) = fault.share() {
            found.note(positive(&at("share"), share, 1.0));
        }
        if let Some(class) = fault.class().filter(|class| settings.classes.iter().all(|known| known.name != **class)) {
            let known: Vec<_> = settings.classes.iter().map(|class| class.name.as_str()).collect();
            found.add(at("class"), format!("{class:?}"), format!("must be one of {}", known.join(", ")));
        }
        match fault {
            FaultSettings::ReaderTrickles { bytes_per_second, .. } => {
                found.note(whole(&at("bytes_per_second"), *bytes_per_second, 1..=MAX_READ_BYTES_PER_SECOND));
            }
            FaultSettings::ServerRestarts { at_seconds, lasts_seconds, back_within_seconds } => {
                found.note(positive(&at("back_within_seconds"), *back_within_seconds, MAX_BACK_SECONDS));
                if *at_seconds <= up_again {
                    let up_again = number(up_again);
                    let allowed = format!("must be above {up_again}, in order: a server restarts only when it is up");
                    found.add(at("at_seconds"), number(*at_seconds), allowed);
                }
                up_again = at_seconds + lasts_seconds;
            }
            FaultSettings::ReaderStalls { .. }
            | FaultSettings::ReaderStops { .. }
            | FaultSettings::LinkHeld { .. }
            | FaultSettings::Partition { .. }
            | FaultSettings::ClientDies { .. }
            | FaultSettings::ClassLeaves { .. } => {}
        }
    }
}
