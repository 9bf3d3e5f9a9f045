//! Whether a value is of the type that its key has, in the words of the key's unit.

use toml::Spanned;
use toml::de::DeValue;

use crate::scenario::key::{Allowed, Key};

/// What is wrong with the type of a value, and the byte at which that stands. A text with a meaning of its own, as of
/// `reads`, is judged where it is read.
pub(super) fn problem(key: &Key, value: &Spanned<DeValue<'_>>) -> Option<(usize, String)> {
    let numbers = || items(value, is_number);
    let (wrong, expected) = match key.allowed {
        Allowed::Whole(..) => (Some(value).filter(|value| !is_whole(value)), format!("a whole number{}", of(key))),
        Allowed::Number(..) | Allowed::Above(_) => {
            (Some(value).filter(|value| !is_number(value)), format!("a number{}", of(key)))
        }
        Allowed::Grid(_) => (items(value, is_whole), format!("a list of whole numbers{}", of(key))),
        Allowed::Pair(..) => (pair(value).or_else(numbers), format!("two numbers{} in brackets", of(key))),
        Allowed::Text(_) => match key.unit {
            "text" | "path" => (Some(value).filter(|value| !value.get_ref().is_str()), "a text in quotes".to_owned()),
            "true or false" => (Some(value).filter(|value| !value.get_ref().is_bool()), "true or false".to_owned()),
            // A pair whose limits need words, as of `connect_seconds`: only its example shows that it is two numbers.
            "s" if key.example.starts_with('[') => {
                (pair(value).or_else(numbers), format!("two numbers{} in brackets", of(key)))
            }
            "s" => (Some(value).filter(|value| !is_number(value)), format!("a number{}", of(key))),
            _ => return None,
        },
    };
    let wrong = wrong?;
    // A number below 0 is of the right type, so the message names its value.
    let is_negative = matches!(wrong.get_ref(), DeValue::Integer(number) if number.as_str().starts_with('-'));
    let what = if is_negative { "value" } else { "type" };
    let message = format!("invalid {what}: {}, expected {expected}", in_words(wrong.get_ref()));
    Some((wrong.span().start, message))
}

fn is_number(value: &Spanned<DeValue<'_>>) -> bool {
    value.get_ref().is_integer() || value.get_ref().is_float()
}

fn is_whole(value: &Spanned<DeValue<'_>>) -> bool {
    value.get_ref().as_integer().is_some_and(|number| !number.as_str().starts_with('-'))
}

/// The first item that is not what it must be, or the value itself where it is no list.
fn items<'a, 'i>(
    value: &'a Spanned<DeValue<'i>>,
    is_right: fn(&Spanned<DeValue<'_>>) -> bool,
) -> Option<&'a Spanned<DeValue<'i>>> {
    match value.get_ref() {
        DeValue::Array(items) => items.iter().find(|item| !is_right(item)),
        _ => Some(value),
    }
}

/// The value where it is no list of two.
fn pair<'a, 'i>(value: &'a Spanned<DeValue<'i>>) -> Option<&'a Spanned<DeValue<'i>>> {
    Some(value).filter(|value| value.get_ref().as_array().is_none_or(|items| items.len() != 2))
}

/// What the number counts, where its unit is one.
fn of(key: &Key) -> String {
    let unit = match key.unit {
        "s" => "seconds",
        "ms" => "milliseconds",
        "µs" => "microseconds",
        "B" => "bytes",
        "B/s" => "bytes a second",
        "kbit/s" => "kilobits a second",
        "events/s" => "events a second",
        "events" | "frames" | "subscribers" | "runs" => key.unit,
        _ => return String::new(),
    };
    format!(" of {unit}")
}

/// A value as an error names it.
pub(super) fn in_words(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("string {text:?}"),
        DeValue::Integer(number) => format!("integer `{number}`"),
        DeValue::Float(number) => format!("floating point `{number}`"),
        DeValue::Boolean(is_true) => format!("boolean `{is_true}`"),
        DeValue::Datetime(_) => "a date or time".to_owned(),
        DeValue::Array(items) => format!("a list of {}", items.len()),
        DeValue::Table(_) => "a table".to_owned(),
    }
}
