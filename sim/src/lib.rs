//! The testbed: runs the real Hub and its transport in a simulated network and sizes a subscriber's buffer.
//!
//! One straight pipeline: [`scenario`] → [`plan`] → [`world`] → [`record`] → [`summary`] → [`figure`] and [`report`].
//! [`sweep`], [`sizing`] and [`verify`] drive it, [`cli`] is its only way out. See `docs/architecture.md`.

pub mod cli;
pub mod client;
pub mod fidelity;
pub mod figure;
pub mod fingerprint;
pub mod first_order;
pub mod import;
pub mod incident;
pub mod laws;
pub mod ledger;
pub mod load;
pub mod plan;
pub mod pool;
pub mod pruning;
pub mod real;
pub mod record;
pub mod report;
pub mod runs;
pub mod scenario;
pub mod shards;
pub mod sizing;
pub mod soak;
pub mod specified;
pub mod stages;
pub mod summary;
pub mod sweep;
pub mod tail;
pub mod theory;
mod time;
pub mod transport;
pub mod verify;
pub mod world;
