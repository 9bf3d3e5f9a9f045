//! How the sockets of a run are set.

/// How sockets are set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sockets {
    /// What may wait unsent on the server's side, in bytes; `None` leaves the server's default.
    pub unsent_bytes: Option<u32>,
    /// Largest segment on the way to clients, in bytes; `None` leaves loopback's 64 KB.
    pub segment_bytes: Option<u32>,
    /// Leaves receive buffers to the kernel, whatever windows the plan has.
    pub leave_windows: bool,
}
