//! What a request may do: the token that it presents, and what that allows.

use std::borrow::Cow;

use hyper::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};

use super::header::once;
use super::response::{Body, error};
use super::selection::parameters;
use super::{Exchange, access};
use crate::denial::Denial;
use crate::tokens::Grant;
use crate::topic::{Pattern, Topic};
use crate::transport::Environment;

/// The parameter of a query, and the cookie, that a token may be in. An `EventSource` can send no header.
pub(super) const ACCESS_TOKEN: &str = "access_token";

/// What a request may do.
pub(super) enum Allowed {
    /// Everything: the server has no keys for tokens.
    Everything,
    /// What a token grants.
    By(Grant),
}

/// Why a request is refused before it is looked at further.
pub(super) enum Unauthorized {
    /// Its token does not allow it.
    Denied(Denial),
    /// It says two things, and the server must not choose.
    Ambiguous(String),
}

impl Allowed {
    /// Checks that every topic of every pattern may be watched.
    pub(super) fn subscribe(&self, patterns: &[Pattern]) -> Result<(), Denial> {
        match self {
            Self::By(grant) if !patterns.iter().all(|pattern| grant.may_subscribe(pattern)) => Err(Denial::Topic),
            Self::Everything | Self::By(_) => Ok(()),
        }
    }

    /// Checks that a topic may be published to.
    pub(super) fn publish(&self, topic: &Topic) -> Result<(), Denial> {
        match self {
            Self::By(grant) if !grant.may_publish(topic) => Err(Denial::Topic),
            Self::Everything | Self::By(_) => Ok(()),
        }
    }

    /// Checks that what is for administrators is allowed.
    pub(super) fn administer(&self) -> Result<(), Denial> {
        match self {
            Self::By(grant) if !grant.is_admin => Err(Denial::Admin),
            Self::Everything | Self::By(_) => Ok(()),
        }
    }

    /// The grant of the request's token, if the server asks for tokens.
    pub(super) fn grant(&self) -> Option<&Grant> {
        match self {
            Self::By(grant) => Some(grant),
            Self::Everything => None,
        }
    }
}

impl<E: Environment> Exchange<E> {
    /// What a request may do by its token. `takes_cookies` is whether a cookie counts: a page that only `*` allows must
    /// not use the cookies of its visitor.
    pub(super) fn allowed(&self, head: &Head<'_>) -> Result<Allowed, Unauthorized> {
        let Some(tokens) = &self.server.settings.tokens else { return Ok(Allowed::Everything) };
        let token = presented(head).map_err(Unauthorized::Ambiguous)?;
        let token = token.ok_or(Unauthorized::Denied(Denial::Missing))?;
        let grant = tokens.check(&token, self.server.environment.unix_time()).map_err(Unauthorized::Denied)?;
        Ok(Allowed::By(grant))
    }

    /// What a publish may do: its token is a signed one, or that of all publishers.
    pub(super) fn allowed_to_publish(&self, head: &Head<'_>) -> Result<Allowed, Unauthorized> {
        let settings = &self.server.settings;
        let authorization = once(head.headers, &AUTHORIZATION).map_err(Unauthorized::Ambiguous)?;
        match &settings.publish_token {
            Some(token) if access::is_bearer_of(authorization, token) => Ok(Allowed::Everything),
            Some(_) if settings.tokens.is_none() => Err(Unauthorized::Denied(Denial::PublishToken)),
            Some(_) | None => self.allowed(head),
        }
    }

    /// Counts a denial, and makes its answer.
    pub(super) fn refuse(&self, why: Unauthorized) -> Response<Body<E>> {
        match why {
            Unauthorized::Ambiguous(why) => error(StatusCode::BAD_REQUEST, &why),
            Unauthorized::Denied(why) => self.deny(why),
        }
    }

    /// Counts a denial, and makes its answer.
    pub(super) fn deny(&self, why: Denial) -> Response<Body<E>> {
        self.server.environment.denied(why);
        let status = if why.is_forbidden() { StatusCode::FORBIDDEN } else { StatusCode::UNAUTHORIZED };
        let mut response = error(status, &why.to_string());
        // RFC 6750, 3. A request without a token is told the scheme only.
        let challenge = match why {
            Denial::Missing | Denial::PublishToken => "Bearer".to_owned(),
            why if why.is_forbidden() => format!("Bearer error=\"insufficient_scope\", error_description=\"{why}\""),
            why => format!("Bearer error=\"invalid_token\", error_description=\"{why}\""),
        };
        // The texts are ASCII without quotes.
        if let Ok(challenge) = HeaderValue::from_str(&challenge) {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// The parts of a request that a token may be in.
pub(super) struct Head<'a> {
    pub(super) headers: &'a HeaderMap,
    pub(super) query: &'a str,
    /// Whether a cookie counts. A page that only `*` allows must not use the cookies of its visitor.
    pub(super) takes_cookies: bool,
}

/// The token of a request. One in the header or in the query takes precedence over a cookie, which a browser sends by
/// itself.
///
/// # Errors
/// When there are several.
fn presented<'a>(head: &Head<'a>) -> Result<Option<Cow<'a, str>>, String> {
    let header = once(head.headers, &AUTHORIZATION)?.and_then(bearer).map(Cow::Borrowed);
    let mut in_query = parameters(head.query, ACCESS_TOKEN);
    let query = in_query.next();
    if in_query.next().is_some() {
        return Err(format!("several {ACCESS_TOKEN} parameters: send one"));
    }
    match (header, query) {
        // RFC 6750, 2.
        (Some(_), Some(_)) => Err(format!("a token in the authorization header and in {ACCESS_TOKEN}: send one")),
        (Some(token), None) | (None, Some(token)) => Ok(Some(token)),
        (None, None) if head.takes_cookies => cookie(head.headers).map(|token| token.map(Cow::Borrowed)),
        (None, None) => Ok(None),
    }
}

/// The token of an authorization; `None` for another scheme, which may be a proxy's.
fn bearer(authorization: &HeaderValue) -> Option<&str> {
    let (scheme, token) = authorization.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim_start())
}

/// The token in the cookies. Two of the same name may come from two paths, and only one may be the page's.
fn cookie(headers: &HeaderMap) -> Result<Option<&str>, String> {
    let texts = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut tokens = pairs.filter(|(name, _)| *name == ACCESS_TOKEN).map(|(_, token)| token.trim_matches('"'));
    let first = tokens.next();
    if tokens.any(|other| Some(other) != first) {
        return Err(format!("several {ACCESS_TOKEN} cookies: send one"));
    }
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn a_token_is_found_wherever_it_is_and_two_are_refused() {
        let found = |lines: &[(&'static str, &str)], query: &str, takes_cookies: bool| {
            let headers = headers(lines);
            presented(&Head { headers: &headers, query, takes_cookies }).map(|token| token.map(Cow::into_owned))
        };
        let is = |token: &str| Ok(Some(token.to_owned()));
        assert_eq!(found(&[("authorization", "bearer a.b.c")], "table=t", true), is("a.b.c"));
        assert_eq!(found(&[("authorization", "Basic eDp5")], "access_token=q", true), is("q"), "of a proxy");
        assert_eq!(found(&[], "table=t&access_token=a%2Eb", true), is("a.b"));
        assert_eq!(found(&[("cookie", "x=1; access_token=c; y=2")], "", true), is("c"));
        assert_eq!(found(&[("cookie", "access_token=c")], "", false), Ok(None));
        assert_eq!(found(&[("cookie", "access_token=c")], "access_token=q", true), is("q"), "said over sent along");
        assert_eq!(found(&[("cookie", "access_token=c"), ("cookie", "access_token=c")], "", true), is("c"));
        assert_eq!(found(&[("cookie", "my_access_token=c")], "", true), Ok(None));
        for (lines, query) in [
            (&[("cookie", "access_token=c; access_token=d")][..], ""),
            (&[], "access_token=a&access_token=a"),
            (&[("authorization", "Bearer a")], "access_token=a"),
            (&[("authorization", "Bearer a"), ("authorization", "Bearer a")], ""),
        ] {
            assert!(found(lines, query, true).is_err(), "{lines:?} {query}");
        }
    }
}
