//! Numbers in messages.

/// A number as people write it: without the noise of binary fractions, and short if it is huge or tiny.
pub(super) fn number(value: f64) -> String {
    // Ten digits: enough for what a person types, and too few for the noise behind it.
    let rounded = format!("{value:.9e}").parse().unwrap_or(value);
    let is_plain = rounded == 0.0 || (1e-5..1e15).contains(&f64::abs(rounded)) || !f64::is_finite(rounded);
    if is_plain { format!("{rounded}") } else { format!("{rounded:e}") }
}

/// A pair of numbers, as TOML has it.
pub(super) fn numbers([least, most]: [f64; 2]) -> String {
    format!("[{}, {}]", number(least), number(most))
}
