//! Listens to any live stream and keeps its arrivals: when each event came, and how long it was.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout_at;

use super::client::{ClientError, request};
use super::clock::Clock;
use super::run::RealError;
use super::stream::EventStream;
use super::url::Url;
use crate::plan::Transport;

/// What is read at a time.
const BUFFER_BYTES: usize = 1 << 16;

/// How often it is asked whether to go on.
const LOOK: Duration = Duration::from_millis(200);

/// A stream that is open for so long is one.
const STAYS: Duration = Duration::from_millis(500);

/// An event that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Captured {
    /// When it was whole, since the stream was open.
    pub at: Duration,
    /// Bytes of its data.
    pub bytes: u64,
}

/// Listens for so long, or until the stream ends or `is_wanted` returns `false`; it is told the time and the number of
/// events so far.
///
/// # Errors
/// When there is no stream to listen to.
pub fn capture(
    url: &Url,
    lasts: Duration,
    is_wanted: &dyn Fn(Duration, usize) -> bool,
) -> Result<Vec<Captured>, RealError> {
    let failed = |why: ClientError| RealError::Client { url: url.clone(), why };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|why| failed(why.into()))?;
    runtime.block_on(listen(url, lasts, is_wanted)).map_err(failed)
}

/// Makes sure that there is a stream, and that it stays open.
///
/// # Errors
/// When there is none, or it ends at once.
pub fn check_stream(url: &Url) -> Result<(), RealError> {
    let asked = std::cell::Cell::new(Duration::ZERO);
    capture(url, STAYS, &|at, _| {
        asked.set(at);
        true
    })?;
    if asked.get() + LOOK < STAYS {
        return Err(RealError::Client { url: url.clone(), why: ClientError::EndsAtOnce });
    }
    Ok(())
}

async fn listen(
    url: &Url,
    lasts: Duration,
    is_wanted: &dyn Fn(Duration, usize) -> bool,
) -> Result<Vec<Captured>, ClientError> {
    let mut stream = TcpStream::connect(url.resolve().await?).await?;
    stream.write_all(request(url, Transport::Sse, None).as_bytes()).await?;
    let (mut events, mut captured) = (EventStream::new(), Vec::new());
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut clock = Clock::starting_in(Duration::ZERO);
    while clock.now() < lasts && !events.has_ended() {
        if !is_wanted(clock.now(), captured.len()) {
            break;
        }
        let until = clock.at(lasts.min(clock.now() + LOOK));
        if timeout_at(until, stream.readable()).await.is_err() {
            continue;
        }
        let got = match stream.try_read(&mut buffer) {
            Ok(0) => break,
            Ok(got) => got,
            Err(why) if why.kind() == std::io::ErrorKind::WouldBlock => continue,
            Err(why) => return Err(why.into()),
        };
        let was_open = events.is_open();
        let now = clock.now();
        events.feed(&buffer[..got], |heard| {
            captured.extend(heard.event().map(|event| Captured { at: now, bytes: event.bytes }));
        })?;
        if events.is_open() && !was_open {
            clock = Clock::starting_in(Duration::ZERO);
            // What came with the head came at once.
            captured.iter_mut().for_each(|event: &mut Captured| event.at = Duration::ZERO);
        }
    }
    if events.is_open() { Ok(captured) } else { Err(ClientError::EndsAtOnce) }
}
