//! The package inside a program with routes of its own: an axum application over real TCP on the loopback, bounded in
//! time and count. It needs the feature `sse` and no other.
//!
//! - [`gate`]: the buffer that is set is the buffer there is
//! - [`hidden`]: what a body without the gate hides
//! - [`stream`]: headers, resumption, gap notices, keep-alives
//! - [`routes`]: own routes and own authentication beside a stream, and WebSockets of the program's own
//! - [`ending`]: the write deadline, a policy that cuts off, the limit of connections, a shutdown
//! - [`misuse`]: bodies that are dropped, kept, moved or polled too late
//! - [`types`]: what may go to another thread
//! - [`server`]: `serve` in a build without WebSockets
//! - [`support`]: the application

mod ending;
mod gate;
mod hidden;
mod misuse;
mod routes;
#[cfg(all(feature = "server", not(feature = "ws")))]
mod server;
mod stream;
mod support;
mod types;
