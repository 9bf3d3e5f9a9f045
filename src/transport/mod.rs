//! From a mailbox to a socket: generic over the stream, so that the same code serves real TCP and a simulated network.
//!
//! **Invariant**: only the frames of one write are between a mailbox and its socket. The body yields the next frames
//! when the socket has accepted the last byte of those before. It yields one frame, unless more may share a write.

pub(crate) mod batch;
pub(crate) mod connection;
pub(crate) mod connection_set;
pub mod environment;
pub(crate) mod gate;
mod gated_stream;
pub mod listener;
pub(crate) mod outlet;
pub(crate) mod sse;
pub(crate) mod websocket;

pub use environment::{Environment, Limit, Observer, Runtime, Tokio};
pub use listener::Listener;
