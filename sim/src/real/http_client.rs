//! Short requests to a server, one after the other on one connection: posts of events, and questions about its state.

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue, LOCATION};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::client_error::ClientError;
use super::connection;
use super::route::Route;
use crate::client::Location;

/// Why a request was not answered as it was to be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    #[error("cannot be reached: {0}")]
    Unreachable(String),
    /// A redirection that is not followed, or TLS.
    #[error("{0}")]
    Client(ClientError),
    #[error("answers {0} with status {1}")]
    Refused(&'static str, StatusCode),
}

impl From<ClientError> for RequestError {
    fn from(why: ClientError) -> Self {
        match why {
            ClientError::Unreachable(why) => Self::Unreachable(why.to_string()),
            why => Self::Client(why),
        }
    }
}

/// Sends requests to one URL, and keeps its connection between them.
#[derive(Debug)]
pub(crate) struct HttpClient {
    /// Where a request went last: behind redirections.
    route: Route,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl HttpClient {
    pub(crate) fn new(route: Route) -> Self {
        Self { route, sender: None }
    }

    /// Publishes one event. Redirections that keep the method are followed, and the events that follow go there at once.
    ///
    /// # Errors
    /// When the server cannot be reached, or does not take it.
    pub(crate) async fn post(&mut self, body: Bytes) -> Result<(), RequestError> {
        // After any other redirection a client asks with GET, which publishes nothing.
        let (status, _) = self.exchange(&Method::POST, body, &[307, 308]).await?;
        if status.is_success() { Ok(()) } else { Err(RequestError::Refused("a publish", status)) }
    }

    /// What is at the URL.
    ///
    /// # Errors
    /// When the server cannot be reached, and when it answers with an error.
    pub(crate) async fn get(&mut self) -> Result<Bytes, RequestError> {
        let (status, body) = self.exchange(&Method::GET, Bytes::new(), &[301, 302, 303, 307, 308]).await?;
        if status == StatusCode::OK { Ok(body) } else { Err(RequestError::Refused("the request", status)) }
    }

    /// Sends a request, and reads the answer to its end, behind redirections with these statuses.
    async fn exchange(
        &mut self,
        method: &Method,
        body: Bytes,
        redirections: &[u16],
    ) -> Result<(StatusCode, Bytes), RequestError> {
        loop {
            let response = self.answer(method, &body).await?;
            let status = response.status();
            let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok()).map(Location::of);
            // To its end: only then can the connection take the next request.
            let answer = match response.into_body().collect().await {
                Ok(answer) => answer.to_bytes(),
                Err(_) => {
                    self.sender = None;
                    Bytes::new()
                }
            };
            match location {
                Some(location) if redirections.contains(&status.as_u16()) => {
                    self.route = self.route.followed(status.as_u16(), &location)?;
                    self.sender = None;
                }
                _ => return Ok((status, answer)),
            }
        }
    }

    /// The answer to one request, on the present connection or a new one.
    async fn answer(&mut self, method: &Method, body: &Bytes) -> Result<Response<Incoming>, RequestError> {
        // A server may close a connection that it has had for long: the next one gets the event.
        let mut is_second_try = false;
        loop {
            let mut connection = match self.sender.take() {
                Some(connection) => connection,
                None => connect(&self.route).await?,
            };
            // Lets the connection's task see that the server has closed it.
            tokio::task::yield_now().await;
            let sent = match connection.ready().await {
                Ok(()) => connection.send_request(self.request(method, body.clone())).await,
                Err(why) => Err(why),
            };
            match sent {
                Ok(response) => {
                    self.sender = Some(connection);
                    return Ok(response);
                }
                // Only after these two is it certain that nothing was sent. An event must not be published twice.
                Err(why) if is_second_try || !(why.is_canceled() || why.is_closed()) => {
                    return Err(RequestError::Unreachable(why.to_string()));
                }
                Err(_) => is_second_try = true,
            }
        }
    }

    fn request(&self, method: &Method, body: Bytes) -> Request<Full<Bytes>> {
        let url = self.route.url();
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method.clone();
        // The target of a parsed URL is one that hyper takes.
        *request.uri_mut() = url.target().parse().unwrap_or_default();
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Ok(host) = url.authority().parse() {
            headers.insert(HOST, host);
        }
        for (name, value) in self.route.access().headers().fields() {
            if let (Ok(name), Ok(mut value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
                // hyper then shows it nowhere.
                value.set_sensitive(true);
                headers.append(name, value);
            }
        }
        request
    }
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
