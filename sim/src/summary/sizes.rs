//! From high-water marks to a size, and from sizes to a recommendation.

use super::document::{Binding, Recommendation, ZeroDrop};
use super::format;
use super::run::RunSummary;
use crate::first_order::UnboundedSizeReason;

/// The reason where a limit in bytes or age lost something, however many frames there was room for.
pub const OTHER_LIMITS: &str = "bytes_or_age_limit";

/// The reason where the size with headroom is larger than a server accepts.
pub const TOO_LARGE: &str = "larger_than_any_mailbox";

/// The exact size of unbounded runs: until the first overflow nothing depends on the capacity, so the largest
/// high-water mark is the smallest mailbox that loses nothing.
pub fn exact(runs: &[RunSummary]) -> u64 {
    // A mailbox has at least one slot, even where nothing ever waited.
    high_waters(runs).into_iter().max().unwrap_or(0).max(1)
}

/// The largest high-water mark of each run.
pub fn high_waters(runs: &[RunSummary]) -> Vec<u64> {
    runs.iter().map(|run| run.high_water.map_or(0, |highest| highest.frames)).collect()
}

/// With headroom: the next power of two strictly above.
pub fn with_headroom(size: u64) -> u64 {
    // One more first: a size that is a power of two already would otherwise get no headroom.
    (size + 1).next_power_of_two()
}

/// The subscriber and moment that the size comes from, the first of equals.
pub fn binding(runs: &[RunSummary], class_names: &[String]) -> Option<Binding> {
    let highest = runs.iter().filter_map(|run| run.high_water.map(|high_water| (run.seed, high_water)));
    // Not `max_by_key`, which keeps the last of equals.
    let (seed, high_water) = highest.reduce(|first, next| if next.1.frames > first.1.frames { next } else { first })?;
    Some(Binding {
        subscriber: high_water.subscriber,
        class: class_names.get(high_water.class).cloned().unwrap_or_default(),
        seed,
        at_ms: high_water.at_ms,
    })
}

/// The number to configure: the largest validated size over N.
pub fn recommendation(sizes: &[ZeroDrop]) -> Recommendation {
    // One N without a finite size is enough: the number to configure is for all of them.
    if let Some(unsizable) = sizes.iter().find(|size| size.buffer.is_none()) {
        return Recommendation { buffer: None, because: why_none(unsizable) };
    }
    let largest = sizes.iter().max_by_key(|size| size.validation.as_ref().map_or(0, |tried| tried.buffer));
    let Some((size, tried)) = largest.and_then(|size| size.validation.as_ref().map(|tried| (size, tried))) else {
        return Recommendation { buffer: None, because: not_validated(sizes) };
    };
    if tried.runs_with_drops > 0 {
        let because = format!(
            "At N = {} even a buffer of {} lost something in {} of {}; no larger size was tried.",
            size.subscribers,
            format::plural(tried.buffer, "frame"),
            tried.runs_with_drops,
            format::plural(tried.seeds.len() as u64, "validation run")
        );
        return Recommendation { buffer: None, because };
    }
    let (exact, validated) = exact_sizes(sizes);
    let mut because = format!(
        "{exact} {validated} {}: {} at it dropped nothing, so at most {:.1} % of runs drop anything (95 % confidence).",
        tried.buffer,
        format::plural(tried.seeds.len() as u64, "fresh run"),
        tried.run_drop_probability_upper95 * 100.0
    );
    for size in sizes {
        for failed in size.validation.iter().flat_map(|validation| &validation.failed) {
            let (n, slots, run) = (size.subscribers, format::plural(failed.buffer, "slot"), failed.runs);
            because += &format!(" At N = {n}, {slots} failed: fresh run {run} dropped.");
        }
    }
    Recommendation { buffer: Some(tried.buffer), because }
}

/// What is known where no size was tried on fresh seeds.
fn not_validated(sizes: &[ZeroDrop]) -> String {
    let Some(largest) = sizes.iter().filter_map(|size| size.buffer).max() else {
        return "No size was asked for.".to_owned();
    };
    let (exact, _) = exact_sizes(sizes);
    format!("{exact} Nothing was validated on fresh seeds; a validation would begin at {}.", with_headroom(largest))
}

/// The sentence with the exact size of every N, and the beginning of the one with the validated size.
fn exact_sizes(sizes: &[ZeroDrop]) -> (String, &'static str) {
    let listed = |numbers: Vec<String>| numbers.join(", ");
    let ns = listed(sizes.iter().map(|size| size.subscribers.to_string()).collect());
    let exact = listed(sizes.iter().filter_map(|size| size.buffer).map(|exact| exact.to_string()).collect());
    let seeds = format::plural(sizes.first().map_or(0, |size| size.per_seed.len() as u64), "seed");
    if sizes.len() == 1 {
        let said = format!("At N = {ns} the smallest buffer without a drop on {seeds} is {exact}.");
        (said, "The validated size is")
    } else {
        let said = format!("At N = {ns} the smallest buffers without a drop on {seeds} are {exact}.");
        (said, "The largest of the validated sizes is")
    }
}

fn why_none(size: &ZeroDrop) -> String {
    let n = size.subscribers;
    let is = |reason: UnboundedSizeReason| size.reason.as_deref() == Some(reason.as_str());
    if is(UnboundedSizeReason::NeverReads) {
        format!(
            "At N = {n} a subscriber never reads: no finite buffer serves it; the write deadline and the policy do."
        )
    } else if size.reason.as_deref() == Some(TOO_LARGE) {
        format!("At N = {n} no mailbox that the server accepts is large enough: choose a policy.")
    } else if size.reason.as_deref() == Some(OTHER_LIMITS) {
        format!("At N = {n} a limit in bytes or age loses frames however large the buffer is: raise that limit first.")
    } else if is(UnboundedSizeReason::ServerSaturated) {
        format!("At N = {n} the server's CPU is offered more than it can do: buffers only postpone the loss.")
    } else {
        format!(
            "At N = {n} a class takes less than what arrives on the mean: the size grows with the run, and a larger \
             buffer only postpones the loss. Choose a policy."
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::document::{FailedSize, Validation};
    use crate::summary::fixture;

    /// A run whose fullest mailbox, the second class's, held that many.
    fn run(seed: u64, frames: u64) -> RunSummary {
        let mut record = fixture::record(1);
        record.subscribers[2].high_water = frames;
        RunSummary::of(seed, record).0
    }

    fn idle() -> RunSummary {
        let mut record = fixture::record(1);
        record.subscribers.clear();
        RunSummary::of(0, record).0
    }

    #[test]
    fn the_exact_size_is_the_largest_high_water_mark_and_at_least_one() {
        let runs = [run(0, 12), run(1, 47), run(2, 30)];
        assert_eq!((high_waters(&runs), exact(&runs)), (vec![12, 47, 30], 47));
        assert_eq!((high_waters(&[idle()]), exact(&[idle()]), exact(&[])), (vec![0], 1, 1));
    }

    #[test]
    fn headroom_is_the_next_power_of_two_strictly_above() {
        assert_eq!([1, 2, 3, 63, 64, 127].map(with_headroom), [2, 4, 4, 64, 128, 128]);
    }

    #[test]
    fn a_size_comes_from_the_first_run_and_subscriber_that_reached_it() {
        let names = ["near".to_owned(), "far".to_owned()];
        let binding = |runs: &[RunSummary]| binding(runs, &names);
        let of_three = binding(&[run(0, 12), run(1, 47), run(2, 47)]).unwrap();
        assert_eq!((of_three.subscriber, of_three.class.as_str(), of_three.seed), (2, "far", 1));
        assert_eq!(of_three.at_ms, 1509.0);
        assert_eq!(binding(&[]), None);
    }

    fn validated(subscribers: usize, exact: u64, buffer: u64) -> ZeroDrop {
        let mut sizes = fixture::alpha().zero_drop;
        let mut size = sizes.swap_remove(0);
        (size.subscribers, size.buffer) = (subscribers, Some(exact));
        if let Some(validation) = &mut size.validation {
            validation.buffer = buffer;
        }
        size
    }

    fn changed(size: &ZeroDrop, change: impl FnOnce(&mut Validation)) -> ZeroDrop {
        let mut size = size.clone();
        change(size.validation.as_mut().unwrap());
        size
    }

    #[test]
    fn the_largest_validated_size_is_recommended_with_what_it_rests_on() {
        let sizes = [validated(10, 47, 128), validated(100, 200, 256)];
        let Recommendation { buffer, because } = recommendation(&sizes);
        assert_eq!(buffer, Some(256));
        assert_eq!(
            because,
            "At N = 10, 100 the smallest buffers without a drop on 8 seeds are 47, 200. The largest of the validated \
             sizes is 256: 59 fresh runs at it dropped nothing, so at most 5.0 % of runs drop anything (95 % confidence)."
        );
    }

    #[test]
    fn a_size_below_what_servers_have_is_recommended_as_it_was_validated() {
        let small = recommendation(&[validated(10, 1, 2)]);
        assert_eq!(small.buffer, Some(2));
        assert_eq!(
            small.because,
            "At N = 10 the smallest buffer without a drop on 8 seeds is 1. The validated size is 2: 59 fresh runs at it \
             dropped nothing, so at most 5.0 % of runs drop anything (95 % confidence)."
        );
    }

    #[test]
    fn a_size_that_failed_its_validation_is_told() {
        let failed = FailedSize { buffer: 64, runs: 2, runs_with_drops: 1 };
        let size = changed(&validated(10, 47, 128), |validation| validation.failed.push(failed));
        let because = recommendation(&[size]).because;
        assert!(because.ends_with("At N = 10, 64 slots failed: fresh run 2 dropped."), "{because}");
        let failed = FailedSize { buffer: 1, runs: 2, runs_with_drops: 1 };
        let size = changed(&validated(10, 1, 2), |validation| validation.failed.push(failed));
        let because = recommendation(&[size]).because;
        assert!(because.ends_with("At N = 10, 1 slot failed: fresh run 2 dropped."), "{because}");
    }

    #[test]
    fn a_size_that_still_dropped_is_not_recommended() {
        let size = changed(&validated(10, 47, 128), |validation| validation.runs_with_drops = 3);
        let Recommendation { buffer, because } = recommendation(&[size]);
        assert_eq!(
            (buffer, because.contains("even a buffer of 128 frames lost something in 3 of 59 validation runs")),
            (None, true),
            "{because}"
        );
    }

    #[test]
    fn where_one_n_has_no_size_none_is_recommended_and_the_reason_is_its_own() {
        assert_eq!(recommendation(&[]).buffer, None);
        for (reason, says) in [
            (UnboundedSizeReason::NeverReads.as_str(), "never reads"),
            (UnboundedSizeReason::ServerSaturated.as_str(), "CPU is offered more"),
            (UnboundedSizeReason::SlowerThanArrivals.as_str(), "takes less than what arrives"),
            (TOO_LARGE, "no mailbox that the server accepts"),
            (OTHER_LIMITS, "raise that limit first"),
        ] {
            let mut unsizable = validated(100, 1, 2);
            (unsizable.buffer, unsizable.reason) = (None, Some(reason.to_owned()));
            let Recommendation { buffer, because } = recommendation(&[validated(10, 47, 128), unsizable]);
            assert!(buffer.is_none() && because.contains("N = 100") && because.contains(says), "{because}");
        }
    }
}
