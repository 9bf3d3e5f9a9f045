//! The testbed: any server of live events under test, in simulated time. It answers which buffer loses nothing, what a
//! smaller one loses, and how old events are when they are read.
//!
//! - A [`Scenario`] says what arrives and who watches. [`Plan::draw`] makes every random choice of it from a seed.
//! - A [`Server`] is what is tested: an application that is started anew for each run ([`Start`], [`Running`]), and what
//!   subscribers say to it ([`Dialect`]). A server with a [`Probe`] has an exact account.
//! - A [`Testbed`] runs a server: on one plan ([`Testbed::run`]), against an [`Objective`] ([`Testbed::check`]), on a
//!   scenario at many buffers ([`Testbed::sweep`], which also draws figures), or for its size only ([`Testbed::size`]).
//! - A [`Comparison`] has several servers on the same plans in one figure and one table.
//!
//! `docs/your-own-server.md` in the repository walks through it, and `sim/examples` has three whole servers.
//!
//! A test of one's own is five lines: a plan, a server, an objective.
//!
//! ```
//! use hubbub_sim::{Objective, Plan, Scenario, Testbed};
//! # use axum::{Router, response::{Sse, sse::Event}, routing::{get, post}, extract::State};
//! # use futures_util::stream::{Stream, unfold};
//! # use hubbub_sim::{Dialect, Running, Server, Start};
//! # use std::convert::Infallible;
//! # use tokio::sync::broadcast::{self, Sender};
//! # async fn watch(State(events): State<Sender<String>>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
//! #     Sse::new(unfold(events.subscribe(), |mut events| async move {
//! #         let event = loop { if let Ok(event) = events.recv().await { break event } };
//! #         Some((Ok(Event::default().data(event)), events))
//! #     }))
//! # }
//! # struct Mine;
//! # impl Server for Mine {
//! #     fn start(&self, start: &Start) -> Running {
//! #         let events = broadcast::channel(start.frames()).0;
//! #         let publish = |State(events): State<Sender<String>>, event: String| async move { drop(events.send(event)) };
//! #         Running::serving(Router::new().route("/watch", get(watch)).route("/publish", post(publish)).with_state(events))
//! #     }
//! #     fn dialect(&self) -> Dialect { Dialect::sse("/watch") }
//! # }
//! # let text = r#"
//! # name = "builds"
//! # table = "builds"
//! # duration_seconds = 5
//! # subscribers = [3]
//! # arrivals = { kind = "poisson", per_second = 20 }
//! # payload = { kind = "fixed", bytes = 400 }
//! # [[class]]
//! # name = "viewer"
//! # share = 1
//! # round_trip_ms = 40
//! # window_bytes = 16384
//! # reads = "as-it-arrives"
//! # "#;
//! let plan = Plan::draw(&Scenario::parse("builds.toml", text).expect("a valid scenario"), 3, 0);
//! let good_enough = Objective::default().missed(0.0).age_p99_ms(500.0);
//! Testbed::new("mine", Mine).check(&plan, 64, &good_enough).expect("the server keeps the laws and the objective");
//! ```
//!
//! Everything that this crate promises is listed on this page. The feature `internals` opens the rooms below for the
//! tests and benchmarks of this package. They change with any version.

// Without the feature, what only tests and benchmarks use counts as unused, and `pub` in a room reaches no further than
// the crate. The workspace's lints see the code with the feature.
#![cfg_attr(not(feature = "internals"), allow(dead_code, unreachable_pub, unused_imports))]

/// The rooms: first those of the model, which is a package of its own, then in the order of the alphabet.
/// `docs/architecture.md` has who may know whom.
// Their files lie beside this one.
#[path = ""]
mod rooms {
    pub use hubbub_model::{client, plan, record, scenario, specified, tcp, time, transport};

    pub mod capacity;
    pub mod cli;
    pub mod cluster;
    pub mod emulated;
    pub mod fidelity;
    pub mod figure;
    pub mod fingerprint;
    pub mod first_order;
    pub mod herd;
    pub mod import;
    pub mod incident;
    pub mod laws;
    pub mod ledger;
    pub mod load;
    pub mod pool;
    pub mod probe;
    pub mod pruning;
    pub mod real;
    pub mod report;
    pub mod runs;
    pub mod shards;
    pub mod sizing;
    pub mod soak;
    pub mod stages;
    pub mod summary;
    pub mod sweep;
    pub mod tail;
    pub mod testbed;
    pub mod theory;
    pub mod verify;
    pub mod world;
}

use rooms::*;

/// The rooms, for the tests and benchmarks of this package alone. They change with any version.
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod internals {
    pub use crate::rooms::*;
}

// A server under test.
#[doc(inline)]
pub use client::{Dialect, NotAStream};
pub use world::{HubProbe, Probe, Running, Server, ServerEnvironment, ServerFault, ServerFaultKind, ServerListener};
pub use world::{ServerStream, Start};

// What it is tested with.
#[doc(inline)]
pub use plan::SubscriberPlan;
#[doc(inline)]
pub use plan::{Arrival, ClassPlan, CpuPlan, Fault, FaultKind, Plan, Reading, Recovery, Selection, ServerPlan, Stall};
#[doc(inline)]
pub use scenario::{Overrides, Scenario, ScenarioError, TraceError};
#[doc(inline)]
pub use transport::Transport;

// What comes of it.
pub use figure::Figure;
#[doc(inline)]
pub use record::{ClassRecord, Digest, Record, SubscriberRecord};
pub use runs::RunWorld;
pub use summary::document::{ByClass, Cell, Memory, Quantiles, WorstSubscriber};
pub use testbed::{
    Comparison, Judgement, Measure, Objective, ServerIncident, ServerSize, ServerSweep, Testbed, TestbedError,
};
pub use world::{Exactness, ServerRun};

/// The command `sim` with its arguments, of which the first is its name. It prints, and returns the code that its process
/// ends with.
pub fn command(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> std::process::ExitCode {
    cli::main(arguments).into()
}
