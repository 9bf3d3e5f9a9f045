//! What a bounded socket holds, measured by clients that never read, and the model's window that holds as much.

use crate::plan::{HubChoice, Plan, Reading};
use crate::world::{self, WorldError};

/// Larger than the windows of any of the plans.
const MOST_BYTES: u64 = 1 << 24;

/// The plan, with one class that never reads.
pub(super) fn unread(plan: &Plan, class: usize) -> Plan {
    let mut plan = plan.clone();
    for subscriber in plan.subscribers.iter_mut().filter(|subscriber| subscriber.class == class) {
        subscriber.reading = Reading::Never;
    }
    plan
}

/// The plan, with that window for a class.
pub(super) fn with_window(plan: &Plan, class: usize, window_bytes: u64) -> Plan {
    let mut plan = plan.clone();
    plan.classes[class].window_bytes = window_bytes;
    plan
}

/// The middle of the windows in which the model takes that many frames off a server whose client never reads.
///
/// # Errors
/// The first failure of a world.
pub(super) fn holding(plan: &Plan, class: usize, choice: HubChoice, frames: u64) -> Result<u64, WorldError> {
    let plan = unread(plan, class);
    let least = |frames: u64| -> Result<u64, WorldError> {
        let mut low = 0;
        let mut high = MOST_BYTES;
        // A larger window never takes fewer frames, so a bisection finds the smallest that takes enough.
        while high - low > 1 {
            let middle = u64::midpoint(low, high);
            if held(&with_window(&plan, class, middle), class, choice)? >= frames {
                high = middle;
            } else {
                low = middle;
            }
        }
        Ok(high)
    };
    // Every window in between takes as many frames. The middle is farthest from taking one more or one less.
    Ok(u64::midpoint(least(frames)?, least(frames + 1)?))
}

/// Frames that the socket of the class's first member has taken.
fn held(plan: &Plan, class: usize, choice: HubChoice) -> Result<u64, WorldError> {
    let record = world::run(plan, choice)?;
    let first = record.subscribers.iter().find(|subscriber| subscriber.class == class);
    Ok(first.map_or(0, |subscriber| subscriber.delivered))
}
