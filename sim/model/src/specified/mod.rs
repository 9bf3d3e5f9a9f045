//! The specification of the simulated world: server, transport, network, CPU and clients as one pure program.
//!
//! It runs a plan as the simulated world does and leaves the same record, digest for digest. It uses no tokio, hyper or
//! turmoil, and no Hub: its mailbox, history and holes are its own and as plain as they can be. It takes a few hundredths
//! of the time. The law `agreement` holds the full stack to it.
//!
//! # The rules
//!
//! Time is whole nanoseconds of virtual time. The network moves in *ticks* of a millisecond. In each tick, in this order:
//!
//! 1. **What timers and messages have woken on the server** (`run.rs`): the word that a client has gone, write deadlines,
//!    silences, requests. All of it happens at the tick's own time, before the exact events of the time since the last
//!    tick. So a client that subscribes in a tick is offered events published earlier in it. Where a client's end and its
//!    write deadline fall into one tick, the end comes first.
//! 2. **The exact events** since the last tick, in the order of their times (`run.rs`). At one time: reads that reach the
//!    server, connections that the server gives up on, the end or the beginning of its process, finished work of the CPU,
//!    arrivals. After each of them every task that was woken runs, in the order of waking, until none is (`stream.rs`).
//!    - An arrival is published at once, or, with a CPU, when the CPU has done the work of publishing (`publish.rs`). A
//!      publish wakes subscribers in the order of their ids.
//!    - The CPU finishes work up to the next event of another kind: any number of deliveries, or one publish (`cpu.rs`).
//!      Publishes go before deliveries. Its finishing times are exact, whatever the ticks are.
//!    - A write asks the CPU once, when the socket accepts its first byte: for the work of a write, and of the frames taken
//!      since it was last asked. The first write of a connection costs what connecting costs, beside that. What is left of a
//!      shared write asks again, once frames of it have been let go. Until the CPU has done the work, what the socket accepts
//!      fills the window and is held. The flush happens at the later of the CPU's time and the present one. A full window asks
//!      for nothing (`socket.rs`). A write that the CPU finishes after its connection has ended reaches nobody.
//!    - A turn of a task has two passes at most. A pass begins a write, unless one is under way, and flushes it. The task
//!      then wakes itself where more waits: after two passes it is behind all others that were woken. HTTP gathers less than
//!      8192 bytes and 16 frames. A write of which as many are left, with what HTTP adds, is flushed at once and ends no
//!      pass: the pass goes on with the next write. A WebSocket's task makes any number of flushes, until nothing waits or one has to wait.
//!    - Frames that wait share a write, unless the policy removes waiting frames. Only the first that is not flushed is
//!      beyond the mailbox, and the others keep their slots (`mailbox.rs`). A frame is let go before the rest when a flush
//!      finds it accepted whole. A gap notice is a part
//!      of the frame that it stands in front of. Of what no mailbox counts (the greeting, a notice in front of it or of a
//!      comment) all is one part; over a WebSocket each message is a part by itself (`connection.rs`).
//! 3. **What the sockets have accepted** goes on its way, connection by connection in the order in which they first
//!    accepted something. It arrives in the first tick that is not before the present tick and the one-way time
//!    (`travel.rs`, `path.rs`). Faults of the link are applied when it is sent (`links.rs`).
//! 4. **The clients**, class by class in the order of the plan (`life.rs`): those woken by timers, in the order in which
//!    the timers were set, then those to whom something has arrived, in the order in which it was sent. A client takes
//!    bytes with exact times inside the tick. The word of what it has read reaches the server after the one-way time,
//!    exactly. Leaving is looked at before all else.
//!
//! A stream begins three one-way times and two ticks after its client sets out: one tick for the handshake and one for the
//! request (`session.rs`). A connection is accepted by the process that listens when its tick begins. The first write is the
//! head of the response with the greeting behind it: first the notice of what is out of reach, then the place at which the
//! stream begins. A WebSocket's first write is the answer to the handshake alone. The greeting is the next one, so it asks
//! the CPU a second time, and its place comes before its notice. HTTP puts every frame of server-sent events into a
//! chunk; a WebSocket's message has a header of its own (`frames.rs`).
//!
//! Where there are several tables, an event is offered to those streams alone that were asked for its table: first to those
//! that were asked for it by name, then to those with a wildcard that matches it, each in the order of ids (`selections.rs`).
//! Sequences, the history and its limits count the events of all tables. So a cursor may be out of reach of the history although
//! its client has missed nothing, and the client is told all the same. Losses are those of events that a stream was asked for.
//! A stream of several names has the topic in every event, and one of a pattern has an envelope around it (`frames.rs`).
//! A client that has lost its stream, or could not get one, comes back after a pause (`come_back.rs`): that of a restart of the
//! server, or of its class. In a class that obeys, it is what the last `retry:` asked for whose line the client has read.
//!
//! A client that leaves is heard of a one-way time and a tick later. Nobody takes leave of a WebSocket: either side just
//! closes. A comment, over a WebSocket a ping, is due when nothing was flushed for the keepalive, counted in ticks; it is
//! looked at only when nothing waits. Clients do not answer a ping. The write deadline is a timer that is set when a socket
//! blocks and no earlier one is set; one that fires for a blockage since over is set anew or dropped.
//!
//! A run is over, when the driver looks, once every arrival has been published, nothing waits and nothing is unread, but not
//! before all who come back have had the time to; or at the end of the drain. The driver looks when something is due, when it
//! is told of something new, and every twenty ticks after the last arrival (`run.rs`). In the last tick clients still run.
//!
//! A class with a path has TCP in place of the window, and the rules of that are in `over_path.rs`.
//!
//! # What it shares with the full stack
//!
//! TCP over paths (the room `tcp`), the plan, the record, the arithmetic of readers and the schedule of faults (the room `client`), and the encoded lengths
//! of greetings, comments and gap notices. Other laws guard these: `docs/fidelity.md` lists them.

mod client;
mod come_back;
mod conflation;
mod connection;
mod cpu;
mod exact_history;
mod frames;
mod history;
mod holes;
mod life;
mod links;
mod mailbox;
mod marks;
mod memory;
mod parking;
mod path;
mod publish;
mod queue;
mod reached;
mod run;
mod selections;
mod session;
mod silence;
mod socket;
mod stream;
mod time;
mod travel;

pub use exact_history::{ExactHistory, exact_history};
pub use frames::bytes_on_the_wire;
pub use marks::{Mark, Marks};
pub use run::Reach;

use crate::plan::{HubChoice, Plan};
use crate::record::{Observation, Record, Recorder};

/// Why there is no record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecifiedError {
    /// What was recorded contradicts the mailboxes' own accounts: a fault in the specification.
    #[error("record and mailboxes disagree: {0}")]
    Disagreement(String),
}

/// Runs a plan in virtual time, at one buffer size and policy. The same arguments give the same record as the simulated
/// world's.
///
/// # Errors
/// When the run contradicts itself.
pub fn run(plan: &Plan, choice: HubChoice) -> Result<Record, SpecifiedError> {
    let plan = plan.in_virtual_time();
    Ok(run_scaled(&plan, choice, &Recorder::new(&plan))?.record)
}

/// Runs a plan as [`run`] does, and returns what each stream needed of the history as well, in the order in which the
/// streams' connections were made.
///
/// # Errors
/// When the run contradicts itself.
pub fn run_with_reaches(plan: &Plan, choice: HubChoice) -> Result<(Record, Vec<Reach>), SpecifiedError> {
    let plan = plan.in_virtual_time();
    let ended = run_scaled(&plan, choice, &Recorder::new(&plan))?;
    Ok((ended.record, ended.reaches))
}

/// Runs a plan as [`run`] does, and keeps every single observation: 48 bytes each, several for every frame.
///
/// # Errors
/// When the run contradicts itself.
pub fn run_observed(plan: &Plan, choice: HubChoice) -> Result<(Record, Vec<Observation>), SpecifiedError> {
    let (record, observations, _) = run_with_marks(plan, choice)?;
    Ok((record, observations))
}

/// Runs a plan as [`run_observed`] does, and returns the rare states that the run reached as well.
///
/// # Errors
/// When the run contradicts itself.
pub fn run_with_marks(plan: &Plan, choice: HubChoice) -> Result<(Record, Vec<Observation>, Marks), SpecifiedError> {
    let plan = plan.in_virtual_time();
    let recorder = Recorder::new(&plan);
    recorder.keep_observations();
    let Ended { record, marks, .. } = run_scaled(&plan, choice, &recorder)?;
    Ok((record, recorder.take_observations(), marks))
}

/// What a run leaves.
struct Ended {
    record: Record,
    marks: Marks,
    reaches: Vec<Reach>,
}

fn run_scaled(plan: &Plan, choice: HubChoice, recorder: &Recorder) -> Result<Ended, SpecifiedError> {
    let mut run = run::Run::new(plan, choice, recorder.lock());
    run.run();
    let counts = run.counts();
    let most_bytes = run.memory.most_bytes();
    let marks = run.marks();
    let retransmissions = run.retransmissions();
    let reaches = std::mem::take(&mut run.reaches).into_values().collect();
    drop(run);
    let mut record = recorder.finish(counts, most_bytes).map_err(SpecifiedError::Disagreement)?;
    record.retransmissions = retransmissions;
    Ok(Ended { record, marks, reaches })
}
