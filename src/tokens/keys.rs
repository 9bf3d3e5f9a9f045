//! The keys of a file: a JWKS, public keys in PEM, or one secret.

use std::fmt;

use jsonwebtoken::{Algorithm, DecodingKey};

use super::key::{Key, KeyError, LEAST_SECRET_BYTES, MAX_KEY_FILE_BYTES, MAX_KEYS};
use super::{jwks, pem};

/// The keys of one file. Their `Debug` form does not show them.
pub struct TokenKeys {
    pub(super) keys: Vec<Key>,
    /// Why some keys of the file are not used, a line for each.
    ignored: Vec<String>,
}

impl TokenKeys {
    /// Reads the bytes of a file. A text that begins with `{` is a JWKS, one with `-----BEGIN` has public keys in PEM,
    /// and any other is one secret for HS256, without the line end behind it.
    ///
    /// # Errors
    /// When nothing in it can be used, or something is not what it says.
    pub fn read(bytes: &[u8]) -> Result<Self, KeyError> {
        if bytes.is_empty() || bytes.len() > MAX_KEY_FILE_BYTES {
            return Err(KeyError::Length(bytes.len()));
        }
        let (keys, ignored) = match bytes.trim_ascii_start() {
            [b'{', ..] => jwks::read(bytes)?,
            text if text.starts_with(b"-----BEGIN") => (pem::read(bytes)?, Vec::new()),
            _ => (vec![secret(bytes)?], Vec::new()),
        };
        match keys.len() {
            0 => Err(KeyError::NoKey(ignored.join("; "))),
            1..=MAX_KEYS => Ok(Self { keys, ignored }),
            many => Err(KeyError::TooMany(many)),
        }
    }

    /// How many keys there are.
    pub fn count(&self) -> usize {
        self.keys.len()
    }

    /// Why some keys of the file are not used, a line for each.
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }
}

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKeys").field("count", &self.count()).finish_non_exhaustive()
    }
}

fn secret(bytes: &[u8]) -> Result<Key, KeyError> {
    let secret = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let secret = secret.strip_suffix(b"\r").unwrap_or(secret);
    if secret.contains(&b'\n') {
        return Err(KeyError::Lines);
    }
    if secret.len() < LEAST_SECRET_BYTES {
        return Err(KeyError::ShortSecret(secret.len()));
    }
    let key = DecodingKey::from_secret(secret).map_err(|why| KeyError::NoKey(why.to_string()))?;
    Ok(Key { kid: None, algorithm: Algorithm::HS256, key })
}
