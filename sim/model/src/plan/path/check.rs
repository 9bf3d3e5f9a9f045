//! Whether the path of a stored plan can carry anything, and whether its losses are in order.

use super::{FULL_PACKET_BYTES, Impairments, LinePlan, PathPlan};
use crate::tcp::{Congestion, Rate};

impl PathPlan {
    /// Checks a path of a plan with a time scale. The message begins with the field.
    pub(in crate::plan) fn check(&self, time_scale: u32) -> Result<(), String> {
        self.down.check().map_err(|why| format!("down.{why}"))?;
        self.up.check().map_err(|why| format!("up.{why}"))?;
        let most = FULL_PACKET_BYTES - 1;
        if self.header_bytes > most {
            return Err(format!("header_bytes = {}: at most {most}", self.header_bytes));
        }
        let has_constants = self.congestion != Congestion::None || self.has_rate();
        if time_scale > 1 && has_constants {
            let allowed = "1, unless its congestion is \"none\" and its rates are unbounded: TCP's times do not scale";
            return Err(format!(
                "congestion, down and up: plan.time_scale = {time_scale}: with a path, it must be {allowed}"
            ));
        }
        Ok(())
    }

    fn has_rate(&self) -> bool {
        [&self.down, &self.up].iter().any(|line| line.rate != Rate::Unbounded)
    }
}

impl LinePlan {
    fn check(&self) -> Result<(), String> {
        if self.rate == Rate::BitsPerSecond(0) {
            return Err("rate = 0: must be at least 1 bit a second".into());
        }
        if let Some(bytes) = self.queue_bytes.filter(|bytes| *bytes < FULL_PACKET_BYTES) {
            return Err(format!("queue_bytes = {bytes}: must hold a packet of {FULL_PACKET_BYTES} B"));
        }
        let longest = self.rate.longest_slot();
        if self.slot.is_zero() || self.slot > longest {
            let allowed = format!("from 1 ns to {longest:?}, which one full packet takes");
            return Err(format!("slot = {:?}: must be {allowed}", self.slot));
        }
        Ok(())
    }
}

impl Impairments {
    /// Checks what the worlds rely on. The message begins with the field.
    pub(in crate::plan) fn check(&self) -> Result<(), String> {
        let in_order = |slots: &[u64]| slots.is_sorted_by(|one, next| one < next);
        if !in_order(&self.lost_down) {
            return Err("lost_down: slots must be in order, each once".into());
        }
        if !in_order(&self.lost_up) {
            return Err("lost_up: slots must be in order, each once".into());
        }
        if !self.outages.is_sorted_by(|one, next| one.from.saturating_add(one.lasts) <= next.from) {
            return Err("outages: must be in order of time, without overlaps".into());
        }
        if self.outages.iter().any(|outage| outage.lasts.is_zero()) {
            return Err("outages: each must last longer than 0".into());
        }
        Ok(())
    }
}
