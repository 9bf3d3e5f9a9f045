//! How many frames a server hides between a client's buffer and its socket.

use std::time::Duration;

use super::size::LARGEST;
use super::{Testbed, TestbedError};
use crate::plan::{
    Arrival, ClassPlan, DEFAULT_RETRY, DEFAULT_USER_TIMEOUT, Impairments, Plan, Reading, Selection, ServerPlan, Stall,
    SubscriberPlan,
};
use crate::transport::Transport;

/// A buffer that is soon full.
const BUFFER: usize = 16;

/// Events of the first try, and of the last one.
const EVENTS: usize = 2_048;
const MOST_EVENTS: usize = 1 << 17;

/// Less than a frame, so that a socket takes no whole one.
const WINDOW_BYTES: u64 = 64;

/// Events are published at this pace, after the client has stopped reading.
const FROM: Duration = Duration::from_secs(1);
const BETWEEN: Duration = Duration::from_micros(100);

impl Testbed {
    /// Frames that are neither in the buffer nor in the socket of a client that has stopped reading, where each has so
    /// many bytes of payload. They have left the buffer, and no overflow policy reaches them any more. hyper hides frames
    /// in this way, unless a body waits for its socket. The frame that the socket takes next is not counted.
    ///
    /// # Errors
    /// As [`Testbed::run`].
    pub fn hidden_frames(&self, payload_bytes: u32) -> Result<u64, TestbedError> {
        let mut events = EVENTS;
        loop {
            let plan = stalled(events, payload_bytes);
            let run = self.run(&plan, BUFFER)?;
            if run.is_probed {
                return self.hidden_by_probe(&plan);
            }
            let kept: u64 = run.record.subscribers.iter().map(|one| one.received).sum();
            // One more is partly in the socket.
            let hidden = kept.saturating_sub(run.frames as u64 + 1);
            if kept < events as u64 || events >= MOST_EVENTS {
                return Ok(hidden);
            }
            events *= 4;
        }
    }

    /// A probe says how many wait where nothing overflows. Policies that send a client to a history lose nothing, so losses
    /// would not tell.
    fn hidden_by_probe(&self, plan: &Plan) -> Result<u64, TestbedError> {
        let run = self.run(plan, LARGEST)?;
        let waiting: u64 = run.record.subscribers.iter().map(|one| one.high_water).sum();
        Ok((plan.arrivals.len() as u64).saturating_sub(waiting + 1))
    }
}

/// A client that stops reading before the first event, and begins again after the last: it reads all that was kept for it.
fn stalled(events: usize, payload_bytes: u32) -> Plan {
    let at = |n: usize| FROM + BETWEEN * u32::try_from(n).unwrap_or(u32::MAX);
    let stall = Stall { from: FROM / 2, lasts: at(events) };
    // It reads on at `WINDOW_BYTES` for every round trip of 2 ms.
    let frame_bytes = u64::from(payload_bytes) + 200;
    let reads_for = Duration::from_millis(2 * events as u64 * frame_bytes.div_ceil(WINDOW_BYTES));
    Plan {
        scenario: "stalled".to_owned(),
        seed: 0,
        table: "builds".to_owned(),
        other_tables: Vec::new(),
        duration: at(events),
        drain: at(events) + reads_for,
        time_scale: 1,
        server: ServerPlan {
            keepalive: Duration::from_secs(3600),
            write_deadline: Duration::from_secs(3600),
            user_timeout: DEFAULT_USER_TIMEOUT,
            frames_per_write: 1,
            transport: Transport::Sse,
            cpu: None,
            retry: DEFAULT_RETRY,
            recovery: None,
        },
        arrivals: (0..events).map(|n| Arrival { at: at(n), payload_bytes, key: 0, table: 0 }).collect(),
        classes: vec![ClassPlan {
            name: "stalled".to_owned(),
            round_trip: None,
            window_bytes: WINDOW_BYTES,
            reconnect_after: None,
            selection: Selection::default(),
            obeys_retry: false,
            path: None,
        }],
        subscribers: vec![SubscriberPlan {
            class: 0,
            connect_at: Duration::ZERO,
            leave_at: None,
            reading: Reading::Stalls { stalls: vec![stall] },
            impairments: Impairments::default(),
        }],
        faults: Vec::new(),
    }
}
