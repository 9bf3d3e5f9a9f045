//! Publishes that go to a log: the key that makes a repetition safe, and what the publisher is told.

use std::collections::VecDeque;
use std::future::ready;

use bytes::Bytes;
use hyper::header::{HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use super::Body;
use super::response;
use crate::event::EventId;
use crate::event_log::{Acknowledgement, Entry, EventLog, NotStored};
use crate::topic::Topic;
use crate::transport::Environment;

/// The header with the key that makes a repetition safe.
pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Longest key, in bytes.
const MAX_KEY_BYTES: usize = 256;

/// Most events of one batch that wait for an acknowledgement. A batch has more, and a log bounds what is on its way.
const MAX_UNACKNOWLEDGED: usize = 256;

/// When a publisher tries again that the log was away for.
const TRY_AGAIN_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("2");

/// The media type of an answer with one line for each event of a batch.
const LINES: &str = "application/x-ndjson";

/// The key of a request.
pub(super) fn key(value: Option<&HeaderValue>) -> Result<Option<String>, String> {
    let Some(value) = value else { return Ok(None) };
    let fits = |text: &&str| (1..=MAX_KEY_BYTES).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    match value.to_str().ok().filter(fits) {
        Some(text) => Ok(Some(text.to_owned())),
        None => Err(format!("an idempotency-key is 1 to {MAX_KEY_BYTES} visible ASCII characters")),
    }
}

/// Appends one event, and waits for its id.
pub(super) async fn one(log: &dyn EventLog, topic: Topic, key: Option<&str>, text: &str) -> Result<EventId, NotStored> {
    let key = key.map(|key| scoped(&topic, key, None));
    log.append(Entry { topic, payload: copied(text), key }).await.await
}

/// Appends the events of a batch in order. Once the log is away or late, the rest is not sent. The answer has a line for
/// each event, with its id or why it has none. Its status is that of the worst line.
pub(super) async fn batch<E: Environment>(
    log: &dyn EventLog,
    topic: &Topic,
    key: Option<&str>,
    events: Vec<&str>,
) -> Response<Body<E>> {
    let mut answers = Answers::default();
    let mut unacknowledged = VecDeque::<Acknowledgement>::new();
    for (number, event) in (1..).zip(events) {
        if unacknowledged.len() == MAX_UNACKNOWLEDGED
            && let Some(oldest) = unacknowledged.pop_front()
        {
            answers.add(oldest.await);
        }
        if answers.is_late {
            unacknowledged.push_back(Box::pin(ready(Err(NotStored::NotSent))));
            continue;
        }
        let key = key.map(|key| scoped(topic, key, Some(number)));
        let entry = Entry { topic: topic.clone(), payload: copied(event), key };
        unacknowledged.push_back(log.append(entry).await);
    }
    for acknowledgement in unacknowledged {
        answers.add(acknowledgement.await);
    }
    let mut response = response::whole(answers.status, LINES, Bytes::from(answers.lines));
    say_when_to_try_again(&mut response);
    response
}

/// What the publisher of one event is told that has no id.
pub(super) fn refusal<E: Environment>(why: &NotStored) -> Response<Body<E>> {
    let mut response = response::json(status(why), &told(why));
    say_when_to_try_again(&mut response);
    response
}

/// The lines of an answer, and the status of the worst of them.
struct Answers {
    lines: String,
    status: StatusCode,
    /// Whether an acknowledgement has not come.
    is_late: bool,
}

impl Default for Answers {
    fn default() -> Self {
        Self { lines: String::new(), status: StatusCode::ACCEPTED, is_late: false }
    }
}

impl Answers {
    fn add(&mut self, answer: Result<EventId, NotStored>) {
        self.is_late |= matches!(answer, Err(NotStored::Away | NotStored::Perhaps(_)));
        let (line, status) = match answer {
            Ok(id) => (json!({ "id": id.to_string() }), StatusCode::ACCEPTED),
            Err(why) => (told(&why), status(&why)),
        };
        self.lines.push_str(&line.to_string());
        self.lines.push('\n');
        // The largest is the worst: 504 leaves open what was published, and 413 only that one event is too large.
        self.status = self.status.max(status);
    }
}

fn told(why: &NotStored) -> Value {
    json!({ "error": why.to_string() })
}

fn status(why: &NotStored) -> StatusCode {
    match why {
        NotStored::Away | NotStored::NotSent | NotStored::Refused(_) => StatusCode::SERVICE_UNAVAILABLE,
        NotStored::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        NotStored::Perhaps(_) => StatusCode::GATEWAY_TIMEOUT,
    }
}

fn say_when_to_try_again<E: Environment>(response: &mut Response<Body<E>>) {
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, TRY_AGAIN_AFTER_SECONDS);
    }
}

/// A key of the log for a key of a publisher. Equal keys of two topics, or of two events of a batch, name two events. A
/// publisher's key has no spaces, so no two of these are equal by accident.
fn scoped(topic: &Topic, key: &str, number: Option<usize>) -> String {
    let topic = topic.as_str();
    number.map_or_else(|| format!("{topic} {key}"), |number| format!("{topic} {key} {number}"))
}

/// Copied: the body is a slice of the connection's read buffer, and would keep all of it while the event waits.
fn copied(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}
