//! `GET /v1/stream/ws`: a WebSocket for any number of tables. `table=T` and `topic=ingest.PATTERN`, each any number of
//! times, are watched from the beginning; `since=ID` is the cursor to begin after.

use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use hyper::{Method, Request, Response, StatusCode, Version};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::authorize::{Allowed, Head};
use super::header::{has_word, once};
use super::response::{empty, error};
use super::selection::Selection;
use super::stream::{COME_BACK_LATER, cursor};
use super::streams::Place;
use super::{Body, Exchange};
use crate::hub::Cursor;
use crate::topic::Pattern;
use crate::transport::connection::upgrade;
use crate::transport::outlet::{Outlet, come_back_after};
use crate::transport::websocket::{Begin, Opened};
use crate::transport::{Environment, Limit, WEBSOCKET_LABEL};

/// The only version of the protocol.
const VERSION: &str = "13";

const WEBSOCKET: &str = "websocket";

impl<E: Environment> Exchange<E> {
    pub(super) async fn websocket(&self, request: &Request<Incoming>, takes_cookies: bool) -> Response<Body<E>> {
        let accept = match accepted_key(request) {
            Ok(Some(accept)) => accept,
            Ok(None) => return not_asked_for(),
            Err(why) => return error(StatusCode::BAD_REQUEST, &why),
        };
        let query = request.uri().query().unwrap_or_default();
        let allowed = match self.allowed(&Head { headers: request.headers(), query, takes_cookies }) {
            Ok(allowed) => allowed,
            Err(why) => return self.refuse(why),
        };
        let patterns = match Selection::read(query) {
            Ok(selection) => selection.patterns,
            Err(why) => return error(StatusCode::BAD_REQUEST, &why),
        };
        if let Err(why) = allowed.subscribe(&patterns) {
            return self.deny(why);
        }
        // A refusal in HTTP would not reach a browser's script. So the handshake succeeds and a close frame says why.
        let full = || Begin::Full(come_back_after(&COME_BACK_LATER, u64::from(self.peer.port())));
        let begin = match self.server.streams.enter() {
            Some(place) => match self.reach(cursor(request.headers(), query)).await {
                Some(cursor) => self.begin(place, &patterns, cursor, allowed),
                None => full(),
            },
            None => {
                self.server.environment.refused(Limit::Subscribers);
                full()
            }
        };
        self.connection.handover.leave(upgrade::Begin::WebSocket(Box::new(begin)));
        let mut response = empty();
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static(WEBSOCKET));
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
        response
    }

    /// The stream that the connection goes on with once the handshake is answered.
    fn begin(&self, mut place: Place, patterns: &[Pattern], cursor: Option<Cursor>, allowed: Allowed) -> Begin<E> {
        let capacity = self.server.settings.ws_channel_buffer;
        let mut wanted = self.server.hub.subscribe(patterns).capacity(capacity).label(WEBSOCKET_LABEL);
        if let Some(cursor) = cursor {
            wanted = wanted.after(cursor);
        }
        let subscription = wanted.open_for_client();
        place.belongs_to(subscription.id(), self.opened());
        let gate = self.connection.gate.clone();
        let outlet = Outlet::new(gate, subscription, self.peer, self.pace(&allowed));
        let environment = self.server.environment.clone();
        let denies = move |pattern: &Pattern| {
            let why = allowed.subscribe(std::slice::from_ref(pattern)).err()?;
            environment.denied(why);
            Some(why.to_string())
        };
        Begin::Stream(Opened { outlet, place: Box::new(place), denies: Box::new(denies) })
    }
}

/// The accept key for a request; `None` if it does not ask for a WebSocket (RFC 6455, 4.2.1).
///
/// # Errors
/// When the request has the key or the version twice (11.3).
fn accepted_key(request: &Request<Incoming>) -> Result<Option<HeaderValue>, String> {
    let headers = request.headers();
    let key = once(headers, &SEC_WEBSOCKET_KEY)?;
    once(headers, &SEC_WEBSOCKET_VERSION)?;
    let asks = request.version() == Version::HTTP_11
        && request.method() == Method::GET
        && has_word(headers, &CONNECTION, "upgrade")
        && has_word(headers, &UPGRADE, WEBSOCKET)
        && has_word(headers, &SEC_WEBSOCKET_VERSION, VERSION);
    let key = key.filter(|key| asks && is_key(key.as_bytes()));
    Ok(key.and_then(|key| HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()))
}

/// Whether a text is sixteen bytes in Base64.
fn is_key(text: &[u8]) -> bool {
    let digits = text.strip_suffix(b"==").filter(|digits| digits.len() == 22);
    digits.is_some_and(|digits| digits.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')))
}

fn not_asked_for<E: Environment>() -> Response<Body<E>> {
    let mut response = error(StatusCode::UPGRADE_REQUIRED, "this is a WebSocket: ask for an upgrade to it, version 13");
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static(WEBSOCKET));
    headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static(VERSION));
    response
}
