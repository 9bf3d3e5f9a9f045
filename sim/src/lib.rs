//! The testbed: runs the real Hub and its transport in a simulated network and sizes a subscriber's buffer.
//!
//! One straight pipeline: [`scenario`] → [`plan`] → [`world`] → [`record`] → [`summary`] → [`figure`] and [`report`].
//! [`sweep`], [`sizing`] and [`verify`] drive it, [`cli`] is its only way out. See `docs/architecture.md`.
//!
//! A test of one's own draws a plan of a scenario, and runs it at several sizes. The high-water mark of a mailbox that
//! never overflows is the smallest size without a loss:
//!
//! ```
//! use hubbub::{Capacity, Overflow::DropNewest};
//! use hubbub_sim::plan::{HubChoice, Plan};
//! use hubbub_sim::{scenario::Scenario, specified};
//!
//! let text = r#"
//! name = "builds"
//! table = "builds"
//! duration_seconds = 10
//! subscribers = [4]
//! arrivals = { kind = "poisson", per_second = 50 }
//! payload = { kind = "fixed", bytes = 400 }
//! [[class]]
//! name = "slow-line"
//! share = 1
//! round_trip_ms = 40
//! window_bytes = 4096
//! reads.rate.bytes_per_second = 20000
//! "#;
//! let scenario = Scenario::parse("builds.toml", text).expect("a valid scenario");
//! let plan = Plan::draw(&scenario, 4, 0);
//! let run = |capacity| specified::run(&plan, HubChoice { capacity, overflow: DropNewest }).expect("a record");
//! let size = run(Capacity::UNBOUNDED).subscribers.iter().map(|one| one.high_water).max().unwrap_or(0);
//! let lost = |frames: u64| {
//!     let record = run(Capacity::new(frames as usize).expect("a size"));
//!     record.subscribers.iter().map(|one| one.dropped.total()).sum::<u64>()
//! };
//! assert!(size > 8 && lost(size) == 0 && lost(size - 1) > 0);
//! ```

pub mod cli;
pub mod client;
pub mod emulated;
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
pub mod tcp;
pub mod testbed;
pub mod theory;
mod time;
pub mod transport;
pub mod verify;
pub mod world;
