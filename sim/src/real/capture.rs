//! Listens to any live stream as an `EventSource` does, and tells of each event when it came and how long it was.

mod session;

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;

use super::client_error::ClientError;
use super::error::RealError;
use super::missing::Missing;
use super::route::Route;
use crate::client::StreamFormat;
use session::{Session, Stop};

/// How long a server may take for a connection, and then for the head of its response, unless told otherwise.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// A stream that is open for so long is one.
const STAYS: Duration = Duration::from_millis(500);

/// What is listened to, and how.
#[derive(Debug, Clone)]
pub struct Listening {
    /// The stream, and what is sent along.
    pub route: Route,
    /// How the bytes of the stream become events.
    pub format: StreamFormat,
    /// How long, from when the stream is open.
    pub lasts: Duration,
    /// How long a server may take for a connection, and then for the head of its response.
    pub head_timeout: Duration,
    /// Whether to come back where a connection ends.
    pub reconnects: bool,
    /// The names of the events that are wanted; all events where there is none. An event without a name is a `message`.
    pub names: BTreeSet<String>,
}

/// An event that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Captured {
    /// When it was whole, since the stream was open.
    pub at: Duration,
    /// Bytes of its data.
    pub bytes: u64,
}

/// Hears what comes while it comes.
pub trait Listener {
    /// An event came.
    fn event(&mut self, event: Captured);

    /// Asked some times a second with the time since the stream was open; `false` ends the listening.
    fn goes_on(&mut self, at: Duration) -> bool;
}

/// How a listening went.
#[derive(Debug)]
pub struct Capture {
    /// Why it ended.
    pub ended: ListeningEnd,
    /// How long a stream was open.
    pub heard_for: Duration,
    /// Times that a stream was opened again.
    pub reconnections: u64,
    /// How long there was no stream before it was opened again, in all.
    pub holes: Duration,
    /// What the server did the last time that a connection ended, failed or was not to be had.
    pub last_break: Option<ClientError>,
    /// What is known to be missing.
    pub missing: Missing,
    /// Where the stream was in the end: redirections are followed.
    pub route: Route,
    /// Whether the server compressed the stream.
    pub was_compressed: bool,
    /// Events whose names were not wanted.
    pub unwanted: u64,
    /// The first few of these names.
    pub unwanted_names: BTreeSet<String>,
}

/// Why a listening ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListeningEnd {
    /// Its time was over.
    InTime,
    /// Its listener wanted no more.
    CalledOff,
    /// The server wants no client any more, or the client was told not to come back.
    ForGood,
}

/// Listens to a stream. Once it has been open, everything that the server does is told in [`Capture`] and is not an
/// error.
///
/// # Errors
/// When there is no stream to listen to.
pub fn capture(listening: &Listening, listener: &mut dyn Listener) -> Result<Capture, RealError> {
    let failed = |why: ClientError| RealError::Client { url: listening.route.url().clone(), why };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|why| failed(why.into()))?;
    runtime.block_on(listen(listening, listener)).map_err(failed)
}

/// Makes sure that there is a stream, and that it stays open. Returns the way to it, behind all redirections.
///
/// # Errors
/// When there is none, or it ends at once.
pub fn check_stream(route: &Route, format: StreamFormat, head_timeout: Duration) -> Result<Route, RealError> {
    struct Nobody;
    impl Listener for Nobody {
        fn event(&mut self, _: Captured) {}
        fn goes_on(&mut self, _: Duration) -> bool {
            true
        }
    }
    let listening = Listening {
        route: route.clone(),
        format,
        lasts: STAYS,
        head_timeout,
        reconnects: false,
        names: BTreeSet::new(),
    };
    let heard = capture(&listening, &mut Nobody)?;
    match heard.ended {
        ListeningEnd::InTime | ListeningEnd::CalledOff => Ok(heard.route),
        ListeningEnd::ForGood => Err(RealError::Client { url: route.url().clone(), why: ClientError::EndsAtOnce }),
    }
}

async fn listen(listening: &Listening, listener: &mut dyn Listener) -> Result<Capture, ClientError> {
    let mut session = Session::new(listening, listener);
    let ended = loop {
        let Err::<Infallible, _>(stop) = session.connection().await;
        match stop {
            Stop::TimeIsUp => break ListeningEnd::InTime,
            Stop::CalledOff => break ListeningEnd::CalledOff,
            // Without a first stream there is nothing to come back to, and the URL is most likely wrong.
            Stop::Broken(why) if !session.was_open() => return Err(why),
            Stop::Broken(why) => {
                // As an `EventSource` does: an answer that is not a stream is final, and anything else is tried again.
                let is_no_stream = matches!(why, ClientError::NotAStream(_) | ClientError::Redirect(_));
                let is_final = is_no_stream || !listening.reconnects;
                session.broken(why);
                if is_final {
                    break ListeningEnd::ForGood;
                }
            }
        }
        match session.pause().await {
            Ok(()) => {}
            Err(Stop::CalledOff) => break ListeningEnd::CalledOff,
            Err(Stop::TimeIsUp | Stop::Broken(_)) => break ListeningEnd::InTime,
        }
    };
    Ok(session.finish(ended))
}
