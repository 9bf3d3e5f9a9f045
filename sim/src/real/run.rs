//! One run in the real world: a server, clients and a publisher, each in a place of its own, and the record of them.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::{JoinSet, LocalSet};
use tokio::time::sleep;

use super::client::{self, ClientContext, ClientError};
use super::clock::Clock;
use super::memory::{PerSubscriber, Watch};
use super::publisher::{self, PublishError, PublishProgress};
use super::report::Report;
use super::server::{Order, ServerProcess};
use super::sockets::Sockets;
use super::url::Url;
use crate::client::{Receipts, StreamFormat, SubscriberFaults};
use crate::plan::{HubChoice, Plan};
use crate::record::{ClassRecord, Digest, Record};

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
        /// Where clients watch.
        stream: Url,
        /// How the bytes of its stream become events.
        format: StreamFormat,
        /// Where events are posted, one JSON object each.
        ingest: Url,
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

/// A run that could not be done.
#[derive(Debug, thiserror::Error)]
pub enum RealError {
    /// The caller ended the run.
    #[error("interrupted")]
    CalledOff,
    /// A class of the plan has a path.
    #[error("class {0:?} has a path: clients of the real world have the network that there is")]
    Path(String),
    /// Our own server did not do its part.
    #[error("{0}")]
    Server(String),
    /// A server did not do what a client expects.
    #[error("{url}: {why}")]
    Client {
        /// Where it is.
        url: Url,
        /// What was wrong.
        why: ClientError,
    },
    /// A server did not take what was published.
    #[error("{url}: {why}")]
    Publish {
        /// Where it is.
        url: Url,
        /// What was wrong.
        why: String,
    },
}

/// Runs a plan in wall time. `is_wanted` is told the time since the run began, some times a second, and ends the run by
/// returning `false`.
///
/// # Errors
/// When the plan has a path, when a server, ours or another, does not do its part, and when the run is called off.
pub fn run(plan: &Plan, target: &Target, is_wanted: &dyn Fn(Duration) -> bool) -> Result<RealRun, RealError> {
    if let Some(class) = plan.class_with_path() {
        return Err(RealError::Path(class.to_owned()));
    }
    // In wall time a millisecond stands for itself.
    let plan = &Plan { time_scale: 1, ..plan.clone() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|why| RealError::Server(why.to_string()))?;
    LocalSet::new().block_on(&runtime, async {
        match target {
            Target::Own { choice, sockets } => own(plan, *choice, *sockets, is_wanted).await,
            Target::Other { stream, format, ingest } => other(plan, (stream, *format), ingest, is_wanted).await,
        }
    })
}

async fn own(
    plan: &Plan,
    choice: HubChoice,
    sockets: Sockets,
    is_wanted: &dyn Fn(Duration) -> bool,
) -> Result<RealRun, RealError> {
    let policy = choice.overflow.name().to_owned();
    let order =
        Order { plan: plan.clone(), buffer: choice.capacity.frames(), policy, unsent_bytes: sockets.unsent_bytes };
    let mut server = ServerProcess::start(&order).map_err(RealError::Server)?;
    let clock = Clock::starting_in(LEAD);
    server.begin(&clock).map_err(RealError::Server)?;
    // Before the first client: all that grows from here on is the clients' doing.
    let mut watch = Watch::new(server.id());
    let stream =
        Url::local(server.address, &format!("/v1/stream/{}?table={}", plan.server.transport.name(), plan.table));
    let ingest = Url::local(server.address, &format!("/v1/ingest/{}", plan.table));
    let audience = audience(plan, clock, (stream, plan.server.transport.into()), true, sockets).await?;
    let mut lives = connect(plan, &audience);
    let publish_lag = publish(plan, &audience, &ingest, &mut lives, is_wanted, &mut || watch.look()).await?;
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
    (stream, format): (&Url, StreamFormat),
    ingest: &Url,
    is_wanted: &dyn Fn(Duration) -> bool,
) -> Result<RealRun, RealError> {
    let audience =
        audience(plan, Clock::starting_in(LEAD), (stream.clone(), format), false, Sockets::default()).await?;
    let mut lives = connect(plan, &audience);
    let publish_lag = publish(plan, &audience, ingest, &mut lives, is_wanted, &mut || {}).await?;
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
    (url, format): (Url, StreamFormat),
    come_from_own_addresses: bool,
    sockets: Sockets,
) -> Result<Rc<ClientContext>, RealError> {
    // Resolved once, so that all clients reach the same address and no client waits for a name server.
    let server = url.resolve().await.map_err(|why| RealError::Client { url: url.clone(), why: why.into() })?;
    Ok(Rc::new(ClientContext {
        clock,
        url,
        server,
        come_from_own_addresses,
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

/// Publishes everything, and waits for the end of the plan's arrivals.
async fn publish(
    plan: &Plan,
    audience: &Rc<ClientContext>,
    ingest: &Url,
    lives: &mut Lives,
    is_wanted: &dyn Fn(Duration) -> bool,
    look: &mut dyn FnMut(),
) -> Result<Duration, RealError> {
    let progress = audience.progress.clone();
    let clock = audience.clock;
    let arrivals = plan.arrivals.clone();
    let url = ingest.clone();
    // A thread of its own: all clients share this one, and their work must not delay an arrival.
    let publisher = std::thread::spawn(move || publisher::publish(&url, &arrivals, clock, &progress));
    let result = loop {
        sleep(LOOK).await;
        look();
        if let Some(why) = first_failure(lives) {
            break Err(RealError::Client { url: audience.url.clone(), why });
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
    let failed = |why: PublishError| RealError::Publish { url: ingest.clone(), why: why.to_string() };
    publisher.join().map_err(|_| RealError::Server("the publisher panicked".to_owned()))?.map_err(failed)
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

fn of_report(report: Report, receipts: &mut Receipts) -> Record {
    let flush_us = report.flush_us();
    let classes =
        flush_us.zip(receipts.receipt_us()).map(|(flush_us, receipt_us)| ClassRecord { flush_us, receipt_us });
    let classes = classes.collect();
    let mut subscribers = report.subscribers;
    for (index, subscriber) in subscribers.iter_mut().enumerate() {
        receipts.complete(index, subscriber);
    }
    Record {
        subscribers,
        classes,
        unpublished: 0,
        delivered_in_time: report.delivered_in_time,
        peak_pinned_bytes: report.peak_pinned_bytes,
        // Left empty: wall time does not repeat, so there is nothing to compare a digest with.
        digest: Digest::default(),
    }
}

fn as_seen(plan: &Plan, receipts: &mut Receipts) -> Record {
    let classes = receipts.receipt_us().into_iter();
    Record {
        subscribers: (0..plan.subscribers.len()).map(|index| receipts.as_seen(index)).collect(),
        classes: classes.map(|receipt_us| ClassRecord { flush_us: crate::record::histogram(), receipt_us }).collect(),
        unpublished: 0,
        delivered_in_time: receipts.in_time(),
        peak_pinned_bytes: 0,
        digest: Digest::default(),
    }
}
