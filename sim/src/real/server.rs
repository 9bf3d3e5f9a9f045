//! Our own server for a run, in a process of its own, so that its memory can be told from the clients': both sides of
//! the pipe between it and the process that runs the plan. A line each way at a time.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use hubbub::metrics::Measured;
use hubbub::{Capacity, Hub, Overflow, ServerSettings};
use serde::{Deserialize, Serialize};

use super::clock::Clock;
use super::environment::RecordingEnvironment;
use super::network::{ClientAddresses, Network};
use super::report::Report;
use crate::client::{SubscriberFaults, time_to_come_back};
use crate::plan::{HubChoice, Plan};
use crate::record::Recorder;

/// Argument that makes the `sim` program this server.
pub const CHILD: &str = "serve-a-run";

/// How often a draining server is asked whether it is done.
const ASK: Duration = Duration::from_millis(20);

/// What a client may take to connect again, beside its planned pause.
const TIME_TO_RECONNECT: Duration = Duration::from_secs(1);

/// Rounds of asking in which a server that goes on delivering may be caught at rest.
const ROUNDS: usize = 500;

/// What the server is to do.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) plan: Plan,
    pub(super) buffer: usize,
    pub(super) policy: String,
    /// `TCP_NOTSENT_LOWAT`; `None` leaves the default.
    pub(super) unsent_bytes: Option<u32>,
    /// Where it listens.
    pub(super) address: Ipv4Addr,
    /// The address before the first that subscribers connect from.
    pub(super) before_clients: Ipv4Addr,
}

/// The server's process, which ends with this.
#[derive(Debug)]
pub(super) struct ServerProcess {
    process: Child,
    pub(super) address: SocketAddr,
    answers: BufReader<ChildStdout>,
    orders: ChildStdin,
}

impl ServerProcess {
    /// Begins the server on its side of the network.
    pub(super) fn start_in(network: &Arc<dyn Network>, order: Order) -> Result<Self, String> {
        let network = network.clone();
        // A thread of its own: the one that calls belongs to the clients' side.
        let started = std::thread::spawn(move || {
            network.enter_server_side().map_err(|why| format!("no server for the run: {why}"))?;
            Self::start(&order)
        });
        started.join().map_err(|_| "the thread that begins a server panicked".to_owned())?
    }

    fn start(order: &Order) -> Result<Self, String> {
        let why = |why: &dyn std::fmt::Display| format!("no server for the run: {why}");
        // This same program: a second binary would have to be built, found, and of the same version.
        let program = std::env::current_exe().map_err(|it| why(&it))?;
        // Standard error is inherited, so that what the server complains of reaches the terminal.
        let piped = Command::new(program).arg(CHILD).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut process = piped.map_err(|it| why(&it))?;
        let (Some(orders), Some(answers)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(why(&"it has no pipes"));
        };
        // Built before the first answer, with an address to be filled in: a start that fails now still ends the
        // process.
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Self { process, address, answers: BufReader::new(answers), orders };
        let order = serde_json::to_string(order).map_err(|it| why(&it))?;
        server.address = server.ask(&order)?.parse().map_err(|it| why(&it))?;
        Ok(server)
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// It serves, on that clock.
    pub(super) fn begin(&mut self, clock: &Clock) -> Result<(), String> {
        self.ask(&clock.zero_ns().to_string()).map(drop)
    }

    /// Waits until nothing is left to deliver, or the plan's drain is over.
    pub(super) fn finish(mut self) -> Result<(Report, Self), String> {
        let answer = self.ask("finish")?;
        serde_json::from_str(&answer).map(|report| (report, self)).map_err(|_| answer)
    }

    fn ask(&mut self, order: &str) -> Result<String, String> {
        let died = |why: std::io::Error| format!("the server of the run has ended: {why}");
        writeln!(self.orders, "{order}").map_err(died)?;
        let mut answer = String::new();
        match self.answers.read_line(&mut answer).map_err(died)? {
            0 => Err("the server of the run has ended".to_owned()),
            _ => Ok(answer.trim_end().to_owned()),
        }
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // It may have ended by itself. It is waited for in either case, or it would stay in the system's table as a
        // zombie.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The other side: serves one run as it is told, line by line.
///
/// # Errors
/// When what it is told makes no sense, or nothing can be served here.
pub fn serve_child(orders: impl BufRead, mut answers: impl Write) -> Result<(), String> {
    let mut lines = orders.lines();
    let mut next = || lines.next().and_then(Result::ok).ok_or_else(|| "the parent process sends no order".to_owned());
    let mut say = |line: &str| writeln!(answers, "{line}").and_then(|()| answers.flush()).map_err(|it| it.to_string());
    let order: Order = serde_json::from_str(&next()?).map_err(|why| why.to_string())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|why| why.to_string())?;
    let listener = tokio::net::TcpListener::bind((order.address, 0));
    let listener = runtime.block_on(listener).map_err(|why| why.to_string())?;
    say(&listener.local_addr().map_err(|why| why.to_string())?.to_string())?;
    let clock = Clock::of(next()?.parse().map_err(|why| format!("no time to begin: {why}"))?);
    let recorder = Recorder::new(&order.plan);
    // Latency counts from the planned time: what a late publisher keeps waiting is late for its subscribers.
    for arrival in &order.plan.arrivals {
        recorder.lock().published(arrival.at, arrival.table);
    }
    let hub = hub(&order)?;
    let leaves_at = (0..order.plan.subscribers.len()).map(|index| SubscriberFaults::of(&order.plan, index).leaves_at);
    let leaves_at: Arc<[_]> = leaves_at.collect();
    // With the metrics of a real server, so that their cost is part of what is measured.
    let clients = ClientAddresses::after(order.before_clients);
    let environment = Measured::new(RecordingEnvironment::new(clock, recorder.clone(), clients, leaves_at));
    runtime.spawn(hubbub::serve(listener, hub.clone(), settings(&order), environment, std::future::pending()));
    say("serving")?;
    next()?;
    let record = runtime.block_on(closed(&order.plan, &clock, &hub, &recorder))?;
    say(&serde_json::to_string(&Report::of(record)).map_err(|why| why.to_string())?)?;
    // Streams stay open until the parent process has read everything under way.
    // A closed pipe ends it as an order does: the parent process is gone.
    next().map(drop).or(Ok(()))
}

fn hub(order: &Order) -> Result<Hub, String> {
    let capacity = Capacity::new(order.buffer).ok_or_else(|| format!("no buffer has {} frames", order.buffer))?;
    let overflow: Overflow = order.policy.parse().map_err(|why: hubbub::mailbox::UnknownOverflow| why.to_string())?;
    let choice = HubChoice { capacity, overflow };
    Ok(Hub::with(order.plan.first_epoch(), choice.rules(&order.plan)))
}

fn settings(order: &Order) -> ServerSettings {
    let defaults = ServerSettings::default();
    ServerSettings {
        keepalive: order.plan.server.keepalive,
        retry: order.plan.server.retry,
        write_deadline: order.plan.server.write_deadline,
        frames_per_write: order.plan.server.frames_per_write,
        ws_channel_buffer: Capacity::new(order.buffer).unwrap_or(defaults.ws_channel_buffer),
        // Above the write deadline, as a configuration must have it: else the system would end stalled connections
        // first.
        user_timeout: order.plan.server.user_timeout.max(order.plan.server.write_deadline + Duration::from_secs(1)),
        socket_unsent_bytes: order.unsent_bytes.unwrap_or(defaults.socket_unsent_bytes),
        // No limit of the server may keep a client of the plan out.
        max_subscribers: usize::MAX,
        max_connections: usize::MAX,
        ..defaults
    }
}

/// Whether a client has no stream now and will come back for the events that it missed.
fn comes_back(plan: &Plan, recorder: &Recorder) -> bool {
    let recorder = recorder.lock();
    let comes_back = |index: usize| plan.classes[plan.subscribers[index].class].reconnect_after.is_some();
    plan.server.recovery.is_some() && (0..plan.subscribers.len()).any(|i| comes_back(i) && recorder.is_away(i))
}

/// The record, once there is nothing left to deliver or no time for it.
async fn closed(plan: &Plan, clock: &Clock, hub: &Hub, recorder: &Recorder) -> Result<crate::record::Record, String> {
    let ends = plan.duration + plan.drain;
    let all_back = plan.duration + time_to_come_back(plan) + TIME_TO_RECONNECT;
    loop {
        let counts = hub.counts();
        let now = clock.now();
        let has_all = counts.waiting + counts.in_flight == 0;
        let is_awaited = now < all_back && comes_back(plan, recorder);
        if now >= ends || (has_all && !is_awaited) {
            break;
        }
        tokio::time::sleep(ASK).await;
    }
    // The Hub counts before the recorder hears of it: between the two they differ.
    let mut rounds = 0;
    loop {
        let counts = hub.counts();
        if rounds == ROUNDS || recorder.lock().disagreement(&counts).is_none() {
            return recorder.finish(counts, hub.pinned_bytes().peak());
        }
        rounds += 1;
        tokio::time::sleep(ASK / 10).await;
    }
}
