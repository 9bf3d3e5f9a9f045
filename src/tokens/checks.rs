//! Checks tokens with keys that can be replaced while a server runs.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Validation, decode, decode_header};

use super::Grant;
use super::claims::Claims;
use super::key::Key;
use super::keys::TokenKeys;
use crate::denial::Denial;

/// Longest token, in bytes. It must fit into the head of a request anyway.
const MAX_TOKEN_BYTES: usize = 8192;

/// The keys that tokens are checked with, and the audience that they must name. Clones share the keys, and all of them
/// see a replacement.
#[derive(Clone)]
pub struct Tokens {
    keys: Arc<RwLock<Arc<TokenKeys>>>,
    audience: Option<Arc<str>>,
}

impl Tokens {
    /// Checks tokens with these keys. With an audience, a token must name it; without one, it must name none.
    pub fn new(keys: TokenKeys, audience: Option<&str>) -> Self {
        Self { keys: Arc::new(RwLock::new(Arc::new(keys))), audience: audience.map(Arc::from) }
    }

    /// Replaces the keys, for all tokens that are checked from now on. Streams that are open stay open until their
    /// tokens expire.
    pub fn replace(&self, keys: TokenKeys) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }

    /// Checks a token at a date, given as time since the Unix epoch. The signature comes first, so nothing of a forged
    /// token decides anything.
    ///
    /// # Errors
    /// The first check that fails, in the order of [`Denial::ALL`].
    pub fn check(&self, token: &str, now: Duration) -> Result<Grant, Denial> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Denial::Malformed);
        }
        let header = decode_header(token).map_err(|why| of_header(&why))?;
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner).clone();
        // A key without a name may be the one that the token names: PEM has no place for names.
        let is_named = |key: &&Key| header.kid.is_none() || key.kid.is_none() || key.kid == header.kid;
        let mut named = keys.keys.iter().filter(is_named).peekable();
        if named.peek().is_none() {
            return Err(Denial::UnknownKey);
        }
        let mut wrong = Denial::Algorithm;
        for key in named.filter(|key| key.algorithm == header.alg) {
            match decode::<Claims>(token, &key.key, &signature_only(key)) {
                Ok(token) => return token.claims.grant(self.audience.as_deref(), now),
                Err(why) => match why.kind() {
                    ErrorKind::InvalidSignature => wrong = Denial::Signature,
                    ErrorKind::Json(_) => return Err(Denial::Claims),
                    _ => return Err(Denial::Malformed),
                },
            }
        }
        Err(wrong)
    }
}

/// Leaves times and audience to [`Claims`]: the library would ask the system for the date.
fn signature_only(key: &Key) -> Validation {
    let mut validation = Validation::new(key.algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}

/// Why a header cannot be read. `none` is the name of no algorithm that the library knows.
fn of_header(why: &Error) -> Denial {
    match why.kind() {
        ErrorKind::Json(why) if why.to_string().contains("unknown variant") => Denial::Algorithm,
        ErrorKind::InvalidAlgorithmName | ErrorKind::UnsupportedAlgorithm => Denial::Algorithm,
        _ => Denial::Malformed,
    }
}

/// Two are equal if they share their keys.
impl PartialEq for Tokens {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.keys, &other.keys) && self.audience == other.audience
    }
}

impl Eq for Tokens {}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("audience", &self.audience).finish_non_exhaustive()
    }
}
