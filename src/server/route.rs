//! Routes: which path and method is answered by which function.

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::{Method, Request, Response, StatusCode};

use super::authorize::Head;
use super::ingest::Destination;
use super::response::{self, Body};
use super::{Exchange, Side, access, header, page};
use crate::transport::Environment;

/// The media type of metrics: the OpenMetrics text format, which Prometheus reads.
const METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The paths for operators.
const OF_OPERATORS: &str = "/healthz, /readyz, /metrics, /debug/subscribers";
/// The beginning of the paths that show single clients.
const DEBUG: &str = "/debug/";

/// The methods of a path that is read.
const READ: &str = "GET, HEAD, OPTIONS";
/// The methods of a path that is published to.
const PUBLISHED: &str = "POST, OPTIONS";
/// The methods of the whole server, for `OPTIONS *`.
const ANYWHERE: &str = "GET, HEAD, POST, OPTIONS";

/// The paths of streams that the features of the build have.
const STREAMS: &str = if cfg!(feature = "ws") { "/v1/stream/sse, /v1/stream/ws" } else { "/v1/stream/sse" };

/// What a path that everybody may read shows.
enum Page {
    Own,
    Health,
    Sse,
    #[cfg(feature = "ws")]
    WebSocket,
}

impl<E: Environment> Exchange<E> {
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response<Body<E>> {
        if let Err(why) = header::check(&request) {
            return response::error(StatusCode::BAD_REQUEST, &why);
        }
        match access::origin(&request, &self.server.settings.allowed_origins) {
            access::Origin::Own => self.route(request, true).await,
            // Before any route: a page must not publish, and a browser sends a simple POST without asking.
            access::Origin::Refused => {
                let why = "pages of this origin may not: see server.allowed_origins";
                response::error(StatusCode::FORBIDDEN, why)
            }
            access::Origin::Allowed { value, is_named } => {
                let answer = if access::is_preflight(&request) {
                    access::may_ask(response::empty(), value)
                } else {
                    access::may_read(self.route(request, is_named).await, value)
                };
                // Without tokens no cookie means anything here.
                let takes_cookies = is_named && self.server.settings.tokens.is_some();
                if takes_cookies { access::may_send_cookies(answer) } else { answer }
            }
        }
    }

    async fn route(&self, request: Request<Incoming>, takes_cookies: bool) -> Response<Body<E>> {
        if self.side == Side::Operators {
            return self.route_of_operators(&request);
        }
        let uri = request.uri().clone();
        let path = uri.path();
        if let Some(to) = Destination::of_path(path) {
            return match *request.method() {
                Method::POST => self.ingest(&to, request, takes_cookies).await,
                Method::OPTIONS => response::options(PUBLISHED),
                _ => response::method_not_allowed(PUBLISHED),
            };
        }
        let page = match path {
            "/" => Page::Own,
            "/healthz" => Page::Health,
            path if is_of_operators(path) => {
                let head = Head { headers: request.headers(), query: uri.query().unwrap_or_default(), takes_cookies };
                if let Some(refusal) = self.keep_out(path, &head) {
                    return refusal;
                }
                return self.route_of_operators(&request);
            }
            "/v1/stream/sse" => Page::Sse,
            #[cfg(feature = "ws")]
            "/v1/stream/ws" => Page::WebSocket,
            "*" if request.method() == Method::OPTIONS => return response::options(ANYWHERE),
            _ => return no_such_path(),
        };
        match *request.method() {
            // hyper omits the body of an answer to HEAD.
            Method::GET | Method::HEAD => match page {
                Page::Own => page::page(),
                Page::Health => response::text("ok\n"),
                Page::Sse => self.stream(&request, takes_cookies).await,
                #[cfg(feature = "ws")]
                Page::WebSocket => self.websocket(&request, takes_cookies).await,
            },
            Method::OPTIONS => response::options(READ),
            _ => response::method_not_allowed(READ),
        }
    }

    /// Refuses who may not see what is for operators.
    fn keep_out(&self, path: &str, head: &Head<'_>) -> Option<Response<Body<E>>> {
        let settings = &self.server.settings;
        let has_tokens = settings.tokens.is_some();
        // The addresses of clients are for nobody else, wherever there is a way to tell who asks.
        let is_kept = settings.is_exposed || (has_tokens && path.starts_with(DEBUG));
        if !is_kept {
            return None;
        }
        if !has_tokens {
            let why = format!("{path} is served on server.admin_listen alone: this address is public");
            return Some(response::error(StatusCode::FORBIDDEN, &why));
        }
        match self.allowed(head) {
            Ok(allowed) => allowed.administer().err().map(|why| self.deny(why)),
            Err(why) => Some(self.refuse(why)),
        }
    }

    /// Answers what is for operators, and `/healthz`.
    fn route_of_operators(&self, request: &Request<Incoming>) -> Response<Body<E>> {
        let answer: fn(&Self, &Request<Incoming>) -> Response<Body<E>> = match request.uri().path() {
            "/healthz" => |_, _| response::text("ok\n"),
            "/readyz" => |exchange, _| exchange.ready(),
            "/metrics" => |exchange, _| exchange.metrics(),
            "/debug/subscribers" => |exchange, request| exchange.subscribers(request.uri().query().unwrap_or_default()),
            _ => return response::error(StatusCode::NOT_FOUND, &format!("no such path: there is {OF_OPERATORS}")),
        };
        match *request.method() {
            Method::GET | Method::HEAD => answer(self, request),
            Method::OPTIONS => response::options(READ),
            _ => response::method_not_allowed(READ),
        }
    }

    /// `/readyz`: whether a new stream would be accepted.
    fn ready(&self) -> Response<Body<E>> {
        if self.server.connections.is_ending() {
            return response::error(StatusCode::SERVICE_UNAVAILABLE, "stopping");
        }
        if self.server.streams.is_full() {
            return response::error(StatusCode::SERVICE_UNAVAILABLE, "full: the limit of open streams is reached");
        }
        if let Some(why) = self.server.log.as_ref().and_then(|log| log.unready()) {
            return response::error(StatusCode::SERVICE_UNAVAILABLE, &why);
        }
        response::text("ready\n")
    }

    fn metrics(&self) -> Response<Body<E>> {
        let server = &self.server;
        let connections = server.connections.len() + server.admin_connections.len();
        match server.environment.exposition(&server.hub, connections) {
            Some(text) => response::whole(StatusCode::OK, METRICS, Bytes::from(text)),
            None => response::error(StatusCode::NOT_FOUND, "nothing is measured here"),
        }
    }
}

fn is_of_operators(path: &str) -> bool {
    matches!(path, "/readyz" | "/metrics") || path.starts_with(DEBUG)
}

fn no_such_path<E: Environment>() -> Response<Body<E>> {
    let others = "/v1/ingest/{table}, /v1/publish/{topic}, /healthz, /readyz, /metrics, /debug/subscribers";
    let why = format!("no such path: there is / to look at, {STREAMS}, {others}");
    response::error(StatusCode::NOT_FOUND, &why)
}
