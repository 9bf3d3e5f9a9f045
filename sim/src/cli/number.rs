//! Numbers on the command line: what is no number gets the range in one line. A number outside the range is left to the
//! check of the scenario, which names it.

use std::ffi::OsString;
use std::str::FromStr;

use crate::scenario::{MAX_BUFFER, MAX_OBJECTIVE_BYTES, MAX_SEEDS, MAX_SPEED_UP, MAX_SUBSCRIBERS};
use crate::summary::risk::MOST_RUNS;

/// Numbers of subscribers, or one of a list of them.
pub(super) fn subscribers(text: &str) -> Result<usize, String> {
    whole(text, 1, MAX_SUBSCRIBERS)
}

/// A mailbox size in frames, or one of a list of them.
pub(super) fn buffer(text: &str) -> Result<u64, String> {
    whole(text, 1, MAX_BUFFER)
}

/// Reads a number of seeds, at least 1.
pub(super) fn seeds(text: &str) -> Result<u64, String> {
    whole(text, 1, MAX_SEEDS)
}

/// A number of runs, at least 1.
pub(super) fn runs(text: &str) -> Result<u64, String> {
    within(text, 1, MOST_RUNS)
}

/// A seed.
pub(super) fn seed(text: &str) -> Result<u64, String> {
    whole(text, 0, u64::MAX)
}

/// Reads a number of repetitions, at least 1.
pub(super) fn times(text: &str) -> Result<u64, String> {
    within(text, 1, u64::MAX)
}

/// The first of many seeds, with room for the others.
pub(super) fn first_seed(text: &str) -> Result<u64, String> {
    within(text, 0, u64::MAX / 2 - 1)
}

/// A factor.
pub(super) fn speed_up(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| format!("must be a number above 0, at most {MAX_SPEED_UP}"))
}

/// A part of a whole. One outside 0 to 1 is left to the check of the scenario.
pub(super) fn part(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| "must be a number, 0 ..= 1".to_owned())
}

/// A time in milliseconds.
pub(super) fn milliseconds(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| "must be a number of milliseconds above 0".to_owned())
}

/// A number of bytes.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    whole(text, 1, MAX_OBJECTIVE_BYTES)
}

/// The size of the mailboxes that a server has, at least 1.
pub(super) fn capacity(text: &str) -> Result<u64, String> {
    within(text, 1, MAX_BUFFER)
}

/// A whole number from a range that nothing else checks.
pub(super) fn within(text: &str, least: u64, most: u64) -> Result<u64, String> {
    let number = whole(text, least, most)?;
    if (least..=most).contains(&number) { Ok(number) } else { Err(range(least, most)) }
}

/// A price in microseconds of CPU time. One outside the range is left to the check of the scenario.
pub(super) fn microseconds(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| "must be a number of microseconds, 0 ..= 1000000".to_owned())
}

fn whole<T: FromStr>(text: &str, least: u64, most: u64) -> Result<T, String> {
    text.parse().map_err(|_| range(least, most))
}

fn range(least: u64, most: u64) -> String {
    format!("must be one whole number, {least} ..= {most}")
}

/// The arguments with every negative number joined to the option before it. Otherwise clap takes it for an option that
/// does not exist, and gives a hint that is wrong for options.
pub(super) fn joined(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut joined: Vec<OsString> = Vec::new();
    for argument in arguments {
        let is_negative = argument
            .to_str()
            .and_then(|text| text.strip_prefix('-'))
            // Numbers only, since `-o` is an option.
            .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit() || first == '.'));
        let takes_it = |before: &&mut OsString| {
            // Longer than `--`, which ends the options and takes no value.
            before.to_str().is_some_and(|text| text.len() > 2 && text.starts_with("--") && !text.contains('='))
        };
        match joined.last_mut().filter(takes_it).filter(|_| is_negative) {
            Some(option) => {
                option.push("=");
                option.push(argument);
            }
            None => joined.push(argument),
        }
    }
    joined
}

/// The words of a standard parser as what is allowed.
pub(super) fn in_words(complaint: &str) -> String {
    // These are texts of the standard library, and another version of Rust may have others. An unknown text is passed
    // on as it is.
    let words = [
        (": invalid digit found in string", ": must be a whole number, not below 0"),
        (": number too large to fit in target type", ": must be at most 18446744073709551615"),
        (": number would be zero for non-zero type", ": must be at least 1"),
        (": invalid float literal", ": must be a number"),
        (": expected number at 0", ": must be a time, as 20s or 2m"),
    ];
    let known = words.into_iter().find_map(|(theirs, ours)| Some((complaint.strip_suffix(theirs)?, ours)));
    known.map_or_else(|| complaint.to_owned(), |(start, ours)| format!("{start}{ours}"))
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn a_negative_number_belongs_to_the_option_before_it_and_to_no_other_argument() {
        let of = |text: &str| joined(text.split(' ').map(Into::into)).join(" ".as_ref()).into_string().unwrap();
        assert_eq!(of("sim replay --seed -7 --buffer -0.5"), "sim replay --seed=-7 --buffer=-0.5");
        for same in ["sim soak -5", "sim replay --seed=1 -7", "sim replay -- -7", "sim new x -o -y", "sim a --b --c -d"]
        {
            assert_eq!(of(same), same);
        }
    }
}
