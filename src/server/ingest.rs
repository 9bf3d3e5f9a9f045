//! `POST /v1/ingest/{table}` and `POST /v1/publish/{topic}`: publishes one JSON object, or a batch of objects with one
//! on each line.

use std::borrow::Cow;

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use hyper::{Request, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::json;
use tokio::sync::SemaphorePermit;
use tokio::time::timeout;

use super::authorize::{ACCESS_TOKEN, Head, Unauthorized};
use super::header::once;
use super::payload::{check_object, text};
use super::response::{self, error};
use super::{Body, Exchange, append};
use crate::event::EventId;
use crate::event_log::{EventLog, NotStored};
use crate::topic::Topic;
use crate::transport::Environment;

/// Most events in a batch. The answer has an id for each event, so it can be longer than the body.
const MAX_BATCH_EVENTS: usize = 10_000;

/// The media types of a batch. NDJSON has no registered one, so all that are in use are taken.
const BATCH_TYPES: [&str; 4] =
    ["application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"];

/// The content coding of a body that is not encoded.
const IDENTITY: &str = "identity";

/// Why nothing was published.
enum Refused {
    /// An HTTP status and a text.
    Status(StatusCode, String),
    /// What its token does not allow.
    Unauthorized(Unauthorized),
    /// What the log has not acknowledged.
    NotStored(NotStored),
}

/// The topic that a request publishes to, as its path has it.
pub(super) enum Destination<'a> {
    /// The name of a table.
    Table(Cow<'a, str>),
    /// A whole topic, which may have more tokens than that of a table.
    Topic(Cow<'a, str>),
}

impl<'a> Destination<'a> {
    /// The destination in the path of a request; `None` if the path does not publish.
    pub(super) fn of_path(path: &'a str) -> Option<Self> {
        // Only the name is decoded. If the whole path were, a path that a proxy refuses would have a second spelling.
        let decoded = |name| percent_decode_str(name).decode_utf8_lossy();
        let table = path.strip_prefix("/v1/ingest/").map(|table| Self::Table(decoded(table)));
        table.or_else(|| path.strip_prefix("/v1/publish/").map(|topic| Self::Topic(decoded(topic))))
    }

    fn topic(&self) -> Result<Topic, Refused> {
        match self {
            Self::Table(table) => Topic::of_table(table).map_err(|why| bad(format!("table: {why}"))),
            Self::Topic(topic) => Topic::of_tables(topic).map_err(|why| bad(format!("topic: {why}"))),
        }
    }
}

impl<E: Environment> Exchange<E> {
    pub(super) async fn ingest(
        &self,
        to: &Destination<'_>,
        request: Request<Incoming>,
        takes_cookies: bool,
    ) -> Response<Body<E>> {
        match self.take(to, request, takes_cookies).await {
            Ok(answer) => answer,
            Err(Refused::Unauthorized(why)) => self.refuse(why),
            Err(Refused::NotStored(why)) => append::refusal(&why),
            Err(Refused::Status(status, why)) => {
                let mut response = error(status, &why);
                if status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
                    response.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static(IDENTITY));
                }
                response
            }
        }
    }

    /// Publishes the body of a request, and returns the answer. A request with anything that would be ignored is
    /// refused.
    async fn take(
        &self,
        to: &Destination<'_>,
        request: Request<Incoming>,
        takes_cookies: bool,
    ) -> Result<Response<Body<E>>, Refused> {
        let (head, body) = request.into_parts();
        let once = |name| once(&head.headers, &name).map_err(bad);
        let query = head.uri.query().unwrap_or_default();
        let allowed = self.allowed_to_publish(&Head { headers: &head.headers, query, takes_cookies });
        let allowed = allowed.map_err(Refused::Unauthorized)?;
        let topic = to.topic()?;
        allowed.publish(&topic).map_err(|why| Refused::Unauthorized(Unauthorized::Denied(why)))?;
        check_query(query, self.server.settings.tokens.is_some())?;
        check_coding(once(CONTENT_ENCODING)?)?;
        let is_batch = is_batch(once(CONTENT_TYPE)?);
        if let Some(log) = &self.server.log {
            let key = append::key(once(append::IDEMPOTENCY_KEY)?).map_err(bad)?;
            return self.append(&**log, topic, key, body, is_batch).await;
        }
        let answer = if is_batch {
            json!({ "ids": self.publish_batch(&topic, body).await? })
        } else {
            json!({ "id": self.publish_one(&topic, body).await? })
        };
        Ok(response::json(StatusCode::ACCEPTED, &answer))
    }

    /// Sends the body of a request to the log, and answers when the log has acknowledged it.
    async fn append(
        &self,
        log: &dyn EventLog,
        topic: Topic,
        key: Option<String>,
        body: Incoming,
        is_batch: bool,
    ) -> Result<Response<Body<E>>, Refused> {
        let (payload, _permit) = self.receive(body).await?;
        let text = text(&payload).map_err(|wrong| bad(if is_batch { wrong.in_batch(1) } else { wrong.in_event() }))?;
        if is_batch {
            return Ok(append::batch(log, &topic, key.as_deref(), lines(text)?).await);
        }
        check_object(text).map_err(|wrong| bad(wrong.in_event()))?;
        let id = append::one(log, topic, key.as_deref(), text).await.map_err(Refused::NotStored)?;
        Ok(response::json(StatusCode::ACCEPTED, &json!({ "id": id.to_string() })))
    }

    async fn publish_one(&self, topic: &Topic, body: Incoming) -> Result<String, Refused> {
        // Named, so that the permit lives as long as the body is in memory. `_` would drop it here.
        let (payload, _permit) = self.receive(body).await?;
        let text = text(&payload).map_err(|wrong| bad(wrong.in_event()))?;
        check_object(text).map_err(|wrong| bad(wrong.in_event()))?;
        Ok(self.publish(topic, text).to_string())
    }

    /// Publishes all events of a batch in order, or none if one is invalid. Events of other publishers may come
    /// between. If the publisher leaves before the answer, a part of the batch may be published.
    async fn publish_batch(&self, topic: &Topic, body: Incoming) -> Result<Vec<String>, Refused> {
        let (payload, _permit) = self.receive(body).await?;
        let events = lines(text(&payload).map_err(|wrong| bad(wrong.in_batch(1)))?)?;
        let mut ids = Vec::with_capacity(events.len());
        for event in events {
            ids.push(self.publish(topic, event).to_string());
            // Subscribers on this thread get their events in between, and need not wait for the whole batch.
            tokio::task::yield_now().await;
        }
        Ok(ids)
    }

    fn publish(&self, topic: &Topic, text: &str) -> EventId {
        let environment = self.connection.gate.environment();
        // Copied: the body is a slice of the connection's read buffer, and would keep all of it while the event waits.
        let payload = Bytes::copy_from_slice(text.as_bytes());
        let each = |subscriber, outcome| environment.offered(subscriber, outcome);
        self.server.hub.publish_each(environment.now(), topic, payload, each).id
    }

    /// The body of a request, and the permit to have it in memory.
    async fn receive(&self, body: Incoming) -> Result<(Bytes, SemaphorePermit<'_>), Refused> {
        let settings = &self.server.settings;
        let limit = settings.max_ingest_bytes;
        let too_large = || Refused::Status(StatusCode::PAYLOAD_TOO_LARGE, format!("a body has at most {limit} bytes"));
        // Refused by its announced length, before a byte of it is read.
        if body.size_hint().lower() > limit as u64 {
            return Err(too_large());
        }
        let receive = async {
            // The permit is waited for within the timeout of the request, so that waiting publishers do not pile up.
            // Fails only when the semaphore is closed, which never happens: it ends with the server.
            let permit = self.server.publishes.acquire().await.map_err(|_| bad("the server stops".to_owned()))?;
            let body = Limited::new(body, limit).collect().await;
            let body = body.map_err(|why| if why.is::<LengthLimitError>() { too_large() } else { broke_off() })?;
            Ok((body.to_bytes(), permit))
        };
        match settings.request_timeout {
            Some(patience) => timeout(patience, receive).await.unwrap_or_else(|_| {
                Err(Refused::Status(StatusCode::REQUEST_TIMEOUT, format!("no body within {} s", patience.as_secs())))
            }),
            None => receive.await,
        }
    }
}

fn bad(why: String) -> Refused {
    Refused::Status(StatusCode::BAD_REQUEST, why)
}

fn broke_off() -> Refused {
    bad("the body broke off".to_owned())
}

/// Refuses parameters: a publisher that sends one expects an effect, and there would be none.
fn check_query(query: &str, has_tokens: bool) -> Result<(), Refused> {
    let is_token = |name: &str| has_tokens && name == ACCESS_TOKEN;
    match form_urlencoded::parse(query.as_bytes()).find(|(name, _)| !is_token(name)) {
        Some((name, _)) => Err(bad(format!("no parameters here, and there is {name:?}: the table is in the path"))),
        None => Ok(()),
    }
}

fn check_coding(coding: Option<&HeaderValue>) -> Result<(), Refused> {
    match coding {
        Some(coding) if !coding.is_empty() && !coding.as_bytes().eq_ignore_ascii_case(IDENTITY.as_bytes()) => {
            let why = "a body must come as it is, without a content-encoding";
            Err(Refused::Status(StatusCode::UNSUPPORTED_MEDIA_TYPE, why.to_owned()))
        }
        Some(_) | None => Ok(()),
    }
}

fn is_batch(kind: Option<&HeaderValue>) -> bool {
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    BATCH_TYPES.iter().any(|batch| batch.eq_ignore_ascii_case(kind))
}

/// The objects of a batch, each as it is in its line. Empty lines are skipped.
fn lines(text: &str) -> Result<Vec<&str>, Refused> {
    let mut events = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        check_object(line).map_err(|wrong| bad(wrong.in_batch(number)))?;
        events.push(line);
        if events.len() > MAX_BATCH_EVENTS {
            let why = format!("a batch has at most {MAX_BATCH_EVENTS} events");
            return Err(Refused::Status(StatusCode::PAYLOAD_TOO_LARGE, why));
        }
    }
    if events.is_empty() { Err(bad("the body has no event".to_owned())) } else { Ok(events) }
}
