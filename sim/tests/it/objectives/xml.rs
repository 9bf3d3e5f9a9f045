//! A strict reader of the XML that a report has: elements, attributes and text, and nothing else.

use std::collections::BTreeMap;

/// An element with what is in it.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) children: Vec<Element>,
    pub(super) text: String,
}

impl Element {
    /// All elements of that name, at any depth.
    pub(super) fn all(&self, name: &str) -> Vec<&Element> {
        let inner = self.children.iter().flat_map(|child| child.all(name));
        Some(self).filter(|element| element.name == name).into_iter().chain(inner).collect()
    }

    pub(super) fn number(&self, attribute: &str) -> usize {
        self.attributes[attribute].parse().unwrap()
    }
}

/// Reads a document. Everything that XML 1.0 does not allow fails.
pub(super) fn read(text: &str) -> Element {
    let is_allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    assert!(text.chars().all(is_allowed), "a character that XML does not have");
    let body = text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").expect("a declaration");
    let (root, rest) = element(body);
    assert_eq!(rest, "\n", "one root");
    root
}

/// An element at the beginning of a text, and what follows it.
fn element(text: &str) -> (Element, &str) {
    let text = text.strip_prefix('<').unwrap_or_else(|| panic!("no element: {text}"));
    let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap();
    let mut element = Element { name: text[..end].to_owned(), ..Element::default() };
    let mut rest = &text[end..];
    while let Some(next) = rest.strip_prefix(' ') {
        let (name, next) = next.split_once("=\"").unwrap();
        assert!(name.chars().all(|c| c.is_ascii_alphabetic()), "{name}");
        let (value, next) = next.split_once('"').unwrap();
        assert!(!value.contains(['<', '\n', '\t']), "{value}");
        assert!(element.attributes.insert(name.to_owned(), unescaped(value)).is_none(), "{name} twice");
        rest = next;
    }
    if let Some(rest) = rest.strip_prefix("/>") {
        return (element, rest);
    }
    rest = rest.strip_prefix('>').unwrap_or_else(|| panic!("no end of a tag: {rest}"));
    loop {
        let (before, _) = rest.split_once('<').unwrap();
        element.text += &unescaped(before);
        rest = &rest[before.len()..];
        if let Some(next) = rest.strip_prefix("</") {
            let rest = next.strip_prefix(element.name.as_str()).and_then(|next| next.strip_prefix('>'));
            return (element, rest.unwrap_or_else(|| panic!("another end: {next}")));
        }
        let (child, next) = self::element(rest);
        element.children.push(child);
        rest = next;
    }
}

fn unescaped(text: &str) -> String {
    let mut parts = text.split('&');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once(';').unwrap_or_else(|| panic!("a bare &: {text}"));
        plain.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            code => code.strip_prefix('#').and_then(|code| code.parse().ok()).and_then(char::from_u32).unwrap(),
        });
        plain += rest;
    }
    assert!(!text.contains("]]>"), "{text}");
    plain
}
