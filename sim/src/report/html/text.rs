//! Texts and numbers as HTML has them.

/// A text as an element or an attribute has it: none of its characters ends either of them.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // HTML allows no other control character, in no form.
            '\u{0}'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A coordinate or a share of a width, with at most three decimals.
pub(super) fn number(value: f64) -> String {
    let digits = format!("{value:.3}");
    let short = digits.trim_end_matches('0').trim_end_matches('.');
    // A tiny negative number would be written as `-0`.
    if short == "-0" { "0".to_owned() } else { short.to_owned() }
}

/// A paragraph; nothing for an empty text.
pub(super) fn paragraph(class: &str, text: &str) -> String {
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    if text.is_empty() { String::new() } else { format!("<p{class}>{}</p>\n", escaped(text)) }
}

/// Terms with what they are.
pub(super) fn facts(facts: &[(&str, String)]) -> String {
    let told = facts.iter().map(|(term, what)| format!("<dt>{}</dt><dd>{}</dd>\n", escaped(term), escaped(what)));
    format!("<dl class=\"facts\">\n{}</dl>\n", told.collect::<String>())
}

/// Lines as a list; nothing where there is none.
pub(super) fn list(lines: impl Iterator<Item = String>) -> String {
    let items: String = lines.map(|line| format!("<li>{}</li>\n", escaped(&line))).collect();
    if items.is_empty() { items } else { format!("<ul>\n{items}</ul>\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_its_element_or_attribute() {
        let told = escaped("<script>alert('\"&')</script>\u{1}\u{9}é");
        assert_eq!(told, "&lt;script&gt;alert(&#39;&quot;&amp;&#39;)&lt;/script&gt;\u{fffd}\u{9}é");
    }

    #[test]
    fn coordinates_have_no_more_digits_than_they_need() {
        assert_eq!([12.0, 0.5, 1.0 / 3.0, -1e-9, 1e6].map(number), ["12", "0.5", "0.333", "0", "1000000"]);
    }
}
