//! URLs without what may be a secret. Messages, documents, recordings and command lines show URLs in this form only.

/// Stands where a secret was.
pub const REDACTED: &str = "REDACTED";

/// Parameters of this project's own server that say what is watched and never who watches. The value of any other
/// parameter may be a token: servers have all kinds of names for theirs.
const SHOWN: [&str; 4] = ["since", "table", "topic", "transport"];

/// Schemes that are shown of a text that may not be a URL.
const SCHEMES: [&str; 5] = ["http", "https", "ws", "wss", "ftp"];

/// A URL that was taken apart and has no credentials, or the path of one: with the values of its query left out, and without
/// a fragment.
pub fn url(text: &str) -> String {
    // A fragment is never sent, and some services put a token there.
    let text = text.split('#').next().unwrap_or_default();
    let (place, query) = text.split_once('?').map_or((text, None), |(place, query)| (place, Some(query)));
    let mut shown = place.to_owned();
    if let Some(query) = query {
        shown.push('?');
        // Some servers separate parameters by semicolons. The separators stay in the pieces.
        for piece in query.split_inclusive(['&', ';']) {
            let text = piece.trim_end_matches(['&', ';']);
            shown.push_str(&parameter(text));
            shown.push_str(&piece[text.len()..]);
        }
    }
    shown
}

/// A text that was to be a URL, without what may be a secret in it. Credentials end at an `@`, and what a parser makes of a
/// password with `/`, `?` or `#` in it says nothing of what was meant: nothing before the last `@` is shown but the scheme.
pub fn unchecked_url(text: &str) -> String {
    let Some((before, behind)) = text.rsplit_once('@') else { return url(text) };
    let scheme = before.split_once(':').filter(|(scheme, _)| SCHEMES.contains(&scheme.to_ascii_lowercase().as_str()));
    let shown = scheme.map_or(String::new(), |(scheme, rest)| {
        let slashes = rest.len() - rest.trim_start_matches(['/', '\\']).len();
        format!("{scheme}:{}", &rest[..slashes])
    });
    // This `@` may be in a value of the query, and so may all that follows.
    if before.contains(['?', '#']) {
        return shown + REDACTED;
    }
    format!("{shown}{REDACTED}@{}", url(behind))
}

/// A text of somebody else's that may have URLs in it, as a parser of options quotes them.
pub fn urls_in(text: &str) -> String {
    let ends = |c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '`');
    // The separators stay in the pieces, so that joining them gives the text again.
    let pieces = text.split_inclusive(ends).map(|piece| {
        let word = piece.trim_end_matches(ends);
        if word.contains("://") || word.contains('@') {
            format!("{}{}", unchecked_url(word), &piece[word.len()..])
        } else {
            piece.to_owned()
        }
    });
    pieces.collect()
}

fn parameter(text: &str) -> String {
    match text.split_once('=') {
        Some((name, _)) if SHOWN.contains(&name) => text.to_owned(),
        Some((name, _)) => format!("{name}={REDACTED}"),
        // A query without any name may be a token as a whole.
        None if text.is_empty() => String::new(),
        None => REDACTED.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_shows_its_place_and_which_parameters_it_has_but_no_value_that_may_be_a_secret() {
        for (given, shown) in [
            ("https://h:1/a?table=t&access_token=S", "https://h:1/a?table=t&access_token=REDACTED"),
            ("http://h/a?topic=a.>&key=S&since=7-1", "http://h/a?topic=a.>&key=REDACTED&since=7-1"),
            ("https://h/a?S", "https://h/a?REDACTED"),
            ("https://h/a?#access_token=S", "https://h/a?"),
            ("/v2/stream?sig=S", "/v2/stream?sig=REDACTED"),
            (
                "https://h/a?table=t;access_token=S&topic=a;S",
                "https://h/a?table=t;access_token=REDACTED&topic=a;REDACTED",
            ),
            ("https://h/a", "https://h/a"),
        ] {
            assert_eq!(url(given), shown);
            assert_eq!(unchecked_url(given), shown);
        }
        assert_eq!(url("https://h/@a/b"), "https://h/@a/b");
    }

    #[test]
    fn a_text_that_is_no_url_shows_nothing_that_may_be_a_password() {
        for (given, shown) in [
            ("me:S@h/x", "REDACTED@h/x"),
            ("http:me:S@h/", "http:REDACTED@h/"),
            ("https:\\\\me:S@h/", "https:\\\\REDACTED@h/"),
            ("http://me:S/S@h/?key=S", "http://REDACTED@h/?key=REDACTED"),
            ("http://me:S@S@h/", "http://REDACTED@h/"),
            ("HTTP://me:S?S@h", "HTTP://REDACTED"),
            ("http://me:S#S@h", "http://REDACTED"),
            ("http://h/?mail=a@S&key=S", "http://REDACTED"),
            ("S://S@h", "REDACTED@h"),
        ] {
            assert_eq!(unchecked_url(given), shown);
        }
    }

    #[test]
    fn urls_are_found_in_the_text_of_another() {
        let text = "unexpected argument 'https://h/?key=S' found, and no more";
        assert_eq!(urls_in(text), "unexpected argument 'https://h/?key=REDACTED' found, and no more");
        assert_eq!(urls_in("'--a' needs  a value?"), "'--a' needs  a value?");
    }
}
