//! The configuration file: TOML with one section. This room finds the settings in it, and the line of a fault.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::layer::Layer;
use super::lookup::{keys, put, setting_of_key};
use super::setting::{Given, SECTION, one_line};
use super::{ConfigFile, Refusal};

/// The settings of a file; everything else in it is refused.
pub(super) fn read(file: ConfigFile<'_>, refusals: &mut Vec<Refusal>) -> Layer {
    let mut layer = Layer::default();
    read_into(&mut layer, file, refusals);
    layer
}

fn read_into(layer: &mut Layer, file: ConfigFile<'_>, refusals: &mut Vec<Refusal>) {
    // Some editors write a byte order mark, which is not shown and is not part of the text.
    let text = file.text.strip_prefix('\u{feff}').unwrap_or(file.text);
    let source = Source { name: file.name, text };
    let table = match DeTable::parse(text) {
        Ok(table) => table.into_inner(),
        Err(why) => {
            let place = why.span().map_or_else(|| file.name.to_owned(), |span| source.place(&span));
            refusals.push(Refusal::Syntax { place, why: format!("invalid TOML: {}", one_line(why.message())) });
            return;
        }
    };
    // Nothing ends at the first fault: an operator corrects all of them in one go.
    for (key, value) in in_order(&table) {
        match (key.get_ref().as_ref(), value.get_ref()) {
            (SECTION, DeValue::Table(section)) => source.read_section(section, layer, refusals),
            (SECTION, _) => refusals.push(Refusal::Value {
                place: source.place(&key.span()),
                key: SECTION.to_owned(),
                value: source.written(&value.span()),
                allowed: format!("a section, [{SECTION}]"),
            }),
            (name, _) => refusals.push(Refusal::Unknown {
                place: source.place(&key.span()),
                name: one_line(name),
                allowed: format!("in the one section, [{SECTION}]"),
            }),
        }
    }
}

struct Source<'a> {
    name: &'a str,
    text: &'a str,
}

impl Source<'_> {
    fn read_section(&self, section: &DeTable<'_>, layer: &mut Layer, refusals: &mut Vec<Refusal>) {
        for (key, value) in in_order(section) {
            let place = self.place(&key.span());
            match setting_of_key(key.get_ref()) {
                Some(setting) => {
                    let written = self.written(&value.span());
                    put(setting, layer, &given(value.get_ref()), place, &written, refusals);
                }
                None => refusals.push(Refusal::Unknown {
                    place,
                    name: one_line(&format!("{SECTION}.{}", key.get_ref())),
                    allowed: keys(),
                }),
            }
        }
    }

    /// `<file>:<line>`.
    fn place(&self, span: &Range<usize>) -> String {
        let before = self.text.as_bytes().get(..span.start).unwrap_or_default();
        format!("{}:{}", self.name, 1 + before.iter().filter(|byte| **byte == b'\n').count())
    }

    /// A value as it is written in the file.
    fn written(&self, span: &Range<usize>) -> String {
        one_line(self.text.get(span.clone()).unwrap_or_default())
    }
}

fn given<'a>(value: &'a DeValue<'_>) -> Given<'a> {
    match value {
        DeValue::Integer(integer) => {
            // TOML has signed and larger integers; what does not fit into 64 bits has no allowed value.
            let number = u64::from_str_radix(integer.as_str(), integer.radix()).ok();
            Given { number, ..Given::default() }
        }
        DeValue::String(text) => Given { text: Some(text), ..Given::default() },
        DeValue::Array(items) => {
            let texts = items.iter().map(|item| match item.get_ref() {
                DeValue::String(text) => Some(text.as_ref()),
                _ => None,
            });
            Given { list: texts.collect(), ..Given::default() }
        }
        DeValue::Boolean(flag) => Given { flag: Some(*flag), ..Given::default() },
        DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => Given::default(),
    }
}

/// The entries of a table in the order of the file.
fn in_order<'a, 'i>(table: &'a DeTable<'i>) -> Vec<(&'a Spanned<std::borrow::Cow<'i, str>>, &'a Spanned<DeValue<'i>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}
