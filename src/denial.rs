//! Why a request is not allowed. The names are those of the metric and of nothing secret: no text here has a part of a
//! token.

use std::fmt;

/// The reason for which a request is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Denial {
    /// The request has no token.
    Missing,
    /// The token is not a JSON Web Token.
    Malformed,
    /// The token names a key that the server does not have.
    UnknownKey,
    /// The token is signed with another algorithm than the one of its key, or with none.
    Algorithm,
    /// The signature does not fit the token.
    Signature,
    /// The token has expired.
    Expired,
    /// The token is not valid yet.
    NotYetValid,
    /// The token is for another audience.
    Audience,
    /// A claim is missing or has another type.
    Claims,
    /// The token is valid, and does not allow the topic.
    Topic,
    /// The token is valid, and does not allow what is for administrators.
    Admin,
    /// The token of publishers is another one.
    PublishToken,
}

impl Denial {
    /// All reasons, in the order of the checks.
    pub const ALL: [Self; 12] = [
        Self::Missing,
        Self::Malformed,
        Self::UnknownKey,
        Self::Algorithm,
        Self::Signature,
        Self::Expired,
        Self::NotYetValid,
        Self::Audience,
        Self::Claims,
        Self::Topic,
        Self::Admin,
        Self::PublishToken,
    ];

    /// The name of the reason in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::UnknownKey => "unknown_key",
            Self::Algorithm => "algorithm",
            Self::Signature => "signature",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Audience => "audience",
            Self::Claims => "claims",
            Self::Topic => "topic",
            Self::Admin => "admin",
            Self::PublishToken => "publish_token",
        }
    }

    /// Whether the token is valid and only does not reach so far: 403 in HTTP, and 401 otherwise.
    pub fn is_forbidden(self) -> bool {
        matches!(self, Self::Topic | Self::Admin)
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => {
                "a token is needed: Authorization: Bearer TOKEN, the cookie access_token, or ?access_token=TOKEN"
            }
            Self::Malformed => "the token is not a JSON Web Token",
            Self::UnknownKey => "the token names a key that the server does not have",
            Self::Algorithm => "the token is not signed with the algorithm of its key",
            Self::Signature => "the signature of the token is wrong",
            Self::Expired => "the token has expired",
            Self::NotYetValid => "the token is not valid yet",
            Self::Audience => "the token is for another audience",
            Self::Claims => "the claims of the token are not those that are needed: exp, and lists of topics",
            Self::Topic => "the token does not allow this topic",
            Self::Admin => "the token does not have the claim admin",
            Self::PublishToken => "publishing needs Authorization: Bearer TOKEN",
        })
    }
}
