//! An observation in plain words, for messages of laws.

use std::fmt;
use std::time::Duration;

use super::ObservationKind;
use hubbub::PushOutcome;

/// A sentence without its end: `event 5 is queued, and 3 wait`.
impl fmt::Display for ObservationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Subscribed { connection } => write!(f, "stream {connection} begins"),
            Self::Replayed { first, count } => write!(f, "{count} events are replayed, from event {first} on"),
            Self::Forgotten { count, reason } => write!(f, "the history has lost {count} parked events ({reason})"),
            Self::Placed { after } => write!(f, "the client reads that its stream begins after event {after}"),
            Self::Told { after, until } => {
                write!(f, "the client reads that events {} to {until} are missing", after.saturating_add(1))
            }
            Self::Flushed { sequence } => write!(f, "event {sequence} is flushed"),
            Self::Received { sequence } => write!(f, "event {sequence} is read"),
            Self::Ended { client_gone: 0, evicted: 0 } => f.write_str("the stream ends"),
            Self::Ended { client_gone, evicted } => {
                write!(f, "the stream ends, with {client_gone} frames lost as client_gone and {evicted} as evicted")
            }
            Self::Pushed { sequence, outcome } => push(f, sequence, outcome),
        }
    }
}

fn push(f: &mut fmt::Formatter<'_>, sequence: u64, outcome: PushOutcome<u64>) -> fmt::Result {
    match outcome {
        PushOutcome::Queued { waiting } => write!(f, "event {sequence} is queued, and {waiting} wait"),
        PushOutcome::Refused { reason } => write!(f, "event {sequence} is refused ({reason})"),
        PushOutcome::Displaced { lost, reason } => write!(f, "event {sequence} displaces event {lost} ({reason})"),
        PushOutcome::Shed { lost, reason } => write!(f, "event {lost} is let go for event {sequence} ({reason})"),
        PushOutcome::Disconnected { reason } => {
            write!(f, "event {sequence} is refused, and the subscriber is cut off ({reason})")
        }
        PushOutcome::Parked { waiting } => write!(f, "event {sequence} is parked, and {waiting} wait"),
    }
}

/// A time in milliseconds to the nanosecond. Two worlds may differ by no more than that.
pub fn exact_ms(at: Duration) -> String {
    format!("{:.6} ms", at.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hubbub::LossReason;

    #[test]
    fn an_observation_is_a_plain_sentence() {
        let reason = LossReason::BufferFull;
        let pushed = |outcome| ObservationKind::Pushed { sequence: 5, outcome };
        let cases = [
            (ObservationKind::Told { after: 5, until: 9 }, "the client reads that events 6 to 9 are missing"),
            (ObservationKind::Flushed { sequence: 5 }, "event 5 is flushed"),
            (ObservationKind::Ended { client_gone: 0, evicted: 0 }, "the stream ends"),
            (
                ObservationKind::Ended { client_gone: 0, evicted: 2 },
                "the stream ends, with 0 frames lost as client_gone and 2 as evicted",
            ),
            (pushed(PushOutcome::Queued { waiting: 3 }), "event 5 is queued, and 3 wait"),
            (pushed(PushOutcome::Displaced { lost: 2, reason }), "event 5 displaces event 2 (buffer_full)"),
            (pushed(PushOutcome::Shed { lost: 2, reason }), "event 2 is let go for event 5 (buffer_full)"),
        ];
        for (what, words) in cases {
            assert_eq!(what.to_string(), words);
        }
        assert_eq!(exact_ms(Duration::from_nanos(203_813_001)), "203.813001 ms");
    }
}
