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
//! The same plan runs in the real Hub over simulated, emulated and real networks in the crate `hubbub-sim`, which holds
//! this program to the simulated one digest for digest. What that crate promises it re-exports. This one is a part of it
//! in a package of its own, so that it is built beside the libraries that only the other worlds need, and changes with
//! any version.

pub mod client;
pub mod plan;
pub mod record;
pub mod scenario;
pub mod specified;
pub mod tcp;
pub mod time;
pub mod transport;
