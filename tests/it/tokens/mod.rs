//! Tokens: who may watch, publish and look at the server, until when, and what a client is told otherwise.

mod carriers;
mod expiry;
mod keys;

use std::time::Duration;

use futures_util::StreamExt;
use hubbub::ServerSettings;
use hubbub::server::{Origins, Token};
use hubbub::tokens::{TokenKeys, Tokens};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use crate::support::wire::{read_on_until, sequences, text_to_end};
use crate::support::{NOW, Served, Setup, payload, soon};
use crate::websocket::{next, say};

const SECRET: &str = "a secret of at least thirty-two bytes";

fn keyed(keys: &[u8], settings: ServerSettings) -> Served {
    let tokens = Some(Tokens::new(TokenKeys::read(keys).unwrap(), None));
    let settings = ServerSettings { tokens, ..settings };
    Served::start(Setup { settings, history: 100, ..Setup::default() })
}

fn served() -> Served {
    keyed(SECRET.as_bytes(), ServerSettings::default())
}

fn key(name: &str) -> Vec<u8> {
    std::fs::read(format!("tests/it/keys/{name}.pem")).unwrap()
}

/// A token of these claims that is valid for ten seconds, unless the claims say otherwise.
pub(crate) fn token(mut claims: Value) -> String {
    let exp = NOW.as_secs() + 10;
    claims.as_object_mut().unwrap().entry("exp").or_insert(json!(exp));
    signed(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(SECRET.as_bytes()).unwrap())
}

fn signed(header: &Header, claims: &Value, key: &EncodingKey) -> String {
    encode(header, claims, key).unwrap()
}

fn everything() -> Value {
    json!({ "subscribe": ["ingest.>"], "publish": ["ingest.>"], "exp": NOW.as_secs() + 10 })
}

async fn ask(served: &Served, method: Method, path: &str, token: Option<&str>) -> Response {
    let mut request = Client::new().request(method.clone(), served.url(path));
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    if method == Method::POST {
        request = request.body("{}");
    }
    soon("an answer", request.send()).await.unwrap()
}

async fn watch(served: &Served, query: &str, headers: &str) -> TcpStream {
    let mut stream = soon("a connection", TcpStream::connect(served.address)).await.unwrap();
    let request = format!("GET /v1/stream/sse?{query} HTTP/1.1\r\nhost: hub\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

async fn sample(served: &Served, name: &str) -> f64 {
    let admin = token(json!({ "admin": true }));
    let text = ask(served, Method::GET, "/metrics", Some(&admin)).await.text().await.unwrap();
    text.lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap_or_else(|| panic!("{name}: {text}"))
        .trim()
        .parse()
        .unwrap()
}

#[tokio::test]
async fn a_token_watches_and_publishes_what_its_claims_say_and_nothing_else() {
    let served = served();
    let builds = token(json!({ "subscribe": ["ingest.builds.>", "ingest.news"], "publish": ["ingest.builds"] }));
    for (method, path, status) in [
        (Method::GET, "/v1/stream/sse?table=news", 200),
        (Method::GET, "/v1/stream/sse?topic=ingest.builds.*", 200),
        (Method::GET, "/v1/stream/sse?table=builds", 403),
        (Method::GET, "/v1/stream/sse?table=news&table=other", 403),
        (Method::GET, "/v1/stream/sse?topic=ingest.*", 403),
        (Method::HEAD, "/v1/stream/sse?table=other", 403),
        (Method::POST, "/v1/ingest/builds", 202),
        (Method::POST, "/v1/publish/ingest.builds", 202),
        (Method::POST, "/v1/ingest/news", 403),
        (Method::POST, "/v1/publish/ingest.builds.eu", 403),
    ] {
        let answer = ask(&served, method.clone(), path, Some(&builds)).await;
        assert_eq!(answer.status(), status, "{method} {path}");
        if status == 403 {
            let challenge = answer.headers()["www-authenticate"].to_str().unwrap().to_owned();
            assert!(challenge.starts_with("Bearer error=\"insufficient_scope\""), "{challenge}");
        }
        let without = ask(&served, method.clone(), path, None).await;
        assert_eq!(without.status(), 401, "{method} {path}");
        assert_eq!(without.headers()["www-authenticate"], "Bearer");
    }
    assert_eq!(served.hub.counts().offered, 0);
    assert_eq!(sample(&served, "hubbub_denied_total{reason=\"topic\"}").await, 6.0);
    assert_eq!(sample(&served, "hubbub_denied_total{reason=\"missing\"}").await, 10.0);
}

#[tokio::test]
async fn what_is_wrong_with_a_token_is_told_and_counted_and_no_part_of_it_is() {
    let served = served();
    let now = NOW.as_secs();
    let key = EncodingKey::from_secret(SECRET.as_bytes()).unwrap();
    let with_kid = Header { kid: Some("k".to_owned()), ..Header::new(Algorithm::HS256) };
    let none = "eyJhbGciOiJub25lIn0.eyJleHAiOjk5OTk5OTk5OTksInN1YnNjcmliZSI6WyJpbmdlc3QuPiJdfQ.";
    let another = EncodingKey::from_secret(b"another secret of thirty-two bytes").unwrap();
    let mut forged = token(everything()).into_bytes();
    let place = forged.iter().position(|byte| *byte == b'.').unwrap() + 9;
    forged[place] = if forged[place] == b'a' { b'b' } else { b'a' };
    let expired = token(json!({ "subscribe": ["ingest.>"], "exp": now }));
    let cases = [
        ("nonsense".to_owned(), "malformed"),
        ("a.b.c".to_owned(), "malformed"),
        ("x".repeat(7000), "malformed"),
        (none.to_owned(), "algorithm"),
        (signed(&Header::new(Algorithm::HS384), &everything(), &key), "algorithm"),
        (signed(&Header::new(Algorithm::HS256), &everything(), &another), "signature"),
        (String::from_utf8(forged).unwrap(), "signature"),
        (expired, "expired"),
        (token(json!({ "nbf": now + 60 })), "not_yet_valid"),
        (token(json!({ "aud": "somebody else" })), "audience"),
        (token(json!({ "exp": null })), "claims"),
        (token(json!({ "subscribe": "ingest.>" })), "claims"),
    ];
    for (token, reason) in &cases {
        let name = format!("hubbub_denied_total{{reason=\"{reason}\"}}");
        let before = sample(&served, &name).await;
        let answer = ask(&served, Method::GET, "/v1/stream/sse?table=t", Some(token)).await;
        assert_eq!(answer.status(), 401, "{reason}");
        let challenge = answer.headers()["www-authenticate"].to_str().unwrap().to_owned();
        assert!(challenge.starts_with("Bearer error=\"invalid_token\", error_description=\""), "{challenge}");
        let text = answer.text().await.unwrap();
        assert!(text.lines().count() == 1 && text.contains("token"), "{text}");
        assert!(token.split('.').all(|part| part.len() < 2 || !text.contains(part)), "{text}");
        assert_eq!(sample(&served, &name).await, before + 1.0, "{reason}");
    }
    let named = signed(&with_kid, &everything(), &key);
    let answer = ask(&served, Method::GET, "/v1/stream/sse?table=t", Some(&named)).await;
    assert_eq!(answer.status(), 200, "a secret has no name that could differ");
}

#[tokio::test]
async fn the_token_of_all_publishers_goes_on_working_beside_signed_ones() {
    let publish_token = Token::new("s3cret");
    let served = keyed(SECRET.as_bytes(), ServerSettings { publish_token, ..ServerSettings::default() });
    let signed = token(everything());
    for (token, status) in [(Some("s3cret"), 202), (Some(&*signed), 202), (Some("s3cre"), 401), (None, 401)] {
        assert_eq!(ask(&served, Method::POST, "/v1/ingest/t", token).await.status(), status, "{token:?}");
    }
    assert_eq!(ask(&served, Method::GET, "/v1/stream/sse?table=t", Some("s3cret")).await.status(), 401);
}

#[tokio::test]
async fn a_flood_of_wrong_tokens_is_answered_and_leaves_nothing() {
    let served = keyed(&key("rsa.pub"), ServerSettings::default());
    let token = signed(&Header::new(Algorithm::HS256), &everything(), &EncodingKey::from_secret(&[1; 32]).unwrap());
    let client = Client::new();
    for n in 0..500 {
        let request =
            client.get(served.url("/v1/stream/sse?table=t")).header("authorization", format!("Bearer {token}{n}"));
        assert_eq!(soon("an answer", request.send()).await.unwrap().status(), StatusCode::UNAUTHORIZED);
    }
    served.assert_let_go();
}

#[tokio::test]
async fn what_is_for_operators_asks_for_admin_where_strangers_may_come() {
    let admin = token(json!({ "admin": true }));
    let other = token(everything());
    for (is_exposed, has_tokens) in [(false, false), (false, true), (true, false), (true, true)] {
        let tokens = has_tokens.then(|| Tokens::new(TokenKeys::read(SECRET.as_bytes()).unwrap(), None));
        let settings = ServerSettings { tokens, is_exposed, ..ServerSettings::default() };
        let served = Served::start(Setup { settings, ..Setup::default() });
        for path in ["/metrics", "/readyz", "/debug/subscribers"] {
            let mut statuses = Vec::new();
            for token in [None, Some(&*other), Some(&*admin)] {
                statuses.push(ask(&served, Method::GET, path, token).await.status().as_u16());
            }
            let expected = match (is_exposed, has_tokens) {
                (false, false) => [200, 200, 200],
                (false, true) if !path.starts_with("/debug") => [200, 200, 200],
                (_, true) => [401, 403, 200],
                (true, false) => [403, 403, 403],
            };
            assert_eq!(statuses, expected, "{path}: exposed {is_exposed}, tokens {has_tokens}");
        }
        assert_eq!(ask(&served, Method::GET, "/healthz", None).await.status(), 200);
    }
}
