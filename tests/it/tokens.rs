//! Tokens: who may watch, publish and look at the server, until when, and what a client is told otherwise.

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
async fn every_kind_of_key_checks_tokens_of_its_own_algorithm_alone() {
    let private = [
        ("rsa", Algorithm::RS256, EncodingKey::from_rsa_pem(&key("rsa")).unwrap()),
        ("ec", Algorithm::ES256, EncodingKey::from_ec_pem(&key("ec")).unwrap()),
        ("ed", Algorithm::EdDSA, EncodingKey::from_ed_pem(&key("ed")).unwrap()),
    ];
    for (name, algorithm, signing) in &private {
        let public = key(&format!("{name}.pub"));
        let served = keyed(&public, ServerSettings::default());
        let good = signed(&Header::new(*algorithm), &everything(), signing);
        assert_eq!(ask(&served, Method::POST, "/v1/ingest/t", Some(&good)).await.status(), 202, "{name}");
        // The public key is known to everybody: as the secret of an HMAC it must be worth nothing.
        let confused = EncodingKey::from_secret(&public).unwrap();
        let confused = signed(&Header::new(Algorithm::HS256), &everything(), &confused);
        assert_eq!(ask(&served, Method::POST, "/v1/ingest/t", Some(&confused)).await.status(), 401, "{name}");
        for (_, other, signing) in private.iter().filter(|(other, ..)| other != name) {
            let other = signed(&Header::new(*other), &everything(), signing);
            assert_eq!(ask(&served, Method::POST, "/v1/ingest/t", Some(&other)).await.status(), 401, "{name}");
        }
    }
    let both = [key("rsa.pub"), key("ed.pub")].concat();
    let served = keyed(&both, ServerSettings::default());
    for (name, algorithm, signing) in &private {
        let token = signed(&Header::new(*algorithm), &everything(), signing);
        let status = ask(&served, Method::POST, "/v1/ingest/t", Some(&token)).await.status();
        assert_eq!(status.as_u16(), if *name == "ec" { 401 } else { 202 }, "{name}");
    }
}

/// A JWKS of two secrets and of a key for another purpose.
fn jwks() -> Vec<u8> {
    let secret = |kid: &str, k: &str| json!({ "kty": "oct", "kid": kid, "alg": "HS256", "k": k });
    let encryption = json!({ "kty": "RSA", "use": "enc", "kid": "c", "n": "x", "e": "AQAB" });
    let keys =
        json!({ "keys": [secret("a", &"A".repeat(43)), secret("b", &format!("{}A", "B".repeat(42))), encryption] });
    keys.to_string().into_bytes()
}

#[tokio::test]
async fn a_token_that_names_a_key_of_a_set_is_checked_with_that_key_alone() {
    let served = keyed(&jwks(), ServerSettings::default());
    let sign = |kid: Option<&str>, key: &[u8]| {
        let header = Header { kid: kid.map(str::to_owned), ..Header::new(Algorithm::HS256) };
        signed(&header, &everything(), &EncodingKey::from_secret(key).unwrap())
    };
    let zeros = [0; 32];
    for (kid, status, reason) in [
        (Some("a"), 202, ""),
        (None, 202, ""),
        (Some("b"), 401, "the signature of the token is wrong"),
        (Some("c"), 401, "the token names a key that the server does not have"),
        (Some("z"), 401, "the token names a key that the server does not have"),
    ] {
        let answer = ask(&served, Method::POST, "/v1/ingest/t", Some(&sign(kid, &zeros))).await;
        assert_eq!(answer.status(), status, "{kid:?}");
        assert!(answer.text().await.unwrap().contains(reason), "{kid:?}");
    }
}

#[test]
fn a_file_without_usable_keys_is_refused_in_one_line() {
    let secret = |kid: &str| json!({ "kty": "oct", "kid": kid, "k": "A".repeat(43) });
    let many: Vec<_> = (0..17).map(|n| secret(&n.to_string())).collect();
    for (file, why) in [
        (b"".to_vec(), "0 bytes long: must be 1 ..= 1048576"),
        (b"short\n".to_vec(), "a secret of 5 bytes: must be at least 32, or a JWKS, or public keys in PEM"),
        (vec![b'x'; (1 << 20) + 1], "1048577 bytes long: must be 1 ..= 1048576"),
        (format!("{SECRET}\n{SECRET}\n").into(), "neither a JWKS nor PEM, and a secret must be one line"),
        (key("rsa"), "block 1: a private key: only the party that signs may have it, so give its public key"),
        (key("p384.pub"), "block 1: must be a public key of RSA from 2048 bits, P-256 or Ed25519"),
        (key("rsa1024.pub"), "block 1: must be a public key of RSA from 2048 bits, P-256 or Ed25519"),
        ([key("rsa.pub"), b"-----BEGIN PUBLIC KEY-----\nAAAA\n".to_vec()].concat(), "block 2: must be a public key of"),
        (b"-----BEGIN CERTIFICATE-----\n".to_vec(), "block 1: must be a PUBLIC KEY"),
        (b"{".to_vec(), "not a JWKS: EOF while parsing an object at line 1 column 1"),
        (b"{\"keys\":1}".to_vec(), "not a JWKS: invalid type: integer `1`"),
        (b"{\"keys\":[]}".to_vec(), "no key that can be used: "),
        (
            json!({ "keys": [{ "kty": "EC", "crv": "P-384" }, { "kty": "oct", "k": "AAAA" }] }).to_string().into(),
            "no key that can be used: key 1 must be RSA, oct, EC with P-256 or OKP with Ed25519; key 2 must have 32 bytes",
        ),
        (json!({ "keys": [secret("a"), secret("a")] }).to_string().into(), "not a JWKS: two keys have the kid \"a\""),
        (json!({ "keys": many }).to_string().into(), "17 keys: must be at most 16"),
        (
            json!({ "keys": [{ "kty": "oct", "alg": "HS512", "k": "A".repeat(86) }] }).to_string().into(),
            "no key that can be used: key 1 must be for HS256, RS256, ES256 or EdDSA",
        ),
    ] {
        let said = TokenKeys::read(&file).unwrap_err().to_string();
        assert!(said.starts_with(why) && said.lines().count() == 1, "{said}");
    }
    let set = TokenKeys::read(&jwks()).unwrap();
    assert_eq!((set.count(), set.ignored()), (2, &["key 3 is not for signatures".to_owned()][..]));
    assert!(!format!("{set:?}").contains("AAAA"));
}

#[tokio::test]
async fn a_token_comes_in_the_header_the_query_or_a_cookie() {
    let served = served();
    let token = token(everything());
    for (query, headers) in [
        (String::new(), format!("authorization: Bearer {token}\r\n")),
        (format!("&access_token={token}"), String::new()),
        (String::new(), format!("cookie: a=b; access_token={token}\r\n")),
    ] {
        let mut stream = watch(&served, &format!("table=t{query}"), &headers).await;
        read_on_until(&mut stream, &mut Vec::new(), |chunks| !chunks.is_empty()).await;
    }
    for (query, headers, why) in [
        (format!("&access_token={token}"), format!("authorization: Bearer {token}\r\n"), "send one"),
        (format!("&access_token={token}&access_token=x"), String::new(), "several access_token parameters: send one"),
        (String::new(), format!("cookie: access_token={token}; access_token=x\r\n"), "cookies: send one"),
    ] {
        let mut stream = watch(&served, &format!("table=t{query}"), &format!("connection: close\r\n{headers}")).await;
        let answer = text_to_end(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains(why), "{answer}");
        assert!(!answer.contains(&token));
    }
    let posted = ask(&served, Method::POST, &format!("/v1/ingest/t?access_token={token}"), None).await;
    assert_eq!(posted.status(), 202);
}

#[tokio::test]
async fn only_pages_of_named_origins_use_the_cookies_of_their_visitors() {
    let allowed_origins = Origins::new(&["*", "https://app.example"]).unwrap();
    let served = keyed(SECRET.as_bytes(), ServerSettings { allowed_origins, ..ServerSettings::default() });
    let cookie = format!("access_token={}", token(everything()));
    for (origin, status) in [("https://app.example", 202), ("https://evil.example", 401)] {
        let request = Client::new().post(served.url("/v1/ingest/t")).body("{}").header("origin", origin);
        let answer = soon("an answer", request.header("cookie", &cookie).send()).await.unwrap();
        assert_eq!(answer.status(), status, "{origin}");
        let allows = answer.headers().get("access-control-allow-credentials").is_some_and(|value| value == "true");
        assert_eq!(allows, status == 202, "{origin}");
        let preflight = Client::new().request(Method::OPTIONS, served.url("/v1/ingest/t")).header("origin", origin);
        let preflight = preflight.header("access-control-request-method", "POST").send();
        let preflight = soon("an answer", preflight).await.unwrap();
        assert_eq!(preflight.headers().contains_key("access-control-allow-credentials"), status == 202, "{origin}");
    }
}

#[tokio::test]
async fn a_stream_ends_with_its_token_says_so_first_and_sends_nothing_of_what_waits() {
    let mut served = served();
    let ends_soon = token(json!({ "subscribe": ["ingest.t"], "exp": NOW.as_secs() + 1 }));
    let mut stream = watch(&served, &format!("table=t&access_token={ends_soon}"), "connection: close\r\n").await;
    served.subscribed().await;
    served.publish(10);
    let mut bytes = Vec::new();
    read_on_until(&mut stream, &mut bytes, |chunks| sequences(chunks) == [1]).await;
    *served.date.lock().unwrap() = NOW + Duration::from_secs(1);
    let rest = text_to_end(&mut stream).await;
    let farewell = rest.split("event: expired\ndata: {}\n\nretry: ").nth(1).unwrap_or_else(|| panic!("{rest}"));
    assert!(farewell.ends_with("\n\n\r\n0\r\n\r\n"), "an orderly end: {rest}");
    let counts = served.ended().await;
    assert_eq!((counts.delivered, counts.dropped.total()), (1, 0));
    served.hub.publish(Duration::ZERO, &crate::support::topic(), payload(10));
    // With a new token it comes back, and finds what it has missed.
    let again = token(json!({ "subscribe": ["ingest.t"], "exp": NOW.as_secs() + 5 }));
    let mut back = watch(&served, &format!("table=t&since=7-1&access_token={again}"), "").await;
    read_on_until(&mut back, &mut Vec::new(), |chunks| sequences(chunks) == [2]).await;
}

#[tokio::test]
async fn a_client_that_reads_on_only_after_its_token_has_expired_gets_no_more_events() {
    let mut served = served();
    let ends_soon = token(json!({ "subscribe": ["ingest.t"], "exp": NOW.as_secs() + 1 }));
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(2048).unwrap();
    let mut stream = socket.connect(served.address).await.unwrap();
    let request = format!(
        "GET /v1/stream/sse?table=t&access_token={ends_soon} HTTP/1.1\r\nhost: hub\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    served.subscribed().await;
    served.publish_at_once(4, 1_000_000).await;
    *served.date.lock().unwrap() = NOW + Duration::from_secs(1);
    tokio::time::sleep(Duration::from_millis(1200)).await;
    let rest = text_to_end(&mut stream).await;
    assert_eq!(rest.matches("\ndata: {\"x\"").count(), 1, "the one that was under way");
    assert!(rest.contains("event: expired\n"), "and then the end");
    let counts = served.ended().await;
    assert_eq!((counts.delivered, counts.dropped.evicted, counts.dropped.client_gone), (1, 3, 0));
}

#[tokio::test]
async fn a_websocket_is_held_to_its_token_at_every_command_and_closed_when_it_ends() {
    let mut served = served();
    let token = token(json!({ "subscribe": ["ingest.a", "ingest.b.*"], "exp": NOW.as_secs() + 1 }));
    let connect = async |query: &str| {
        let stream = TcpStream::connect(served.address).await.unwrap();
        soon("an answer", client_async(format!("ws://hub/v1/stream/ws?{query}"), stream)).await
    };
    assert!(connect("table=a").await.is_err_and(|why| why.to_string().contains("401")));
    assert!(connect(&format!("table=c&access_token={token}")).await.is_err_and(|why| why.to_string().contains("403")));
    let (mut socket, _) = connect(&format!("table=a&access_token={token}")).await.unwrap();
    served.subscribed().await;
    next(&mut socket).await;
    for (topic, is_allowed) in [("ingest.b.x", true), ("ingest.b.*", true), ("ingest.b.>", false), ("ingest.c", false)]
    {
        say(&mut socket, &format!("{{\"action\":\"subscribe\",\"topic\":\"{topic}\"}}")).await;
        let answer = next(&mut socket).await;
        assert_eq!(answer["subscribed"].is_string(), is_allowed, "{answer}");
        assert!(is_allowed || answer["error"] == "the token does not allow this topic", "{answer}");
    }
    *served.date.lock().unwrap() = NOW + Duration::from_secs(1);
    let Message::Close(Some(frame)) = soon("the end", socket.next()).await.unwrap().unwrap() else { panic!("a close") };
    assert_eq!(u16::from(frame.code), 3000);
    assert_eq!(frame.reason.as_str(), "the token has expired: come back with another");
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
async fn keys_are_replaced_while_the_server_runs() {
    let tokens = Tokens::new(TokenKeys::read(SECRET.as_bytes()).unwrap(), None);
    let settings = ServerSettings { tokens: Some(tokens.clone()), ..ServerSettings::default() };
    let served = Served::start(Setup { settings, ..Setup::default() });
    let token = token(everything());
    assert_eq!(ask(&served, Method::POST, "/v1/ingest/t", Some(&token)).await.status(), 202);
    tokens.replace(TokenKeys::read(&key("ed.pub")).unwrap());
    assert_eq!(ask(&served, Method::POST, "/v1/ingest/t", Some(&token)).await.status(), 401);
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
