//! Worlds: they run the real Hub on a plan, draw nothing of their own, and leave a record.
//!
//! Only this room may name turmoil. Inside it, all times are *virtual*: the plan's, times its time scale; the record
//! converts them back.

mod accept_times;
mod address;
mod barrier;
mod bell;
mod clock;
mod cpu;
mod driver;
mod environment;
mod links;
mod merged;
mod network;
mod over_paths;
mod process;
mod server_socket;
mod simulated;
mod subscriber;
mod wire;

pub use simulated::{WorldError, run, run_observed, run_two_stages, run_with_lives};
