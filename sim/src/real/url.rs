//! Where a server is: a plain `http://` URL.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use tokio::net::TcpStream;
use url::Position;

/// The port of a URL that gives none.
const DEFAULT_PORT: u16 = 80;

/// An `http://` URL, as it was given and parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    text: String,
    /// Boxed, because errors carry URLs and are to stay small.
    parsed: Box<url::Url>,
}

/// A text that is not a URL of a server which this client can ask.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadUrl {
    /// TLS.
    #[error("{0:?}: https is not supported yet: must be http://HOST[:PORT]/PATH, as of a proxy that ends TLS")]
    Tls(String),
    /// Anything else.
    #[error("{0:?} is not the URL of a server: must be http://HOST[:PORT]/PATH")]
    Other(String),
}

impl Url {
    /// The URL of a path on a server of our own.
    pub(super) fn local(address: SocketAddr, target: &str) -> Self {
        let text = format!("http://{address}{target}");
        text.parse().unwrap_or_else(|why| unreachable!("a socket's address is a host and a port: {why}"))
    }

    /// Path and query, as a request line has them.
    pub(super) fn target(&self) -> &str {
        &self.parsed[Position::BeforePath..Position::AfterQuery]
    }

    /// Host and port, as a `host:` header field has them.
    pub(super) fn authority(&self) -> String {
        format!("{}:{}", self.parsed.host_str().unwrap_or_default(), self.port())
    }

    /// Connects to the first address of the host that takes the connection.
    pub(super) async fn connect(&self) -> std::io::Result<TcpStream> {
        TcpStream::connect((self.bare_host(), self.port())).await
    }

    /// The first address that the host's name stands for.
    pub(super) async fn resolve(&self) -> std::io::Result<SocketAddr> {
        let nobody = || std::io::Error::new(std::io::ErrorKind::NotFound, "the name stands for no address");
        tokio::net::lookup_host((self.bare_host(), self.port())).await?.next().ok_or_else(nobody)
    }

    fn port(&self) -> u16 {
        self.parsed.port().unwrap_or(DEFAULT_PORT)
    }

    /// The host without the brackets of an IPv6 address.
    fn bare_host(&self) -> &str {
        self.parsed.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
    }
}

impl FromStr for Url {
    type Err = BadUrl;

    fn from_str(text: &str) -> Result<Self, BadUrl> {
        let bad = || BadUrl::Other(text.to_owned());
        let parsed = url::Url::parse(text).map_err(|_| bad())?;
        if parsed.scheme() == "https" {
            return Err(BadUrl::Tls(text.to_owned()));
        }
        // Browsers also take `http:host` and `http:///host`, which are more likely a slip than meant.
        let authority = text.get("http:".len()..).and_then(|rest| rest.strip_prefix("//"));
        let has_authority = authority.is_some_and(|rest| !rest.starts_with('/'));
        // Refused, because a request would leave them out without a word.
        let has_credentials = !parsed.username().is_empty() || parsed.password().is_some();
        if parsed.scheme() != "http" || !has_authority || has_credentials {
            return Err(bad());
        }
        Ok(Self { text: text.to_owned(), parsed: Box::new(parsed) })
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart_into_host_port_and_target_and_shown_as_it_was_given() {
        for (text, authority, host, target) in [
            ("http://127.0.0.1:8080/v1/sse?table=t", "127.0.0.1:8080", "127.0.0.1", "/v1/sse?table=t"),
            ("http://example.test", "example.test:80", "example.test", "/"),
            ("HTTP://Example.test/a?", "example.test:80", "example.test", "/a?"),
            ("http://[::1]:8080/a#b", "[::1]:8080", "::1", "/a"),
        ] {
            let url: Url = text.parse().unwrap();
            assert_eq!(url.authority(), authority, "{text}");
            assert_eq!(url.bare_host(), host, "{text}");
            assert_eq!(url.target(), target, "{text}");
            assert_eq!(url.to_string(), text);
        }
    }

    #[test]
    fn a_servers_own_address_makes_a_url_of_either_family() {
        for address in ["127.0.0.1:8080", "[::1]:8080"] {
            let url = Url::local(address.parse().unwrap(), "/v1/sse?table=t");
            assert_eq!(url.authority(), address);
            assert_eq!(url.target(), "/v1/sse?table=t");
        }
    }

    #[test]
    fn what_is_no_plain_http_is_refused_with_what_would_be() {
        for text in [
            "https://example.test/",
            "example.test",
            "http://",
            "ftp://a/b",
            "",
            "http://me:pw@a/",
            "http:a/b",
            "http:///a",
        ] {
            let why = text.parse::<Url>().unwrap_err().to_string();
            assert!(why.contains("http://HOST"), "{why}");
        }
    }
}
