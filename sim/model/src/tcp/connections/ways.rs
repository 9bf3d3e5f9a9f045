//! Both ways of a client's path, with the delays that a world in ticks asks for.

use crate::tcp::connection::Path;
use crate::tcp::link::LinkPlan;
use crate::tcp::settings::{Congestion, Reads, Settings};

/// A client's path, and how its connections are opened.
#[derive(Debug, Clone)]
pub struct Ways {
    pub(super) down: LinkPlan,
    up: LinkPlan,
    pub(super) settings: Settings,
    /// How long after the client has set out its SYN leaves.
    pub(super) sets_out_after: u64,
}

impl Ways {
    /// A path whose delays are replaced by the propagation `one_way`, at least a tick, in both directions. Without
    /// congestion control the client's program is always asked for its reads, since they are all that counts.
    pub fn new(down: LinkPlan, up: LinkPlan, settings: Settings, (one_way, tick): (u64, u64)) -> Self {
        let down = LinkPlan { delay: (one_way.div_ceil(tick) - 1) * tick, ..down };
        let (up_delay, reads) = match settings.congestion {
            Congestion::None => (one_way - tick, Reads::WhenTold),
            Congestion::Reno | Congestion::Cubic => (2 * one_way - down.delay, settings.reads),
        };
        let sets_out_after = (3 * one_way).saturating_sub(2 * up_delay + down.delay);
        let up = LinkPlan { delay: up_delay, ..up };
        Self { down, up, settings: Settings { reads, ..settings }, sets_out_after }
    }

    /// Asks the client's program for its reads, where `is_told`.
    #[must_use]
    pub fn told_if(mut self, is_told: bool) -> Self {
        if is_told {
            self.settings.reads = Reads::WhenTold;
        }
        self
    }

    /// An idle bottleneck.
    pub(super) fn path(&self) -> Path {
        Path::new(self.down.clone(), self.up.clone())
    }

    /// When a client hears of the end that asks from `now` on: a round trip after both ways carry packets.
    pub(super) fn answers_at(&self, now: u64) -> u64 {
        let mut at = now;
        loop {
            let over = self.up.outages.over_at(self.down.outages.over_at(at));
            if over == at {
                return at + self.up.delay + self.down.delay;
            }
            at = over;
        }
    }
}
