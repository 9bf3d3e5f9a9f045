//! Tokens: what a signed text allows its bearer to watch and to publish, and until when.
//!
//! This room is pure. It is handed the text of a file with keys, a token and the date, and knows no request, no clock
//! and no disk.
//!
//! ```
//! # #[cfg(feature = "tokens")] {
//! use std::time::Duration;
//!
//! use hubbub::denial::Denial;
//! use hubbub::tokens::{TokenKeys, Tokens};
//!
//! let keys = TokenKeys::read(b"a secret of at least thirty-two bytes\n").expect("a secret");
//! let tokens = Tokens::new(keys, None);
//! let now = Duration::from_secs(1_764_000_000);
//! assert_eq!(tokens.check("nonsense", now).err(), Some(Denial::Malformed));
//! # }
//! ```

#[cfg(feature = "tokens")]
mod checks;
#[cfg(not(feature = "tokens"))]
#[path = "tokens/no_checks.rs"]
mod checks;
#[cfg(feature = "tokens")]
mod claims;
mod grant;
#[cfg(feature = "tokens")]
mod jwks;
#[cfg(feature = "tokens")]
mod key;
#[cfg(feature = "tokens")]
mod keys;
#[cfg(feature = "tokens")]
mod pem;

pub use checks::Tokens;
pub use grant::Grant;
#[cfg(feature = "tokens")]
pub use key::{KeyError, MAX_KEY_FILE_BYTES};
#[cfg(feature = "tokens")]
pub use keys::TokenKeys;
