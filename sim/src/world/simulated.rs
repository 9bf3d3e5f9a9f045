//! The simulated world: turmoil, one host for the server and one for each class of subscribers.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use hubbub::Capacity;
use tokio::task::JoinSet;

use super::account::Account;
use super::address::SERVER;
use super::clock::{ModelClock, TICK};
use super::driver::{Driver, Restarts};
use super::environment::ServerEnvironment;
use super::guard;
use super::hubbub::Hubbub;
use super::network::Network;
use super::process::Processes;
use super::publisher::{self, Outbox};
use super::server::{Server, Start};
use super::server_fault::{ServerFault, ServerFaultKind};
use super::sightings::Sightings;
use super::subscriber::{self, Host};
use super::tasks::OwnTasks;
use crate::client::{Dialect, SubscriberFaults, time_to_come_back};
use crate::plan::{HubChoice, Plan};
use crate::record::{Lives, Observation, Record, Recorder};

/// turmoil counts writes where a socket counts bytes; this many never bind, and the window does (field of `Wire`).
// The number is also turmoil's listen backlog, and turmoil panics when more connections than that are pending.
const NEVER_BINDING: usize = 1 << 20;

/// Bytes a client takes off a socket at a time; more than most windows.
const CLIENT_BUFFER_BYTES: usize = 1 << 16;

/// A driver that has not said by then that the run is over never will.
const GRACE: Duration = Duration::from_secs(1);

/// A world that could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// A table of the plan is not a valid topic.
    #[error("the plan's table: {0}")]
    Table(#[from] hubbub::topic::TopicError),
    /// The plan has several tables, or classes that ask for a pattern of topics, and the server is not this project's.
    #[error(
        "the plan has several tables or patterns of topics, and a dialect has one stream: only hubbub is asked for tables"
    )]
    Tables,
    /// turmoil gave up.
    #[error("the simulated network: {0}")]
    Network(String),
    /// What was recorded contradicts what the Hub counted: a fault in this program.
    #[error("record and Hub disagree: {0}")]
    Disagreement(String),
    /// A server under test did what ends its run.
    #[error(transparent)]
    Server(#[from] Box<ServerFault>),
}

/// Runs a plan in virtual time, at one buffer size and policy. The same arguments give the same record.
///
/// # Errors
/// When the plan names no valid table, or the run contradicts itself.
pub fn run(plan: &Plan, choice: HubChoice) -> Result<Record, WorldError> {
    let plan = plan.in_virtual_time();
    run_scaled(&plan, choice, None, Recorder::new(&plan))
}

/// Runs a plan as [`run`] does, with a second stage of `second` frames behind every connection: a channel that some
/// servers have there. The frames that it drops are not counted anywhere.
///
/// # Errors
/// When the plan names no valid table, or the run contradicts itself.
pub fn run_two_stages(plan: &Plan, choice: HubChoice, second: Capacity) -> Result<Record, WorldError> {
    let plan = plan.in_virtual_time();
    run_scaled(&plan, choice, Some(second), Recorder::new(&plan))
}

/// Runs a plan as [`run`] does, and keeps every single observation: 48 bytes each, several for every frame.
///
/// # Errors
/// When the plan names no valid table, or the run contradicts itself.
pub fn run_observed(plan: &Plan, choice: HubChoice) -> Result<(Record, Vec<Observation>), WorldError> {
    let plan = plan.in_virtual_time();
    let recorder = Recorder::new(&plan);
    recorder.keep_observations();
    let record = run_scaled(&plan, choice, None, recorder.clone())?;
    Ok((record, recorder.take_observations()))
}

/// Runs a plan as [`run`] does, and keeps what becomes of every frame: 20 bytes for each that waits for a subscriber.
///
/// # Errors
/// When the plan names no valid table, or the run contradicts itself.
pub fn run_with_lives(plan: &Plan, choice: HubChoice) -> Result<(Record, Lives), WorldError> {
    let plan = plan.in_virtual_time();
    let recorder = Recorder::new(&plan);
    recorder.keep_lives(&plan);
    let record = run_scaled(&plan, choice, None, recorder.clone())?;
    // `keep_lives` above has asked for them, and nothing else takes them.
    let lives = recorder.take_lives().unwrap_or_else(|| unreachable!("they were asked for"));
    Ok((record, lives))
}

fn run_scaled(
    plan: &Plan,
    choice: HubChoice,
    second: Option<Capacity>,
    recorder: Recorder,
) -> Result<Record, WorldError> {
    let server = Arc::new(Hubbub::new(plan, choice)?);
    let frames = choice.capacity.frames();
    let by_class = (0..plan.classes.len()).map(|class| Dialect::of_hubbub(plan, class)).collect();
    Ok(run_with(plan, &Setup { server, by_class, frames, second, spawns_by_itself: false }, recorder)?.record)
}

/// What is run on a plan.
pub(super) struct Setup {
    pub(super) server: Arc<dyn Server>,
    /// How the members of each class ask for their streams, where it is not in the same way.
    pub(super) by_class: Vec<Dialect>,
    pub(super) frames: usize,
    /// Frames of a second stage behind every connection, where there is one.
    pub(super) second: Option<Capacity>,
    /// Whether the server may spawn tasks that the world does not count.
    pub(super) spawns_by_itself: bool,
}

/// What came of a run.
pub(super) struct Done {
    pub(super) record: Record,
    /// The most tasks that the server had of its own.
    pub(super) own_tasks: usize,
    /// Whether events were posted over the network.
    pub(super) is_posted: bool,
    pub(super) is_probed: bool,
}

/// Runs a plan in virtual time with a server.
pub(super) fn run_with(plan: &Plan, setup: &Setup, recorder: Recorder) -> Result<Done, WorldError> {
    let clock = Arc::new(ModelClock::default());
    let network = Arc::new(Network::new(plan, setup.second.map(Capacity::frames), clock.clone()));
    let keeps_lives = recorder.keeps_lives();
    let account = Account::new(recorder.clone());
    let environment = ServerEnvironment { clock, barrier: Arc::default(), network, recorder, process: 0, keeps_lives };
    let first = Start { frames: setup.frames, epoch: plan.first_epoch(), node: 0, environment: environment.clone() };
    let processes = Processes::new(setup.server.clone(), first);
    let is_over = Arc::new(AtomicBool::new(false));
    let own_tasks = OwnTasks::new(setup.spawns_by_itself);
    let driver = Driver {
        environment: environment.clone(),
        processes: processes.clone(),
        account: account.clone(),
        outbox: Outbox::default(),
        own_tasks: own_tasks.clone(),
        arrivals: plan.arrivals.clone(),
        restarts: Restarts::of(plan),
        lives: 0,
        sources_end: plan.duration,
        all_back: plan.duration + time_to_come_back(plan),
        run_ends: plan.duration + plan.drain,
        is_over: is_over.clone(),
    };
    let dialect = setup.server.dialect();
    let mut sim = pinned_builder().build();
    let outbox = driver.outbox.clone();
    let posted = outbox.clone();
    serve(&mut sim, plan, processes.clone(), driver);
    if setup.spawns_by_itself {
        publisher::host(&mut sim, plan, (&environment.network, &account), (outbox, &dialect));
    }
    let dialects = |class: usize| setup.by_class.get(class).unwrap_or(&dialect).clone();
    populate(&mut sim, plan, &environment, (&account, &dialects));
    while !is_over.load(Ordering::Relaxed) {
        let step = sim.step();
        if let Some(panic) = guard::beat(sim.elapsed()) {
            let kind = ServerFaultKind::Panicked(panic.message);
            let fault = ServerFault::new(plan, panic.place.at, panic.place.subscriber, kind);
            return Err(Box::new(fault).into());
        }
        account.check()?;
        step.map_err(|why| WorldError::Network(why.to_string()))?;
        // At every step: the barrier would wait for that task until the grace is over, and the run would end with
        // another cause.
        if environment.barrier.has_panicked() {
            return Err(WorldError::Network("a connection's task panicked".to_owned()));
        }
        if sim.elapsed() > plan.duration + plan.drain + GRACE {
            return Err(WorldError::Network(format!("no end after {:.3} s", sim.elapsed().as_secs_f64())));
        }
    }
    let record = match account.sightings() {
        None => environment.recorder.finish(processes.counts(), processes.peak_bytes()),
        Some(sightings) => {
            let blocked = environment.network.blocked();
            sightings.finish(sim.elapsed(), |index| blocked.contains(&index));
            account.check()?;
            environment.recorder.close(sightings.peak_bytes())
        }
    };
    // After the accounts: it drops the connections that are still open, and they would count as left.
    drop(sim);
    let mut record = record.map_err(WorldError::Disagreement)?;
    record.retransmissions = environment.network.retransmissions(plan.time_scale);
    Ok(Done {
        record,
        own_tasks: own_tasks.most(),
        is_posted: posted.was_used(),
        is_probed: account.sightings().is_none(),
    })
}

/// Pins every input that would else come from the machine: turmoil's seed (what it draws changes nothing, since no
/// link has jitter or loss), the epoch, ticks, latencies and capacities.
fn pinned_builder() -> turmoil::Builder {
    let mut builder = turmoil::Builder::new();
    builder
        .rng_seed(0)
        .epoch(SystemTime::UNIX_EPOCH)
        .tick_duration(TICK)
        // turmoil stops a simulation after 10 s by default. A run ends where its plan does.
        .simulation_duration(Duration::from_secs(u64::from(u32::MAX)))
        .min_message_latency(TICK)
        .max_message_latency(TICK)
        .tcp_capacity(NEVER_BINDING)
        // All subscribers of a class share one host, and turmoil's default range has only 16,384 ports.
        .ephemeral_ports(1024..=u16::MAX);
    builder
}

fn serve(sim: &mut turmoil::Sim<'_>, plan: &Plan, processes: Processes, driver: Driver) {
    let sightings = Sightings::new(plan, driver.environment.recorder.clone());
    sim.client(SERVER, async move {
        driver.environment.clock.start();
        // On this host: a server may spawn tasks when it starts.
        if processes.begin(0).probe.is_none() {
            driver.account.relies_on(sightings);
        }
        let driver = tokio::spawn(driver.run());
        // Not waited for: it serves for ever, and the run is over when the driver says so.
        drop(tokio::task::spawn_local(processes.serve()));
        // A driver that panics ends the simulation; one that has ended has said so.
        Ok(driver.await?)
    });
}

fn populate(
    sim: &mut turmoil::Sim<'_>,
    plan: &Plan,
    environment: &ServerEnvironment,
    (account, dialect_of): (&Account, &dyn Fn(usize) -> Dialect),
) {
    for (class_index, class) in plan.classes.iter().enumerate() {
        let members = plan.subscribers.iter().enumerate().filter(|(_, subscriber)| subscriber.class == class_index);
        let members: Vec<_> =
            members.map(|(index, subscriber)| (index, subscriber.clone(), SubscriberFaults::of(plan, index))).collect();
        let dialect = dialect_of(class_index);
        let resumes = plan.server.recovery.is_some() && dialect.resumes();
        let host = Host {
            class_index,
            class: class.clone(),
            dialect,
            time_scale: plan.time_scale,
            first_epoch: plan.first_epoch(),
            network: environment.network.clone(),
            account: account.clone(),
            resumes,
            buffer: RefCell::new(vec![0; CLIENT_BUFFER_BYTES]),
        };
        // A host a class and not one a subscriber: in every tick turmoil looks at the links between all pairs of hosts.
        // Nor several: the clients of a class run in the order in which bytes have come to them.
        sim.client(format!("class-{class_index}"), async move {
            let host = Rc::new(host);
            let mut lives = JoinSet::new();
            for (index, subscriber, faults) in members {
                lives.spawn_local(subscriber::live(host.clone(), index, subscriber, faults));
            }
            // A subscriber that panics, or gets no stream, must not pass for one that left.
            while let Some(life) = lives.join_next().await {
                life??;
            }
            Ok(())
        });
    }
}
