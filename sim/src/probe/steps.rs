//! The steps of a probe, one after the other on one thread.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Probe;
use super::account::{Account, Line};
use super::error::ProbeError;
use super::numbers::Numbers;
use super::watcher::{Head, Watcher};
use crate::real::{ClientError, HttpClient, Route};

/// How long a head may take that does not wait for an event.
const HEAD_WITHOUT_EVENT: Duration = Duration::from_secs(2);
/// How long an event may be under way.
pub(super) const EVENT_WITHIN: Duration = Duration::from_secs(5);
/// How often the server is asked about its subscribers.
const ASK: Duration = Duration::from_millis(20);

/// A probe under way.
pub(super) struct Probing<'a> {
    pub(super) probe: &'a Probe,
    pub(super) numbers: Numbers,
    pub(super) account: Option<Account>,
    pub(super) frame_bytes: f64,
    poster: HttpClient,
    /// The stream, behind redirections once they are known.
    pub(super) stream: Route,
}

impl<'a> Probing<'a> {
    pub(super) fn new(probe: &'a Probe) -> Self {
        Self {
            probe,
            numbers: Numbers::new(),
            account: probe.debug.as_ref().map(|debug| Account::at(debug, probe.head_timeout)),
            frame_bytes: 0.0,
            poster: HttpClient::new(probe.ingest.clone(), probe.head_timeout),
            stream: probe.stream.clone(),
        }
    }

    /// The first client, with the time that its head took and whether that came before any event.
    pub(super) async fn first(&mut self) -> Result<(Watcher, f64, bool), ProbeError> {
        let stream = self.stream.clone();
        let Opened { watcher, head_ms, is_before_event } = self.open_at(&stream, None, None).await?;
        // The clients after it need not be redirected.
        self.stream = watcher.route().clone();
        Ok((watcher, head_ms, is_before_event))
    }

    /// Another client, with its head.
    pub(super) async fn open(
        &mut self,
        cursor: Option<&str>,
        receive_buffer: Option<u32>,
    ) -> Result<Watcher, ProbeError> {
        let stream = self.stream.clone();
        Ok(self.open_at(&stream, cursor, receive_buffer).await?.watcher)
    }

    /// A client of a stream, behind all redirections.
    pub(super) async fn open_at(
        &mut self,
        stream: &Route,
        cursor: Option<&str>,
        receive_buffer: Option<u32>,
    ) -> Result<Opened, ProbeError> {
        let mut route = stream.clone();
        loop {
            let mut watcher = Watcher::ask(&route, cursor, receive_buffer, self.probe.head_timeout).await?;
            let mut head = watcher.head(&self.numbers, watcher.asked_at() + HEAD_WITHOUT_EVENT).await?;
            let is_before_event = head.is_some();
            if head.is_none() {
                self.publish().await?;
                head = watcher.head(&self.numbers, Instant::now() + self.probe.head_timeout).await?;
            }
            match head {
                Some(Head::Open(after)) => return Ok(Opened { watcher, head_ms: millis(after), is_before_event }),
                Some(Head::Elsewhere(next)) => route = next,
                None => {
                    let why = ClientError::HeadLate(self.probe.head_timeout);
                    return Err(ProbeError::Stream(route.url().clone(), why));
                }
            }
        }
    }

    /// Another client, and its id in the server's list.
    pub(super) async fn open_listed(&mut self, receive_buffer: Option<u32>) -> Result<(Watcher, u64), ProbeError> {
        let before = match &mut self.account {
            Some(account) => account.ids().await?,
            None => Default::default(),
        };
        let watcher = self.open(None, receive_buffer).await?;
        let Some(account) = &mut self.account else { return Ok((watcher, 0)) };
        let after = account.ids().await?;
        let mut new = after.difference(&before);
        match (new.next(), new.next()) {
            (Some(id), None) => Ok((watcher, *id)),
            (None, _) => Err(account.failed("does not list the client of this probe: is it another server's?")),
            (Some(_), Some(_)) => Err(account.failed("lists other clients that came just now: probe when fewer come")),
        }
    }

    /// What the server says of a subscriber.
    pub(super) async fn line(&mut self, id: u64) -> Result<Option<Line>, ProbeError> {
        match &mut self.account {
            Some(account) => account.line(id).await,
            None => Ok(None),
        }
    }

    /// Publishes the next event.
    pub(super) async fn publish(&mut self) -> Result<(), ProbeError> {
        let event = self.numbers.next(self.probe.payload_bytes);
        self.poster.post(event).await.map_err(|why| ProbeError::publish(self.probe.ingest.url(), &why))
    }

    /// The time from a publish to its receipt; `None` if it does not come in time.
    pub(super) async fn event(&mut self, watcher: &mut Watcher) -> Result<Option<f64>, ProbeError> {
        let begun = Instant::now();
        self.publish().await?;
        let last = self.numbers.count() - 1;
        let has_it = |watcher: &Watcher| watcher.received.last() == Some(&last);
        let came = watcher.read_until(&self.numbers, begun + EVENT_WITHIN, has_it).await?;
        Ok(watcher.last_at.filter(|_| came).map(|at| millis(at - begun)))
    }

    /// Reads what is still under way to a client that reads.
    pub(super) async fn catch_up(&mut self, reader: &mut Watcher) -> Result<(), ProbeError> {
        let last = self.numbers.count() - 1;
        let has_it = |watcher: &Watcher| watcher.received.last() == Some(&last);
        // If it does not come, that one was lost on its way to this reader, and the next one is as good.
        reader.read_until(&self.numbers, Instant::now() + EVENT_WITHIN / 5, has_it).await.map(drop)
    }

    /// How long it takes until a client that has left is noticed, on a silent stream.
    pub(super) async fn leave(&mut self) -> Result<Option<Duration>, ProbeError> {
        if self.account.is_none() {
            return Ok(None);
        }
        let (watcher, id) = self.open_listed(None).await?;
        drop(watcher);
        let left = Instant::now();
        while left.elapsed() < self.probe.leave_timeout {
            if self.line(id).await?.is_none() {
                return Ok(Some(left.elapsed()));
            }
            sleep(ASK).await;
        }
        Ok(None)
    }

    /// The complaint about a stream that does not bring what was posted.
    pub(super) fn not_the_same_table(&self) -> ProbeError {
        ProbeError::NotTheSameTable {
            stream: self.stream.url().clone(),
            ingest: self.probe.ingest.url().clone(),
            within: EVENT_WITHIN,
        }
    }
}

/// A client with its head.
pub(super) struct Opened {
    pub(super) watcher: Watcher,
    pub(super) head_ms: f64,
    /// Whether the head came before an event was published for it.
    pub(super) is_before_event: bool,
}

/// To a tenth of a millisecond.
pub(super) fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}
