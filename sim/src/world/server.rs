//! The seam between the simulated world and a server under test: what the world asks of a server, and what it gives.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use hyper::body::{Body, Incoming};
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;

use super::environment::ServerEnvironment;
use super::probe::Probe;
use super::server_socket::{ServerListener, ServerStream};
use crate::client::Dialect;

/// An error of any kind, as bodies and services have them.
pub(super) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A server under test.
///
/// The world starts it once for every process of a run, in a runtime with virtual time. It must do the same every time:
/// no wall clock, no randomness of its own, no threads. `docs/your-own-server.md` says how to find out.
///
/// ```
/// use axum::{Router, routing::{get, post}};
/// use hubbub_sim::{Dialect, Running, Server, Start};
///
/// struct Mine;
///
/// impl Server for Mine {
///     fn start(&self, start: &Start) -> Running {
///         let buffer = start.frames();
///         let routes = Router::new()
///             .route("/watch", get(move || async move { format!("a stream with a buffer of {buffer}") }))
///             .route("/publish", post(|| async { "taken" }));
///         Running::serving(routes)
///     }
///
///     fn dialect(&self) -> Dialect {
///         Dialect::sse("/watch").publishing_at("/publish")
///     }
/// }
/// assert_eq!(Mine.effective_frames(100), 100);
/// ```
pub trait Server: Send + Sync {
    /// Starts one process of the server. It is called on the server's host, so it may spawn tasks of tokio.
    fn start(&self, start: &Start) -> Running;

    /// What subscribers and publishers say to it.
    fn dialect(&self) -> Dialect;

    /// The buffer that the server has when it is asked for one of `frames` frames. A server that has only some sizes, as
    /// powers of two, rounds up here.
    fn effective_frames(&self, frames: usize) -> usize {
        frames
    }

    /// The memory that a buffer of `frames` frames takes for each of so many subscribers, in bytes, without what is in it.
    /// Without this method it is a pointer for each frame. A buffer that subscribers share costs each of them a part.
    fn slot_bytes(&self, frames: usize, subscribers: usize) -> u64 {
        let _ = subscribers;
        (frames * size_of::<usize>()) as u64
    }
}

/// What a process of a server is started with.
#[derive(Clone)]
pub struct Start {
    pub(super) frames: usize,
    pub(super) epoch: u64,
    pub(super) node: usize,
    pub(super) environment: ServerEnvironment,
}

impl Start {
    /// The buffer of each subscriber, in frames: at least 1.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// How many processes of this server the run has had before, from 0 on.
    #[must_use]
    pub fn life(&self) -> usize {
        self.environment.process
    }

    /// The index of the node that the process runs on. The world has one node, which is node 0.
    #[must_use]
    pub fn node(&self) -> usize {
        self.node
    }

    /// The epoch of the event ids that the process gives out, if it has a [`Probe`]: one more for every life.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The world's clock, tasks and observer, for a server that is made of this project's Hub and transport.
    #[must_use]
    pub fn environment(&self) -> ServerEnvironment {
        self.environment.clone()
    }
}

impl std::fmt::Debug for Start {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Start").field("frames", &self.frames).field("life", &self.life()).finish_non_exhaustive()
    }
}

type Connection = Pin<Box<dyn Future<Output = ()> + Send>>;
type Connect = dyn Fn(ServerStream, SocketAddr) -> Connection + Send + Sync;
type Listen = dyn Fn(ServerListener, ServerEnvironment) -> Pin<Box<dyn Future<Output = ()>>> + Send + Sync;

/// A running process of a server under test.
#[derive(Clone)]
pub struct Running {
    pub(super) serves: Serves,
    pub(super) publish: Option<Arc<dyn Fn(Bytes) + Send + Sync>>,
    pub(super) held: Option<Arc<dyn Fn() -> u64 + Send + Sync>>,
    pub(super) probe: Option<Arc<dyn Probe>>,
    /// The probes that publish to other tables than the first. What else they say is what the first one says.
    other_probes: Vec<Arc<dyn Probe>>,
}

/// How a process serves.
#[derive(Clone)]
pub(super) enum Serves {
    /// The world accepts, and spawns a future for each connection.
    Connections(Arc<Connect>),
    /// The server accepts from the world's listener, and spawns through the world's environment.
    Listener(Arc<Listen>),
}

impl Running {
    /// A process that serves every connection with a clone of a tower service, as an `axum::Router` is one. The connection
    /// is HTTP/1.1 by hyper, and can be upgraded.
    #[must_use]
    pub fn serving<S, B>(service: S) -> Self
    where
        S: tower_service::Service<Request<Incoming>, Response = Response<B>, Error: Into<BoxError>, Future: Send>,
        S: Clone + Send + Sync + 'static,
        B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        Self::serving_hyper(TowerToHyperService::new(service))
    }

    /// A process that serves every connection with a clone of a hyper service.
    #[must_use]
    pub fn serving_hyper<S, B>(service: S) -> Self
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error: Into<BoxError>, Future: Send>,
        S: Clone + Send + Sync + 'static,
        B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        Self::serving_connections(move |stream, _| {
            let service = service.clone();
            async move {
                let http = hyper::server::conn::http1::Builder::new();
                let connection = http.serve_connection(TokioIo::new(stream), service).with_upgrades();
                // A client that is cut off is a part of the plan.
                drop(connection.await);
            }
        })
    }

    /// A process that serves a connection by itself: a stream, and the address that it comes from, become a future.
    /// The world spawns it.
    #[must_use]
    pub fn serving_connections<F>(connect: impl Fn(ServerStream, SocketAddr) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let connect: Arc<Connect> = Arc::new(move |stream, peer| Box::pin(connect(stream, peer)));
        Self::by(Serves::Connections(connect))
    }

    /// A process with an accept loop of its own, which spawns through the environment only, as [`hubbub::serve`] does.
    #[must_use]
    pub fn listening<F>(listen: impl Fn(ServerListener, ServerEnvironment) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + 'static,
    {
        let listen: Arc<Listen> = Arc::new(move |listener, environment| Box::pin(listen(listener, environment)));
        Self::by(Serves::Listener(listen))
    }

    fn by(serves: Serves) -> Self {
        Self { serves, publish: None, held: None, probe: None, other_probes: Vec::new() }
    }

    /// The same process, with a handle by which events are published. Without one they are posted over the network.
    #[must_use]
    pub fn publishing(mut self, publish: impl Fn(Bytes) + Send + Sync + 'static) -> Self {
        self.publish = Some(Arc::new(publish));
        self
    }

    /// The same process, which says how many bytes of events it holds. It is asked after every publish.
    #[must_use]
    pub fn holding(mut self, bytes: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        self.held = Some(Arc::new(bytes));
        self
    }

    /// The same process, with a probe for each table of the plan.
    #[must_use]
    pub(super) fn probed_by_table(mut self, probes: impl Iterator<Item = impl Probe + 'static>) -> Self {
        let mut probes = probes.map(|probe| -> Arc<dyn Probe> { Arc::new(probe) });
        self.probe = probes.next();
        self.other_probes = probes.collect();
        self
    }

    /// The probe that publishes to a table, if the process has probes.
    pub(super) fn probe_of(&self, table: u8) -> Option<&Arc<dyn Probe>> {
        match usize::from(table).checked_sub(1) {
            None => self.probe.as_ref(),
            Some(other) => self.other_probes.get(other),
        }
    }

    /// The same process, with a probe, which makes the run's account exact. Events are then published through the probe.
    #[must_use]
    pub fn probed(mut self, probe: impl Probe + 'static) -> Self {
        self.probe = Some(Arc::new(probe));
        self
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("is_probed", &self.probe.is_some()).finish_non_exhaustive()
    }
}
