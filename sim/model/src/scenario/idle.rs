//! Keys that are given and change nothing in a scenario.
//!
//! A key of another kind is unknown to its table and refused there. A value that equals the default is not looked for:
//! it says what holds anyway.

use hubbub::Overflow;

use super::{Arrivals, FaultSettings, Reads, ServerSection, Settings, Warning};

pub(super) fn idle(settings: &Settings) -> Vec<Warning> {
    let mut idle = Vec::new();
    let mut add = |key: String, because| idle.push(Warning::NoEffect { key, because });
    if settings.keys > 1 && matches!(settings.arrivals, Arrivals::Trace { .. }) {
        add("keys".into(), "a trace has the keys that were recorded");
    }
    let server = &settings.server;
    let loses_acknowledgements = |fault: &FaultSettings| match fault {
        FaultSettings::LinkHeld { .. } | FaultSettings::Partition { .. } | FaultSettings::ClientDies { .. } => true,
        FaultSettings::ReaderStalls { .. }
        | FaultSettings::ReaderTrickles { .. }
        | FaultSettings::ReaderStops { .. }
        | FaultSettings::ServerRestarts { .. }
        | FaultSettings::ClassLeaves { .. } => false,
    };
    // Compared with the default, since settings do not say whether a key was written.
    let has_own_timeout = server.user_timeout_seconds != ServerSection::default().user_timeout_seconds;
    let has_path = settings.classes.iter().any(|class| class.path.is_some());
    if has_own_timeout && !has_path && !settings.faults.iter().any(loses_acknowledgements) {
        add(
            "server.user_timeout_seconds".into(),
            "bytes stay unacknowledged only under a fault (link-held, partition or client-dies) or on a path",
        );
    }
    let has_own_retry = server.retry_seconds != ServerSection::default().retry_seconds;
    if has_own_retry && !settings.classes.iter().any(|class| class.obeys_retry) {
        add("server.retry_seconds".into(), "no class has obeys_retry = true");
    }
    for (index, class) in settings.classes.iter().enumerate() {
        if let Some(path) = &class.path
            && path.loss_burst_ms.is_some()
            && path.path().loss <= 0.0
        {
            add(format!("class[{index}].path.loss_burst_ms"), "the path loses nothing: give loss as well");
        }
        // Losses and outages may end any stream.
        if class.path.is_none()
            && class.reconnect_after_seconds.is_some()
            && !may_end(settings, &class.name, class.reads)
        {
            add(
                format!("class[{index}].{}", if class.obeys_retry { "obeys_retry" } else { "reconnect_after_seconds" }),
                "nothing ends a stream of this class: no fault, no policy disconnect, and it reads within the write \
                 deadline",
            );
        }
    }
    for (index, fault) in settings.faults.iter().enumerate() {
        let has_own_pause = matches!(fault, FaultSettings::ServerRestarts { back_within_seconds, .. }
            if *back_within_seconds != super::fault::a_second());
        if has_own_pause && settings.classes.iter().all(|class| class.obeys_retry) {
            add(format!("fault[{index}].back_within_seconds"), "every class has obeys_retry = true");
        }
        let slows_readers = matches!(
            fault,
            FaultSettings::ReaderStalls { .. }
                | FaultSettings::ReaderTrickles { .. }
                | FaultSettings::ReaderStops { .. }
        );
        let mut struck =
            settings.classes.iter().filter(|class| fault.class().is_none_or(|struck| struck == class.name));
        if slows_readers && struck.all(|class| class.reads == Reads::Never) {
            add(format!("fault[{index}]"), "those whom it strikes never read anyway");
        }
    }
    idle
}

/// Whether a stream of a class may end before its client leaves.
fn may_end(settings: &Settings, class: &str, reads: Reads) -> bool {
    // With a history, policies are compared, and one of them disconnects.
    let may_disconnect = settings.server.policy == Overflow::Disconnect || settings.server.recovery.is_some();
    let may_miss_the_deadline = match reads {
        Reads::Never | Reads::RateWithStalls { .. } => true,
        // Slower than the deadline, and stalls that outlast it, are refused.
        Reads::AsItArrives | Reads::Rate { .. } | Reads::Stalls { .. } => false,
    };
    let ends = |fault: &FaultSettings| match fault {
        FaultSettings::ReaderStalls { .. }
        | FaultSettings::ReaderTrickles { .. }
        | FaultSettings::ReaderStops { .. }
        | FaultSettings::LinkHeld { .. }
        | FaultSettings::Partition { .. }
        | FaultSettings::ServerRestarts { .. } => fault.class().is_none_or(|struck| struck == class),
        // These clients are gone for good.
        FaultSettings::ClientDies { .. } | FaultSettings::ClassLeaves { .. } => false,
    };
    may_disconnect || may_miss_the_deadline || settings.faults.iter().any(ends)
}
