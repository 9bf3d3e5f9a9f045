//! A secret that is compared and never shown.

use std::fmt;

use subtle::ConstantTimeEq;

/// Longest token, in bytes. It must fit into a header.
pub const MAX_TOKEN_BYTES: usize = 512;

/// The secret that a publisher must present. Its `Debug` form does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Makes a text a token; `None` unless it has 1 ..= 512 visible ASCII characters, which is what a header can carry.
    pub fn new(text: &str) -> Option<Self> {
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        (is_visible && (1..=MAX_TOKEN_BYTES).contains(&text.len())).then(|| Self(text.to_owned()))
    }

    /// Whether `presented` is the token. The time of the comparison does not depend on how many bytes are right.
    pub fn is(&self, presented: &[u8]) -> bool {
        // Constant time: the time of an answer must not tell how much of a guess is right.
        // Texts of another length differ at once: the length alone may show.
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
