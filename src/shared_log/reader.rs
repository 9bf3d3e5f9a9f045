//! Reads the stream into the Hub: one consumer, which is replaced whenever the broker, the connection or the order of
//! its messages gives a reason.

use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::clocks::{Clocks, Line, Look};
use super::progress::ReadState;
use super::stream::{Content, Interrupted, Message, Messages, Stream};
use super::watching::{Answer, ask, nothing_between, state};
use crate::hub::Hub;
use crate::transport::Environment;

/// Time between two questions of how far the stream goes. It is also how late a stream that was created anew is noticed.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// Pause after an interruption. A connection that is back ends it early.
const PAUSE: Duration = Duration::from_millis(500);
/// Most messages that the broker sends ahead.
const MOST_AHEAD: usize = 500;

/// How long the stream may have more than its consumer sends. A message that was lost on the way is noticed by the next one,
/// and by this if there is no next one.
const SILENCE: Duration = Duration::from_secs(5);

/// How long a stream has to look as if it had lost events until that is believed.
const DOUBT: Duration = Duration::from_secs(10);

type Question = Pin<Box<dyn Future<Output = Result<Answer, Interrupted>> + Send>>;

/// What the reader has to do next.
enum Next {
    Replaced,
    Answer(Result<Answer, Interrupted>),
    Ask,
    Message(Result<Message, Interrupted>),
}

/// What reads the stream into the Hub.
pub(super) struct Reader<S, E> {
    stream: S,
    shared: Arc<ReadState>,
    hub: Hub,
    environment: E,
    history_events: u64,
    /// The number of the next message of the consumer.
    expected: u64,
    /// Where this server stood at the last answer, if the stream had removed what comes next.
    stood_at: Option<u64>,
    /// Where this server stands and since when, if the stream has more.
    waits: Option<(u64, Instant)>,
    /// The date of the last question of how far the stream goes.
    asked_at: Duration,
    clocks: Clocks,
}

impl<S: Stream, E: Environment> Reader<S, E> {
    pub(super) fn new(stream: S, shared: Arc<ReadState>, hub: Hub, environment: E, history_events: usize) -> Self {
        let history_events = history_events as u64;
        Self {
            stream,
            shared,
            hub,
            environment,
            history_events,
            expected: 1,
            stood_at: None,
            waits: None,
            asked_at: Duration::ZERO,
            clocks: Clocks::default(),
        }
    }

    /// Reads until the stream is another one, and says so.
    pub(super) async fn run(mut self) -> String {
        let mut doubtful_since = None;
        loop {
            // Before the consumer is made: a connection that is replaced meanwhile may have lost it.
            let mut connections = self.shared.connections();
            let interrupted = match self.consumer().await {
                Ok(messages) => {
                    doubtful_since = None;
                    self.follow(messages, &mut connections).await
                }
                Err(why) => why,
            };
            let why = match interrupted {
                Interrupted::ForGood(why) => return why,
                Interrupted::Doubtful(why) => {
                    let since = *doubtful_since.get_or_insert_with(Instant::now);
                    if since.elapsed() > DOUBT {
                        return why;
                    }
                    why
                }
                Interrupted::Again(why) => why,
            };
            self.shared.away(&why);
            // A new connection ends the pause early. The sender lives as long as this reader.
            let _ = timeout(PAUSE, connections.changed()).await;
        }
    }

    fn epoch(&self) -> u64 {
        self.hub.last_id().epoch
    }

    fn position(&self) -> u64 {
        self.hub.last_id().sequence
    }

    /// A consumer that begins after what the Hub has.
    async fn consumer(&mut self) -> Result<S::Messages, Interrupted> {
        let first = self.oldest().await?;
        if first > self.position() + 1 {
            self.lose_until(first - 1);
        }
        let messages = self.stream.consume(self.position(), MOST_AHEAD).await?;
        // Asked once more: from here on the consumer belongs to the stream of this epoch. It ends if that stream does.
        state(&self.stream, self.epoch(), self.position()).await?;
        self.expected = 1;
        Ok(messages)
    }

    /// The oldest sequence that the Hub can still get, and wants.
    async fn oldest(&self) -> Result<u64, Interrupted> {
        let state = state(&self.stream, self.epoch(), self.position()).await?;
        // At the start the newest events are enough: nobody has been told of older ones by this server.
        let wanted = if self.shared.progress.borrow().is_filled || self.position() > 0 {
            0
        } else {
            (state.last + 1).saturating_sub(self.history_events)
        };
        Ok(state.first.max(wanted))
    }

    /// Notes that the events up to `sequence` are not to be had any more.
    fn lose_until(&self, sequence: u64) {
        let position = self.position();
        if self.shared.progress.borrow().is_filled {
            tracing::warn!(
                "the stream has removed the events {} to {sequence} before this server read them: clients are told",
                position + 1
            );
        }
        self.hub.lose_until(sequence);
        self.moved();
    }

    /// Publishes what the consumer sends, and asks from time to time how far the stream goes. It ends when the consumer has
    /// to be replaced.
    async fn follow(&mut self, mut messages: S::Messages, connections: &mut watch::Receiver<u64>) -> Interrupted {
        let mut ticks = interval(ASK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let shared = self.shared.clone();
        // No question: nothing to wait for.
        let mut question: Question = Box::pin(pending());
        let mut is_asking = false;
        loop {
            let next = tokio::select! {
                biased;
                _ = connections.changed() => Next::Replaced,
                answer = &mut question => Next::Answer(answer),
                _ = ticks.tick(), if !is_asking => Next::Ask,
                () = shared.is_asked(), if !is_asking => Next::Ask,
                message = messages.next() => Next::Message(message),
            };
            let done = match next {
                Next::Replaced => Err(Interrupted::Again("the connection is a new one".to_owned())),
                Next::Ask => {
                    is_asking = true;
                    self.asked_at = self.environment.unix_time();
                    shared.progress.send_modify(|progress| progress.asked += 1);
                    question = Box::pin(ask(self.stream.clone(), self.epoch(), self.position()));
                    Ok(())
                }
                Next::Answer(answer) => {
                    is_asking = false;
                    question = Box::pin(pending());
                    answer.and_then(|answer| self.answered(answer))
                }
                Next::Message(Ok(message)) => self.take(message).await,
                Next::Message(Err(why)) => Err(why),
            };
            if let Err(why) = done {
                return why;
            }
        }
    }

    /// Publishes a message of the stream to the Hub.
    async fn take(&mut self, message: Message) -> Result<(), Interrupted> {
        let Message { sequence, number, content, .. } = message;
        if number != self.expected {
            return Err(Interrupted::Again("a message of the consumer is missing".to_owned()));
        }
        self.expected += 1;
        // Messages in between were deleted, or were removed by the stream's limits before they were sent. Only the first
        // is no loss, and only the stream knows which.
        if sequence > self.position() + 1 {
            nothing_between(&self.stream, self.position() + 1..sequence).await?;
            // Asked after that: a purge between the two questions would pass for deleted messages. A leader that has less than
            // this message does not know either what was removed before it.
            let first = state(&self.stream, self.epoch(), sequence).await?.first;
            if first > self.position() + 1 {
                self.lose_until(first.min(sequence) - 1);
            }
        }
        match content {
            Content::Event { topic, payload } => {
                let each = |subscriber, outcome| self.environment.offered(subscriber, outcome);
                self.hub.publish_each_at(sequence, self.environment.now(), &topic, payload, each);
            }
            Content::Other { subject } => self.skip(sequence, &subject),
        }
        self.moved();
        Ok(())
    }

    /// Passes over a message that some other program has published, and that is no event.
    fn skip(&self, sequence: u64, subject: &str) {
        self.shared.metrics.skipped();
        tracing::warn!("message {sequence} of the stream is no event and is skipped: subject {subject:?}");
        self.hub.advance_to(sequence);
    }

    /// Takes notice of how far the stream goes.
    fn answered(&mut self, answer: Answer) -> Result<(), Interrupted> {
        self.shared.back();
        self.compare_clocks(&answer);
        // What was removed may still be on its way, if the broker had sent it before. If nothing comes, it is lost.
        let stands_at = (answer.first > self.position() + 1).then_some(self.position());
        if stands_at.is_some() && stands_at == self.stood_at {
            return Err(Interrupted::Again("the stream has removed what comes next".to_owned()));
        }
        self.stood_at = stands_at;
        // Deleted events at the end of the stream are never sent.
        if answer.rest_is_deleted {
            self.hub.advance_to(answer.last);
        }
        let position = self.position();
        let waited_at = self.waits.take().filter(|(stood, _)| *stood == position);
        self.waits = (position < answer.last).then(|| waited_at.unwrap_or_else(|| (position, Instant::now())));
        if self.waits.is_some_and(|(_, since)| since.elapsed() >= SILENCE) {
            self.waits = None;
            return Err(Interrupted::Again(format!("the stream has messages up to {}, and none comes", answer.last)));
        }
        let before = self.shared.progress.borrow().last;
        self.shared.lags(answer.last.saturating_sub(position), position < before);
        self.shared.progress.send_modify(|progress| {
            progress.last = answer.last;
            // Of several questions only the last is waited for.
            progress.answered = progress.asked;
        });
        self.moved();
        Ok(())
    }

    /// Says once that the clocks of the broker and of this server do not agree, and once that they do again.
    fn compare_clocks(&mut self, answer: &Answer) {
        let received_at = self.environment.unix_time();
        let look = Look { asked_at: self.asked_at, received_at, last: answer.last, times: answer.times };
        match self.clocks.take(self.stream.name(), look) {
            Some(Line::Wrong(line)) => tracing::warn!("{line}"),
            Some(Line::RightAgain(line)) => tracing::info!("{line}"),
            None => {}
        }
        self.shared.metrics.clock_differs(self.clocks.difference_ms());
    }

    /// Tells those who wait how far the Hub is now.
    fn moved(&self) {
        let position = self.position();
        self.shared.progress.send_modify(|progress| {
            progress.position = position;
            progress.last = progress.last.max(position);
            // Before the first answer it is not known how far there is to go.
            progress.is_filled |= progress.answered > 0 && position >= progress.last;
        });
    }
}
