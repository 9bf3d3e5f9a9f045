//! The server's own account of its subscribers: hubbub's `GET /debug/subscribers`.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Deserialize;

use super::error::ProbeError;
use crate::real::{HttpClient, RequestError, Route};

/// Most subscribers that the server lists in one answer.
const MOST_LISTED: usize = 1000;

/// Asks the server about its subscribers.
#[derive(Debug)]
pub(super) struct Account {
    route: Route,
    client: HttpClient,
}

#[derive(Debug, Deserialize)]
struct Answer {
    total: usize,
    subscribers: Vec<Line>,
}

/// What the server says of a subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) struct Line {
    pub(super) id: u64,
    /// Frames in its buffer.
    pub(super) waiting: u64,
    /// Frames that the server's socket has taken.
    pub(super) delivered: u64,
}

impl Account {
    /// The account at a URL, each answer within that time.
    pub(super) fn at(route: &Route, within: Duration) -> Self {
        Self { route: route.clone(), client: HttpClient::new(route.clone(), within) }
    }

    /// All subscribers.
    pub(super) async fn lines(&mut self) -> Result<Vec<Line>, ProbeError> {
        let answer = self.client.get().await.map_err(|why: RequestError| self.failed(&why.to_string()))?;
        let answer: Answer =
            serde_json::from_slice(&answer).map_err(|_| self.failed("is no list of hubbub's subscribers"))?;
        if answer.total > answer.subscribers.len() {
            let (listed, total) = (answer.subscribers.len(), answer.total);
            return Err(self.failed(&format!(
                "lists {listed} of {total} subscribers: set limit={MOST_LISTED} in its query, or probe when fewer are there"
            )));
        }
        Ok(answer.subscribers)
    }

    /// The ids of all subscribers.
    pub(super) async fn ids(&mut self) -> Result<BTreeSet<u64>, ProbeError> {
        Ok(self.lines().await?.into_iter().map(|line| line.id).collect())
    }

    /// One subscriber, if it is there.
    pub(super) async fn line(&mut self, id: u64) -> Result<Option<Line>, ProbeError> {
        Ok(self.lines().await?.into_iter().find(|line| line.id == id))
    }

    /// A complaint about this account.
    pub(super) fn failed(&self, why: &str) -> ProbeError {
        ProbeError::Debug(self.route.url().clone(), why.to_owned())
    }
}
