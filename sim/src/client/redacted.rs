//! URLs without what may be a secret. Messages, documents, recordings and command lines show URLs in this form only.

/// Stands where a secret was.
pub(crate) const REDACTED: &str = "REDACTED";

/// Parameters of this project's own server that say what is watched and never who watches. The value of any other
/// parameter may be a token: servers have all kinds of names for theirs.
const SHOWN: [&str; 4] = ["since", "table", "topic", "transport"];

/// A URL, or the path of one, with the values of its query left out. A fragment and credentials are left out whole.
pub(crate) fn url(text: &str) -> String {
    // A fragment is never sent, and some services put a token there.
    let text = text.split('#').next().unwrap_or_default();
    let (place, query) = text.split_once('?').map_or((text, None), |(place, query)| (place, Some(query)));
    let mut shown = without_credentials(place);
    if let Some(query) = query {
        let parameters = query.split('&').map(parameter).collect::<Vec<_>>();
        shown.push('?');
        shown.push_str(&parameters.join("&"));
    }
    shown
}

/// A text of somebody else's that may have URLs in it, as a parser of options quotes them.
pub(crate) fn urls_in(text: &str) -> String {
    let ends = |c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '`');
    // The separators stay in the pieces, so that joining them gives the text again.
    let pieces = text.split_inclusive(ends).map(|piece| {
        let word = piece.trim_end_matches(ends);
        if word.contains("://") { format!("{}{}", url(word), &piece[word.len()..]) } else { piece.to_owned() }
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

fn without_credentials(place: &str) -> String {
    let Some((scheme, rest)) = place.split_once("//") else { return place.to_owned() };
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}//{REDACTED}@{host}{path}"),
        None => place.to_owned(),
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
            ("http://me:S@h/a@b", "http://REDACTED@h/a@b"),
            ("https://h/a?S", "https://h/a?REDACTED"),
            ("https://h/a?#access_token=S", "https://h/a?"),
            ("/v2/stream?sig=S", "/v2/stream?sig=REDACTED"),
            ("https://h/a", "https://h/a"),
        ] {
            assert_eq!(url(given), shown);
        }
    }

    #[test]
    fn urls_are_found_in_the_text_of_another() {
        let text = "unexpected argument 'https://h/?key=S' found, and no more";
        assert_eq!(urls_in(text), "unexpected argument 'https://h/?key=REDACTED' found, and no more");
        assert_eq!(urls_in("'--a' needs  a value?"), "'--a' needs  a value?");
    }
}
