//! Who lost what, when and why: read off the observations of a run.

use std::time::Duration;

use hubbub::{LossReason, PushOutcome};

use crate::record::{Observation, ObservationKind, Record};

/// What one subscriber lost for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// Index in the plan.
    pub subscriber: usize,
    /// Why they were lost.
    pub reason: LossReason,
    /// Frames lost.
    pub frames: u64,
    /// Frames it was offered in all.
    pub offered: u64,
    /// When the first was lost.
    pub first_at: Duration,
    /// When the last was lost.
    pub last_at: Duration,
    /// Most frames lost in a row, with none accepted between them.
    pub longest_hole: u64,
}

/// All losses, those of the subscriber that lost most first.
pub fn losses(record: &Record, observations: &[Observation]) -> Vec<Loss> {
    // Sorted once: a filter for each subscriber would go through the whole log each time.
    let mut by_subscriber: Vec<Vec<&Observation>> = vec![Vec::new(); record.subscribers.len()];
    observations.iter().for_each(|observation| by_subscriber[observation.subscriber].push(observation));
    let mut losses = Vec::new();
    for (subscriber, (account, own)) in record.subscribers.iter().zip(&by_subscriber).enumerate() {
        let own = || own.iter().copied();
        for reason in LossReason::ALL {
            let frames = own().map(|observation| lost(observation, reason)).sum();
            let mut times = own().filter(|observation| lost(observation, reason) > 0).map(|observation| observation.at);
            let Some(first_at) = times.next() else { continue };
            let last_at = times.next_back().unwrap_or(first_at);
            let longest_hole = longest_hole(own(), frames, reason);
            let offered = account.offered;
            losses.push(Loss { subscriber, reason, frames, offered, first_at, last_at, longest_hole });
        }
    }
    // By subscriber where as much is lost, so that the order repeats.
    losses.sort_by_key(|loss| (std::cmp::Reverse(loss.frames), loss.subscriber));
    losses
}

/// How many frames an observation says were lost for a reason.
fn lost(observation: &Observation, reason: LossReason) -> u64 {
    match observation.what {
        ObservationKind::Pushed { outcome, .. } => u64::from(outcome.loss_reason() == Some(reason)),
        ObservationKind::Forgotten { count, reason: why } if why == reason => count,
        ObservationKind::Ended { client_gone, evicted } => match reason {
            LossReason::ClientGone => client_gone,
            LossReason::Evicted => evicted,
            LossReason::BufferFull
            | LossReason::Bytes
            | LossReason::Age
            | LossReason::Conflated
            | LossReason::OutOfReach => 0,
        },
        ObservationKind::Subscribed { .. }
        | ObservationKind::Replayed { .. }
        | ObservationKind::Forgotten { .. }
        | ObservationKind::Flushed { .. }
        | ObservationKind::Received { .. }
        | ObservationKind::Told { .. }
        | ObservationKind::Placed { .. } => 0,
    }
}

/// With drop-oldest and for what ends with a stream, everything lost at once is one hole.
fn longest_hole<'a>(own: impl Iterator<Item = &'a Observation>, frames: u64, reason: LossReason) -> u64 {
    if matches!(reason, LossReason::ClientGone | LossReason::Evicted) {
        return frames;
    }
    let mut longest = 0_u64;
    let mut hole = 0_u64;
    let mut last_lost = None;
    for observation in own {
        match observation.what {
            ObservationKind::Pushed { outcome, .. } => match outcome {
                PushOutcome::Queued { .. } | PushOutcome::Parked { .. } => hole = 0,
                // A frame that is lost for another reason was not accepted either: the hole goes on.
                _ if outcome.loss_reason() != Some(reason) => {}
                PushOutcome::Refused { .. } | PushOutcome::Disconnected { .. } => hole += 1,
                PushOutcome::Displaced { lost, .. } | PushOutcome::Shed { lost, .. } => {
                    // The frame that is lost is an older one, so a hole is a row of sequences and not a row of pushes.
                    hole = if last_lost.is_some_and(|last| last + 1 == lost) { hole + 1 } else { 1 };
                    last_lost = Some(lost);
                }
            },
            ObservationKind::Forgotten { count, .. } => hole += count,
            ObservationKind::Replayed { .. } | ObservationKind::Told { .. } | ObservationKind::Placed { .. } => {}
            ObservationKind::Subscribed { .. }
            | ObservationKind::Flushed { .. }
            | ObservationKind::Received { .. }
            | ObservationKind::Ended { .. } => {}
        }
        longest = longest.max(hole);
    }
    longest
}
