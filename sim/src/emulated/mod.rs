//! The emulated world: the same plan, the real server and the kernel's TCP, over the paths that the plan has.
//!
//! Server and clients are in network namespaces of their own. Each of the two has a TUN device, and a thread of this
//! program carries the packets between them. It gives each packet to a [`Link`](crate::tcp::Link): the very code that the
//! model's connections run over, with the same rate, queue, lost slots and outages, on the clock of the run.
//!
//! Everything happens in a process of its own, since a process enters a user namespace only while it has one thread. An
//! ordinary user is enough where the system allows user namespaces. The program `ip` sets addresses and routes, and `ss`
//! reads back which congestion control the server's sockets have.
//!
//! It knows the room `real`, whose server, clients and publisher it runs, and neither models nor scenarios.

mod child;
mod emulator;
mod lateness;
mod links;
mod namespaces;
mod network;
mod process;
mod read_back;
mod run;

pub use child::serve_runs;
pub use lateness::Lateness;
pub use process::CHILD;
pub use run::{EmulatedError, EmulatedOutcome, EmulatedRun, MOST_LATENESS_MS, check, run, run_as_evidence};
