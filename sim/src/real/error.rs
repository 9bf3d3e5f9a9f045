//! Why a run could not be done.

use super::client_error::ClientError;
use super::url::Url;

/// A run that could not be done.
#[derive(Debug, thiserror::Error)]
pub enum RealError {
    /// The caller ended the run.
    #[error("interrupted")]
    CalledOff,
    /// A class of the plan has a path.
    #[error("class {0:?} has a path: clients of the real world have the network that there is")]
    Path(String),
    /// The plan has several tables, or classes that ask for a pattern of topics, and the server is not this project's.
    #[error(
        "several tables or patterns of topics: a server by its URL is asked for one stream, so run it without --url"
    )]
    Tables,
    /// Our own server did not do its part.
    #[error("{0}")]
    Server(String),
    /// A server did not do what a client expects.
    #[error("{url}: {why}")]
    Client {
        /// Where it is.
        url: Url,
        /// What was wrong.
        why: ClientError,
    },
    /// A server did not take what was published.
    #[error("{url}: {why}")]
    Publish {
        /// Where it is.
        url: Url,
        /// What was wrong.
        why: String,
    },
}
