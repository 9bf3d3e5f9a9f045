//! The package from outside: over real TCP on the loopback, bounded in time and count, and through its command.
//!
//! - [`streaming`]: what an SSE client library sees of what was published
//! - [`websocket`]: many tables through one mailbox, and why a stream ends
//! - [`twins`]: either transport loses the same events
//! - [`gate`]: the buffer that is set is the buffer there is
//! - [`wakeups`]: no order of publishes, writes and timers strands a frame
//! - [`cluster`]: several servers on one stream of a real NATS
//! - [`crowd`]: many subscribers at once, each sees everything in order
//! - [`deadline`]: a client that takes nothing is cut off, a slow one is not
//! - [`leaving`]: a client that leaves is accounted for
//! - [`keepalive`]: comments during silence
//! - [`stopping`]: a server that is told to stop says so to its streams and ends
//! - [`holes`]: what a client is told of what it misses, and gets when it comes back
//! - [`hostile`]: clients that dawdle, exaggerate or crowd are bounded
//! - [`publishing`]: batches, tokens, and pages of other origins
//! - [`metrics`]: what Prometheus reads
//! - [`requests`]: what is no request, and several requests on one connection
//! - [`taking_over`]: a stream that its connection writes without hyper
//! - [`ambiguous`]: what is said twice, and what means nothing
//! - [`reference`]: the Hub beside a plain model of it
//! - [`tokens`]: who may watch, publish and look
//! - [`topics`]: several tables and patterns in one stream
//! - [`browser`]: the page, in a real one
//! - [`command`]: `hubbub serve`, its configuration, its exit codes
//! - [`packages`]: the files in `deploy/`
//! - [`examples`]: the programs in `examples/`
//! - [`support`]: a server within reach, and a client that does as it is told

mod ambiguous;
mod browser;
mod cluster;
mod command;
mod crowd;
mod deadline;
mod examples;
mod gate;
mod holes;
mod hostile;
mod keepalive;
mod leaving;
mod metrics;
mod packages;
mod publishing;
mod reference;
mod requests;
mod stopping;
mod streaming;
mod support;
mod taking_over;
mod tokens;
mod topics;
mod twins;
mod wakeups;
mod websocket;
