//! How a server is reached: its URL, what is sent along, whom to believe; and where it sends a client instead.

use std::sync::{Arc, OnceLock};

use rustls::ClientConfig;

use super::client_error::ClientError;
use super::headers::RequestHeaders;
use super::trust::{Trust, TrustError};
use super::url::Url;
use crate::client::{Location, StreamFormat, request};

/// What a client sends along, and which certificates it believes.
#[derive(Debug, Clone)]
pub struct Access {
    headers: RequestHeaders,
    trust: Trust,
    /// Made once it is needed: a server without TLS may redirect to one with it.
    tls: Arc<OnceLock<Result<Arc<ClientConfig>, TrustError>>>,
}

impl Access {
    /// Header fields, and a trust.
    #[must_use]
    pub fn new(headers: RequestHeaders, trust: Trust) -> Self {
        Self { headers, trust, tls: Arc::default() }
    }

    /// The header fields.
    #[must_use]
    pub fn headers(&self) -> &RequestHeaders {
        &self.headers
    }

    /// The settings of TLS.
    ///
    /// # Errors
    /// When there is no certificate to believe.
    pub fn tls(&self) -> Result<Arc<ClientConfig>, TrustError> {
        self.tls.get_or_init(|| self.trust.config()).clone()
    }

    /// This route with a field of this program in place of those of that name.
    pub(crate) fn with_header(&self, name: &'static str, value: &'static str) -> Self {
        Self { headers: self.headers.with(name, value), ..self.clone() }
    }

    /// This route without header fields, because they are meant for one server.
    fn without_headers(&self) -> Self {
        Self { headers: RequestHeaders::default(), ..self.clone() }
    }
}

impl Default for Access {
    fn default() -> Self {
        Self::new(RequestHeaders::default(), Trust::Platform)
    }
}

/// A URL, and how a client is let in there.
#[derive(Debug, Clone)]
pub struct Route {
    url: Url,
    access: Access,
    /// Redirections that led here.
    redirects: usize,
}

impl Route {
    /// Most redirections in a row, as in browsers.
    pub(crate) const MOST_REDIRECTS: usize = 20;

    /// The way to a URL.
    #[must_use]
    pub fn new(url: Url, access: Access) -> Self {
        Self { url, access, redirects: 0 }
    }

    /// The URL.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// What is sent along.
    #[must_use]
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// Redirections that led here.
    #[must_use]
    pub fn redirects(&self) -> usize {
        self.redirects
    }

    /// The head of a request for a stream.
    pub(crate) fn request(&self, format: StreamFormat, cursor: Option<&str>) -> String {
        self.access.headers.in_head(&request(self.url.target(), self.url.authority(), format, cursor))
    }

    /// The way on, where the server redirects.
    ///
    /// # Errors
    /// When there were too many redirections, when the place is no URL of a server, and when it is not encrypted although
    /// this one is.
    pub(crate) fn followed(&self, status: u16, location: &Location) -> Result<Self, ClientError> {
        let refused =
            |why: &str| Err(ClientError::Redirect(format!("redirects to {location} with status {status}, {why}")));
        if self.redirects == Self::MOST_REDIRECTS {
            return refused(&format!("after {} redirections before", self.redirects));
        }
        let Some(place) = location.with_secrets() else {
            return refused("which is longer than this client follows");
        };
        let Ok(url) = self.url.joined(place) else {
            return refused("which is not the URL of a server");
        };
        if self.url.is_https() && !url.is_https() {
            return refused("which would send unencrypted what was to be encrypted");
        }
        // A redirection must not hand credentials to another server.
        let access = if url.has_origin_of(&self.url) { self.access.clone() } else { self.access.without_headers() };
        Ok(Self { url, access, redirects: self.redirects + 1 })
    }
}
