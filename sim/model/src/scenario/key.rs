//! What a key of a scenario file is, in words: where it stands, what it may be, and what holds without it.

use std::fmt;

use super::number::number;

/// The name of a key that stands for any name.
pub(super) const ANY_NAME: &str = "NAME";

/// One key of the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    /// Its name in that table; a dotted one is in a table of its own.
    pub(super) name: &'static str,
    /// The kinds that have it, where its table has kinds; none: every kind has it.
    pub(super) kinds: &'static [&'static str],
    /// Its unit, or what its value is.
    pub(super) unit: &'static str,
    pub(super) allowed: Allowed,
    pub(super) without: Without,
    /// A value as TOML has it.
    pub(super) example: &'static str,
    /// What it means, in a sentence without its end.
    pub(super) about: &'static str,
}

/// What a value may be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Allowed {
    /// A whole number between two, both included.
    Whole(u64, u64),
    /// A number between two, both included.
    Number(f64, f64),
    /// A number above 0, at most that.
    Above(f64),
    /// `[least, most]`, each between two numbers.
    Pair(f64, f64),
    /// Different whole numbers, each between 1 and that.
    Grid(u64),
    /// Something else, in words.
    Text(&'static str),
}

/// What holds where a key is not given.
#[derive(Debug, Clone, Copy)]
pub(super) enum Without {
    /// The file is refused.
    Required,
    /// The file is refused, unless the table has this other key.
    RequiredUnless(&'static str),
    // A function, because the tables are statics and no `String` can be made in one.
    /// This value, as TOML has it.
    Default(fn() -> String),
    /// Something else, in words.
    Means(&'static str),
}

impl Key {
    /// A key that every kind has and that must be given.
    pub(super) const fn new(name: &'static str, unit: &'static str, allowed: Allowed) -> Self {
        Self { name, kinds: &[], unit, allowed, without: Without::Required, example: "", about: "" }
    }

    pub(super) const fn of(self, kinds: &'static [&'static str]) -> Self {
        Self { kinds, ..self }
    }

    pub(super) const fn or(self, default: fn() -> String) -> Self {
        Self { without: Without::Default(default), ..self }
    }

    pub(super) const fn without(self, means: &'static str) -> Self {
        Self { without: Without::Means(means), ..self }
    }

    pub(super) const fn says(self, example: &'static str, about: &'static str) -> Self {
        Self { example, about, ..self }
    }

    pub(super) const fn unless(self, other: &'static str) -> Self {
        Self { without: Without::RequiredUnless(other), ..self }
    }

    /// Whether a table of that kind has it.
    pub(super) fn is_of(&self, kind: Option<&str>) -> bool {
        self.kinds.is_empty() || kind.is_some_and(|kind| self.kinds.contains(&kind))
    }

    pub(super) fn is_required(&self) -> bool {
        matches!(self.without, Without::Required | Without::RequiredUnless(_))
    }

    /// The other key that stands in for it where it is missing, dotted.
    pub(super) fn stand_in(&self) -> Option<&'static str> {
        match self.without {
            Without::RequiredUnless(other) => Some(other),
            Without::Required | Without::Default(_) | Without::Means(_) => None,
        }
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [from, to] = match self {
            Self::Whole(least, most) => return write!(f, "whole, {least} ..= {most}"),
            Self::Grid(most) => return write!(f, "a list of different whole numbers, each 1 ..= {most}"),
            Self::Text(text) => return f.write_str(text),
            Self::Above(most) => return write!(f, "above 0, at most {}", number(*most)),
            Self::Number(least, most) | Self::Pair(least, most) => [least, most].map(|limit| number(*limit)),
        };
        match self {
            Self::Pair(..) => write!(f, "[least, most], each {from} ..= {to}"),
            _ => write!(f, "{from} ..= {to}"),
        }
    }
}

impl fmt::Display for Without {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Required => f.write_str("required"),
            Self::RequiredUnless(other) => write!(f, "required, unless `{other}` is given"),
            Self::Default(default) => write!(f, "`{}`", default()),
            Self::Means(means) => f.write_str(means),
        }
    }
}
