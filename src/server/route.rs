//! Routes: which path and method is answered by which function.

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::{Method, Request, Response, StatusCode};

use super::ingest::Destination;
use super::response::{self, Body};
use super::{Exchange, access, header, page};
use crate::transport::Environment;

/// The media type of metrics: the OpenMetrics text format, which Prometheus reads.
const METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The methods of a path that is read.
const READ: &str = "GET, HEAD, OPTIONS";
/// The methods of a path that is published to.
const PUBLISHED: &str = "POST, OPTIONS";
/// The methods of the whole server, for `OPTIONS *`.
const ANYWHERE: &str = "GET, HEAD, POST, OPTIONS";

/// The paths of streams that the features of the build have.
const STREAMS: &str = if cfg!(feature = "ws") { "/v1/stream/sse, /v1/stream/ws" } else { "/v1/stream/sse" };

impl<E: Environment> Exchange<E> {
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response<Body<E>> {
        if let Err(why) = header::check(&request) {
            return response::error(StatusCode::BAD_REQUEST, &why);
        }
        match access::origin(&request, &self.server.settings.allowed_origins) {
            access::Origin::Own => self.route(request).await,
            // Before any route: a page must not publish, and a browser sends a simple POST without asking.
            access::Origin::Refused => {
                let why = "pages of this origin may not: see server.allowed_origins";
                response::error(StatusCode::FORBIDDEN, why)
            }
            access::Origin::Allowed(origin) if access::is_preflight(&request) => {
                access::may_ask(response::empty(), origin)
            }
            access::Origin::Allowed(origin) => access::may_read(self.route(request).await, origin),
        }
    }

    async fn route(&self, request: Request<Incoming>) -> Response<Body<E>> {
        let uri = request.uri().clone();
        let path = uri.path();
        if let Some(to) = Destination::of_path(path) {
            return match *request.method() {
                Method::POST => self.ingest(&to, request).await,
                Method::OPTIONS => response::options(PUBLISHED),
                _ => response::method_not_allowed(PUBLISHED),
            };
        }
        let answer: fn(&Self, &Request<Incoming>) -> Response<Body<E>> = match path {
            "/" => |_, _| page::page(),
            "/healthz" => |_, _| response::text("ok\n"),
            "/readyz" => |exchange, _| exchange.ready(),
            "/metrics" => |exchange, _| exchange.metrics(),
            "/v1/stream/sse" => Self::stream,
            #[cfg(feature = "ws")]
            "/v1/stream/ws" => Self::websocket,
            "*" if request.method() == Method::OPTIONS => return response::options(ANYWHERE),
            _ => return no_such_path(),
        };
        match *request.method() {
            // hyper omits the body of an answer to HEAD.
            Method::GET | Method::HEAD => answer(self, &request),
            Method::OPTIONS => response::options(READ),
            _ => response::method_not_allowed(READ),
        }
    }

    /// `/readyz`: whether a new stream would be accepted.
    fn ready(&self) -> Response<Body<E>> {
        if self.server.connections.is_ending() {
            return response::error(StatusCode::SERVICE_UNAVAILABLE, "stopping");
        }
        if self.server.streams.available_permits() == 0 {
            return response::error(StatusCode::SERVICE_UNAVAILABLE, "full: the limit of open streams is reached");
        }
        response::text("ready\n")
    }

    fn metrics(&self) -> Response<Body<E>> {
        let server = &self.server;
        match server.environment.exposition(&server.hub, server.connections.len()) {
            Some(text) => response::whole(StatusCode::OK, METRICS, Bytes::from(text)),
            None => response::error(StatusCode::NOT_FOUND, "nothing is measured here"),
        }
    }
}

fn no_such_path<E: Environment>() -> Response<Body<E>> {
    let others = "/v1/ingest/{table}, /v1/publish/{topic}, /healthz, /readyz, /metrics";
    let why = format!("no such path: there is / to look at, {STREAMS}, {others}");
    response::error(StatusCode::NOT_FOUND, &why)
}
