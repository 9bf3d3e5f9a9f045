//! Sizes of a history: what streams needed of it in many runs, and the settings that follow.

use serde::{Deserialize, Serialize};

use super::document::RunsDone;
use super::{format, risk, sizes};
use crate::scenario::{MAX_HISTORY, MAX_HISTORY_BYTES};
use crate::tail::clopper_pearson::upper_bound_95;
use crate::tail::tolerance::risk_of_largest;

/// The form of the document.
pub const SCHEMA: u32 = 1;

/// What `size --history` found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistorySizes {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The command that gives the same result.
    pub command: String,
    /// The scenario's name.
    pub scenario: String,
    /// The question that running it answers.
    pub question: String,
    /// The overflow policy.
    pub policy: String,
    /// The mailboxes that subscribers had, in frames.
    pub buffer: u64,
    /// Subscribers that were away for longer do not count.
    pub back_within_ms: f64,
    /// How long events arrive in a run.
    pub run_seconds: f64,
    /// By N.
    pub sizes: Vec<HistorySize>,
    /// The settings to write.
    pub recommendation: HistoryRecommendation,
    /// How many runs the specification and the full stack did for these sizes.
    pub runs: RunsDone,
}

/// The history of one N. A history of `events.largest` events and `bytes.largest` bytes is enough in every run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistorySize {
    /// N.
    pub subscribers: usize,
    /// Runs, on the seeds from 0 on.
    pub runs: u64,
    /// Whether these are only the scenario's own seeds, so that nothing is said of the risk.
    pub is_quick: bool,
    /// How often subscribers came back after they had been away for at most the time asked for.
    pub returns: u64,
    /// How often they came back after a longer time.
    pub later_returns: u64,
    /// The longest absence that counts.
    pub longest_absence_ms: f64,
    /// The limit in events.
    pub events: HistoryLimit,
    /// The limit in bytes.
    pub bytes: HistoryLimit,
    /// With 95 % confidence, the probability that a further run needs more events is no larger, and so for bytes.
    pub risk_upper95: f64,
    /// With 95 % confidence, the probability that a further run needs more of either is no larger.
    pub risk_of_either_upper95: f64,
}

/// What runs need of one limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryLimit {
    /// The exact size: the smallest that is enough on the scenario's own seeds.
    pub exact: u64,
    /// The smallest that is enough in all runs.
    pub largest: u64,
    /// The stream that needs it; none where no stream needs more than a history always has.
    pub binding: Option<HistoryBinding>,
}

/// The stream that needs the most.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryBinding {
    /// Its run.
    pub seed: u64,
    /// Its subscriber, as an index in the plan.
    pub subscriber: usize,
    /// The class of that.
    pub class: String,
    /// For how long the subscriber had been away; none for a first stream, which was parked.
    pub away_ms: Option<f64>,
    /// When the most was needed.
    pub at_ms: f64,
}

/// The settings that follow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryRecommendation {
    /// `server.history_events`; none where the risk is not known, or where no server accepts a history that large.
    pub events: Option<u64>,
    /// `server.history_bytes`, likewise.
    pub bytes: Option<u64>,
    /// Why.
    pub because: String,
}

/// The bounds of the risk that `runs` runs leave: for each of the two limits, and for both together.
pub fn risks(runs: u64) -> (f64, f64) {
    // At most two runs have the largest of one limit. All others are below both, so two limits are as one limit that one
    // run exceeds (J. W. Tukey, "Non-parametric estimation II", Annals of Mathematical Statistics 18 (1947), 529-539).
    (risk_of_largest(runs), if runs > 1 { upper_bound_95(1, runs) } else { 1.0 })
}

/// The settings for all N: each the next power of two above the largest that any run needs, as far as a server accepts it.
pub fn recommendation(sizes: &[HistorySize], back_within: &str, run_seconds: f64) -> HistoryRecommendation {
    let largest = |of: fn(&HistorySize) -> &HistoryLimit| sizes.iter().map(|size| of(size).largest).max().unwrap_or(1);
    let (events, bytes) = (largest(|size| &size.events), largest(|size| &size.bytes));
    let reached = reached(sizes, back_within, (events, bytes));
    let none = |because: String| HistoryRecommendation { events: None, bytes: None, because };
    if events > MAX_HISTORY || bytes > MAX_HISTORY_BYTES {
        return none(format!(
            "{reached} A server keeps at most {} events and {} B.",
            format::count(MAX_HISTORY),
            format::count(MAX_HISTORY_BYTES)
        ));
    }
    if sizes.iter().any(|size| size.is_quick) {
        return none(format!("{reached} How likely another run needs more is not known: leave out --quick."));
    }
    let (events, bytes) = (named(events, MAX_HISTORY), named(bytes, MAX_HISTORY_BYTES));
    let bound = sizes.iter().map(|size| size.risk_of_either_upper95).fold(0.0, f64::max);
    let because = format!(
        "{reached} The next powers of two above are {} events and {} B. With both, {} that the history is asked for (95 % \
         confidence).",
        format::count(events),
        format::count(bytes),
        risk::in_words(bound, run_seconds),
    );
    HistoryRecommendation { events: Some(events), bytes: Some(bytes), because }
}

/// With headroom, but not more than a server accepts.
fn named(largest: u64, most: u64) -> u64 {
    sizes::with_headroom(largest).min(most)
}

fn reached(sizes: &[HistorySize], back_within: &str, (events, bytes): (u64, u64)) -> String {
    let runs = format::plural(sizes.first().map_or(0, |size| size.runs), "run");
    let ns: Vec<String> = sizes.iter().map(|size| format::count(size.subscribers as u64)).collect();
    let returns: u64 = sizes.iter().map(|size| size.returns).sum();
    let longest = sizes.iter().map(|size| size.longest_absence_ms).fold(0.0, f64::max);
    format!(
        "In {runs}{} at N = {} subscribers came back {} after at most {back_within}, the longest absence being {} s. They \
         needed up to {} and {} B of payload.",
        if sizes.len() > 1 { " each" } else { "" },
        format::listed(&ns),
        if returns == 1 { "once".to_owned() } else { format!("{} times", format::count(returns)) },
        format::number(longest / 1000.0),
        format::plural(events, "event"),
        format::count(bytes),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(events: u64, bytes: u64) -> HistorySize {
        let limit = |largest| HistoryLimit { exact: 1, largest, binding: None };
        let (risk_upper95, risk_of_either_upper95) = risks(600);
        HistorySize {
            subscribers: 100,
            runs: 600,
            is_quick: false,
            returns: 1234,
            later_returns: 0,
            longest_absence_ms: 3062.0,
            events: limit(events),
            bytes: limit(bytes),
            risk_upper95,
            risk_of_either_upper95,
        }
    }

    #[test]
    fn the_settings_are_the_next_powers_of_two_and_the_sentence_bounds_the_risk_of_both() {
        let named = recommendation(&[size(64, 20_000)], "10s", 60.0);
        assert_eq!((named.events, named.bytes), (Some(128), Some(32_768)));
        assert_eq!(
            named.because,
            "In 600 runs at N = 100 subscribers came back 1,234 times after at most 10s, the longest absence being 3.1 s. They \
             needed up to 64 events and 20,000 B of payload. The next powers of two above are 128 events and 32,768 B. With \
             both, at most one minute in 126 loses anything that the history is asked for (95 % confidence)."
        );
    }

    #[test]
    fn a_history_that_no_server_accepts_is_not_recommended() {
        assert_eq!(recommendation(&[size(9_000_000, 1)], "1m", 60.0).events, Some(MAX_HISTORY));
        let too_large = recommendation(&[size(1, MAX_HISTORY_BYTES + 1)], "1m", 60.0);
        assert_eq!((too_large.events, too_large.bytes), (None, None));
        assert!(too_large.because.ends_with("A server keeps at most 10,000,000 events and 1,073,741,824 B."));
    }

    #[test]
    fn the_risk_of_either_limit_is_larger_than_that_of_one_and_less_than_twice_it() {
        let (one, either) = risks(600);
        assert!(one < 0.005 && one < either && either < 2.0 * one, "{one} {either}");
    }
}
