//! Numbers of which a document keeps every digit where they are whole: limits, and memory in bytes.
//!
//! A document rounds its floats to six digits, and a limit of 1,048,576 B would be written as 1,048,580 B.

use serde::{Serialize, Serializer};

struct Number(f64);

/// Whole numbers up to here have a float of their own.
const MOST: f64 = 9_007_199_254_740_992.0;

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(number) = *self;
        if number.fract() == 0.0 && (0.0..=MOST).contains(&number) {
            serializer.serialize_u64(number as u64)
        } else {
            serializer.serialize_f64(number)
        }
    }
}

pub(super) fn all<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    Number(*number).serialize(serializer)
}

pub(super) fn of_any<S: Serializer>(number: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    number.map(Number).serialize(serializer)
}

pub(super) fn of_each<S: Serializer>(numbers: &[Option<f64>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(numbers.iter().map(|number| number.map(Number)))
}
