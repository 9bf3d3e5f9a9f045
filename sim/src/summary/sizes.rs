//! From high-water marks to a size, and from sizes to a recommendation.

use hubbub::mailbox::MAX_CAPACITY;

use super::document::{Binding, Recommendation, ZeroDrop};
use super::format;
use super::risk;
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

/// The size that is named as the answer for one N: the next power of two above the largest mark of all its runs.
/// `None` where there are no marks, or where no mailbox is that large.
pub fn named(size: &ZeroDrop) -> Option<u64> {
    let tolerance = size.tolerance.as_ref().filter(|_| size.buffer.is_some())?;
    Some(with_headroom(tolerance.buffer)).filter(|named| *named <= MAX_CAPACITY as u64)
}

/// The number to configure: the largest over N of the sizes that are named as answers.
pub fn recommendation(sizes: &[ZeroDrop], run_seconds: f64) -> Recommendation {
    // One N without a finite size is enough: the number to configure is for all of them.
    if let Some(unsizable) = sizes.iter().find(|size| size.buffer.is_none()) {
        return Recommendation { buffer: None, because: why_none(unsizable) };
    }
    if sizes.iter().any(|size| size.tolerance.is_none()) || sizes.is_empty() {
        return Recommendation { buffer: None, because: only_exact(sizes) };
    }
    if let Some(too_large) = sizes.iter().find(|size| named(size).is_none()) {
        return Recommendation { buffer: None, because: larger_than_any_mailbox(too_large.subscribers) };
    }
    let buffer = sizes.iter().filter_map(named).max();
    // Every N has as many runs, so the bound of the first holds for all of them.
    let Some((buffer, tolerance)) = buffer.zip(sizes.iter().filter_map(|size| size.tolerance.as_ref()).next()) else {
        return Recommendation { buffer: None, because: only_exact(sizes) };
    };
    let mut because = format!(
        "{} The next power of two above {} {buffer}. At that size {} (95 % confidence).",
        largest_marks(sizes),
        if sizes.len() == 1 { "it is" } else { "the largest of them is" },
        risk::in_words(tolerance.risk_upper95, run_seconds),
    );
    if let Some(fresh) = fresh_runs(sizes, buffer) {
        because += &format!(" {fresh}");
    }
    Recommendation { buffer: Some(buffer), because }
}

/// The sentence with the largest mark of every N.
fn largest_marks(sizes: &[ZeroDrop]) -> String {
    let runs = sizes.first().and_then(|size| size.marks.as_ref()).map_or(0, |marks| marks.runs);
    let ns = listed(sizes.iter().map(|size| size.subscribers as u64));
    let tolerances: Vec<u64> = sizes.iter().filter_map(|size| Some(size.tolerance.as_ref()?.buffer)).collect();
    let largest = listed(tolerances.iter().copied());
    let runs = format::plural(runs, "run");
    match tolerances.as_slice() {
        [one] => format!("In {runs} at N = {ns} the fullest mailbox held {}.", format::plural(*one, "frame")),
        _ => format!("In {runs} each at N = {ns} the fullest mailbox held {largest} frames."),
    }
}

/// What fresh runs at the recommended size came to, over every N that has it as its own; nothing where none was run.
fn fresh_runs(sizes: &[ZeroDrop], buffer: u64) -> Option<String> {
    let tried = sizes.iter().filter_map(|size| size.validation.as_ref()).filter(|tried| tried.buffer == buffer);
    let (runs, lossy) =
        tried.fold((0, 0), |(runs, lossy), tried| (runs + tried.seeds.len() as u64, lossy + tried.runs_with_drops));
    let runs_in_words = format::plural(runs, "fresh run");
    match (runs, lossy) {
        (0, _) => None,
        (_, 0) => Some(format!("{runs_in_words} at it lost nothing.")),
        _ => Some(format!("Of {runs_in_words} at it, {} lost something.", format::count(lossy))),
    }
}

/// What is known where only the exact sizes were asked for.
fn only_exact(sizes: &[ZeroDrop]) -> String {
    let Some(largest) = sizes.iter().filter_map(|size| size.buffer).max() else {
        return "No size was asked for.".to_owned();
    };
    let ns = listed(sizes.iter().map(|size| size.subscribers as u64));
    let exact = listed(sizes.iter().filter_map(|size| size.buffer));
    let seeds = format::plural(sizes.first().map_or(0, |size| size.per_seed.len() as u64), "seed");
    let are = if sizes.len() == 1 { "buffer without a drop on" } else { "buffers without a drop on" };
    let verb = if sizes.len() == 1 { "is" } else { "are" };
    format!(
        "At N = {ns} the smallest {are} {seeds} {verb} {exact}. These few runs bound no risk; the next power of two above \
         is {}.",
        with_headroom(largest)
    )
}

fn listed(numbers: impl Iterator<Item = u64>) -> String {
    numbers.map(|number| number.to_string()).collect::<Vec<_>>().join(", ")
}

fn larger_than_any_mailbox(subscribers: usize) -> String {
    format!("At N = {subscribers} no mailbox that the server accepts is large enough: choose a policy.")
}

fn why_none(size: &ZeroDrop) -> String {
    let n = size.subscribers;
    let is = |reason: UnboundedSizeReason| size.reason.as_deref() == Some(reason.as_str());
    if is(UnboundedSizeReason::NeverReads) {
        format!(
            "At N = {n} a subscriber never reads: no finite buffer serves it; the write deadline and the policy do."
        )
    } else if size.reason.as_deref() == Some(TOO_LARGE) {
        larger_than_any_mailbox(n)
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

    /// A size whose 600 runs had this largest mark, and 59 fresh runs at the next power of two.
    fn sized(subscribers: usize, largest: u64) -> ZeroDrop {
        fixture::sized(subscribers, largest)
    }

    fn with_lossy_fresh_runs(mut size: ZeroDrop, lossy: u64) -> ZeroDrop {
        size.validation.as_mut().unwrap().runs_with_drops = lossy;
        size
    }

    #[test]
    fn the_next_power_of_two_above_the_largest_mark_is_recommended_with_its_risk() {
        let Recommendation { buffer, because } = recommendation(&[sized(10, 47), sized(100, 200)], 60.0);
        assert_eq!(buffer, Some(256));
        assert_eq!(
            because,
            "In 600 runs each at N = 10, 100 the fullest mailbox held 47, 200 frames. The next power of two above the \
             largest of them is 256. At that size at most one minute in 200 loses anything (95 % confidence). 59 fresh runs at it lost nothing."
        );
    }

    #[test]
    fn a_size_below_what_servers_have_is_recommended_as_it_was_found() {
        let small = recommendation(&[sized(10, 1)], 45.0);
        assert_eq!(small.buffer, Some(2));
        assert_eq!(
            small.because,
            "In 600 runs at N = 10 the fullest mailbox held 1 frame. The next power of two above it is 2. At that size at \
             most one run of 45 s in 200 loses anything (95 % confidence). 59 fresh runs at it lost nothing."
        );
    }

    #[test]
    fn fresh_runs_that_lost_something_are_told() {
        let Recommendation { buffer, because } = recommendation(&[with_lossy_fresh_runs(sized(10, 47), 2)], 60.0);
        assert_eq!(buffer, Some(64));
        assert!(because.ends_with("Of 59 fresh runs at it, 2 lost something."), "{because}");
    }

    #[test]
    fn exact_sizes_alone_recommend_nothing() {
        let exact = |subscribers, buffer| ZeroDrop { marks: None, tolerance: None, ..sized(subscribers, buffer) };
        let Recommendation { buffer, because } = recommendation(&[exact(10, 47), exact(100, 130)], 60.0);
        assert_eq!(buffer, None);
        assert_eq!(
            because,
            "At N = 10, 100 the smallest buffers without a drop on 8 seeds are 47, 130. These few runs bound no risk; the \
             next power of two above is 256."
        );
    }

    #[test]
    fn a_mark_above_every_mailbox_recommends_nothing() {
        let Recommendation { buffer, because } = recommendation(&[sized(10, MAX_CAPACITY as u64)], 60.0);
        assert_eq!(buffer, None);
        assert!(because.contains("no mailbox that the server accepts is large enough"), "{because}");
    }

    #[test]
    fn where_one_n_has_no_size_none_is_recommended_and_the_reason_is_its_own() {
        assert_eq!(recommendation(&[], 60.0).buffer, None);
        for (reason, says) in [
            (UnboundedSizeReason::NeverReads.as_str(), "never reads"),
            (UnboundedSizeReason::ServerSaturated.as_str(), "CPU is offered more"),
            (UnboundedSizeReason::SlowerThanArrivals.as_str(), "takes less than what arrives"),
            (TOO_LARGE, "no mailbox that the server accepts"),
            (OTHER_LIMITS, "raise that limit first"),
        ] {
            let unsizable = ZeroDrop { buffer: None, reason: Some(reason.to_owned()), ..sized(100, 1) };
            let Recommendation { buffer, because } = recommendation(&[sized(10, 47), unsizable], 60.0);
            assert!(buffer.is_none() && because.contains("N = 100") && because.contains(says), "{because}");
        }
    }
}
