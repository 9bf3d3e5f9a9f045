//! `POST /v1/ingest/{table}`: one JSON object, or a batch of them a line each, published as they came.

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use hyper::{Request, Response, StatusCode};
use serde::de::IgnoredAny;
use tokio::sync::SemaphorePermit;
use tokio::time::timeout;

use super::response::{error, json};
use super::{Body, Exchange, access};
use crate::event::EventId;
use crate::topic::Topic;
use crate::transport::Environment;

/// Most events in a batch: its answer has an id for each, and is longer than a body of the smallest events.
const MAX_BATCH_EVENTS: usize = 10_000;

/// The media types of a batch; NDJSON has no registered one.
const BATCH_TYPES: [&str; 4] =
    ["application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"];

/// Why nothing was published, and how that is called in HTTP.
struct Refused(StatusCode, String);

impl<E: Environment> Exchange<E> {
    pub(super) async fn ingest(&self, table: &str, request: Request<Incoming>) -> Response<Body<E>> {
        let (head, body) = request.into_parts();
        if !access::may_publish(&head.headers, self.server.settings.publish_token.as_ref()) {
            let mut response = error(StatusCode::UNAUTHORIZED, "publishing needs Authorization: Bearer TOKEN");
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            return response;
        }
        let topic = match Topic::of_table(table) {
            Ok(topic) => topic,
            Err(why) => return error(StatusCode::BAD_REQUEST, &format!("table: {why}")),
        };
        let published = if is_batch(&head.headers) {
            self.publish_batch(&topic, body).await.map(|ids| serde_json::json!({ "ids": ids }))
        } else {
            self.publish_one(&topic, body).await.map(|id| serde_json::json!({ "id": id }))
        };
        match published {
            Ok(answer) => json(StatusCode::ACCEPTED, &answer),
            Err(Refused(status, why)) => error(status, &why),
        }
    }

    async fn publish_one(&self, topic: &Topic, body: Incoming) -> Result<String, Refused> {
        let (payload, _permit) = self.receive(body).await?;
        let text = text(&payload)?;
        check_object(text).map_err(|why| bad(format!("the body {why}")))?;
        Ok(self.publish(topic, text).to_string())
    }

    /// Publishes all of them or none, in order; what others publish meanwhile may come between. A publisher that leaves
    /// before the answer may have published a part.
    async fn publish_batch(&self, topic: &Topic, body: Incoming) -> Result<Vec<String>, Refused> {
        let (payload, _permit) = self.receive(body).await?;
        let events = lines(text(&payload)?)?;
        let mut ids = Vec::with_capacity(events.len());
        for event in events {
            ids.push(self.publish(topic, event).to_string());
            // A batch is no reason for subscribers on this thread to have nothing while it lasts.
            tokio::task::yield_now().await;
        }
        Ok(ids)
    }

    fn publish(&self, topic: &Topic, text: &str) -> EventId {
        let environment = self.gate.environment();
        // A copy: the body is a slice of what the connection read into, and would keep all of that while it waits.
        let payload = Bytes::copy_from_slice(text.as_bytes());
        let each = |subscriber, outcome| environment.offered(subscriber, outcome);
        self.server.hub.publish_each(environment.now(), topic, payload, each).id
    }

    /// The body, and the right to have it in memory.
    async fn receive(&self, body: Incoming) -> Result<(Bytes, SemaphorePermit<'_>), Refused> {
        let settings = &self.server.settings;
        let limit = settings.max_ingest_bytes;
        let too_large = || Refused(StatusCode::PAYLOAD_TOO_LARGE, format!("a body has at most {limit} bytes"));
        if body.size_hint().lower() > limit as u64 {
            return Err(too_large());
        }
        let receive = async {
            let permit = self.server.publishes.acquire().await.map_err(|_| bad("the server stops".to_owned()))?;
            let body = Limited::new(body, limit).collect().await;
            let body = body.map_err(|why| if why.is::<LengthLimitError>() { too_large() } else { broke_off() })?;
            Ok((body.to_bytes(), permit))
        };
        match settings.request_timeout {
            Some(patience) => timeout(patience, receive).await.unwrap_or_else(|_| {
                Err(Refused(StatusCode::REQUEST_TIMEOUT, format!("no body within {} s", patience.as_secs())))
            }),
            None => receive.await,
        }
    }
}

fn bad(why: String) -> Refused {
    Refused(StatusCode::BAD_REQUEST, why)
}

fn broke_off() -> Refused {
    bad("the body broke off".to_owned())
}

fn is_batch(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    BATCH_TYPES.iter().any(|batch| batch.eq_ignore_ascii_case(kind))
}

/// A stream is UTF-8 text, and a parser that keeps nothing does not look into strings.
fn text(payload: &[u8]) -> Result<&str, Refused> {
    std::str::from_utf8(payload).map_err(|why| bad(format!("the body is no UTF-8 text: {why}")))
}

/// The objects of a batch, each as it stands in its line; empty lines are none.
fn lines(text: &str) -> Result<Vec<&str>, Refused> {
    let mut events = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        check_object(line).map_err(|why| bad(format!("line {number} of the body {why}")))?;
        events.push(line);
        if events.len() > MAX_BATCH_EVENTS {
            let why = format!("a batch has at most {MAX_BATCH_EVENTS} events");
            return Err(Refused(StatusCode::PAYLOAD_TOO_LARGE, why));
        }
    }
    if events.is_empty() { Err(bad("the body has no event".to_owned())) } else { Ok(events) }
}

/// Whether it is a JSON object, without keeping any of it.
fn check_object(text: &str) -> Result<(), String> {
    serde_json::from_str::<IgnoredAny>(text).map_err(|why| format!("is no JSON: {why}"))?;
    match text.trim_ascii_start().as_bytes().first() {
        Some(b'{') => Ok(()),
        _ => Err("must be a JSON object".to_owned()),
    }
}
