//! Faults: a few, of the kinds that are switched on.

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::Index;

use super::{MOST_SUBSCRIBERS, millis};
use crate::plan::{Fault, FaultKind};

/// Faults that do not know yet whom they can strike.
#[derive(Debug, Clone)]
pub(super) struct Drawn {
    /// Which kinds there are in this case.
    is_on: [bool; FaultKind::KINDS.len()],
    faults: Vec<Raw>,
    back_after: Vec<Duration>,
}

#[derive(Debug, Clone)]
struct Raw {
    kind: Index,
    at: Duration,
    lasts: Duration,
    whom: Index,
    bytes_per_second: u64,
}

pub(super) fn faults() -> impl Strategy<Value = Drawn> {
    let raw = (any::<Index>(), micros_of_a_second(), millis(5..500), any::<Index>(), 200u64..8000);
    let raw = raw.prop_map(|(kind, at, lasts, whom, bytes_per_second)| Raw { kind, at, lasts, whom, bytes_per_second });
    // For as many as there can be, since the number of subscribers is drawn elsewhere.
    let back_after = prop::collection::vec(millis(5..400), MOST_SUBSCRIBERS);
    let is_on = prop::array::uniform8(prop::bool::weighted(0.4));
    (is_on, prop::collection::vec(raw, 0..=4), back_after).prop_map(|(is_on, faults, back_after)| Drawn {
        is_on,
        faults,
        back_after,
    })
}

/// Within the first second, mostly off a tick.
fn micros_of_a_second() -> impl Strategy<Value = Duration> {
    (20_000u64..1_000_000).prop_map(Duration::from_micros)
}

impl Drawn {
    pub(super) fn assembled(self, subscribers: usize, classes: usize) -> Vec<Fault> {
        let kinds: Vec<_> = (0..FaultKind::KINDS.len()).filter(|kind| self.is_on[*kind]).collect();
        if kinds.is_empty() {
            return Vec::new();
        }
        let back_after = &self.back_after[..subscribers];
        let fault = |raw: Raw| {
            let (lasts, class, subscriber) = (raw.lasts, raw.whom.index(classes), raw.whom.index(subscribers));
            // The numbers are places in `FaultKind::KINDS`.
            let harm = match kinds[raw.kind.index(kinds.len())] {
                0 => FaultKind::ReaderStalls { subscriber, lasts },
                1 => FaultKind::ReaderTrickles { subscriber, lasts, bytes_per_second: raw.bytes_per_second },
                2 => FaultKind::ReaderStops { subscriber },
                3 => FaultKind::LinkHeld { class, lasts },
                4 => FaultKind::Partition { class, lasts },
                5 => FaultKind::ClientDies { subscriber },
                6 => FaultKind::ServerRestarts { lasts, back_after: back_after.to_vec() },
                _ => FaultKind::ClassLeaves { class },
            };
            Fault { at: raw.at, harm }
        };
        let mut faults: Vec<_> = self.faults.into_iter().map(fault).collect();
        // A plan has its faults in order of time.
        faults.sort_by_key(|fault| fault.at);
        // A plan refuses the restart of a server that is down.
        let mut is_down_until = Duration::ZERO;
        faults.retain(|fault| {
            let restarts = matches!(fault.harm, FaultKind::ServerRestarts { .. });
            let is_up = fault.at > is_down_until;
            if restarts && is_up {
                is_down_until = fault.until();
            }
            is_up || !restarts
        });
        faults
    }
}
