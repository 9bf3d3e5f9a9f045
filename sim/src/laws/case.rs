//! A case: a plan, and what is set at the Hub.

use std::time::Duration;

use hubbub::{Capacity, Overflow};

use crate::plan::{DEFAULT_RETRY, HubChoice, Plan};

/// A deadline, or a silence, that no drawn case lives to see.
pub(super) const LONG: Duration = Duration::from_secs(30);

/// One run to judge.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// What happens.
    pub plan: Plan,
    /// Size of the mailboxes, 1 ..= 1,048,576.
    pub frames: usize,
    /// What a full one does.
    pub overflow: Overflow,
}

impl Case {
    /// The case's own mailbox size and policy.
    pub fn choice(&self) -> HubChoice {
        self.choice_of(self.frames)
    }

    /// The case's policy with mailboxes of `frames` slots, at least 1.
    pub fn choice_of(&self, frames: usize) -> HubChoice {
        // Beyond the largest capacity there are more slots than a case has events, so no limit gives the same run.
        let capacity = Capacity::new(frames.max(1)).unwrap_or(Capacity::UNBOUNDED);
        HubChoice { capacity, overflow: self.overflow }
    }

    /// The case's policy with mailboxes that never overflow.
    pub fn unbounded(&self) -> HubChoice {
        HubChoice { capacity: Capacity::UNBOUNDED, overflow: self.overflow }
    }

    /// Nothing depends then on the ids that the server gives its subscribers.
    #[must_use]
    pub fn without_ids(mut self) -> Self {
        self.plan.server.retry = DEFAULT_RETRY;
        self.plan.classes.iter_mut().for_each(|class| class.obeys_retry = false);
        self
    }

    /// Subscribers are then independent of each other, but for [their ids](Self::without_ids).
    #[must_use]
    pub fn without_cpu(mut self) -> Self {
        self.plan.server.cpu = None;
        self
    }

    /// Nothing goes wrong then.
    #[must_use]
    pub fn without_faults(mut self) -> Self {
        self.plan.faults.clear();
        self
    }

    /// Without the paths of its classes: their windows alone are between server and clients.
    #[must_use]
    pub fn without_paths(mut self) -> Self {
        self.plan = self.plan.without_paths();
        self
    }

    /// No connection is then cut off for want of progress, and no comment is sent.
    #[must_use]
    pub fn patient(mut self) -> Self {
        (self.plan.server.write_deadline, self.plan.server.keepalive) = (LONG, LONG);
        self
    }

    /// The server then keeps nothing, and nobody comes back for it.
    #[must_use]
    pub fn without_recovery(mut self) -> Self {
        self.plan.server.recovery = None;
        self
    }

    /// With the default policy.
    #[must_use]
    pub fn dropping_newest(mut self) -> Self {
        self.overflow = Overflow::DropNewest;
        self
    }

    /// With one table, which everybody watches.
    #[must_use]
    pub fn with_one_table(mut self) -> Self {
        self.plan = self.plan.with_one_table();
        self
    }

    /// All frames have the same size on the wire: ids have more digits as they grow, and payloads fewer bytes. There is one
    /// table, because its name may be a part of frames.
    #[must_use]
    pub fn with_equal_frames(self, payload_bytes: u32) -> Self {
        let mut case = self.with_one_table();
        for (sequence, arrival) in (1u32..).zip(&mut case.plan.arrivals) {
            // At least 20, so that the digits of no sequence use it up.
            arrival.payload_bytes = payload_bytes.max(20) - sequence.ilog10();
        }
        case
    }
}
