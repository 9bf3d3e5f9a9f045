//! One run in the real world: a server, clients and a publisher, each in a place of its own, and the record of them.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::{JoinSet, LocalSet};
use tokio::time::sleep;

use super::both_sides::{as_seen, of_report};
use super::client::{self, ClientContext};
use super::client_error::ClientError;
use super::clock::Clock;
use super::error::RealError;
use super::http_client::RequestError;
use super::memory::{PerSubscriber, Watch};
use super::network::{ClientAddresses, Loopback, Network};
use super::publisher::{self, PublishProgress};
use super::route::{Access, Route};
use super::server::{Order, ServerProcess};
use super::sockets::Sockets;
use super::url::Url;
use crate::client::{Receipts, StreamFormat, SubscriberFaults, ingest_path, stream_path};
use crate::plan::{HubChoice, Plan};
use crate::record::Record;

/// Between the order to begin and the beginning.
const LEAD: Duration = Duration::from_millis(300);

/// How often memory and progress are looked at.
const LOOK: Duration = Duration::from_millis(200);

/// Who serves.
#[derive(Debug, Clone)]
pub enum Target {
    /// Our own server, in a process that is begun for the run.
    Own {
        /// Its mailboxes.
        choice: HubChoice,
        /// Its sockets and those of its clients.
        sockets: Sockets,
    },
    /// A server that runs already.
    Other {
        /// Where clients watch, and what they send along.
        stream: Route,
        /// How the bytes of its stream become events.
        format: StreamFormat,
        /// Where events are posted, one JSON object each.
        ingest: Route,
    },
}

/// What came of a run.
#[derive(Debug)]
pub struct RealRun {
    /// The same record as in the simulated world. For a foreign server it holds what clients saw: no flushes, and every
    /// missing event counts as `buffer_full`.
    pub record: Record,
    /// What a subscriber cost; of our own server only.
    pub memory: Option<PerSubscriber>,
    /// The most that a publish began after its planned time.
    pub publish_lag: Duration,
}

/// Runs a plan in wall time. `is_wanted` is told the time since the run began, some times a second, and ends the run by
/// returning `false`.
///
/// # Errors
/// When the plan has a path, or tables that another server is not asked for, when a server, ours or another, does not do its part, and when the run is called off.
pub fn run(plan: &Plan, target: &Target, is_wanted: &dyn Fn(Duration) -> bool) -> Result<RealRun, RealError> {
    if let Some(class) = plan.class_with_path() {
        return Err(RealError::Path(class.to_owned()));
    }
    if matches!(target, Target::Other { .. }) && plan.asks_for_tables() {
        return Err(RealError::Tables);
    }
    in_wall_time(plan, async |plan| match target {
        Target::Own { choice, sockets } => {
            let loopback: Arc<dyn Network> = Arc::new(Loopback);
            own(plan, *choice, *sockets, &loopback, is_wanted).await
        }
        Target::Other { stream, format, ingest } => other(plan, (stream, *format), ingest, is_wanted).await,
    })
}

/// Runs a plan as [`run`] does against our own server, over a network that was made for it. The calling thread is on the
/// clients' side of that network. The run tells no memory: others may share the network.
///
/// # Errors
/// When the server does not do its part, when the network cannot be entered, and when the run is called off.
pub fn run_over(
    network: &Arc<dyn Network>,
    plan: &Plan,
    choice: HubChoice,
    is_wanted: &dyn Fn(Duration) -> bool,
) -> Result<RealRun, RealError> {
    let run = in_wall_time(plan, async |plan| own(plan, choice, Sockets::default(), network, is_wanted).await)?;
    Ok(RealRun { memory: None, ..run })
}

fn in_wall_time(plan: &Plan, run: impl AsyncFnOnce(&Plan) -> Result<RealRun, RealError>) -> Result<RealRun, RealError> {
    // In wall time a millisecond stands for itself.
    let plan = &Plan { time_scale: 1, ..plan.clone() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|why| RealError::Server(why.to_string()))?;
    LocalSet::new().block_on(&runtime, run(plan))
}

async fn own(
    plan: &Plan,
    choice: HubChoice,
    sockets: Sockets,
    network: &Arc<dyn Network>,
    is_wanted: &dyn Fn(Duration) -> bool,
) -> Result<RealRun, RealError> {
    let order = Order {
        plan: plan.clone(),
        buffer: choice.capacity.frames(),
        policy: choice.overflow.name().to_owned(),
        unsent_bytes: sockets.unsent_bytes,
        address: network.server(),
        before_clients: network.clients().before_first(),
    };
    let mut server = ServerProcess::start_in(network, order).map_err(RealError::Server)?;
    let clock = Clock::starting_in(LEAD);
    network.begins(clock.zero_ns());
    server.begin(&clock).map_err(RealError::Server)?;
    // Before the first client: all that grows from here on is the clients' doing.
    let mut watch = Watch::new(server.id());
    let local = |target: &str| Route::new(Url::local(server.address, target), Access::default());
    let streams = (0..plan.classes.len()).map(|class| local(&stream_path(plan, class))).collect();
    let ingests: Vec<_> = plan.tables().map(|table| local(&ingest_path(table))).collect();
    let streams = (streams, plan.server.transport.into());
    let audience = audience(plan, clock, streams, Some(network.clients()), sockets).await?;
    let mut lives = connect(plan, &audience);
    let publisher = begin_publishing(plan, &audience, ingests, network);
    let publish_lag = publish(plan, &audience, publisher, &mut lives, is_wanted, &mut || watch.look()).await?;
    audience.receipts.borrow_mut().close();
    // Not on this thread: it waits for the server, which waits for clients to read.
    let finished = tokio::task::spawn_blocking(move || server.finish());
    let (report, server) =
        finished.await.map_err(|why| RealError::Server(why.to_string()))?.map_err(RealError::Server)?;
    watch.look();
    let flushed = report.subscribers.iter().map(|subscriber| subscriber.delivered).sum::<u64>();
    let has_all = || audience.receipts.borrow().total() >= flushed;
    drain(plan, &audience, is_wanted, has_all).await?;
    // Before the server ends, so that no client tries to come back to it.
    lives.abort_all();
    drop(server);
    let memory = watch.per_subscriber(plan.subscribers.len());
    let mut receipts = audience.receipts.borrow_mut();
    let record = of_report(report, &mut receipts);
    Ok(RealRun { record, memory: Some(memory), publish_lag })
}

async fn other(
    plan: &Plan,
    (stream, format): (&Route, StreamFormat),
    ingest: &Route,
    is_wanted: &dyn Fn(Duration) -> bool,
) -> Result<RealRun, RealError> {
    let streams = (vec![stream.clone(); plan.classes.len()], format);
    let audience = audience(plan, Clock::starting_in(LEAD), streams, None, Sockets::default()).await?;
    let mut lives = connect(plan, &audience);
    let here: Arc<dyn Network> = Arc::new(Loopback);
    let publisher = begin_publishing(plan, &audience, vec![ingest.clone()], &here);
    let publish_lag = publish(plan, &audience, publisher, &mut lives, is_wanted, &mut || {}).await?;
    audience.receipts.borrow_mut().close();
    drain(plan, &audience, is_wanted, || audience.receipts.borrow().are_complete()).await?;
    lives.abort_all();
    let mut receipts = audience.receipts.borrow_mut();
    let record = as_seen(plan, &mut receipts);
    Ok(RealRun { record, memory: None, publish_lag })
}

async fn audience(
    plan: &Plan,
    clock: Clock,
    (routes, format): (Vec<Route>, StreamFormat),
    addresses: Option<ClientAddresses>,
    sockets: Sockets,
) -> Result<Rc<ClientContext>, RealError> {
    // Resolved once, so that all clients reach the same address and no client waits for a name server.
    let url = routes.first().map(Route::url).ok_or_else(|| RealError::Server("the plan has no class".to_owned()))?;
    let server = url.resolve().await.map_err(|why| RealError::Client { url: url.clone(), why: why.into() })?;
    Ok(Rc::new(ClientContext {
        clock,
        routes,
        server,
        addresses,
        sockets,
        format,
        classes: plan.classes.clone(),
        resumes: plan.server.recovery.is_some(),
        progress: Arc::new(PublishProgress::default()),
        receipts: RefCell::new(Receipts::new(plan)),
        buffer: client::buffer(),
    }))
}

type Lives = JoinSet<Result<(), ClientError>>;

fn connect(plan: &Plan, audience: &Rc<ClientContext>) -> Lives {
    let mut lives = JoinSet::new();
    for (index, subscriber) in plan.subscribers.iter().enumerate() {
        lives.spawn_local(client::live(audience.clone(), index, subscriber.clone(), SubscriberFaults::of(plan, index)));
    }
    lives
}

type Publisher = std::thread::JoinHandle<Result<Duration, RealError>>;

/// Begins to publish everything, on a thread of its own: all clients share one, and their work must not delay an arrival.
fn begin_publishing(
    plan: &Plan,
    audience: &ClientContext,
    ingests: Vec<Route>,
    network: &Arc<dyn Network>,
) -> Publisher {
    let progress = audience.progress.clone();
    let clock = audience.clock;
    let arrivals = plan.arrivals.clone();
    let network = network.clone();
    std::thread::spawn(move || {
        network.enter_server_side().map_err(|why| RealError::Server(format!("no publisher: {why}")))?;
        let failed = |(table, why): (usize, RequestError)| match ingests.get(table) {
            Some(ingest) => RealError::Publish { url: ingest.url().clone(), why: why.to_string() },
            None => RealError::Server(why.to_string()),
        };
        publisher::publish(&ingests, &arrivals, clock, &progress).map_err(failed)
    })
}

/// Waits until everything is published, and for the end of the plan's arrivals.
async fn publish(
    plan: &Plan,
    audience: &Rc<ClientContext>,
    publisher: Publisher,
    lives: &mut Lives,
    is_wanted: &dyn Fn(Duration) -> bool,
    look: &mut dyn FnMut(),
) -> Result<Duration, RealError> {
    let clock = audience.clock;
    let result = loop {
        sleep(LOOK).await;
        look();
        if let Some(why) = first_failure(lives) {
            break Err(RealError::Client { url: audience.url().clone(), why });
        }
        if !is_wanted(clock.now()) {
            break Err(RealError::CalledOff);
        }
        // Up to the planned end, even if everything is published: until then clients may leave and come back.
        if publisher.is_finished() && clock.now() >= plan.duration {
            break Ok(());
        }
        // One that has failed has nothing more to wait for.
        if publisher.is_finished() && audience.progress.begun.load(Ordering::Relaxed) < plan.arrivals.len() as u64 {
            break Ok(());
        }
    };
    // On every way out, since the publisher's thread would otherwise go on posting. Relaxed: the flag guards no other
    // data.
    audience.progress.is_called_off.store(true, Ordering::Relaxed);
    result?;
    publisher.join().map_err(|_| RealError::Server("the publisher panicked".to_owned()))?
}

/// Waits until clients have all they can get, or no time is left for it.
async fn drain(
    plan: &Plan,
    audience: &ClientContext,
    is_wanted: &dyn Fn(Duration) -> bool,
    has_all: impl Fn() -> bool,
) -> Result<(), RealError> {
    let ends = plan.duration + plan.drain;
    while !has_all() && audience.clock.now() < ends {
        if !is_wanted(audience.clock.now()) {
            return Err(RealError::CalledOff);
        }
        sleep(LOOK / 10).await;
    }
    Ok(())
}

/// The first failure among the clients that have ended.
fn first_failure(lives: &mut Lives) -> Option<ClientError> {
    while let Some(ended) = lives.try_join_next() {
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(why)) => return Some(why),
            Err(why) => return Some(ClientError::Unreachable(std::io::Error::other(why))),
        }
    }
    None
}
