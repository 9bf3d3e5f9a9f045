//! Where a server is: a plain `http://` URL.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use hyper::Uri;
use tokio::net::TcpStream;

/// An `http://` URL with its host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    text: String,
    host: String,
    port: u16,
    path: String,
}

/// A text that is no URL of use here.
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
    /// Of a server of our own.
    pub(super) fn local(address: SocketAddr, path: &str) -> Self {
        let host = address.ip().to_string();
        Self { text: format!("http://{address}{path}"), host, port: address.port(), path: path.to_owned() }
    }

    /// Path and query, as a request line has them.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// What a `host:` header says.
    pub(super) fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Connects to the first address of the host that takes the connection.
    pub(super) async fn connect(&self) -> std::io::Result<TcpStream> {
        TcpStream::connect((self.bare_host(), self.port)).await
    }

    /// Without the brackets of an IPv6 address.
    fn bare_host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The first address that the host's name stands for.
    pub(super) async fn resolve(&self) -> std::io::Result<SocketAddr> {
        let nobody = || std::io::Error::new(std::io::ErrorKind::NotFound, "the name stands for no address");
        tokio::net::lookup_host((self.bare_host(), self.port)).await?.next().ok_or_else(nobody)
    }
}

impl FromStr for Url {
    type Err = BadUrl;

    fn from_str(text: &str) -> Result<Self, BadUrl> {
        let bad = || BadUrl::Other(text.to_owned());
        let uri: Uri = text.parse().map_err(|_| bad())?;
        if uri.scheme_str() == Some("https") {
            return Err(BadUrl::Tls(text.to_owned()));
        }
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(bad)?;
        if uri.scheme_str() != Some("http") || uri.authority().is_some_and(|it| it.as_str().contains('@')) {
            return Err(bad());
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let port = uri.port_u16().unwrap_or(80);
        Ok(Self { text: text.to_owned(), host: host.to_owned(), port, path: path.to_owned() })
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
    fn a_url_is_taken_apart_into_host_port_and_path() {
        let url: Url = "http://127.0.0.1:8080/v1/stream/sse?table=t".parse().unwrap();
        assert_eq!((url.authority().as_str(), url.path()), ("127.0.0.1:8080", "/v1/stream/sse?table=t"));
        let url: Url = "http://example.test".parse().unwrap();
        assert_eq!((url.authority().as_str(), url.path()), ("example.test:80", "/"));
    }

    #[test]
    fn what_is_no_plain_http_is_refused_with_what_would_be() {
        for text in ["https://example.test/", "example.test", "http://", "ftp://a/b", "", "http://me:pw@a/"] {
            let why = text.parse::<Url>().unwrap_err().to_string();
            assert!(why.contains("http://HOST"), "{why}");
        }
    }
}
