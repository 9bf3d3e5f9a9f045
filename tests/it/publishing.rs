//! Publishing over HTTP: batches, tokens, and what pages of other origins may.

use hubbub::ServerSettings;
use hubbub::server::{Origins, Token};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};

use crate::support::wire::{read_until, sequences};
use crate::support::{EPOCH, Served, Setup, soon};

const NDJSON: &str = "application/x-ndjson";

fn served(settings: ServerSettings) -> Served {
    Served::start(Setup { settings, ..Setup::default() })
}

fn post(served: &Served, kind: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
    Client::new().post(served.url("/v1/ingest/t")).header("content-type", kind).body(body)
}

async fn send(request: RequestBuilder) -> Response {
    soon("an answer", request.send()).await.unwrap()
}

async fn status(request: RequestBuilder) -> StatusCode {
    send(request).await.status()
}

#[tokio::test]
async fn a_batch_is_published_line_by_line_and_answered_with_an_id_for_each() {
    let mut served = served(ServerSettings::default());
    let mut client = served.watch().await;
    let answer = send(post(&served, "application/X-NDJSON; charset=utf-8", "{\"n\":1}\n\n {\"n\": 2} \r\n{}")).await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    let ids = (1..=3).map(|n| format!("\"{EPOCH}-{n}\"")).collect::<Vec<_>>().join(",");
    assert_eq!(answer.text().await.unwrap(), format!("{{\"ids\":[{ids}]}}\n"));
    let chunks = read_until(&mut client, |chunks| sequences(chunks) == [1, 2, 3]).await;
    let data: Vec<_> =
        chunks.iter().filter_map(|chunk| chunk.text.split_once("data: ")).map(|(_, data)| data).collect();
    assert_eq!(data, ["{\"n\":1}\n\n", " {\"n\": 2} \n\n", "{}\n\n"]);
}

#[tokio::test]
async fn a_batch_with_one_bad_line_is_refused_as_a_whole_and_says_which() {
    let mut served = served(ServerSettings::default());
    let _client = served.watch().await;
    for (body, reason) in [
        (&b"{}\n\n{]\n{}"[..], "line 3 of the body is not JSON: key must be a string at column 2"),
        (b"{}\r\n {\"a\": nope}", "line 2 of the body is not JSON: expected ident at column 9"),
        (b"{}\n{\"a\":1\n}", "line 2 of the body is not JSON: EOF while parsing an object at column 6"),
        (b"{}\n[1]", "line 2 of the body must be a JSON object"),
        (b"{}\n{\"a\":\"\xff\"}", "line 2 of the body is not UTF-8 text at column 7"),
        (b"\xff", "line 1 of the body is not UTF-8 text at column 1"),
        (b"\n \r\n", "the body has no event"),
    ] {
        let answer = send(post(&served, NDJSON, body)).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        assert_eq!(answer.text().await.unwrap(), format!("{{\"error\":\"{reason}\"}}\n"));
    }
    assert_eq!(status(post(&served, NDJSON, "{}\n".repeat(10_001))).await, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(served.hub.counts().offered, 0);
    let answer = send(post(&served, "application/json", "{}\n{}")).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "a batch says that it is one");
    let one = "{\"error\":\"the body is not JSON: trailing characters at line 2 column 1\"}\n";
    assert_eq!(answer.text().await.unwrap(), one, "an event may have many lines");
    let answer = send(post(&served, "application/json", &b"{\"a\":\n\"\xff\"}"[..])).await;
    let one = "{\"error\":\"the body is not UTF-8 text at line 2 column 2\"}\n";
    assert_eq!(answer.text().await.unwrap(), one, "and bytes are found as characters are");
}

#[tokio::test]
async fn with_a_token_only_who_has_it_publishes_and_everybody_watches() {
    let publish_token = Token::new("s3cret");
    let mut served = served(ServerSettings { publish_token, ..ServerSettings::default() });
    let _client = served.watch().await;
    let with = |value: &str| post(&served, "application/json", "{}").header("authorization", value);
    assert_eq!(status(post(&served, "application/json", "{}")).await, StatusCode::UNAUTHORIZED);
    for wrong in ["s3cret", "Bearer", "Bearer ", "Bearer s3cre", "Bearer s3cret2", "Basic s3cret", "Bearer  s3cret"] {
        let answer = send(with(wrong)).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{wrong:?}");
        assert_eq!(answer.headers()["www-authenticate"], "Bearer", "{wrong:?}");
    }
    assert_eq!(served.hub.counts().offered, 0);
    assert_eq!(status(with("Bearer s3cret")).await, StatusCode::ACCEPTED);
    assert_eq!(status(with("bearer s3cret")).await, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn pages_of_another_origin_may_only_where_they_are_named() {
    const APP: &str = "https://app.example";
    let allowed_origins = Origins::new(&[APP]).unwrap();
    let mut served = served(ServerSettings { allowed_origins, ..ServerSettings::default() });
    let _client = served.watch().await;
    let from = |origin: &str| post(&served, "text/plain", "{}").header("origin", origin);
    for stranger in ["https://evil.example", "http://app.example", "https://app.example.evil", "null", ""] {
        let answer = send(from(stranger)).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{stranger}");
        assert!(!answer.headers().contains_key("access-control-allow-origin"));
    }
    assert_eq!(served.hub.counts().offered, 0, "a page that may not read the answer does not publish either");
    let answer = send(from(APP)).await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    assert_eq!(answer.headers()["access-control-allow-origin"], APP);
    assert_eq!(answer.headers()["vary"], "origin");
    let own = format!("http://{}", served.address);
    assert_eq!(status(from(&own)).await, StatusCode::ACCEPTED, "a page that this host has served");
    let watch = Client::new().get(served.url("/v1/stream/sse?table=t")).header("origin", APP);
    let answer = send(watch).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["access-control-allow-origin"], APP);
}

#[tokio::test]
async fn a_browser_that_asks_first_is_told_what_it_may_send() {
    let allowed_origins = Origins::new(&["*"]).unwrap();
    let served = served(ServerSettings { allowed_origins, ..ServerSettings::default() });
    let preflight =
        Client::new().request(Method::OPTIONS, served.url("/v1/ingest/t")).header("origin", "https://a.example");
    let answer = send(preflight.header("access-control-request-method", "POST")).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert_eq!(answer.headers()["access-control-allow-origin"], "https://a.example");
    assert!(answer.headers()["access-control-allow-headers"].to_str().unwrap().contains("authorization"));
    assert_eq!(answer.headers()["access-control-allow-methods"], "GET, POST");
}
