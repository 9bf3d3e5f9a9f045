//! TCP over a bottleneck, as a pure program: the server's socket, the sender, both ways of the path, the receiver.
//!
//! The rules are those of Linux 6.18, with the RFCs that they come from. Each module states them in the order in which
//! they apply:
//!
//! - `socket`: how the kernel fills a socket's buffers, and when it takes more.
//! - `sender`: segments, losses, timers; with `scoreboard` (SACK, pipe), `rack` (losses), `rtt` (SRTT, RTO), `congestion`
//!   (cwnd, reno, cubic, HyStart) and `prr`.
//! - `receiver`: acknowledgements, SACK blocks, the receive window.
//! - `link`: rate or recorded opportunities, queue, delay, lost slots and outages of one direction.
//! - `handshake`: SYN and SYN-ACK, and how they are tried again.
//! - `endpoint` and `connection`: all of it together.
//! - `connections`: those of all clients of a run, for worlds that move in ticks.
//!
//! Everything is integers: offsets in bytes, windows in segments, times in nanoseconds. Nothing is drawn, and nothing looks
//! at a clock: a world says what time it is. The room knows neither worlds nor plans nor the Hub.
//!
//! Left out, because it moved no measured row by more than 6 %: pacing, TSO, ECN, reordering, the compression of SACKs, and
//! segments joined when they are sent again. A receive buffer of a fixed size counts bytes and packets of one size, and does
//! not join small packets. bbr is not modelled.

mod congestion;
mod connection;
mod connections;
mod endpoint;
mod handshake;
mod link;
mod prr;
mod rack;
mod range;
mod receiver;
mod rtt;
mod scoreboard;
mod segment;
mod sender;
mod settings;
mod socket;
mod units;

pub use connection::{Connection, End, Failure, Path};
pub use connections::{Connections, News, Ways};
pub use link::{
    Link, LinkCounts, LinkPlan, LostSlots, OPPORTUNITY_BYTES, Outage, OutageKind, Outages, Rate, Recording,
    RecordingError,
};
pub use sender::SenderCounts;
pub use settings::{Congestion, Reads, ReceiveBuffer, Settings};
pub use socket::Piece;

#[cfg(test)]
mod tests;
