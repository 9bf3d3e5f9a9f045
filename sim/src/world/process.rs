//! The server as a process: it can end, and another can take its place.
//!
//! A process is a Hub with an epoch of its own and the tasks of its connections. Nothing of the last one is left to the
//! next. Between two there is none, and connections are refused.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::select;
use hubbub::hub::Rules;
use hubbub::{Counts, Hub, ServerSettings};
use tokio::sync::watch;

use super::address::SERVER_PORT;
use super::environment::ModelEnvironment;
use super::server_socket::ServerListener;

/// All processes of a run.
#[derive(Clone)]
pub(super) struct Processes {
    /// The first one's; each has one of its own.
    epoch: u64,
    rules: Rules,
    /// The first one's; each has a number of its own.
    environment: ModelEnvironment,
    // Kept to the end of the run, because its account is that of all processes together.
    hubs: Arc<Mutex<Vec<Hub>>>,
    running: watch::Sender<Option<Process>>,
}

/// One process.
#[derive(Clone)]
pub(super) struct Process {
    pub(super) number: usize,
    pub(super) hub: Hub,
}

impl Processes {
    /// The first one runs already.
    pub(super) fn new(epoch: u64, rules: Rules, environment: ModelEnvironment) -> Self {
        let hub = Hub::with(epoch, rules.clone());
        let running = watch::Sender::new(Some(Process { number: 0, hub: hub.clone() }));
        Self { epoch, rules, environment, hubs: Arc::new(Mutex::new(vec![hub])), running }
    }

    /// The one that runs, if one does.
    pub(super) fn running(&self) -> Option<Process> {
        self.running.borrow().clone()
    }

    /// Ends the running process. All of its connections are cut off.
    pub(super) fn end(&self) {
        // `send` would fail once nobody listens. The value must change all the same.
        if let Some(process) = self.running.send_replace(None) {
            // Before the tasks end: a stream that is dropped counts as left by its client, and its frames as
            // `client_gone`.
            process.hub.evict_all();
            self.environment.barrier.end_process();
        }
    }

    /// The next one begins.
    pub(super) fn begin(&self) {
        let mut hubs = self.hubs();
        let number = hubs.len();
        // Consecutive epochs: a client finds the process in an id by subtraction.
        let hub = Hub::with(self.epoch.wrapping_add(number as u64), self.rules.clone());
        hubs.push(hub.clone());
        self.environment.recorder.lock().process_began();
        self.running.send_replace(Some(Process { number, hub }));
    }

    /// The account of all Hubs together.
    pub(super) fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        self.hubs().iter().for_each(|hub| sum.add(&hub.counts()));
        sum
    }

    /// Most bytes that events kept in memory.
    pub(super) fn peak_pinned_bytes(&self) -> u64 {
        // The largest and not the sum: what a process kept in memory is gone before the next one begins.
        self.hubs().iter().map(|hub| hub.pinned_bytes().peak()).max().unwrap_or(0)
    }

    fn hubs(&self) -> MutexGuard<'_, Vec<Hub>> {
        self.hubs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves, whenever there is a process. To be run on the server's host.
    pub(super) async fn serve(self, settings: ServerSettings) -> std::io::Result<Infallible> {
        let mut orders = self.running.subscribe();
        loop {
            // Marked as seen, so that `changed` below waits for the change after this one.
            let process = orders.borrow_and_update().clone();
            match process {
                Some(process) => {
                    let socket = turmoil::net::TcpListener::bind(("0.0.0.0", SERVER_PORT)).await?;
                    let environment = ModelEnvironment { process: process.number, ..self.environment.clone() };
                    let listener = ServerListener { socket, network: environment.network.clone() };
                    // It dies with its process, and is not asked to stop.
                    let stop = std::future::pending();
                    let serving = hubbub::serve(listener, process.hub, settings.clone(), environment, stop);
                    // The listener is dropped with the server: connections are refused until the next process listens.
                    select(pin!(orders.changed()), pin!(serving)).await;
                }
                // `self` owns the sender, so the channel cannot be closed.
                None => drop(orders.changed().await),
            }
        }
    }
}
