//! Short requests to a server, one after the other on one connection: posts of events, and questions about its state.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue, LOCATION};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::client_error::ClientError;
use super::connection;
use super::route::Route;
use crate::client::{Location, redacted_urls_in};

/// Why a request was not answered as it was to be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    #[error("cannot be reached: {0}")]
    Unreachable(String),
    /// A redirection that is not followed, or TLS.
    #[error("{0}")]
    Client(ClientError),
    #[error("answers {0} with status {1}{2}")]
    Refused(&'static str, StatusCode, Said),
    /// Silence, or an answer without an end.
    #[error("does not answer within {}", humantime::format_duration(*.0))]
    Late(Duration),
    /// An answer that is no short one.
    #[error("answers with more than {} MiB", MOST_BYTES >> 20)]
    Long,
}

/// What a server says beside a status: the first line of a short text, without what may be secret in a URL.
#[derive(Debug)]
pub(crate) struct Said(Bytes);

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = std::str::from_utf8(&self.0).unwrap_or_default();
        // A page of HTML explains nothing in its first line.
        let line = text.lines().next().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('<'));
        let Some(line) = line.filter(|line| !line.contains(char::is_control)) else { return Ok(()) };
        let cut: String = line.chars().take(MOST_SAID).collect();
        write!(f, ": {}", redacted_urls_in(&cut))
    }
}

impl From<ClientError> for RequestError {
    fn from(why: ClientError) -> Self {
        match why {
            ClientError::Unreachable(why) => Self::Unreachable(why.to_string()),
            why => Self::Client(why),
        }
    }
}

/// Longest text of a server that is passed on, in characters.
const MOST_SAID: usize = 200;

/// Longest body of an answer.
const MOST_BYTES: usize = 8 << 20;

/// Sends requests to one URL, and keeps connections between them.
#[derive(Debug)]
pub(crate) struct HttpClient {
    route: Route,
    /// How long an answer may take, with its connection and behind redirections.
    within: Duration,
    /// By what they are connected to: whether it is encrypted, and host and port. Behind redirections there may be others.
    connections: BTreeMap<(bool, String), SendRequest<Full<Bytes>>>,
}

impl HttpClient {
    pub(crate) fn new(route: Route, within: Duration) -> Self {
        Self { route, within, connections: BTreeMap::new() }
    }

    /// Publishes one event. Redirections that keep the method are followed, each time anew.
    ///
    /// # Errors
    /// When the server cannot be reached, or does not take it.
    pub(crate) async fn post(&mut self, body: Bytes) -> Result<(), RequestError> {
        // After any other redirection a client asks with GET, which publishes nothing.
        let (status, body) = self.exchange(&Method::POST, body, &[307, 308]).await?;
        if status.is_success() { Ok(()) } else { Err(RequestError::Refused("a publish", status, Said(body))) }
    }

    /// What is at the URL.
    ///
    /// # Errors
    /// When the server cannot be reached, and when it answers with an error.
    pub(crate) async fn get(&mut self) -> Result<Bytes, RequestError> {
        let (status, body) = self.exchange(&Method::GET, Bytes::new(), &[301, 302, 303, 307, 308]).await?;
        if status == StatusCode::OK { Ok(body) } else { Err(RequestError::Refused("the request", status, Said(body))) }
    }

    /// Sends a request, and reads the answer to its end, behind redirections with these statuses.
    async fn exchange(
        &mut self,
        method: &Method,
        body: Bytes,
        redirections: &[u16],
    ) -> Result<(StatusCode, Bytes), RequestError> {
        let within = self.within;
        timeout(within, self.followed(method, body, redirections)).await.unwrap_or(Err(RequestError::Late(within)))
    }

    async fn followed(
        &mut self,
        method: &Method,
        body: Bytes,
        redirections: &[u16],
    ) -> Result<(StatusCode, Bytes), RequestError> {
        // From the beginning each time: what a server redirects one request to is not for all that follow.
        let mut route = self.route.clone();
        loop {
            let (response, connection) = self.answer(&route, method, &body).await?;
            let status = response.status();
            let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok()).map(Location::of);
            // To its end: only then can the connection take the next request.
            let answer = match Limited::new(response.into_body(), MOST_BYTES).collect().await {
                Ok(answer) => {
                    self.keep(&route, connection);
                    answer.to_bytes()
                }
                Err(why) if why.is::<LengthLimitError>() => return Err(RequestError::Long),
                Err(_) => Bytes::new(),
            };
            match location {
                Some(location) if redirections.contains(&status.as_u16()) => {
                    route = route.followed(status.as_u16(), &location)?;
                }
                _ => return Ok((status, answer)),
            }
        }
    }

    /// Keeps a connection for the next request.
    fn keep(&mut self, route: &Route, connection: SendRequest<Full<Bytes>>) {
        // A server that redirects to ever new ones leaves no more behind.
        if self.connections.len() > Route::MOST_REDIRECTS {
            self.connections.clear();
        }
        self.connections.insert(peer(route), connection);
    }

    /// Sends one request, on a kept connection or a new one, and returns the response.
    async fn answer(
        &mut self,
        route: &Route,
        method: &Method,
        body: &Bytes,
    ) -> Result<(Response<Incoming>, SendRequest<Full<Bytes>>), RequestError> {
        // A server may close a connection that it has had for long: the next one gets the event.
        let mut is_second_try = false;
        loop {
            let mut connection = match self.connections.remove(&peer(route)) {
                Some(connection) => connection,
                None => connect(route).await?,
            };
            // Lets the connection's task see that the server has closed it.
            tokio::task::yield_now().await;
            let sent = match connection.ready().await {
                Ok(()) => connection.send_request(request(route, method, body.clone())).await,
                Err(why) => Err(why),
            };
            match sent {
                Ok(response) => return Ok((response, connection)),
                // Only after these two is it certain that nothing was sent. An event must not be published twice.
                Err(why) if is_second_try || !(why.is_canceled() || why.is_closed()) => {
                    return Err(RequestError::Unreachable(why.to_string()));
                }
                Err(_) => is_second_try = true,
            }
        }
    }
}

/// What a connection is to.
fn peer(route: &Route) -> (bool, String) {
    (route.url().is_https(), route.url().authority().to_owned())
}

fn request(route: &Route, method: &Method, body: Bytes) -> Request<Full<Bytes>> {
    let url = route.url();
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = method.clone();
    // The target of a parsed URL is one that hyper takes.
    *request.uri_mut() = url.target().parse().unwrap_or_default();
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Ok(host) = url.authority().parse() {
        headers.insert(HOST, host);
    }
    for (name, value) in route.access().headers().fields() {
        if let (Ok(name), Ok(mut value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            // hyper then shows it nowhere.
            value.set_sensitive(true);
            headers.append(name, value);
        }
    }
    request
}

async fn connect(route: &Route) -> Result<SendRequest<Full<Bytes>>, RequestError> {
    let unreachable = |why: std::io::Error| RequestError::Unreachable(why.to_string());
    let address = route.url().resolve().await.map_err(unreachable)?;
    let socket = TcpStream::connect(address).await.map_err(unreachable)?;
    // Without it, Nagle's algorithm may hold the body of a publish back until its head is acknowledged.
    socket.set_nodelay(true).map_err(unreachable)?;
    if route.url().is_https() { over(connection::handshake(socket, route).await?).await } else { over(socket).await }
}

async fn over<S>(stream: S) -> Result<SendRequest<Full<Bytes>>, RequestError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let begun = handshake(TokioIo::new(stream)).await;
    let (sender, connection) = begun.map_err(|why| RequestError::Unreachable(why.to_string()))?;
    drop(tokio::spawn(connection));
    Ok(sender)
}
