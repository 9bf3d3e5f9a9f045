//! What a plan's faults mean for one subscriber.

use std::time::Duration;

use super::speed::{SlowPeriod, Speed};
use crate::plan::{Fault, FaultKind, Plan};

/// The faults that strike one subscriber, by what they do to it.
#[derive(Debug, Clone, Default)]
pub struct SubscriberFaults {
    /// When it leaves for good, with its class if not before.
    pub leaves_at: Option<Duration>,
    /// When the subscriber's host dies: from then on it neither reads nor acknowledges; `None` if it does not.
    pub dies_at: Option<Duration>,
    /// When its reader is slower than planned.
    pub slow_periods: Vec<SlowPeriod>,
    restarts: Vec<Restart>,
}

#[derive(Debug, Clone, Copy)]
struct Restart {
    from: Duration,
    until: Duration,
    back_after: Duration,
}

impl SubscriberFaults {
    /// The plan's faults that strike one subscriber or its class, by the subscriber's index.
    pub fn of(plan: &Plan, index: usize) -> Self {
        let subscriber = &plan.subscribers[index];
        let mut fate = Self { leaves_at: subscriber.leave_at, ..Self::default() };
        for fault in plan.faults.iter().filter(|fault| fault.strikes(index, subscriber.class)) {
            fate.apply(fault, index);
        }
        fate
    }

    fn apply(&mut self, fault: &Fault, index: usize) {
        let at = fault.at;
        let until = fault.until();
        let earliest = |before: Option<Duration>| Some(before.map_or(at, |before| before.min(at)));
        match &fault.harm {
            FaultKind::ReaderStalls { .. } => {
                self.slow_periods.push(SlowPeriod { from: at, until, speed: Speed::Stopped })
            }
            FaultKind::ReaderTrickles { bytes_per_second, .. } => {
                self.slow_periods.push(SlowPeriod { from: at, until, speed: Speed::Limited(*bytes_per_second) });
            }
            FaultKind::ReaderStops { .. } => {
                self.slow_periods.push(SlowPeriod { from: at, until: Duration::MAX, speed: Speed::Stopped });
            }
            FaultKind::ClientDies { .. } => self.dies_at = earliest(self.dies_at),
            FaultKind::ClassLeaves { .. } => self.leaves_at = earliest(self.leaves_at),
            FaultKind::ServerRestarts { back_after, .. } => {
                self.restarts.push(Restart { from: at, until, back_after: back_after[index] });
            }
            // Faults of a link strike bytes under way, which are the network's and not the client's.
            FaultKind::LinkHeld { .. } | FaultKind::Partition { .. } => {}
        }
    }

    /// How long a client waits before it comes back after a connection that was open, or was refused, in that time.
    /// `None` if no restart of the server overlaps that time.
    pub fn back_after(&self, opened_at: Duration, closed_at: Duration) -> Option<Duration> {
        let restart = self.restarts.iter().find(|restart| opened_at <= restart.until && restart.from <= closed_at)?;
        Some(restart.back_after)
    }
}
