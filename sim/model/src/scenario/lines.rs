//! Where in a file a field stands.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The line, from 1 on, of the field with that path, or of the innermost table on the way to it that there is.
pub(super) fn line_of(text: &str, field: &str) -> usize {
    // Parsed a second time, for the places: the settings that were checked do not keep them.
    let Ok(root) = DeTable::parse(text) else { return 1 };
    let start = place(root.get_ref(), field).unwrap_or(0);
    text.get(..start).unwrap_or("").matches('\n').count() + 1
}

/// A path is `class[1].reads.rate`; what follows a colon says more of the field before it.
fn place(root: &DeTable<'_>, field: &str) -> Option<usize> {
    let path = field.split_once(':').map_or(field, |(path, _)| path);
    let mut table = root;
    let mut found = None;
    for step in path.split('.') {
        let (name, index) = step.split_once('[').map_or((step, None), |(name, index)| (name, index.strip_suffix(']')));
        let Some((key, value)) = table.get_key_value(name) else { return found };
        found = Some(key.span().start);
        let value = match (value.get_ref(), index.and_then(|index| index.parse::<usize>().ok())) {
            (DeValue::Array(items), Some(index)) => {
                let Some(item) = items.get(index) else { return found };
                found = Some(item.span().start);
                item
            }
            _ => value,
        };
        let Some(inner) = table_of(value) else { return found };
        table = inner;
    }
    found
}

fn table_of<'a, 'i>(value: &'a Spanned<DeValue<'i>>) -> Option<&'a DeTable<'i>> {
    match value.get_ref() {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::line_of;

    const TEXT: &str = "name = \"a\"\n\nserver.cpu = { publish_us = 5 }\nbuffers = [1,\n 0]\n[[class]]\nname = \"x\"\n\
                        [[class]]\nname = \"y\"\nreads.stalls = { after_seconds = [1, 2] }\n";

    #[test]
    fn a_field_is_where_its_key_is_and_a_missing_one_where_its_table_begins() {
        let cases = [
            ("name", 1),
            ("server.cpu.publish_us", 3),
            ("buffers[1]", 5),
            ("class[0].name", 7),
            ("class[1].name", 9),
            ("class[1].share", 8),
            ("class[1].reads.stalls.after_seconds[1]", 10),
            ("class[1].reads.stalls: stalls of all members in a run", 10),
            ("class[..].share", 6),
            ("duration_seconds", 1),
        ];
        for (field, line) in cases {
            assert_eq!(line_of(TEXT, field), line, "{field}");
        }
    }
}
