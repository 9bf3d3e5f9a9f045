//! Worlds: they run the real Hub on a plan, draw nothing of their own, and leave a record.
//!
//! Only this room may name turmoil. Inside it, all times are *virtual*: the plan's, times its time scale; the record
//! converts them back.

mod accept_times;
mod account;
mod address;
mod barrier;
mod bell;
mod clock;
mod cpu;
mod driver;
mod environment;
mod guard;
mod hubbub;
mod links;
mod merged;
mod network;
mod probe;
mod process;
mod publisher;
mod server;
mod server_fault;
mod server_run;
mod server_socket;
mod sightings;
mod simulated;
mod subscriber;
mod tasks;
mod wire;

pub use environment::ServerEnvironment;
pub use probe::{HubProbe, Probe};
pub use server::{Running, Server, Start};
pub use server_fault::{ServerFault, ServerFaultKind};
pub use server_run::{Exactness, ServerRun, run_server, run_server_observed};
pub use server_socket::{ServerListener, ServerStream};
pub use simulated::{WorldError, run, run_observed, run_two_stages, run_with_lives};
