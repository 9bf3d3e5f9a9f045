//! The driver, which looks whether a run is over.

use super::{OVER_CHECK, Run};
use crate::specified::connection::Connection;
use crate::specified::cpu::Cpu;
use crate::specified::path::Path;
use crate::specified::time::{TICK, ticks};

impl Run<'_> {
    /// When the driver looks again whether all is over.
    pub(super) fn next_look(&self, now: u64) -> u64 {
        let next_look = (now + OVER_CHECK * TICK).min(self.run_ends);
        if now < self.sources_end { self.sources_end } else { next_look }
    }

    /// The next tick in which the driver looks without being told.
    pub(super) fn next_wake(&self) -> u64 {
        let times = [
            self.next_release_at(),
            self.cpu.as_ref().and_then(Cpu::finishes_at),
            self.next_arrival_at(),
            self.paths.iter().filter_map(Path::next_sent_at).min(),
            self.timeouts.front().map(|(at, _)| *at),
            self.turns.front().map(|(at, _)| *at),
        ];
        ticks(times.into_iter().flatten().min().map_or(self.looks_at, |first| first.min(self.looks_at)))
    }

    pub(super) fn is_over(&self, now: u64) -> bool {
        // All may be quiet while a client is about to come back for what it missed.
        if now < self.all_back || self.next_arrival < self.plan.arrivals.len() {
            return false;
        }
        if now >= self.run_ends {
            return true;
        }
        let is_read = |connection: &Connection| connection.socket.in_window() == 0;
        let is_idle = |connection: &Connection| connection.mailbox.is_idle();
        // An arrival may still wait for the CPU, and be published into mailboxes that are empty now.
        self.cpu.as_ref().is_none_or(|cpu| cpu.finishes_at().is_none())
            && self.connections.iter().all(|connection| is_read(connection) && is_idle(connection))
    }
}
