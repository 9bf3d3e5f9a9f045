//! Ranges of single values. A value that is not a number is in no range.

use std::ops::RangeInclusive;

use crate::scenario::error::Wrong;
use crate::scenario::number::{number, numbers};

/// How exactly shares sum to 1.
// Shares are decimal fractions, and floats do not add these up to exactly 1.
pub(super) const SHARE_TOLERANCE: f64 = 1e-6;

pub(super) fn within(field: &str, value: f64, range: RangeInclusive<f64>) -> Result<(), Wrong> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(Wrong::new(field, number(value), format!("must be {} ..= {}", number(*range.start()), number(*range.end()))))
}

pub(super) fn positive(field: &str, value: f64, most: f64) -> Result<(), Wrong> {
    if value > 0.0 && value <= most {
        return Ok(());
    }
    Err(Wrong::new(field, number(value), format!("must be above 0 and at most {}", number(most))))
}

pub(super) fn whole(field: &str, value: u64, range: RangeInclusive<u64>) -> Result<(), Wrong> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(Wrong::new(field, value, format!("must be {} ..= {}", range.start(), range.end())))
}

/// A pair `[shortest, longest]`.
pub(super) fn pair(field: &str, pair: [f64; 2], range: RangeInclusive<f64>) -> Result<(), Wrong> {
    within(&format!("{field}[0]"), pair[0], range.clone())?;
    within(&format!("{field}[1]"), pair[1], range)?;
    if pair[0] > pair[1] {
        return Err(Wrong::new(field, numbers(pair), "must be [least, most]"));
    }
    Ok(())
}
