//! What a connection is told when it opens: everything that the kernels at both ends would be configured with.

use serde::{Deserialize, Serialize};

/// What limits the bytes in flight beside the receiver's window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Congestion {
    /// Nothing: the receiver's window alone, told anew at every read. The sender keeps no bytes back.
    ///
    /// With headers of 0 B, no bound on rate and queue and no loss, the connection is a plain window: a byte counts from
    /// its write until the word of its read has come back.
    None,
    /// NewReno's window (RFC 5681).
    Reno,
    /// CUBIC (RFC 9438) with the kernel's HyStart.
    Cubic,
}

/// The client's receive buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiveBuffer {
    /// The kernel's own tuning, from 64 KiB upwards. With [`Congestion::None`], no limit.
    Auto,
    /// A buffer of a fixed size, as a program asks for with `SO_RCVBUF`, in bytes of payload. The kernel reserves twice
    /// the bytes, and its window is the share of them that holds payload. With [`Congestion::None`], the window itself.
    Bytes(u64),
}

/// When the client's program takes what has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// At the moment of its arrival.
    AtOnce,
    /// When [`Connection::read`](super::Connection::read) is called.
    WhenTold,
}

/// The settings of one connection. Times are nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// What limits the bytes in flight, at both ends.
    pub congestion: Congestion,
    /// The client's receive buffer. The server's is tuned by its kernel.
    pub receive_buffer: ReceiveBuffer,
    /// When the client's program takes what has arrived. The server's takes it at once.
    pub reads: Reads,
    /// IP and TCP headers of a segment: 52 B for IPv4 with timestamps.
    pub header_bytes: u64,
    /// `TCP_NOTSENT_LOWAT` of the server's socket: no new buffer begins with that many bytes unsent or more.
    pub unsent_low_water: u64,
    /// `TCP_USER_TIMEOUT` of the server's socket; without it, 15 retransmissions.
    pub user_timeout: Option<u64>,
    /// The jiffies that the kernels had counted at time 0. It decides by how much timers of seconds are late.
    pub jiffies_at_start: u64,
}

impl Settings {
    /// Linux with cubic, headers of IPv4 and a server that bounds its unsent bytes to 16 KiB.
    pub const LINUX: Self = Self {
        congestion: Congestion::Cubic,
        receive_buffer: ReceiveBuffer::Auto,
        reads: Reads::AtOnce,
        header_bytes: 52,
        unsent_low_water: 16_384,
        user_timeout: None,
        jiffies_at_start: 0,
    };
}
