//! What a path between a server and its clients hides: how many frames a client that has stopped reading is given before
//! the server's own buffer notices, how long it takes until a client that has left is noticed, and what happens to the
//! head of a stream, to its resumption and to its events under compression.
//!
//! A probe publishes events of its own, and takes part as a client. It needs a table that nobody else publishes to.

mod account;
mod all;
mod error;
mod hidden;
mod numbers;
mod steps;
mod watcher;

use std::time::Duration;

pub use error::ProbeError;

use crate::real::Route;
use crate::summary::probed::Found;
use steps::Probing;

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
    /// How long a server may take for a connection, and then for the head of its response.
    pub head_timeout: Duration,
}

/// Probes a path. `is_wanted` is asked often, and ends the probe by returning `false`.
///
/// # Errors
/// When the stream or the posts do not work, when others publish to the table, and when the probe is called off.
pub fn probe(probe: &Probe, is_wanted: &dyn Fn() -> bool) -> Result<Found, ProbeError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|why| ProbeError::Io(why.to_string()))?;
    runtime.block_on(all::all(Probing::new(probe, is_wanted)))
}
