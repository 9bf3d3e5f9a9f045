//! What a path between a server and its clients hides: how many frames a client that has stopped reading is given before
//! the server's own buffer notices, how long it takes until a client that has left is noticed, and what happens to the
//! head of a stream, to its resumption and to its events under compression.
//!
//! A probe publishes events of its own, and takes part as a client. It needs a table that nobody else publishes to.

mod account;
mod all;
mod come_back;
mod error;
mod hidden;
mod numbers;
mod steps;
mod watcher;

use std::pin::pin;
use std::time::Duration;

pub use error::ProbeError;
use tokio::time::timeout;

use crate::real::Route;
use crate::summary::probed::Found;
use steps::Probing;

/// Longest time without a look at whether the probe is still wanted.
const LOOK: Duration = Duration::from_millis(200);

/// What is probed, and how far.
#[derive(Debug, Clone)]
pub struct Probe {
    /// The stream.
    pub stream: Route,
    /// Where events are posted.
    pub ingest: Route,
    /// The server's list of subscribers, if it has one of hubbub's form.
    pub debug: Option<Route>,
    /// Bytes of an event's data.
    pub payload_bytes: u32,
    /// Frames of the server's buffer, where the server does not tell what waits in it.
    pub buffer: Option<u64>,
    /// Receive buffer of the client that stops reading, as it is asked for; `None` leaves it to the kernel.
    pub receive_buffer: Option<u32>,
    /// Most events to publish for the count of hidden frames.
    pub most_frames: u64,
    /// Longest time for that count.
    pub most_time: Duration,
    /// Longest time to wait until a client that has left is noticed.
    pub leave_timeout: Duration,
    /// How long a server may take for a connection, and then for the head of its response; and for a whole answer to a
    /// post or to a question.
    pub head_timeout: Duration,
}

/// Probes a path. `is_wanted` is asked several times a second, and ends the probe by returning `false`.
///
/// # Errors
/// When the stream or the posts do not work, when others publish to the table, and when the probe is called off.
pub fn probe(probe: &Probe, is_wanted: &dyn Fn() -> bool) -> Result<Found, ProbeError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|why| ProbeError::Io(why.to_string()))?;
    let found = runtime.block_on(while_wanted(all::all(Probing::new(probe)), is_wanted));
    // A name may still be looked up on a thread of its own. Nobody waits for that any more.
    runtime.shutdown_background();
    found
}

/// Does the work for as long as it is wanted: a silent server must not hold up who calls it off.
async fn while_wanted(
    work: impl Future<Output = Result<Found, ProbeError>>,
    is_wanted: &dyn Fn() -> bool,
) -> Result<Found, ProbeError> {
    let mut work = pin!(work);
    while is_wanted() {
        // By reference: a look must not cancel the work.
        if let Ok(found) = timeout(LOOK, work.as_mut()).await {
            return found;
        }
    }
    Err(ProbeError::CalledOff)
}
