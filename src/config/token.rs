//! A secret that is compared and never shown.

use std::fmt;

use subtle::ConstantTimeEq;

/// Longest token, in bytes: a header must have room for it.
pub(super) const MAX_TOKEN_BYTES: usize = 512;

/// What a publisher must present. Its `Debug` form does not tell it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A text as a token, if it is 1 ..= 512 visible ASCII characters: what fits behind `Bearer` in a header.
    pub fn new(text: &str) -> Option<Self> {
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        (is_visible && (1..=MAX_TOKEN_BYTES).contains(&text.len())).then(|| Self(text.to_owned()))
    }

    /// Whether this is it, in a time that does not depend on how much of it is right.
    pub fn is(&self, presented: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(presented).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(not shown)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_recognised_and_not_shown() {
        let token = Token::new("s3cret").unwrap();
        assert!(token.is(b"s3cret"));
        assert!([&b""[..], b"s3cre", b"s3crets", b"S3cret"].iter().all(|other| !token.is(other)));
        assert!(!format!("{token:?}").contains("s3cret"));
    }

    #[test]
    fn what_no_header_can_carry_is_no_token() {
        assert!(["", "a b", "a\n", "é", &"x".repeat(513)].iter().all(|text| Token::new(text).is_none()));
        assert!(Token::new(&"x".repeat(512)).is_some());
    }
}
