//! The first pass over a scenario file: unknown keys, values of another type and missing keys, all of them, each with the
//! line of its own.
//!
//! The reader of the file stops at the first of them, and in a table with a `kind` it only knows where the table begins.
//! What this pass lets through may still be refused there.

mod value;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ScenarioError, syntax_at};
use super::key::{ANY_NAME, Key};
use super::keys::{SECTIONS, Section};

/// Everything that is wrong with the shape of a file: keys in the order of their lines, and then what is missing. Empty
/// for a text that is not TOML.
pub(super) fn problems(file: &str, text: &str) -> Vec<ScenarioError> {
    let Ok(root) = DeTable::parse(text) else { return Vec::new() };
    let mut shape = Shape::default();
    if let Some(section) = SECTIONS.iter().find(|section| section.name.is_empty()) {
        shape.table(section, root.get_ref(), 0);
    }
    // The parser's tables are sorted by key. An author reads from the top.
    shape.wrong.sort_by_key(|(start, _)| *start);
    let wrong = shape.wrong.into_iter().map(|(start, message)| syntax_at(file, text, start, true, message));
    let missing = shape.missing.into_iter().map(|(start, message)| syntax_at(file, text, start, false, message));
    wrong.chain(missing).collect()
}

/// What was found, each with the byte at which it stands.
#[derive(Default)]
struct Shape {
    wrong: Vec<(usize, String)>,
    missing: Vec<(usize, String)>,
}

impl Shape {
    fn table(&mut self, section: &Section, table: &DeTable<'_>, start: usize) {
        let Ok(kind) = self.kind(section, table, start) else { return };
        let keys: Vec<&Key> = section.keys.iter().filter(|key| key.is_of(kind)).collect();
        let tables: Vec<(&str, &Section)> =
            SECTIONS.iter().filter_map(|inner| Some((inside(section, inner)?, inner))).collect();
        for (name, value) in table {
            let (at, name) = (name.span().start, name.get_ref().as_ref());
            if let Some((_, inner)) = tables.iter().find(|(known, _)| *known == name) {
                self.section(inner, value, at);
            } else if !self.value(&keys, name, value) {
                let known = keys.iter().map(|key| first_of(key.name)).chain(tables.iter().map(|(name, _)| *name));
                self.unknown(at, name, known);
            }
        }
        let required = keys.iter().filter(|key| key.is_required());
        let required =
            required.filter(|key| !key.stand_in().is_some_and(|other| has(table, other))).map(|key| key.name);
        let required = required.chain(tables.iter().filter(|(_, inner)| inner.is_required).map(|(name, _)| *name));
        // No dotted key is required, so a look at the table itself is enough.
        for name in required.filter(|name| !table.contains_key(*name)) {
            self.missing.push((start, format!("missing field `{name}`")));
        }
    }

    /// The table's kind, if its section has kinds. Without a known one, nothing else can be said of the table.
    fn kind<'a>(&mut self, section: &Section, table: &'a DeTable<'_>, start: usize) -> Result<Option<&'a str>, ()> {
        if section.kinds.is_empty() {
            return Ok(None);
        }
        let Some((key, value)) = table.get_key_value("kind") else {
            self.missing.push((start, "missing field `kind`".to_owned()));
            return Err(());
        };
        let expected = || one_of(section.kinds.iter().copied());
        let message = match value.get_ref().as_str() {
            Some(kind) if section.kinds.contains(&kind) => return Ok(Some(kind)),
            Some(kind) => format!("unknown variant `{kind}`, expected {}", expected()),
            None => format!("invalid type: {}, expected {}", value::in_words(value.get_ref()), expected()),
        };
        self.wrong.push((key.span().start, message));
        Err(())
    }

    /// A value in whose place a table, or a list of them, is expected.
    fn section(&mut self, section: &Section, value: &Spanned<DeValue<'_>>, at: usize) {
        let expected = match (value.get_ref(), section.is_list) {
            (DeValue::Table(table), false) => return self.table(section, table, at),
            (DeValue::Array(items), true) => {
                for item in items {
                    match item.get_ref() {
                        DeValue::Table(table) => self.table(section, table, item.span().start),
                        other => self.wrong.push((
                            item.span().start,
                            format!("invalid type: {}, expected a table", value::in_words(other)),
                        )),
                    }
                }
                return;
            }
            (_, false) => "a table".to_owned(),
            (_, true) => format!("a list of tables, each below a line [[{}]]", section.name),
        };
        let given = value::in_words(value.get_ref());
        self.wrong.push((at, format!("invalid type: {given}, expected {expected}")));
    }

    /// Judges the value of a key, or of the keys inside its table; `false` where there is no such key.
    fn value(&mut self, keys: &[&Key], path: &str, value: &Spanned<DeValue<'_>>) -> bool {
        let inside: Vec<&Key> = keys.iter().copied().filter(|key| is_inside(key.name, path)).collect();
        if let (DeValue::Table(table), false) = (value.get_ref(), inside.is_empty()) {
            for (name, value) in table {
                let (at, name) = (name.span().start, name.get_ref().as_ref());
                if !self.value(&inside, &format!("{path}.{name}"), value) {
                    self.unknown(at, name, inside.iter().map(|key| first_of(&key.name[path.len() + 1..])));
                }
            }
            return true;
        }
        let key = keys.iter().find(|key| key.name == path || key.name == ANY_NAME);
        if let Some((start, message)) = key.and_then(|key| value::problem(key, value)) {
            self.wrong.push((start, message));
        }
        key.is_some() || !inside.is_empty()
    }

    fn unknown<'a>(&mut self, at: usize, name: &str, known: impl Iterator<Item = &'a str>) {
        self.wrong.push((at, format!("unknown field `{name}`, expected {}", one_of(known))));
    }
}

/// Whether a table has a key, or the tables in it have a dotted one.
fn has(table: &DeTable<'_>, path: &str) -> bool {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    match (table.get(first).map(Spanned::get_ref), rest) {
        (Some(DeValue::Table(inner)), Some(rest)) => has(inner, rest),
        (Some(_), None) => true,
        (Some(_), Some(_)) | (None, _) => false,
    }
}

/// The name that a table has inside another, where it is one of its tables.
fn inside<'a>(outer: &Section, inner: &'a Section) -> Option<&'a str> {
    let name = match outer.name {
        "" => inner.name,
        outer => inner.name.strip_prefix(outer)?.strip_prefix('.')?,
    };
    (!name.is_empty() && !name.contains('.')).then_some(name)
}

fn is_inside(name: &str, path: &str) -> bool {
    name.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'))
}

/// The part of a dotted name before its first dot.
fn first_of(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// The names as a choice, each once.
fn one_of<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut known: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    // Keys of one inner table are neighbours in the list of keys and share their first part.
    known.dedup();
    match &*known {
        [one] => one.clone(),
        _ => format!("one of {}", known.join(", ")),
    }
}
