//! A scenario file to start from: what is required with an example, what is optional commented out.

use std::fmt::Write as _;

use super::key::{Key, Without};
use super::keys::{SECTIONS, Section};

const HEAD: &str = "\
# A scenario for `sim sweep --scenario FILE`. `sim check FILE` explains it, or lists all its errors.
# Keys that are commented out are optional; their comments say what holds without them.
# docs/scenarios.md lists every key and kind.
";

/// The text of a new scenario's file, which is complete as it is.
#[must_use]
pub fn template(name: &str) -> String {
    let mut text = HEAD.to_owned();
    for section in &SECTIONS {
        let is_off = !section.is_required && !section.kinds.is_empty() || section.name.contains('.');
        // Optional tables are commented out whole, so that none of them changes what holds.
        let off = if is_off { "# " } else { "" };
        // Writing to a `String` cannot fail, here and below.
        let _ = writeln!(text, "\n{}", comment(section.about));
        if !section.name.is_empty() {
            let header = if section.is_list { format!("[[{}]]", section.name) } else { format!("[{}]", section.name) };
            let _ = writeln!(text, "{off}{header}");
        }
        // A table has one kind. The page of keys shows what the others have.
        let kind = section.kinds.first().copied();
        for key in section.keys.iter().filter(|key| key.is_of(kind)) {
            write_key(&mut text, section, key, off, name);
        }
    }
    text
}

/// Optional keys that a new file gives all the same, since one of several is needed.
const GIVEN: [(&str, &str); 2] = [("", "duration_seconds"), ("class", "share")];

fn write_key(text: &mut String, section: &Section, key: &Key, off: &str, name: &str) {
    let value = match (section.name, key.name, key.without) {
        ("", "name", _) => format!("{name:?}"),
        (_, _, Without::Default(default)) => default(),
        _ => key.example.to_owned(),
    };
    let is_given = key.is_required() || GIVEN.contains(&(section.name, key.name));
    let replaced =
        replaced(section, key).map(|other| format!(" To use it, delete the line `{other} = …` of this class."));
    let said = format!("{}{}.{}", key.about, said(key, is_given), replaced.unwrap_or_default());
    let _ = writeln!(text, "{}", comment(&said));
    let off = if is_given { off } else { "# " };
    let _ = writeln!(text, "{off}{} = {value}", key.name);
}

/// The key whose line a commented-out key takes the place of. Both together are refused.
fn replaced(section: &Section, key: &Key) -> Option<&'static str> {
    match (section.name, key.name) {
        ("class", "count") => Some("share"),
        ("class", name) if name.starts_with("reads.") => Some("reads"),
        _ => None,
    }
}

/// Unit, range and what holds without the key, in brackets.
fn said(key: &Key, is_given: bool) -> String {
    let unit = match key.unit {
        "" | "text" | "true or false" | "text or table" | "path" => String::new(),
        unit => format!("{unit}; "),
    };
    let without = match key.without {
        Without::Default(default) => format!("; default {}", default()),
        Without::Means(means) if !is_given => format!("; without it: {}", means.replace('`', "")),
        Without::Means(_) | Without::Required | Without::RequiredUnless(_) => String::new(),
    };
    format!(" ({unit}{}{without})", key.allowed.to_string().replace('`', ""))
}

/// Lines of at most 100 columns that begin with `#`.
fn comment(text: &str) -> String {
    const MOST: usize = 100;
    let mut lines = vec!["#".to_owned()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().filter(|line| line.chars().count() + word.chars().count() < MOST);
        match line {
            Some(line) => line.extend([" ", word]),
            None => lines.push(format!("# {word}")),
        }
    }
    lines.join("\n")
}
