//! What the plan's faults do to the link of a class: it is held, or it loses what the server sends.

use crate::plan::{FaultKind, Plan};
use crate::time::nanos;

#[derive(Debug, Clone, Copy)]
struct Outage {
    from: u64,
    until: u64,
    loses: bool,
}

/// One class's link.
#[derive(Debug)]
pub(super) struct Link {
    user_timeout: u64,
    outages: Vec<Outage>,
}

impl Link {
    pub(super) fn of(plan: &Plan, class: usize) -> Self {
        // Over a path TCP meets the faults, packet by packet.
        let has_path = plan.classes[class].path.is_some();
        let own = plan.faults.iter().filter(|fault| fault.harm.class() == Some(class) && !has_path);
        let outages = own.filter_map(|fault| {
            let loses = match fault.harm {
                FaultKind::LinkHeld { .. } => false,
                FaultKind::Partition { .. } => true,
                _ => return None,
            };
            Some(Outage { from: nanos(fault.at), until: nanos(fault.until()), loses })
        });
        Self { user_timeout: nanos(plan.server.user_timeout), outages: outages.collect() }
    }

    /// When the link next carries something: at `at`, or when all outages from then on are over.
    #[inline]
    pub(super) fn up_at(&self, at: u64) -> u64 {
        // Most links are never down, and this is asked for every word of a read.
        if self.outages.is_empty() {
            return at;
        }
        let mut up_at = at;
        while let Some(outage) = self.outage(up_at) {
            up_at = outage.until;
        }
        up_at
    }

    /// When bytes pass that are sent at `sent_at` and would pass at `due`; `None` where they are lost: in an outage that
    /// loses, or held for longer than the user timeout.
    pub(super) fn passes_at(&self, sent_at: u64, due: u64) -> Option<u64> {
        let mut passes_at = due;
        while let Some(outage) = self.outage(passes_at) {
            // From the sending on and not from the outage: the timeout runs while bytes are unacknowledged.
            if outage.loses || outage.until - sent_at > self.user_timeout {
                return None;
            }
            passes_at = outage.until;
        }
        Some(passes_at)
    }

    /// The outage at a time; one that loses comes before one that holds, and the later of two of a kind.
    fn outage(&self, at: u64) -> Option<Outage> {
        let now = self.outages.iter().filter(|outage| outage.from <= at && at < outage.until);
        now.copied().max_by_key(|outage| outage.loses)
    }
}
