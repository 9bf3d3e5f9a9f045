//! Whether a stored plan can be run: it may have been written by another version, or by hand.

use std::time::Duration;

use super::{Plan, Reading, retry};

/// Longest that events may arrive, and that a world may go on after that.
const MOST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl Plan {
    /// Checks what a drawn plan always has.
    ///
    /// # Errors
    /// With the field that is wrong, and what is allowed.
    pub fn check(&self) -> Result<(), String> {
        let in_order = |what: &str, holds: bool| if holds { Ok(()) } else { Err(what.to_owned()) };
        in_order("plan.time_scale = 0: must be at least 1", self.time_scale > 0)?;
        in_order("plan.duration and plan.drain: each at most a year", self.duration <= MOST && self.drain <= MOST)?;
        let shares = self.server.frames_per_write > 0;
        in_order("plan.server.frames_per_write = 0: must be at least 1", shares)?;
        in_order("plan.classes: at least one is needed", !self.classes.is_empty())?;
        self.check_tables()?;
        in_order("plan.arrivals: must be in order of time", self.arrivals.is_sorted_by_key(|arrival| arrival.at))?;
        let is_late = self.arrivals.last().is_some_and(|last| last.at > self.duration);
        in_order("plan.arrivals: none may come after plan.duration", !is_late)?;
        in_order("plan.arrivals: an event has at least 1 byte", self.arrivals.iter().all(|a| a.payload_bytes > 0))?;
        for (index, class) in self.classes.iter().enumerate() {
            in_order(&format!("plan.classes[{index}].window_bytes = 0: must be at least 1"), class.window_bytes > 0)?;
            let path = class.path.as_ref().map_or(Ok(()), |path| path.check(self.time_scale));
            path.map_err(|why| format!("plan.classes[{index}].path.{why}"))?;
            retry::check(&self.server, class).map_err(|why| format!("plan.classes[{index}].{why}"))?;
        }
        for (index, subscriber) in self.subscribers.iter().enumerate() {
            let classes = self.classes.len();
            let class = subscriber.class;
            let allowed = format!("plan.subscribers[{index}].class = {class}: there are {classes} classes, from 0 on");
            in_order(&allowed, class < classes)?;
            let leaves = subscriber.leave_at.is_none_or(|at| at >= subscriber.connect_at);
            in_order(&format!("plan.subscribers[{index}]: leaves before it connects"), leaves)?;
            let has_path = self.classes[class].path.is_some();
            let allowed = format!("plan.subscribers[{index}].impairments: its class has no path");
            in_order(&allowed, has_path || subscriber.impairments.is_none())?;
            let path = subscriber.impairments.check();
            path.map_err(|why| format!("plan.subscribers[{index}].impairments.{why}"))?;
            let reads = match &subscriber.reading {
                Reading::Rate { bytes_per_second } => *bytes_per_second > 0,
                Reading::Stalls { stalls } => stalls.is_sorted_by(|a, b| a.from + a.lasts <= b.from),
                Reading::RateWithStalls { bytes_per_second, stalls } => {
                    *bytes_per_second > 0 && stalls.is_sorted_by(|a, b| a.from + a.lasts <= b.from)
                }
                Reading::Serves { times } => !times.is_empty(),
                Reading::AsItArrives | Reading::Never => true,
            };
            let allowed = "a rate is at least 1 byte a second, stalls are sorted and do not overlap, \
                           a service has at least one time";
            in_order(&format!("plan.subscribers[{index}].reading: {allowed}"), reads)?;
        }
        for (index, fault) in self.faults.iter().enumerate() {
            fault.check(self).map_err(|why| format!("plan.faults[{index}].{why}"))?;
        }
        in_order("plan.faults: must be in order of time", self.faults.is_sorted_by_key(|fault| fault.at))?;
        let is_up_between = self.restarts().is_sorted_by(|a, b| a.until() < b.at);
        in_order("plan.faults: a server restarts only when it is up", is_up_between)
    }
}
