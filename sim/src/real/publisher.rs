//! Publishes the plan's arrivals over HTTP, one after the other on one connection, each at its planned time or as soon
//! after it as the one before has been answered: an open loop, which no slow server slows down unnoticed.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustix::thread::{ClockId, clock_nanosleep_absolute};
use rustix::time::Timespec;
use tokio::net::TcpStream;

use super::clock::Clock;
use super::url::Url;
use crate::client::{LEAST_NUMBERED_BYTES, payload};
use crate::plan::Arrival;
use crate::time::nanos;

/// How far the publisher is, for those who watch, and whether it is to go on.
#[derive(Debug, Default)]
pub(super) struct PublishProgress {
    /// Publishes begun.
    pub(super) begun: AtomicU64,
    pub(super) is_called_off: AtomicBool,
}

/// Longest time without a look at whether it is to go on.
const LOOK: Duration = Duration::from_millis(200);

/// Why publishing ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum PublishError {
    #[error("cannot be reached: {0}")]
    Unreachable(String),
    #[error("answers a publish with status {0}")]
    Refused(StatusCode),
}

/// Publishes all arrivals. It blocks, so it needs a thread of its own. Returns the longest time by which a publish began
/// later than planned.
pub(super) fn publish(
    url: &Url,
    arrivals: &[Arrival],
    clock: Clock,
    progress: &PublishProgress,
) -> Result<Duration, PublishError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|why| PublishError::Unreachable(why.to_string()))?;
    runtime.block_on(async {
        let mut sender = None;
        let mut worst = Duration::ZERO;
        for (index, arrival) in arrivals.iter().enumerate() {
            while clock.now() < arrival.at {
                if progress.is_called_off.load(Ordering::Relaxed) {
                    return Ok(worst);
                }
                sleep(&clock, arrival.at.min(clock.now() + LOOK));
            }
            worst = worst.max(clock.now().saturating_sub(arrival.at));
            // Before it is sent: a client may have the event before the answer to the publish is back.
            progress.begun.store(index as u64 + 1, Ordering::Relaxed);
            // A smaller payload has no room for the number that a client finds losses by.
            let bytes = arrival.payload_bytes.max(LEAST_NUMBERED_BYTES);
            post(url, &mut sender, payload(index, arrival.key, bytes)).await?;
        }
        Ok(worst)
    })
}

/// To the microsecond or so, where a runtime's timer has milliseconds. Nothing else runs on this thread.
fn sleep(clock: &Clock, until: Duration) {
    let ns = clock.zero_ns() + nanos(until);
    let [seconds, nanoseconds] = [ns / 1_000_000_000, ns % 1_000_000_000].map(|part| i64::try_from(part).unwrap_or(0));
    // An interrupted sleep is looked after by the loop around it.
    let _ = clock_nanosleep_absolute(ClockId::Monotonic, &Timespec { tv_sec: seconds, tv_nsec: nanoseconds });
}

async fn post(url: &Url, sender: &mut Option<SendRequest<Full<Bytes>>>, body: Bytes) -> Result<(), PublishError> {
    // A server may close a connection that it has had for long: the next one gets the event.
    let mut is_second_try = false;
    loop {
        let mut connection = match sender.take() {
            Some(connection) => connection,
            None => connect(url).await?,
        };
        // Lets the connection's task see that the server has closed it.
        tokio::task::yield_now().await;
        let sent = match connection.ready().await {
            Ok(()) => connection.send_request(request(url, body.clone())).await,
            Err(why) => Err(why),
        };
        match sent {
            Ok(response) => {
                let status = response.status();
                // To its end: only then can the connection take the next request.
                let read = response.into_body().collect().await;
                *sender = read.is_ok().then_some(connection);
                return if status.is_success() { Ok(()) } else { Err(PublishError::Refused(status)) };
            }
            // Only after these two is it certain that nothing was sent. An event must not be published twice.
            Err(why) if is_second_try || !(why.is_canceled() || why.is_closed()) => {
                return Err(PublishError::Unreachable(why.to_string()));
            }
            Err(_) => is_second_try = true,
        }
    }
}

fn request(url: &Url, body: Bytes) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = hyper::Method::POST;
    // The target of a parsed URL is one that hyper takes.
    *request.uri_mut() = url.target().parse().unwrap_or_default();
    let headers = request.headers_mut();
    if let Ok(host) = url.authority().parse() {
        headers.insert(hyper::header::HOST, host);
    }
    headers.insert(hyper::header::CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/json"));
    request
}

async fn connect(url: &Url) -> Result<SendRequest<Full<Bytes>>, PublishError> {
    let unreachable = |why: &dyn std::fmt::Display| PublishError::Unreachable(why.to_string());
    let address = url.resolve().await.map_err(|why| unreachable(&why))?;
    let stream = TcpStream::connect(address).await.map_err(|why| unreachable(&why))?;
    // Without it, Nagle's algorithm may hold the body of a publish back until its head is acknowledged.
    stream.set_nodelay(true).map_err(|why| unreachable(&why))?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|why| unreachable(&why))?;
    drop(tokio::spawn(connection));
    Ok(sender)
}
