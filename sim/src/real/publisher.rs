//! Publishes the plan's arrivals over HTTP, one after the other, with a connection for each table. Each is sent at its
//! planned time or as soon after it as the one before has been answered: an open loop, which no slow server slows down
//! unnoticed.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rustix::thread::{ClockId, clock_nanosleep_absolute};
use rustix::time::Timespec;

use super::capture::HEAD_TIMEOUT;
use super::clock::Clock;
use super::http_client::{HttpClient, RequestError};
use super::route::Route;
use crate::client::{LEAST_NUMBERED_BYTES, payload};
use crate::plan::Arrival;
use crate::time::nanos;

/// How far the publisher is, for those who watch, and whether it is to go on.
#[derive(Debug, Default)]
pub(super) struct PublishProgress {
    /// Publishes begun.
    pub(super) begun: AtomicU64,
    pub(super) is_called_off: AtomicBool,
}

/// Longest time without a look at whether it is to go on.
const LOOK: Duration = Duration::from_millis(200);

/// Publishes all arrivals, each at the address of its table. It blocks, so it needs a thread of its own. Returns the longest
/// time by which a publish began later than planned.
///
/// # Errors
/// When a publish fails, with the index of its table.
pub(super) fn publish(
    routes: &[Route],
    arrivals: &[Arrival],
    clock: Clock,
    progress: &PublishProgress,
) -> Result<Duration, (usize, RequestError)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|why| (0, RequestError::Unreachable(why.to_string())))?;
    runtime.block_on(async {
        let mut clients: Vec<_> = routes.iter().map(|route| HttpClient::new(route.clone(), HEAD_TIMEOUT)).collect();
        let mut worst = Duration::ZERO;
        for (index, arrival) in arrivals.iter().enumerate() {
            while clock.now() < arrival.at {
                if progress.is_called_off.load(Ordering::Relaxed) {
                    return Ok(worst);
                }
                sleep(&clock, arrival.at.min(clock.now() + LOOK));
            }
            worst = worst.max(clock.now().saturating_sub(arrival.at));
            // Before it is sent: a client may have the event before the answer to the publish is back.
            progress.begun.store(index as u64 + 1, Ordering::Relaxed);
            // A smaller payload has no room for the number that a client finds losses by.
            let bytes = arrival.payload_bytes.max(LEAST_NUMBERED_BYTES);
            let table = usize::from(arrival.table);
            clients[table].post(payload(index, arrival.key, bytes)).await.map_err(|why| (table, why))?;
        }
        Ok(worst)
    })
}

/// To the microsecond or so, where a runtime's timer has milliseconds. Nothing else runs on this thread.
fn sleep(clock: &Clock, until: Duration) {
    let ns = clock.zero_ns() + nanos(until);
    let [seconds, nanoseconds] = [ns / 1_000_000_000, ns % 1_000_000_000].map(|part| i64::try_from(part).unwrap_or(0));
    // An interrupted sleep is looked after by the loop around it.
    let _ = clock_nanosleep_absolute(ClockId::Monotonic, &Timespec { tv_sec: seconds, tv_nsec: nanoseconds });
}
