//! When clients come back: how long each waits, and how long all may still come for what they missed after the last
//! arrival.

use std::time::Duration;

use super::faults::SubscriberFaults;
use crate::plan::{ClassPlan, Plan, Reading, SubscriberPlan};
use crate::tcp::Rate;

/// The coarsest step of a world's time: the simulated world moves in ticks of this.
const TICK: Duration = Duration::from_millis(1);

/// How long a client waits before it comes back; `None` where it stays away. `retry` is what the last `retry:` asked for
/// that it has read, in plan time, and `after_restart` its pause after a restart of the server, where there was one.
pub fn pause(
    class: &ClassPlan,
    time_scale: u32,
    retry: Option<Duration>,
    after_restart: Option<Duration>,
) -> Option<Duration> {
    if class.obeys_retry {
        // An `EventSource` cannot tell why its stream has ended, so a restart is no case of its own.
        return retry.map(|retry| retry * time_scale).or(class.reconnect_after);
    }
    // A pause after a restart is drawn for every client, so that they do not all come back at once.
    after_restart.or(class.reconnect_after)
}

/// How long after the last arrival a client may still come back for what it missed, where clients do.
pub fn time_to_come_back(plan: &Plan) -> Duration {
    if plan.server.recovery.is_none() {
        return Duration::ZERO;
    }
    let pause = plan.classes.iter().filter_map(|class| {
        // A retry is in plan time.
        class.reconnect_after.max(plan.longest_retry(class).map(|retry| retry * plan.time_scale))
    });
    let pause = pause.max().unwrap_or_default();
    let round_trip = plan.classes.iter().filter_map(|class| class.round_trip).max().unwrap_or_default();
    let hears = (0..plan.subscribers.len()).map(|index| time_to_hear(plan, index)).max().unwrap_or_default();
    // Too long rather than too short: a run that ended earlier would count as missed what a client was about to ask
    // for.
    let over_paths = (0..plan.subscribers.len()).map(|index| time_over_path(plan, index)).max().unwrap_or_default();
    hears.saturating_add(pause + 3 * (round_trip + TICK)).saturating_add(over_paths).min(plan.drain)
}

/// Beside twice the longest outage: what the end of a stream and a handshake take that lose packets, which TCP sends again
/// after seconds.
const TIME_FOR_LOSSES: Duration = Duration::from_secs(10);

/// How much longer a client may take over its path than over an idle one.
fn time_over_path(plan: &Plan, index: usize) -> Duration {
    let subscriber = &plan.subscribers[index];
    let Some(path) = &plan.classes[subscriber.class].path else { return Duration::ZERO };
    let faults = plan.faults.iter().filter(|fault| fault.harm.class() == Some(subscriber.class));
    let own = subscriber.impairments.outages.iter().map(|outage| outage.lasts);
    let outage = faults.filter_map(|fault| fault.harm.lasts()).chain(own).max();
    let is_clean = subscriber.impairments.is_none() && outage.is_none();
    let is_idle = [&path.down, &path.up].iter().all(|line| line.rate == Rate::Unbounded);
    if is_clean && is_idle { Duration::ZERO } else { TIME_FOR_LOSSES.saturating_add(2 * outage.unwrap_or_default()) }
}

/// How long a client may go on reading a stream that has ended, before it hears of that: a window full, or a stall. Who
/// never reads never hears.
fn time_to_hear(plan: &Plan, index: usize) -> Duration {
    let SubscriberPlan { class, reading, .. } = &plan.subscribers[index];
    let window_at = |bytes_per_second: u64| {
        // Saturating, because a plan that was written by hand may have any window.
        let millis = plan.classes[*class].window_bytes.saturating_mul(1000) / bytes_per_second.max(1);
        Duration::from_millis(millis).saturating_mul(plan.time_scale)
    };
    let reads = match reading {
        Reading::Rate { bytes_per_second } => window_at(*bytes_per_second),
        Reading::Stalls { .. } => reading.longest_stall(),
        // A window full may take several stretches of reading, with a stall between each two.
        Reading::RateWithStalls { bytes_per_second, stalls } => {
            stalls.iter().fold(window_at(*bytes_per_second), |sum, stall| sum.saturating_add(stall.lasts))
        }
        Reading::AsItArrives | Reading::Never | Reading::Serves { .. } => Duration::ZERO,
    };
    let slow_periods = SubscriberFaults::of(plan, index)
        .slow_periods
        .into_iter()
        // A reader that stops for good never hears of the end. Waiting for it would last for ever.
        .filter(|slow_period| slow_period.until < Duration::MAX);
    slow_periods
        .map(|slow_period| slow_period.until.saturating_sub(slow_period.from))
        .max()
        .unwrap_or_default()
        .saturating_add(reads)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_obeys_waits_as_its_stream_said_and_one_that_does_not_as_its_class_or_a_restart_says() {
        let [retry, restart, own] = [2, 7, 3].map(Duration::from_secs);
        let class = |obeys_retry| ClassPlan {
            name: String::new(),
            round_trip: None,
            window_bytes: 1,
            reconnect_after: Some(own),
            selection: crate::plan::Selection::default(),
            obeys_retry,
            path: None,
        };
        let waits = |obeys, retry, restart| pause(&class(obeys), 5, retry, restart);
        assert_eq!(waits(true, Some(retry), Some(restart)), Some(5 * retry), "in virtual time");
        assert_eq!(waits(true, None, Some(restart)), Some(own), "it has read no retry");
        assert_eq!(waits(false, Some(retry), Some(restart)), Some(restart));
        assert_eq!(waits(false, Some(retry), None), Some(own));
    }
}
