//! One connection of a program with routes of its own: what its requests share, and its one place for a stream.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Observer;
use super::gate::Gate;
use super::observed::Observed;
use super::outlet::WriteSettings;

/// The environment of connections of a program with routes of its own: its observer decides what is measured.
pub(super) type Observing = Observed<Arc<dyn Observer + Send + Sync>>;

/// What all requests of one connection share.
pub(super) struct GatedConnection {
    pub(super) gate: Arc<Gate<Observing>>,
    pub(super) peer: SocketAddr,
    pub(super) pace: WriteSettings,
    /// Whether a body of this connection exists. The gate counts the frames of one stream.
    is_taken: AtomicBool,
}

impl GatedConnection {
    pub(super) fn new(gate: Arc<Gate<Observing>>, peer: SocketAddr, pace: WriteSettings) -> Self {
        Self { gate, peer, pace, is_taken: AtomicBool::new(false) }
    }
}

/// The one place for a stream on a connection. Dropping it makes room for the next stream.
pub(super) struct StreamPlace(Arc<GatedConnection>);

impl StreamPlace {
    /// Takes the place; `None` while another body of the connection exists.
    pub(super) fn take(connection: &Arc<GatedConnection>) -> Option<Self> {
        // Acquire and release: the stream that was there has left the gate before another one enters.
        let was_taken = connection.is_taken.swap(true, Ordering::AcqRel);
        (!was_taken).then(|| Self(connection.clone()))
    }

    pub(super) fn gate(&self) -> &Arc<Gate<Observing>> {
        &self.0.gate
    }
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        self.0.is_taken.store(false, Ordering::Release);
    }
}
