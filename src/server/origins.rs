//! The origins of web pages that may use the server. A browser names the origin of the page in its requests.

/// The origins that are allowed in addition to the server's own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origins {
    any: bool,
    /// The allowed origins, in lower case.
    named: Vec<String>,
}

impl Origins {
    /// Reads origins: `https://host`, `https://host:port`, or `*` for any. `None` if one has another form.
    pub fn new(texts: &[&str]) -> Option<Self> {
        let mut origins = Self::default();
        for text in texts {
            match *text {
                "*" => origins.any = true,
                origin if is_origin(origin) => origins.named.push(origin.to_ascii_lowercase()),
                // Refused rather than ignored: an origin with a path would never match, and the operator would not know
                // why.
                _ => return None,
            }
        }
        Some(origins)
    }

    /// Whether pages of this origin are allowed.
    pub fn allow(&self, origin: &str) -> bool {
        // Schemes and hosts have no case, and a program that is not a browser may send any.
        self.any || self.names(origin)
    }

    /// Whether this origin is among those that are named, and not only one of any.
    pub fn names(&self, origin: &str) -> bool {
        self.named.iter().any(|named| named.eq_ignore_ascii_case(origin))
    }

    /// The origins as texts that [`Origins::new`] reads.
    pub fn texts(&self) -> Vec<String> {
        self.any.then(|| "*".to_owned()).into_iter().chain(self.named.iter().cloned()).collect()
    }
}

/// Whether a text is an origin as browsers send it: scheme, host and perhaps a port, without a path or a final `/`.
fn is_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://") else { return false };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    is_scheme && !host.is_empty() && host.bytes().all(is_host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_and_a_host() {
        for text in ["https://a.example", "http://localhost:3000", "http://[::1]:80", "HTTPS://A.example", "*"] {
            assert!(Origins::new(&[text]).is_some(), "{text}");
        }
        for text in
            ["", "a.example", "https://", "https://a/", "https://a b", "https://u@a", "://a", "null", "https://*"]
        {
            assert!(Origins::new(&[text]).is_none(), "{text}");
        }
    }

    #[test]
    fn those_that_are_named_may_and_nobody_else_unless_anybody_may() {
        let origins = Origins::new(&["https://A.example"]).unwrap();
        assert!(origins.allow("https://a.example"));
        assert!(!origins.allow("http://a.example") && !origins.allow("https://a.example:444"));
        let any = Origins::new(&["*", "https://a.example"]).unwrap();
        assert!(any.allow("https://b.example") && !any.names("https://b.example") && any.names("https://A.example"));
        assert!(!Origins::default().allow("https://a.example"));
        assert!(Origins::new(&["*"]).unwrap().allow("https://b.example"));
    }
}
