//! From a mailbox to a socket: generic over the stream, so that the same code serves real TCP and a simulated network.
//!
//! **Invariant**: between a mailbox and its socket at most [`FRAMES_IN_FLIGHT`] frame waits. The body yields a frame
//! only when the one before has been flushed, that is when the socket has accepted its last byte.

pub(crate) mod connection;
pub(crate) mod crowd;
pub mod environment;
pub(crate) mod gate;
mod gated_stream;
pub mod listener;
pub(crate) mod sse;

pub use environment::{Environment, Limit, Tokio};
pub use listener::Listener;

/// Frames that may be between a mailbox and its socket.
pub const FRAMES_IN_FLIGHT: usize = 1;
