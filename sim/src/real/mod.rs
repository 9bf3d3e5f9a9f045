//! The real world: the same plan, the same subscribers and the same record, over TCP and in wall time.
//!
//! Against a server process of its own it knows every mailbox, as the simulated world does; against anybody else's it
//! knows what clients see, and finds losses from the numbers in the payloads. It draws nothing, and knows no scenario
//! and no summary.
//!
//! Two clocks would make latencies of guesses: all processes of a run read the system's monotonic clock and agree on
//! its zero.

mod both_sides;
mod capture;
mod client;
mod client_error;
mod clock;
mod connection;
mod environment;
mod error;
mod headers;
mod http_client;
mod limits;
mod memory;
mod missing;
mod network;
mod publisher;
mod reconnect;
mod report;
mod route;
mod run;
mod server;
mod small_file;
mod sockets;
mod trust;
mod url;

pub use capture::{Capture, Captured, HEAD_TIMEOUT, Listener, Listening, ListeningEnd, capture, check_stream};
pub use client_error::ClientError;
pub(crate) use clock::monotonic_ns;
pub(crate) use connection::Connection;
pub use error::RealError;
pub use headers::{BadHeader, RequestHeaders};
pub(crate) use http_client::{HttpClient, RequestError};
pub use limits::{LimitError, need_files};
pub use memory::PerSubscriber;
pub use missing::Missing;
pub use network::{ClientAddresses, Network};
pub(crate) use report::Report as RunReport;
pub use route::{Access, Route};
pub use run::{RealRun, Target, run, run_over};
pub use server::{CHILD, serve_child};
pub(crate) use small_file::read_small;
pub use sockets::Sockets;
pub use trust::{Trust, TrustError};
pub use url::{BadUrl, Url};
