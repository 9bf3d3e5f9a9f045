//! What can go wrong between a client and a server.

use std::io;
use std::time::Duration;

use super::trust::TrustError;
use crate::client::NotAStream;

/// A client that could not do what the plan has for it.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No connection, or none any more.
    #[error("cannot be reached: {0}")]
    Unreachable(#[from] io::Error),
    /// It answers with something else.
    #[error("{0}")]
    NotAStream(#[from] NotAStream),
    /// A redirection that is not followed.
    #[error("{0}")]
    Redirect(String),
    /// Its certificate, or what it speaks.
    #[error("{0}")]
    Tls(String),
    /// No certificate can be believed here.
    #[error("cannot be asked over TLS: {0}")]
    Trust(#[from] TrustError),
    /// Nothing answers at that address.
    #[error("does not answer: there is no connection after {}", humantime::format_duration(*.0))]
    NoAnswer(Duration),
    /// Its host answers that nothing listens there.
    #[error("cannot be reached: the connection is refused, so nothing listens there")]
    Refused,
    /// It took the connection and the request, and has sent no head of a response.
    #[error(
        "takes the connection and sends no response within {}: it may send its head with the first event only, so let \
         it flush the head, publish an event, or raise --head-timeout",
        humantime::format_duration(*.0)
    )]
    HeadLate(Duration),
    /// It closed the connection before it sent the head of a response.
    #[error("closes the connection without a response")]
    NoHead,
    /// It ended a stream that was open.
    #[error("ends the stream")]
    Ended,
    /// The connection of a stream broke.
    #[error("breaks the connection: {0}")]
    Broken(io::Error),
    /// The stream ended before it said anything.
    #[error("ends the stream at once")]
    EndsAtOnce,
}
