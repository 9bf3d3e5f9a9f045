//! The simulated world of hubbub's testbed, as a pure program.
//!
//! A workload goes through four rooms. [`scenario`] reads and checks what a person wrote. [`plan`] makes every random
//! choice of it from a seed. [`specified`] runs the plan at one buffer: server, network, CPU and subscribers are
//! arithmetic on whole nanoseconds. [`record`] has what happened to every subscriber, with a digest of all of it.
//!
//! ```
//! use hubbub::{Capacity, Overflow};
//! use hubbub_model::plan::{HubChoice, Plan};
//! use hubbub_model::scenario::Scenario;
//! use hubbub_model::specified;
//!
//! let scenario = Scenario::named("backlog-flush").expect("a built-in scenario");
//! let plan = Plan::draw(&scenario, 6, 0);
//! let capacity = Capacity::new(64).expect("not 0");
//! let record = specified::run(&plan, HubChoice { capacity, overflow: Overflow::DropNewest }).expect("a plan in its scope");
//! assert!(record.subscribers.iter().any(|subscriber| subscriber.dropped.total() > 0), "64 frames are too few there");
//! ```
//!
//! The crate `hubbub-sim` runs the same plan with the real Hub in a simulated network, and compares the two records
//! digest for digest. It also has the command `sim`, and re-exports the items of this crate that stay stable. All other
//! items here may change with any version, so depend on `hubbub-sim` where it has what you need.

pub mod client;
pub mod plan;
pub mod record;
pub mod scenario;
pub mod specified;
pub mod tcp;
pub mod time;
pub mod transport;
