//! Where the server of a simulated world is.

/// The host that the server runs on.
pub(super) const SERVER: &str = crate::client::VIRTUAL_SERVER;

/// The port that it listens on.
pub(super) const SERVER_PORT: u16 = 80;
