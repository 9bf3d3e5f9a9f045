//! Why a path could not be probed.

use std::time::Duration;

use crate::real::{ClientError, RequestError, Url};

/// Why a path could not be probed.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The caller ended it.
    #[error("interrupted")]
    CalledOff,
    /// This system does not let it.
    #[error("{0}")]
    Io(String),
    /// The stream.
    #[error("{0}: {1}")]
    Stream(Url, ClientError),
    /// The posts.
    #[error("{0}: {1}")]
    Publish(Url, String),
    /// Events that the probe did not publish.
    #[error(
        "{0}: there are events that this probe did not publish: it needs a table of its own, to which nobody else \
         publishes"
    )]
    OthersPublish(Url),
    /// Nothing that was posted came.
    #[error(
        "{stream}: an event that was posted to {ingest} did not come within {}: are both of the same table?",
        humantime::format_duration(*.within)
    )]
    NotTheSameTable {
        /// The stream.
        stream: Url,
        /// Where it was posted.
        ingest: Url,
        /// How long was waited.
        within: Duration,
    },
    /// The list of subscribers.
    #[error("{0}: {1}")]
    Debug(Url, String),
}

impl ProbeError {
    pub(super) fn publish(url: &Url, why: &RequestError) -> Self {
        Self::Publish(url.clone(), why.to_string())
    }
}
