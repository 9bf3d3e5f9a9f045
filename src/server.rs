//! The server around a Hub: accepts connections and routes their requests. Generic over the listener and the world.

mod ingest;
mod response;
mod stream;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};

use crate::config::ServerSettings;
use crate::hub::Hub;
use crate::transport::connection::Connection;
use crate::transport::gate::Gate;
use crate::transport::{Environment, Listener};

pub use response::Body;

/// Pause after a failed accept: what fails is most often a limit on open files, and trying at once would spin.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Serves connections for ever; dropping the future stops accepting.
pub async fn serve<L: Listener, E: Environment>(
    mut listener: L,
    hub: Hub,
    settings: ServerSettings,
    environment: E,
) -> Infallible {
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_RETRY).await;
            continue;
        };
        let gate = Arc::new(Gate::new(environment.clone()));
        let exchange = Arc::new(Exchange { hub: hub.clone(), settings, gate: gate.clone(), peer });
        let service = service_fn(move |request| {
            let exchange = exchange.clone();
            async move { Ok::<_, Infallible>(exchange.answer(request).await) }
        });
        environment.spawn(Connection::new(stream, gate, service, settings.write_deadline));
    }
}

/// What the requests of one connection share.
struct Exchange<E> {
    hub: Hub,
    settings: ServerSettings,
    gate: Arc<Gate<E>>,
    peer: SocketAddr,
}

impl<E: Environment> Exchange<E> {
    async fn answer(&self, request: Request<Incoming>) -> Response<Body<E>> {
        let path = request.uri().path();
        if path == "/healthz" {
            return self.only(&Method::GET, &request).unwrap_or_else(|| response::text("ok\n"));
        }
        if path == "/v1/stream/sse" {
            return self.only(&Method::GET, &request).unwrap_or_else(|| self.stream(request.uri().query()));
        }
        if let Some(table) = path.strip_prefix("/v1/ingest/") {
            let table = table.to_owned();
            return match self.only(&Method::POST, &request) {
                Some(refusal) => refusal,
                None => self.ingest(&table, request.into_body()).await,
            };
        }
        response::error(StatusCode::NOT_FOUND, "no such path: there is /v1/stream/sse, /v1/ingest/{table}, /healthz")
    }

    /// The refusal of any other method.
    fn only(&self, allowed: &Method, request: &Request<Incoming>) -> Option<Response<Body<E>>> {
        (request.method() != allowed).then(|| response::method_not_allowed(allowed))
    }
}
