//! Where a server is: an `http://` or an `https://` URL.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use tokio::net::TcpStream;
use url::Position;

use crate::client::{redacted_text, redacted_url};

/// An `http://` or `https://` URL. Shown, it is as it was given, but has no value that may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Url {
    text: String,
    /// Boxed, because errors carry URLs and are to stay small.
    parsed: Box<url::Url>,
}

/// A text that is not the URL of a server which this client can ask.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{:?} is not the URL of a server: must be http://HOST[:PORT]/PATH or https://HOST[:PORT]/PATH", redacted_text(.0))]
pub struct BadUrl(String);

impl fmt::Debug for BadUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BadUrl({:?})", redacted_text(&self.0))
    }
}

impl Url {
    /// The URL of a path on a server of our own.
    pub(crate) fn local(address: SocketAddr, target: &str) -> Self {
        let text = format!("http://{address}{target}");
        text.parse().unwrap_or_else(|why| unreachable!("a socket's address is a host and a port: {why}"))
    }

    /// Path and query, as a request line has them.
    pub(crate) fn target(&self) -> &str {
        &self.parsed[Position::BeforePath..Position::AfterQuery]
    }

    /// Host and port, as a `host:` header field has them: servers compare it, and the default port is left out.
    pub(crate) fn authority(&self) -> &str {
        &self.parsed[Position::BeforeHost..Position::AfterPort]
    }

    /// Whether the connection is encrypted.
    pub fn is_https(&self) -> bool {
        self.parsed.scheme() == "https"
    }

    /// Whether scheme, host and port are those of another URL.
    pub(super) fn has_origin_of(&self, other: &Self) -> bool {
        self.parsed.origin() == other.parsed.origin()
    }

    /// The URL that a redirection from this one names, relative to it or not.
    ///
    /// # Errors
    /// When that is no URL of a server.
    pub(super) fn joined(&self, location: &str) -> Result<Self, BadUrl> {
        let joined = self.parsed.join(location).map_err(|_| BadUrl(location.to_owned()))?;
        joined.as_str().parse()
    }

    /// Connects to the first address of the host that takes the connection.
    pub(super) async fn connect(&self) -> std::io::Result<TcpStream> {
        TcpStream::connect((self.bare_host(), self.port())).await
    }

    /// The first address that the host's name stands for.
    pub(crate) async fn resolve(&self) -> std::io::Result<SocketAddr> {
        let nobody = || std::io::Error::new(std::io::ErrorKind::NotFound, "the name stands for no address");
        tokio::net::lookup_host((self.bare_host(), self.port())).await?.next().ok_or_else(nobody)
    }

    fn port(&self) -> u16 {
        // Both schemes have a default, and there are no others.
        self.parsed.port_or_known_default().unwrap_or_default()
    }

    /// The host without the brackets of an IPv6 address.
    pub(super) fn bare_host(&self) -> &str {
        self.parsed.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
    }
}

impl FromStr for Url {
    type Err = BadUrl;

    fn from_str(text: &str) -> Result<Self, BadUrl> {
        let bad = || BadUrl(text.to_owned());
        let parsed = url::Url::parse(text).map_err(|_| bad())?;
        // Browsers also take `http:host` and `http:///host`, which are more likely a slip than meant.
        let authority = text.split_once(':').and_then(|(_, rest)| rest.strip_prefix("//"));
        let has_authority = authority.is_some_and(|rest| !rest.starts_with('/'));
        // Refused, because a request would leave them out without a word.
        let has_credentials = !parsed.username().is_empty() || parsed.password().is_some();
        if !matches!(parsed.scheme(), "http" | "https") || !has_authority || has_credentials {
            return Err(bad());
        }
        Ok(Self { text: text.to_owned(), parsed: Box::new(parsed) })
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redacted_url(&self.text))
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart_into_host_port_and_target_and_shown_as_it_was_given() {
        for (text, authority, host, port, target) in [
            ("http://127.0.0.1:8080/v1/sse?table=t", "127.0.0.1:8080", "127.0.0.1", 8080, "/v1/sse?table=t"),
            ("http://example.test", "example.test", "example.test", 80, "/"),
            ("https://example.test", "example.test", "example.test", 443, "/"),
            ("HTTP://Example.test/a?", "example.test", "example.test", 80, "/a?"),
            ("https://[::1]:8080/a", "[::1]:8080", "::1", 8080, "/a"),
        ] {
            let url: Url = text.parse().unwrap();
            assert_eq!(url.authority(), authority, "{text}");
            assert_eq!(url.bare_host(), host, "{text}");
            assert_eq!(url.port(), port, "{text}");
            assert_eq!(url.target(), target, "{text}");
            assert_eq!(url.to_string(), text);
        }
    }

    #[test]
    fn a_secret_in_a_query_is_sent_and_never_shown() {
        let url: Url = "https://h/a?table=t&access_token=SECRET#SECRET".parse().unwrap();
        assert_eq!(url.target(), "/a?table=t&access_token=SECRET");
        for shown in [url.to_string(), format!("{url:?}")] {
            assert!(shown.contains("/a?table=t&access_token=REDACTED") && !shown.contains("SECRET"), "{shown}");
        }
        for text in ["ftp://me:SECRET@h/?key=SECRET", "http://me:SECRET@h/", "me:SECRET@h/x", "http://me:SE/CRET@h/"] {
            let why = text.parse::<Url>().unwrap_err();
            assert!(!format!("{why} {why:?}").contains("CRET"), "{why}");
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
    fn what_is_no_url_of_http_is_refused_with_what_would_be() {
        for text in ["example.test", "http://", "ftp://a/b", "", "http://me:pw@a/", "http:a/b", "https:///a"] {
            let why = text.parse::<Url>().unwrap_err().to_string();
            assert!(why.contains("http://HOST") && why.contains("https://HOST"), "{why}");
        }
    }

    #[test]
    fn a_redirection_may_name_a_path_or_another_host() {
        let url: Url = "https://a.test/v1/x?table=t".parse().unwrap();
        assert_eq!(url.joined("/v2").unwrap().target(), "/v2");
        assert!(url.joined("y").unwrap().has_origin_of(&url));
        let other = url.joined("http://a.test/").unwrap();
        assert!(!other.has_origin_of(&url) && !other.is_https());
        assert!(url.joined("ftp://a.test/").is_err());
    }
}
