//! From high-water marks to a size, and from sizes to a recommendation.

use super::document::{Binding, Recommendation, ZeroDrop};
use super::run::RunSummary;
use crate::first_order::Reason;

/// What servers of this kind have had so far; no recommendation goes below it.
pub const TODAYS_BUFFER: u64 = 64;

/// The reason where the size with headroom is larger than a server accepts.
pub const TOO_LARGE: &str = "larger_than_any_mailbox";

/// The exact size of unbounded runs: until the first overflow nothing depends on the capacity, so the largest
/// high-water mark is the smallest mailbox that loses nothing.
pub fn exact(runs: &[RunSummary]) -> u64 {
    high_waters(runs).into_iter().max().unwrap_or(0).max(1)
}

/// The largest high-water mark of each run.
pub fn high_waters(runs: &[RunSummary]) -> Vec<u64> {
    runs.iter().map(|run| run.high_water.map_or(0, |highest| highest.frames)).collect()
}

/// With headroom: the next power of two strictly above.
pub fn with_headroom(size: u64) -> u64 {
    (size + 1).next_power_of_two()
}

/// The subscriber and moment that the size comes from, the first of equals.
pub fn binding(runs: &[RunSummary], class_names: &[String]) -> Option<Binding> {
    let highest = runs.iter().filter_map(|run| run.high_water.map(|high_water| (run.seed, high_water)));
    let (seed, high_water) = highest.reduce(|first, next| if next.1.frames > first.1.frames { next } else { first })?;
    Some(Binding {
        subscriber: high_water.subscriber,
        class: class_names.get(high_water.class).cloned().unwrap_or_default(),
        seed,
        at_ms: high_water.at_ms,
    })
}

/// The number to configure: the largest validated size over N, at least [`TODAYS_BUFFER`].
pub fn recommendation(sizes: &[ZeroDrop]) -> Recommendation {
    if let Some(unsizable) = sizes.iter().find(|size| size.buffer.is_none()) {
        return Recommendation { buffer: None, because: why_none(unsizable) };
    }
    let largest = sizes.iter().max_by_key(|size| size.validation.as_ref().map_or(0, |tried| tried.buffer));
    let Some((size, tried)) = largest.and_then(|size| size.validation.as_ref().map(|tried| (size, tried))) else {
        return Recommendation { buffer: None, because: "No size was asked for.".to_owned() };
    };
    if tried.runs_with_drops > 0 {
        let because = format!(
            "At N = {} even {} frames lost something in {} of {} validation runs; no larger size was tried.",
            size.subscribers,
            tried.buffer,
            tried.runs_with_drops,
            tried.seeds.len()
        );
        return Recommendation { buffer: None, because };
    }
    let ns: Vec<_> = sizes.iter().map(|size| size.subscribers.to_string()).collect();
    let buffer = tried.buffer.max(TODAYS_BUFFER);
    let exact: Vec<_> = sizes.iter().filter_map(|size| size.buffer).map(|exact| exact.to_string()).collect();
    let mut because = format!(
        "At N = {} the smallest buffers without a drop on {} seeds are {}. The largest of the validated sizes is {}: {} \
         fresh runs at it dropped nothing, so at most {:.1} % of runs drop anything (95 % confidence).",
        ns.join(", "),
        size.per_seed.len(),
        exact.join(", "),
        tried.buffer,
        tried.seeds.len(),
        tried.run_drop_probability_upper95 * 100.0
    );
    for size in sizes {
        for failed in size.validation.iter().flat_map(|validation| &validation.failed) {
            let (n, buffer, run) = (size.subscribers, failed.buffer, failed.runs);
            because += &format!(" At N = {n}, {buffer} slots failed: fresh run {run} dropped.");
        }
    }
    if buffer > tried.buffer {
        because += &format!(" No size below today's {TODAYS_BUFFER} is recommended.");
    }
    Recommendation { buffer: Some(buffer), because }
}

fn why_none(size: &ZeroDrop) -> String {
    let n = size.subscribers;
    let is = |reason: Reason| size.reason.as_deref() == Some(reason.as_str());
    if is(Reason::NeverReads) {
        format!(
            "At N = {n} a subscriber never reads: no finite buffer serves it; the write deadline and the policy do."
        )
    } else if size.reason.as_deref() == Some(TOO_LARGE) {
        format!("At N = {n} no mailbox that the server accepts is large enough: choose a policy.")
    } else if is(Reason::ServerSaturated) {
        format!("At N = {n} the server's CPU is offered more than it can do: buffers only postpone the loss.")
    } else {
        format!(
            "At N = {n} a class takes less than what arrives on the mean: the size grows with the run, and a larger \
             buffer only postpones the loss. Choose a policy."
        )
    }
}
