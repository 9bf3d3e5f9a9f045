//! The server as a process: it can end, and another can take its place.
//!
//! A process is what a server under test has started, and the tasks of its connections. Nothing of the last one is left
//! to the next. Between two there is none, and connections are refused.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::select;
use hubbub::Counts;
use hubbub::transport::{Listener, Runtime};
use tokio::sync::watch;

use super::address::SERVER_PORT;
use super::environment::ServerEnvironment;
use super::guard::Watched;
use super::probe::Probe;
use super::server::{Running, Server, Serves, Start};
use super::server_socket::ServerListener;

/// All processes of a run.
#[derive(Clone)]
pub(super) struct Processes {
    server: Arc<dyn Server>,
    /// What the first one is started with; each has an epoch of its own.
    first: Start,
    // Kept to the end of the run, because its account is that of all processes together.
    probes: Arc<Mutex<Vec<Arc<dyn Probe>>>>,
    running: watch::Sender<Option<Process>>,
}

/// One process.
#[derive(Clone)]
pub(super) struct Process {
    pub(super) number: usize,
    pub(super) running: Arc<Running>,
}

impl Processes {
    /// None of them runs yet.
    pub(super) fn new(server: Arc<dyn Server>, first: Start) -> Self {
        Self { server, first, probes: Arc::default(), running: watch::Sender::new(None) }
    }

    /// The one that runs, if one does.
    pub(super) fn running(&self) -> Option<Process> {
        self.running.borrow().clone()
    }

    /// Ends the running process. All of its connections are cut off.
    pub(super) fn end(&self) {
        // `send` would fail once nobody listens. The value must change all the same.
        if let Some(process) = self.running.send_replace(None) {
            process.running.probe.iter().for_each(|probe| probe.killed());
            self.first.environment.barrier.end_process();
        }
    }

    /// The process of that number begins. To be called on the server's host.
    pub(super) fn begin(&self, number: usize) -> Arc<Running> {
        // Consecutive epochs: a client finds the process in an id by subtraction.
        let epoch = self.first.epoch.wrapping_add(number as u64);
        let environment = ServerEnvironment { process: number, ..self.first.environment.clone() };
        let running = Arc::new(self.server.start(&Start { epoch, environment, ..self.first.clone() }));
        self.probes().extend(running.probe.clone());
        if running.probe.is_some() && number > 0 {
            self.first.environment.recorder.lock().process_began();
        }
        self.running.send_replace(Some(Process { number, running: running.clone() }));
        running
    }

    /// The account of all processes together, as far as they have probes.
    pub(super) fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        self.probes().iter().for_each(|probe| sum.add(&probe.counts()));
        sum
    }

    /// Most bytes that events kept in memory.
    pub(super) fn peak_bytes(&self) -> u64 {
        // The largest and not the sum: what a process kept in memory is gone before the next one begins.
        self.probes().iter().map(|probe| probe.peak_bytes()).max().unwrap_or(0)
    }

    fn probes(&self) -> MutexGuard<'_, Vec<Arc<dyn Probe>>> {
        self.probes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves, whenever there is a process. To be run on the server's host.
    pub(super) async fn serve(self) -> std::io::Result<Infallible> {
        let mut orders = self.running.subscribe();
        loop {
            // Marked as seen, so that `changed` below waits for the change after this one.
            let process = orders.borrow_and_update().clone();
            match process {
                Some(process) => {
                    let socket = turmoil::net::TcpListener::bind(("0.0.0.0", SERVER_PORT)).await?;
                    let environment = ServerEnvironment { process: process.number, ..self.first.environment.clone() };
                    let listener = ServerListener { socket, network: environment.network.clone() };
                    let serving = accept(&process.running.serves, listener, environment);
                    // The listener is dropped with the server: connections are refused until the next process listens.
                    select(pin!(orders.changed()), pin!(serving)).await;
                }
                // `self` owns the sender, so the channel cannot be closed.
                None => drop(orders.changed().await),
            }
        }
    }
}

/// Accepts connections for a process, and spawns what serves them where the barrier counts it.
async fn accept(serves: &Serves, mut listener: ServerListener, environment: ServerEnvironment) {
    match serves {
        Serves::Listener(listen) => listen(listener, environment).await,
        Serves::Connections(connect) => {
            while let Ok((stream, peer)) = listener.accept().await {
                environment.spawn(Watched::new(connect(stream, peer), peer, environment.network.clone()));
            }
        }
    }
}
