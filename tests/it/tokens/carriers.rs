//! Where a request has its token: in the header, in the query, or in a cookie.

use super::*;

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
