//! How a number is written, in one place for figures, tables and prose.
//!
//! Everything generated is compared byte for byte, so each kind of number has one fixed form here. The room knows
//! no document. Two rules hold throughout: `0` is written for zero and for nothing else, and a value that is not
//! a whole is never rounded up to one.

/// A ratio in 0..=1 as a percentage: `0`, `0.12 %`, `3.4 %`, `12.4 %`; below a hundredth of a per cent `< 0.01 %`.
#[must_use]
pub fn rate(rate: f64) -> String {
    match percent(rate) {
        zero if zero == "0" => zero,
        digits => format!("{digits} %"),
    }
}

/// A ratio's digits alone, for tables whose head says per cent.
#[must_use]
pub fn percent(rate: f64) -> String {
    let percent = rate * 100.0;
    if !percent.is_finite() {
        return "–".to_owned();
    }
    match percent {
        p if p <= 0.0 => "0".to_owned(),
        p if p < 0.01 => "< 0.01".to_owned(),
        // Each limit is where this form would round up to a number that belongs to the next one, as 0.0996 to 0.100.
        p if p < 0.0995 => format!("{p:.3}"),
        p if p < 0.995 => format!("{p:.2}"),
        p if p < 99.95 => format!("{p:.1}"),
        p if p < 100.0 => "> 99.9".to_owned(),
        p => format!("{p:.0}"),
    }
}

/// An upper bound of a probability as a percentage, rounded up so that the printed bound still holds.
#[must_use]
pub fn upper_bound(probability: f64) -> String {
    let tenths = probability * 1000.0;
    // A bound that sits on a tenth up to rounding noise is not lifted by one.
    let up = libm::ceil(tenths - 1e-6) / 10.0;
    if up.is_finite() { format!("{up:.1} %") } else { "–".to_owned() }
}

/// A 95 % interval of a ratio: `3.1–3.7 %`.
#[must_use]
pub fn interval([low, high]: [f64; 2]) -> String {
    format!("{}–{} %", percent(low), percent(high))
}

/// Milliseconds without the unit: `0`, `0.42`, `4.2`, `42`, `1,420`; below a hundredth `< 0.01`.
#[must_use]
pub fn ms(ms: f64) -> String {
    match ms {
        m if !m.is_finite() => "–".to_owned(),
        m if m <= 0.0 => "0".to_owned(),
        m if m < 0.01 => "< 0.01".to_owned(),
        m if m < 0.995 => format!("{m:.2}"),
        m if m < 9.95 => format!("{m:.1}"),
        m => count(whole(m)),
    }
}

/// Milliseconds, or a dash where there is no value.
#[must_use]
pub fn ms_or_dash(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), ms)
}

/// A quantity without a unit of its own: `0`, `0.042`, `0.42`, `4.2`, `42`, `4,200`.
#[must_use]
pub fn number(value: f64) -> String {
    match value {
        v if !v.is_finite() => "–".to_owned(),
        0.0 => "0".to_owned(),
        v if v < 0.0 => format!("−{}", number(-v)),
        v if v < 0.001 => "< 0.001".to_owned(),
        v if v < 0.0995 => trimmed(format!("{v:.3}")),
        v if v < 0.995 => trimmed(format!("{v:.2}")),
        v if v < 99.95 => trimmed(format!("{v:.1}")),
        v => count(whole(v)),
    }
}

/// A number with three decimals below ten and four digits from there on, for what is compared: `0.064`, `5.556`,
/// `33.33`, `333.3`, `18,123`.
#[must_use]
pub fn precise(value: f64) -> String {
    match value {
        v if !v.is_finite() => "–".to_owned(),
        v if v < 0.0 => format!("−{}", precise(-v)),
        v if v <= 0.0 => "0".to_owned(),
        v if v < 0.0005 => "< 0.001".to_owned(),
        // Each limit is where this form would round up to a number that belongs to the next one.
        v if v < 9.9995 => format!("{v:.3}"),
        v if v < 99.995 => format!("{v:.2}"),
        v if v < 999.95 => format!("{v:.1}"),
        v => count(whole(v)),
    }
}

/// Bytes: `0 B`, `1,024 B`, `24.6 kB`, `118 kB`, `1.6 MB`, `8.6 GB`; a kilobyte is 1,000 bytes.
#[must_use]
pub fn bytes(bytes: f64) -> String {
    match bytes {
        b if !b.is_finite() => "–".to_owned(),
        b if b <= 0.0 => "0 B".to_owned(),
        b if b < 1.0 => "< 1 B".to_owned(),
        b if b < 9_999.5 => format!("{} B", count(whole(b))),
        b if b < 99_950.0 => format!("{:.1} kB", b / 1e3),
        b if b < 999_500.0 => format!("{:.0} kB", b / 1e3),
        b if b < 999_950_000.0 => format!("{:.1} MB", b / 1e6),
        b => format!("{:.1} GB", b / 1e9),
    }
}

/// A count with a comma at each thousand.
#[must_use]
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A count in at most seven characters, for a narrow column: from a million on in millions.
#[must_use]
pub fn count_short(value: u64) -> String {
    match value {
        0..1_000_000 => count(value),
        // Half the divisor on top rounds to the nearest, in whole numbers: a float cannot hold every `u64`.
        // From half a hundredth below on, it would be rounded to 100.00, which is a character more.
        1_000_000..99_995_000 => hundredths((value + 5_000) / 10_000, "M"),
        99_995_000..1_000_000_000 => format!("{} M", value.max(100_000_000) / 1_000_000),
        1_000_000_000..99_995_000_000 => hundredths((value + 5_000_000) / 10_000_000, "G"),
        _ => format!("{} G", count(value.max(100_000_000_000) / 1_000_000_000)),
    }
}

fn hundredths(hundredths: u64, unit: &str) -> String {
    format!("{}.{:02} {unit}", hundredths / 100, hundredths % 100)
}

/// `1 run`, `8 runs`.
#[must_use]
pub fn plural(value: u64, thing: &str) -> String {
    format!("{} {thing}{}", count(value), if value == 1 { "" } else { "s" })
}

/// Things in a sentence: `10`, `10 and 100`, `10, 100 and 1,000`.
#[must_use]
pub fn listed(things: &[String]) -> String {
    match things {
        [] => String::new(),
        [one] => one.clone(),
        [front @ .., last] => format!("{} and {last}", front.join(", ")),
    }
}

/// Seeds as ranges where they run on: `0–7`, `3, 5, 9–12`.
#[must_use]
pub fn seeds(seeds: &[u64]) -> String {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for &seed in seeds {
        match ranges.last_mut() {
            // Checked, because a seed may be the largest number there is.
            Some((_, last)) if last.checked_add(1) == Some(seed) => *last = seed,
            _ => ranges.push((seed, seed)),
        }
    }
    let words: Vec<String> =
        ranges.iter().map(|&(a, b)| if a == b { a.to_string() } else { format!("{a}–{b}") }).collect();
    words.join(", ")
}

/// Why there is no finite size, in words that finish "no buffer is large enough:"; an unknown reason as it stands.
#[must_use]
pub fn reason(code: &str) -> &str {
    match code {
        "slower_than_arrivals" => "a class reads slower than events arrive",
        "never_reads" => "a class never reads",
        "server_saturated" => "the server's worker is saturated",
        "bytes_or_age_limit" => "a limit in bytes or age loses frames whatever the buffer",
        "larger_than_any_mailbox" => "more would be needed than a mailbox may have",
        other => other,
    }
}

/// The nearest whole number; a float beyond `u64` is its maximum.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts from floats saturate")]
fn whole(value: f64) -> u64 {
    libm::round(value) as u64
}

/// Without zeros behind the point: `20.0` reads `20`.
fn trimmed(digits: String) -> String {
    digits.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_zero_reads_zero() {
        assert_eq!(rate(0.0), "0");
        assert_eq!(rate(1e-12), "< 0.01 %");
        assert_eq!(ms(1e-9), "< 0.01");
        assert_eq!(number(1e-9), "< 0.001");
        assert_eq!(bytes(0.3), "< 1 B");
    }

    #[test]
    fn only_a_whole_reads_a_hundred_per_cent() {
        assert_eq!(rate(0.999_96), "> 99.9 %");
        assert_eq!(rate(1.0), "100 %");
    }

    #[test]
    fn rates_carry_two_or_three_digits() {
        let written: Vec<String> =
            [0.0001, 0.000_994, 0.0012, 0.00994, 0.034, 0.0996, 0.124].into_iter().map(rate).collect();
        assert_eq!(written, ["0.010 %", "0.099 %", "0.12 %", "0.99 %", "3.4 %", "10.0 %", "12.4 %"]);
    }

    #[test]
    fn milliseconds_lose_decimals_as_they_grow() {
        let written: Vec<String> = [0.424, 0.996, 4.2, 9.97, 42.4, 1419.6].into_iter().map(ms).collect();
        assert_eq!(written, ["0.42", "1.0", "4.2", "10", "42", "1,420"]);
    }

    #[test]
    fn what_is_no_number_is_a_dash_and_what_is_below_nothing_is_nothing() {
        assert_eq!([percent, ms, number, bytes, precise, upper_bound].map(|write| write(f64::NAN)), ["–"; 6]);
        assert_eq!([percent, ms].map(|write| write(-1.0)), ["0"; 2]);
        assert_eq!([bytes(0.0), bytes(-1.0)], ["0 B"; 2]);
        assert_eq!((ms_or_dash(None).as_str(), ms_or_dash(Some(4.2)).as_str()), ("–", "4.2"));
    }

    #[test]
    fn a_value_on_a_border_is_written_as_those_above_it() {
        assert_eq!([0.000_995, 0.9995, 1.0].map(percent), ["0.10", "> 99.9", "100"]);
        assert_eq!([0.01, 0.995, 9.95].map(ms), ["0.01", "1.0", "10"]);
        assert_eq!([0.001, 0.995].map(number), ["0.001", "1"]);
        assert_eq!([1.0, 9_999.5, 99_950.0, 999_500.0].map(bytes), ["1 B", "10.0 kB", "100 kB", "1.0 MB"]);
        assert_eq!([0.0005, 9.9995, 99.995, 999.95].map(precise), ["0.001", "10.00", "100.0", "1,000"]);
        let edges = [1_000_000, 99_994_999, 99_995_000, 100_000_000, 999_999_999, 1_000_000_000, 99_999_999_999];
        let counts = edges.map(count_short);
        assert_eq!(counts, ["1.00 M", "99.99 M", "100 M", "100 M", "999 M", "1.00 G", "100 G"]);
    }

    #[test]
    fn quantities_lose_decimals_as_they_grow_and_keep_their_sign() {
        let written = [0.0, 0.042, 0.424, 4.24, 20.0, 42.4, 4200.0, -4.24].map(number);
        assert_eq!(written, ["0", "0.042", "0.42", "4.2", "20", "42.4", "4,200", "−4.2"]);
        let written = [0.0, 0.0004, 0.064, 5.5556, 33.333, 333.33, 18_123.0, -5.5556].map(precise);
        assert_eq!(written, ["0", "< 0.001", "0.064", "5.556", "33.33", "333.3", "18,123", "−5.556"]);
    }

    #[test]
    fn bytes_are_told_in_thousands() {
        let written = [512.0, 1024.0, 24_600.0, 118_000.0, 1.6e6, 8.59e9].map(bytes);
        assert_eq!(written, ["512 B", "1,024 B", "24.6 kB", "118 kB", "1.6 MB", "8.6 GB"]);
    }

    #[test]
    fn words_around_a_number_follow_it() {
        assert_eq!([1, 8, 1000].map(|runs| plural(runs, "run")), ["1 run", "8 runs", "1,000 runs"]);
        assert_eq!(interval([0.031, 0.037]), "3.1–3.7 %");
        assert_eq!(count_short(1_236_000_000), "1.24 G");
        let reasons = ["slower_than_arrivals", "never_reads", "server_saturated", "another"].map(reason);
        assert_eq!(reasons[1..], ["a class never reads", "the server's worker is saturated", "another"]);
        assert_eq!(reasons[0], "a class reads slower than events arrive");
    }

    #[test]
    fn a_bound_is_rounded_up_and_never_down() {
        assert_eq!(upper_bound(0.0495), "5.0 %");
        assert_eq!(upper_bound(0.0501), "5.1 %");
        assert_eq!(upper_bound(0.05), "5.0 %");
    }

    #[test]
    fn seeds_that_run_on_read_as_a_range() {
        assert_eq!(seeds(&[0, 1, 2, 3]), "0–3");
        assert_eq!(seeds(&[3, 5, 9, 10]), "3, 5, 9–10");
        assert_eq!(seeds(&[]), "");
    }

    #[test]
    fn counts_are_grouped() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!([999_999, 3_747_000, 412_345_678].map(count_short), ["999,999", "3.75 M", "412 M"]);
        assert_eq!(listed(&["1".into(), "2".into(), "3".into()]), "1, 2 and 3");
    }
}
