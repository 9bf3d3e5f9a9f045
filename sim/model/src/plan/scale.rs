//! A plan in virtual time: every duration in it, times its time scale.
//!
//! Each type is taken apart field by field, without `..`, so that this does not compile while a new field waits for
//! somebody to say whether it is a duration.

use std::time::Duration;

use super::{
    Arrival, ClassPlan, CpuPlan, Fault, FaultKind, Impairments, LinePlan, PathOutage, PathPlan, Plan, Reading,
    Recovery, ServerPlan, Stall, SubscriberPlan,
};

impl Plan {
    /// The plan with all durations in virtual time. Rates stay in plan time and are scaled where they are used.
    #[must_use]
    pub fn in_virtual_time(&self) -> Self {
        let mut plan = self.clone();
        let scale = plan.time_scale;
        // Nearly all plans: their many arrivals need not be visited.
        if scale == 1 {
            return plan;
        }
        let Self {
            scenario: _,
            seed: _,
            table: _,
            other_tables: _,
            duration,
            drain,
            time_scale: _,
            server,
            arrivals,
            classes,
            subscribers,
            faults,
        } = &mut plan;
        duration.stretch(scale);
        drain.stretch(scale);
        server.stretch(scale);
        arrivals.stretch(scale);
        classes.stretch(scale);
        subscribers.stretch(scale);
        faults.stretch(scale);
        plan
    }
}

/// Something with durations in it.
trait Stretch {
    /// Multiplies every duration by `scale`.
    fn stretch(&mut self, scale: u32);
}

impl Stretch for Duration {
    fn stretch(&mut self, scale: u32) {
        *self *= scale;
    }
}

impl<T: Stretch> Stretch for Option<T> {
    fn stretch(&mut self, scale: u32) {
        self.iter_mut().for_each(|some| some.stretch(scale));
    }
}

impl<T: Stretch> Stretch for Vec<T> {
    fn stretch(&mut self, scale: u32) {
        self.iter_mut().for_each(|each| each.stretch(scale));
    }
}

impl Stretch for ServerPlan {
    fn stretch(&mut self, scale: u32) {
        // A `retry:` is written in plan time at any scale. The client that obeys it stretches it.
        let Self {
            keepalive,
            write_deadline,
            user_timeout,
            frames_per_write: _,
            transport: _,
            cpu,
            retry: _,
            recovery,
        } = self;
        keepalive.stretch(scale);
        write_deadline.stretch(scale);
        user_timeout.stretch(scale);
        cpu.stretch(scale);
        recovery.stretch(scale);
    }
}

impl Stretch for CpuPlan {
    fn stretch(&mut self, scale: u32) {
        let Self { publish, delivery, frame, connect } = self;
        publish.stretch(scale);
        delivery.stretch(scale);
        frame.stretch(scale);
        connect.stretch(scale);
    }
}

impl Stretch for Recovery {
    fn stretch(&mut self, scale: u32) {
        let Self { history_events: _, history_bytes: _, waiting_bytes: _, waiting_age } = self;
        waiting_age.stretch(scale);
    }
}

impl Stretch for Arrival {
    fn stretch(&mut self, scale: u32) {
        let Self { at, payload_bytes: _, key: _, table: _ } = self;
        at.stretch(scale);
    }
}

impl Stretch for ClassPlan {
    fn stretch(&mut self, scale: u32) {
        let Self { name: _, round_trip, window_bytes: _, reconnect_after, selection: _, obeys_retry: _, path } = self;
        round_trip.stretch(scale);
        reconnect_after.stretch(scale);
        path.stretch(scale);
    }
}

impl Stretch for PathPlan {
    fn stretch(&mut self, scale: u32) {
        let Self { down, up, congestion: _, receive_buffer: _, header_bytes: _ } = self;
        down.stretch(scale);
        up.stretch(scale);
    }
}

impl Stretch for LinePlan {
    fn stretch(&mut self, scale: u32) {
        // A check lets no plan with a bounded rate have a time scale.
        let Self { rate: _, queue_bytes: _, slot } = self;
        slot.stretch(scale);
    }
}

impl Stretch for Impairments {
    fn stretch(&mut self, scale: u32) {
        // Slots are counted, and their length is the line's.
        let Self { lost_down: _, lost_up: _, outages } = self;
        outages.stretch(scale);
    }
}

impl Stretch for PathOutage {
    fn stretch(&mut self, scale: u32) {
        let Self { from, lasts, packets: _ } = self;
        from.stretch(scale);
        lasts.stretch(scale);
    }
}

impl Stretch for SubscriberPlan {
    fn stretch(&mut self, scale: u32) {
        let Self { class: _, connect_at, leave_at, reading, impairments } = self;
        connect_at.stretch(scale);
        leave_at.stretch(scale);
        reading.stretch(scale);
        impairments.stretch(scale);
    }
}

impl Stretch for Reading {
    fn stretch(&mut self, scale: u32) {
        match self {
            Self::AsItArrives | Self::Never | Self::Rate { bytes_per_second: _ } => {}
            Self::Stalls { stalls } | Self::RateWithStalls { bytes_per_second: _, stalls } => stalls.stretch(scale),
            Self::Serves { times } => times.stretch(scale),
        }
    }
}

impl Stretch for Stall {
    fn stretch(&mut self, scale: u32) {
        let Self { from, lasts } = self;
        from.stretch(scale);
        lasts.stretch(scale);
    }
}

impl Stretch for Fault {
    fn stretch(&mut self, scale: u32) {
        let Self { at, harm } = self;
        at.stretch(scale);
        harm.stretch(scale);
    }
}

impl Stretch for FaultKind {
    fn stretch(&mut self, scale: u32) {
        match self {
            Self::ReaderStalls { subscriber: _, lasts }
            | Self::ReaderTrickles { subscriber: _, lasts, bytes_per_second: _ }
            | Self::LinkHeld { class: _, lasts }
            | Self::Partition { class: _, lasts } => lasts.stretch(scale),
            Self::ServerRestarts { lasts, back_after } => {
                lasts.stretch(scale);
                back_after.stretch(scale);
            }
            Self::ReaderStops { subscriber: _ }
            | Self::ClientDies { subscriber: _ }
            | Self::ClassLeaves { class: _ } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_faults_times_and_a_readers_are_stretched_and_its_rate_is_not() {
        let stall = Stall { from: SECOND, lasts: 2 * SECOND };
        let mut reading = Reading::RateWithStalls { bytes_per_second: 7, stalls: vec![stall] };
        reading.stretch(3);
        let stretched = Stall { from: 3 * SECOND, lasts: 6 * SECOND };
        assert_eq!(reading, Reading::RateWithStalls { bytes_per_second: 7, stalls: vec![stretched] });
        let restart = |second: Duration| Fault {
            at: second,
            harm: FaultKind::ServerRestarts { lasts: 2 * second, back_after: vec![second, 4 * second] },
        };
        let mut fault = restart(SECOND);
        fault.stretch(5);
        assert_eq!(fault, restart(5 * SECOND));
    }
}
