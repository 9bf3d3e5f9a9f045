//! `POST /v1/ingest/{table}`: one JSON object, published as it came.

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::{Response, StatusCode};
use serde::de::IgnoredAny;

use super::response::{error, json};
use super::{Body, Exchange};
use crate::topic::Topic;
use crate::transport::Environment;

impl<E: Environment> Exchange<E> {
    pub(super) async fn ingest(&self, table: &str, body: Incoming) -> Response<Body<E>> {
        let topic = match Topic::of_table(table) {
            Ok(topic) => topic,
            Err(why) => return error(StatusCode::BAD_REQUEST, &format!("table: {why}")),
        };
        let limit = self.settings.max_ingest_bytes;
        let payload = match Limited::new(body, limit).collect().await {
            Ok(body) => body.to_bytes(),
            Err(why) if why.is::<LengthLimitError>() => {
                return error(StatusCode::PAYLOAD_TOO_LARGE, &format!("an event has at most {limit} bytes"));
            }
            Err(_) => return error(StatusCode::BAD_REQUEST, "the body broke off"),
        };
        if let Err(why) = check_object(&payload) {
            return error(StatusCode::BAD_REQUEST, &why);
        }
        // A copy: the body is a slice of what the connection read into, and would keep all of that while it waits.
        let payload = Bytes::copy_from_slice(&payload);
        let publication = self.hub.publish(self.gate.environment().now(), &topic, payload);
        json(StatusCode::ACCEPTED, &serde_json::json!({ "id": publication.id.to_string() }))
    }
}

/// Whether it is a JSON object, without keeping any of it.
fn check_object(payload: &Bytes) -> Result<(), String> {
    // A stream is UTF-8 text, and a parser that keeps nothing does not look into strings.
    let text = std::str::from_utf8(payload).map_err(|why| format!("the body is no UTF-8 text: {why}"))?;
    serde_json::from_str::<IgnoredAny>(text).map_err(|why| format!("the body is no JSON: {why}"))?;
    match text.trim_ascii_start().as_bytes().first() {
        Some(b'{') => Ok(()),
        _ => Err("the body must be a JSON object".to_owned()),
    }
}
