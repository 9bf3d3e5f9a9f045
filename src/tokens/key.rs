//! One key, bound to its algorithm, and why a file has none that can be used.

use jsonwebtoken::crypto::CryptoProvider;
use jsonwebtoken::{Algorithm, DecodingKey};

/// Largest file with keys, in bytes.
pub const MAX_KEY_FILE_BYTES: usize = 1 << 20;

/// Shortest secret, in bytes: as long as the hash (RFC 7518, 3.2).
pub(super) const LEAST_SECRET_BYTES: usize = 32;

/// Most keys. A token that names no key is tried with each of its algorithm.
pub(super) const MAX_KEYS: usize = 16;

/// The algorithms of a signature, by their names.
const ALGORITHMS: [(&str, Algorithm); 4] = [
    ("HS256", Algorithm::HS256),
    ("RS256", Algorithm::RS256),
    ("ES256", Algorithm::ES256),
    ("EdDSA", Algorithm::EdDSA),
];

/// A key, bound to the one algorithm that it is used with. A token cannot choose another: a public key must never be
/// taken for the secret of an HMAC.
pub(super) struct Key {
    pub(super) kid: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

/// The error for a file that has no usable keys. No text has a part of a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The file is empty, or larger than [`MAX_KEY_FILE_BYTES`].
    #[error("{0} bytes long: must be 1 ..= {MAX_KEY_FILE_BYTES}")]
    Length(usize),
    /// The file is one secret, and too short.
    #[error("a secret of {0} bytes: must be at least {LEAST_SECRET_BYTES}, or a JWKS, or public keys in PEM")]
    ShortSecret(usize),
    /// The file is one secret, and has several lines.
    #[error("neither a JWKS nor PEM, and a secret must be one line")]
    Lines,
    /// A block of PEM is not a public key that can be used.
    #[error("block {number}: {why}")]
    Pem {
        /// The number of the block, from 1.
        number: usize,
        /// What is wrong.
        why: String,
    },
    /// The file begins as JSON and is not a JWKS.
    #[error("not a JWKS: {0}")]
    Jwks(String),
    /// The file has no key that could be used.
    #[error("no key that can be used: {0}")]
    NoKey(String),
    /// The file has too many keys.
    #[error("{0} keys: must be at most {MAX_KEYS}")]
    TooMany(usize),
}

/// The algorithm with a name; `None` if it is not used here.
pub(super) fn algorithm(name: &str) -> Option<Algorithm> {
    ALGORITHMS.into_iter().find(|(other, _)| *other == name).map(|(_, algorithm)| algorithm)
}

/// Whether a key can be used with its algorithm. Asked when the keys are read, and not at the first token.
pub(super) fn is_usable(algorithm: Algorithm, key: &DecodingKey) -> bool {
    CryptoProvider::try_get_default().is_some_and(|provider| (provider.verifier_factory)(&algorithm, key).is_ok())
}
