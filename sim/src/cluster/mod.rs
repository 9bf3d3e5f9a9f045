//! Several servers on one stream of events in simulated time, while servers and brokers fail.
//!
//! What is tested is the server's own code: the Hub, the routes, and [`hubbub::shared_log`], which reads a stream into a Hub.
//! Only the stream is a model. Its brokers are slower than each other, choose a leader anew, and catch up with holes. Its
//! rules stand in [`brokers`] and [`connection`].
//!
//! ```text
//! publisher ──▶ node 0, 1, … ──▶ brokers ──▶ every node's reader ──▶ its Hub ──▶ viewers, at one node after the other
//! ```
//!
//! - [`case`]: what happens in a run, drawn from a seed
//! - [`run`]: the hosts of a run, and its end; [`faults`]: what fails when, and what starts servers again
//! - [`node`], [`publisher`], [`viewer`]: the hosts
//! - [`brokers`], [`connection`], [`messages`]: the stream as a model, what each node sees of it, and what it is sent
//! - [`model`]: brokers and links as all hosts share them
//! - [`seen`]: what publisher and viewers have seen
//! - [`judge`]: what must hold of that
//! - [`soak`]: many cases
//! - [`stored`]: cases as files; [`shrink`]: a smaller case that breaks the same law
//!
//! A run is exact to a tick of 5 ms, and the same case gives the same run.

mod brokers;
pub mod case;
mod connection;
mod draws;
mod faults;
mod judge;
mod listener;
mod messages;
mod model;
mod node;
mod publisher;
mod run;
mod seen;
mod shrink;
mod sights;
mod soak;
mod stored;
mod viewer;

pub use case::{ClusterCase, ClusterFault, ClusterFaultKind, Leave, ViewerPlan};
pub use judge::{Broken, ClusterLaw};
pub use model::Trusts;
pub use run::{ClusterRun, ViewerSaw, run};
pub use shrink::shrink;
pub use sights::Sights;
pub use soak::{Canaries, ClusterSoak, canaries, soak};
pub use stored::{StoredCase, StoredCaseError, ViewerSees};
