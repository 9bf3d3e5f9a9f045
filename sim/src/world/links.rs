//! When each class's link carries: what a plan's holds and partitions mean for bytes under way.
//!
//! Times are those at which bytes would go on the link. TCP's own repair is left out: a connection that has lost bytes,
//! or has had them held for longer than its user timeout, carries nothing any more.

use std::time::Duration;

use crate::plan::{FaultKind, Plan};

/// The links of all classes.
#[derive(Debug)]
pub(super) struct Links {
    user_timeout: Duration,
    outages: Vec<Vec<Outage>>,
}

#[derive(Debug, Clone, Copy)]
struct Outage {
    from: Duration,
    until: Duration,
    loses: bool,
}

impl Links {
    pub(super) fn of(plan: &Plan) -> Self {
        let outages = (0..plan.classes.len()).map(|class| {
            // Over a path TCP meets the faults, packet by packet.
            let has_path = plan.classes[class].path.is_some();
            let own = plan.faults.iter().filter(|fault| fault.harm.class() == Some(class) && !has_path);
            let outages = own.filter_map(|fault| match fault.harm {
                FaultKind::LinkHeld { .. } => Some(Outage { from: fault.at, until: fault.until(), loses: false }),
                FaultKind::Partition { .. } => Some(Outage { from: fault.at, until: fault.until(), loses: true }),
                _ => None,
            });
            outages.collect()
        });
        Self { user_timeout: plan.server.user_timeout, outages: outages.collect() }
    }

    pub(super) fn user_timeout(&self) -> Duration {
        self.user_timeout
    }

    /// When the link is next up: what is repeated until it arrives passes then.
    pub(super) fn up_at(&self, class: usize, at: Duration) -> Duration {
        let mut at = at;
        // A loop, since another outage may begin where one ends.
        while let Some(outage) = self.outage(class, at) {
            at = outage.until;
        }
        at
    }

    /// When bytes sent at `sent_at` that are due at `due` go on the link; `None` where they never do.
    pub(super) fn passage(&self, class: usize, sent_at: Duration, due: Duration) -> Option<Duration> {
        let mut at = due;
        while let Some(outage) = self.outage(class, at) {
            // From the sending and not from the outage on: the server's timeout runs while bytes are unacknowledged.
            if outage.loses || outage.until - sent_at > self.user_timeout {
                return None;
            }
            at = outage.until;
        }
        Some(at)
    }

    /// The outage at a time; one that loses comes before one that holds.
    fn outage(&self, class: usize, at: Duration) -> Option<Outage> {
        let now = self.outages.get(class)?.iter().filter(|outage| (outage.from..outage.until).contains(&at));
        now.copied().max_by_key(|outage| outage.loses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn links() -> Links {
        let outage = |from, until, loses| Outage { from: ms(from), until: ms(until), loses };
        Links {
            user_timeout: ms(50),
            outages: vec![vec![outage(10, 30, false), outage(30, 40, true)], vec![outage(0, 60, false)]],
        }
    }

    #[test]
    fn a_held_link_lets_go_what_it_held_and_a_partition_loses_what_is_due_in_it() {
        assert_eq!(links().passage(0, ms(5), ms(9)), Some(ms(9)));
        assert_eq!(links().passage(0, ms(5), ms(35)), None);
        assert_eq!(links().passage(0, ms(5), ms(20)), None, "held until it would be lost");
        assert_eq!(links().passage(0, ms(35), ms(40)), Some(ms(40)));
    }

    #[test]
    fn what_is_held_for_longer_than_the_user_timeout_is_lost() {
        assert_eq!(links().passage(1, ms(9), ms(20)), None);
        assert_eq!(links().passage(1, ms(10), ms(20)), Some(ms(60)));
    }

    #[test]
    fn what_is_repeated_passes_when_every_outage_is_over() {
        assert_eq!(links().up_at(0, ms(12)), ms(40));
        assert_eq!(links().up_at(0, ms(40)), ms(40));
        assert_eq!(links().up_at(2, ms(1)), ms(1));
    }
}
