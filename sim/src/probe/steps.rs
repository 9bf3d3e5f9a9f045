//! The steps of a probe, one after the other on one thread.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Probe;
use super::account::{Account, Line};
use super::error::ProbeError;
use super::numbers::Numbers;
use super::watcher::{Head, Watcher};
use crate::client::NotAStream;
use crate::real::{ClientError, HttpClient, Route};
use crate::summary::probed::Compression;

/// How long a head may take that does not wait for an event.
const HEAD_WITHOUT_EVENT: Duration = Duration::from_secs(2);
/// How long an event may be under way.
pub(super) const EVENT_WITHIN: Duration = Duration::from_secs(5);
/// How often the server is asked about its subscribers.
const ASK: Duration = Duration::from_millis(20);
/// Events that a client misses before it comes back.
const MISSED: u64 = 3;

/// A probe under way.
pub(super) struct Probing<'a> {
    pub(super) probe: &'a Probe,
    pub(super) numbers: Numbers,
    pub(super) account: Option<Account>,
    pub(super) frame_bytes: f64,
    is_wanted: &'a dyn Fn() -> bool,
    poster: HttpClient,
    /// The stream, behind redirections once they are known.
    pub(super) stream: Route,
}

impl<'a> Probing<'a> {
    pub(super) fn new(probe: &'a Probe, is_wanted: &'a dyn Fn() -> bool) -> Self {
        Self {
            probe,
            numbers: Numbers::new(),
            account: probe.debug.as_ref().map(Account::at),
            frame_bytes: 0.0,
            is_wanted,
            poster: HttpClient::new(probe.ingest.clone()),
            stream: probe.stream.clone(),
        }
    }

    /// The first client, with the time that its head took and whether that came before any event.
    pub(super) async fn first(&mut self) -> Result<(Watcher, f64, bool), ProbeError> {
        loop {
            let mut watcher = Watcher::ask(&self.stream, None, None, self.probe.head_timeout).await?;
            let without_event = watcher.asked_at() + HEAD_WITHOUT_EVENT;
            let mut head = watcher.head(&self.numbers, without_event).await?;
            let is_before_event = head.is_some();
            if head.is_none() {
                self.publish().await?;
                head = watcher.head(&self.numbers, Instant::now() + self.probe.head_timeout).await?;
            }
            match head {
                Some(Head::Open(after)) => return Ok((watcher, millis(after), is_before_event)),
                Some(Head::Elsewhere(route)) => self.stream = route,
                None => return Err(self.failed(ClientError::HeadLate(self.probe.head_timeout))),
            }
        }
    }

    /// Another client, with its head.
    pub(super) async fn open(
        &mut self,
        cursor: Option<&str>,
        receive_buffer: Option<u32>,
    ) -> Result<Watcher, ProbeError> {
        let stream = self.stream.clone();
        self.open_at(&stream, cursor, receive_buffer).await
    }

    async fn open_at(
        &mut self,
        stream: &Route,
        cursor: Option<&str>,
        receive_buffer: Option<u32>,
    ) -> Result<Watcher, ProbeError> {
        let mut watcher = Watcher::ask(stream, cursor, receive_buffer, self.probe.head_timeout).await?;
        let mut head = watcher.head(&self.numbers, watcher.asked_at() + HEAD_WITHOUT_EVENT).await?;
        if head.is_none() {
            self.publish().await?;
            head = watcher.head(&self.numbers, Instant::now() + self.probe.head_timeout).await?;
        }
        match head {
            Some(Head::Open(_)) => Ok(watcher),
            // It was a stream a moment ago.
            Some(Head::Elsewhere(_)) | None => Err(self.failed(ClientError::HeadLate(self.probe.head_timeout))),
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
        if !(self.is_wanted)() {
            return Err(ProbeError::CalledOff);
        }
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
            if !(self.is_wanted)() {
                return Err(ProbeError::CalledOff);
            }
            sleep(ASK).await;
        }
        Ok(None)
    }

    /// Whether a client that comes back has all that it missed, and how long that takes.
    pub(super) async fn resumption(&mut self, reader: Watcher) -> Result<Returned, ProbeError> {
        let Some(cursor) = reader.last_id() else { return Ok(Returned::default()) };
        drop(reader);
        let missed = self.publish_missed().await?;
        let mut watcher = self.open(Some(&cursor), None).await?;
        let took = self.receipt_of(&mut watcher, &missed).await?;
        let cursor = watcher.last_id();
        Ok(Returned { resumes: Some(took.is_some()), resume_ms: took, cursor })
    }

    /// Publishes what a client misses; their positions.
    async fn publish_missed(&mut self) -> Result<Vec<u64>, ProbeError> {
        let missed = self.numbers.following(MISSED).collect();
        for _ in 0..MISSED {
            self.publish().await?;
        }
        Ok(missed)
    }

    /// The time from the request of a client to the last of these events; `None` if not all come, once and in order.
    async fn receipt_of(&mut self, watcher: &mut Watcher, missed: &[u64]) -> Result<Option<f64>, ProbeError> {
        let until = Instant::now() + EVENT_WITHIN;
        watcher.read_until(&self.numbers, until, |watcher| watcher.received.len() >= missed.len()).await?;
        let has_all = watcher.received == missed;
        Ok(watcher.last_at.filter(|_| has_all).map(|at| millis(at - watcher.asked_at())))
    }

    /// What happens if a client takes compressed streams. It comes back where there are ids: some proxies compress only a
    /// stream that begins with many bytes.
    pub(super) async fn compression(&mut self, cursor: Option<String>) -> Result<Compression, ProbeError> {
        let access = self.stream.access().with_header("Accept-Encoding: gzip");
        let stream = Route::new(self.stream.url().clone(), access);
        let missed = if cursor.is_some() { self.publish_missed().await? } else { Vec::new() };
        match self.open_at(&stream, cursor.as_deref(), None).await {
            Ok(mut watcher) => {
                let resume_ms = if missed.is_empty() { None } else { self.receipt_of(&mut watcher, &missed).await? };
                let event_ms = self.event(&mut watcher).await?;
                let coding = watcher.is_compressed().then(|| "gzip".to_owned());
                Ok(Compression { coding, resume_ms, event_ms })
            }
            Err(ProbeError::Stream(_, ClientError::NotAStream(NotAStream::Encoded(coding)))) => {
                Ok(Compression { coding: Some(coding), resume_ms: None, event_ms: None })
            }
            Err(why) => Err(why),
        }
    }

    /// The complaint about a stream that does not bring what was posted.
    pub(super) fn not_the_same_table(&self) -> ProbeError {
        ProbeError::NotTheSameTable {
            stream: self.stream.url().clone(),
            ingest: self.probe.ingest.url().clone(),
            within: EVENT_WITHIN,
        }
    }

    fn failed(&self, why: ClientError) -> ProbeError {
        ProbeError::Stream(self.stream.url().clone(), why)
    }
}

/// How a client came back.
#[derive(Debug, Default)]
pub(super) struct Returned {
    pub(super) resumes: Option<bool>,
    pub(super) resume_ms: Option<f64>,
    /// Where the next client comes back to.
    pub(super) cursor: Option<String>,
}

/// To a tenth of a millisecond.
pub(super) fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}
