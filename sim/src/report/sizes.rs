//! The sizes of a document: exact ones, what many runs say of their risk, who binds them, and what they cost.

use hubbub::Overflow;

use crate::summary::document::{Extrapolation, Memory, Risk, Sweep, ZeroDrop};
use crate::summary::{format, sizes};

use super::parts::count_as_f64;
use super::table::{Lean, Table};

/// What the columns of [`table`] mean.
pub(super) const KEY: &str = "exact size: the smallest without a loss on these seeds · per seed: what each of them needs · rule: the \
    rule of thumb · largest: the fullest mailbox in all runs · size: the next power of two above it · lossy: fresh runs \
    at that size that lost something · P(lossy) ≤: bound of the probability that a run does, from all runs";

/// The sizes, one row an N.
pub(super) fn table(sweep: &Sweep) -> Option<Table> {
    let mut table = Table::new(&[
        ("N", Lean::Right),
        ("exact size", Lean::Right),
        ("per seed", Lean::Right),
        ("rule", Lean::Right),
        ("runs", Lean::Right),
        ("largest", Lean::Right),
        ("size", Lean::Right),
        ("lossy", Lean::Right),
        ("P(lossy) ≤", Lean::Right),
    ]);
    for answer in &sweep.zero_drop {
        let (marks, tolerance) = (answer.marks.as_ref(), answer.tolerance.as_ref());
        let fresh = answer.validation.as_ref();
        let dash = || "–".to_owned();
        table.row([
            format::count(answer.subscribers as u64),
            answer.buffer.map_or_else(|| "none".to_owned(), format::count),
            range(&answer.per_seed),
            answer.first_order_rule.map_or_else(dash, format::count),
            marks.map_or_else(dash, |marks| format::count(marks.runs)),
            tolerance.map_or_else(dash, |tolerance| format::count(tolerance.buffer)),
            sizes::named(answer).map_or_else(dash, format::count),
            fresh.map_or_else(dash, |v| format!("{} of {}", format::count(v.runs_with_drops), v.seeds.len())),
            tolerance.map_or_else(dash, |tolerance| format::upper_bound(tolerance.risk_upper95)),
        ]);
    }
    (!sweep.zero_drop.is_empty()).then_some(table)
}

/// Runs that lose something, at the sizes swept, at the current one and at those named as answers: a row a size, and a
/// column an N.
pub(super) fn risk(sweep: &Sweep) -> Option<Table> {
    let with_risk: Vec<&ZeroDrop> = sweep.zero_drop.iter().filter(|answer| !answer.risk.is_empty()).collect();
    let mut buffers: Vec<u64> = sweep.cells.iter().map(|cell| cell.buffer).collect();
    buffers.extend(sweep.current_buffer);
    buffers.extend(with_risk.iter().filter_map(|answer| sizes::named(answer)));
    buffers.sort_unstable();
    // The current size, and sizes that are named, are often among those swept.
    buffers.dedup();
    let heads: Vec<String> = with_risk.iter().map(|n| format!("N = {}", format::count(n.subscribers as u64))).collect();
    let columns = heads.iter().map(|head| (head.as_str(), Lean::Right));
    let mut table = Table::new(&[("buffer", Lean::Right)].into_iter().chain(columns).collect::<Vec<_>>());
    for buffer in buffers {
        let lossy = |answer: &&ZeroDrop| risk_at(answer, buffer).map_or_else(|| "–".to_owned(), lossy_runs);
        table.row(std::iter::once(format::count(buffer)).chain(with_risk.iter().map(lossy)));
    }
    (!with_risk.is_empty()).then_some(table)
}

/// The risk of one size; none where there are no marks.
pub(super) fn risk_at(answer: &ZeroDrop, buffer: u64) -> Option<Risk> {
    answer.marks.as_ref().map(|marks| crate::summary::risk::at(marks, buffer))
}

fn lossy_runs(risk: Risk) -> String {
    let (lossy, runs) = (format::count(risk.runs_with_drops), format::count(risk.runs));
    format!("{lossy} of {runs}, ≤ {}", format::upper_bound(risk.upper95))
}

fn range(marks: &[u64]) -> String {
    match (marks.iter().min(), marks.iter().max()) {
        (Some(low), Some(high)) if low == high => format::count(*low),
        (Some(low), Some(high)) => format!("{}–{}", format::count(*low), format::count(*high)),
        _ => "–".to_owned(),
    }
}

/// What a buffer of the exact size does, as the end of a sentence about the buffer.
pub fn size_does(policy: Overflow) -> &'static str {
    match policy {
        Overflow::DropNewest | Overflow::DropOldest => "loses nothing",
        Overflow::Conflate => "replaces no value",
        Overflow::Disconnect => "cuts nobody off",
        Overflow::Park => "parks nobody",
    }
}

/// What the sizes mean under a policy that loses nothing for want of slots; none under the other policies.
pub(super) fn size_means(sweep: &Sweep) -> Option<&'static str> {
    if sweep.zero_drop.iter().all(|size| size.buffer.is_none()) {
        return None;
    }
    match sweep.policy.parse() {
        Ok(Overflow::Park) => Some(
            "Under park a full buffer loses nothing. This size is the smallest at which no subscriber is parked. With a \
             smaller one, parked subscribers read on from the history: size the history for the longest time that a reader \
             falls behind.",
        ),
        Ok(Overflow::Disconnect) => Some(
            "Under disconnect a full buffer ends the stream. This size is the smallest at which no subscriber is cut off. \
             With a smaller one, clients come back and read what they missed from the history: size the history for the \
             time that they were behind and away.",
        ),
        Ok(Overflow::Conflate) => Some(
            "Under conflate a full buffer replaces old values. This size is the smallest at which no value is replaced and \
             no subscriber is cut off.",
        ),
        Ok(Overflow::DropNewest | Overflow::DropOldest) | Err(_) => None,
    }
}

/// Who binds each size and when, or why there is none; one line an N.
pub(super) fn bindings(sweep: &Sweep) -> Vec<String> {
    sweep.zero_drop.iter().map(binding).collect()
}

fn binding(answer: &ZeroDrop) -> String {
    let mut line = format!("N = {}: ", format::count(answer.subscribers as u64));
    match (&answer.reason, &answer.binding) {
        (Some(code), _) => {
            line.push_str(&format!("no buffer is large enough, {}", format::reason(code)));
            let most = answer.per_seed.iter().max().copied().unwrap_or(0);
            let frames = if most == 1 { "frame" } else { "frames" };
            line.push_str(&format!("; these runs reached {} {frames}", range(&answer.per_seed)));
        }
        (None, Some(b)) => {
            let at = format::number(b.at_ms / 1e3);
            line.push_str(&format!("bound by subscriber {} ({}) at {at} s of seed {}", b.subscriber, b.class, b.seed));
        }
        (None, None) => line.push_str("no subscriber binds"),
    }
    if let (Some(marks), Some(tolerance)) = (&answer.marks, &answer.tolerance) {
        let (runs, seed) = (format::plural(marks.runs, "run"), tolerance.seed);
        line.push_str(&format!("; the largest of {runs} is that of seed {seed}"));
    }
    line
}

/// Sizes of a smaller risk than the runs bound: one line an N, none where none was asked for.
pub(super) fn extrapolated(sweep: &Sweep) -> Vec<String> {
    sweep.zero_drop.iter().filter_map(extrapolated_for).collect()
}

fn extrapolated_for(answer: &ZeroDrop) -> Option<String> {
    let Extrapolation { risk, found, refused } = answer.extrapolated.as_ref()?;
    let n = format::count(answer.subscribers as u64);
    let risk = format!("{} %", format::precise(risk * 100.0));
    let said = match (found, refused) {
        // The upper end is the size that is named: the most likely one is too small about as often as not.
        (Some(found), _) => format!(
            "{} slots for a risk of {risk} a run, with 95 % confidence (interval {} to {}, most likely {}). It is an \
             extrapolation and assumes that the tail goes on as the marks show it: a generalised Pareto distribution of \
             shape {} above {}, fitted to {} marks (goodness of fit: p = {}).",
            format::count(found.high),
            format::count(found.low),
            format::count(found.high),
            format::count(found.buffer),
            format::precise(found.shape),
            format::plural(found.threshold, "frame"),
            format::count(found.exceedances),
            format::precise(found.goodness_p),
        ),
        (None, Some(why)) => format!("no extrapolation to a risk of {risk} a run: {why}"),
        (None, None) => return None,
    };
    Some(format!("N = {n}: {said}"))
}

/// What a named size costs and how late frames are at it, one row an N.
pub(super) fn cost(sweep: &Sweep) -> Option<Table> {
    let mut table = Table::new(&[
        ("N", Lean::Right),
        ("buffer", Lean::Right),
        ("slots", Lean::Right),
        ("payload", Lean::Right),
        ("flush p50 ms", Lean::Right),
        ("p99 ms", Lean::Right),
        ("max ms", Lean::Right),
    ]);
    let mut any = false;
    for answer in &sweep.zero_drop {
        let Some(validation) = &answer.validation else { continue };
        let Memory { slots, payload, .. } = validation.memory_bytes_per_subscriber;
        let latency = validation.flush_latency_ms;
        any = true;
        table.row([
            format::count(answer.subscribers as u64),
            format::count(validation.buffer),
            format::bytes(count_as_f64(slots)),
            format::bytes(payload),
            format::ms_or_dash(latency.p50),
            format::ms_or_dash(latency.p99),
            format::ms_or_dash(latency.max),
        ]);
    }
    any.then_some(table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::fixture;

    #[test]
    fn a_row_a_size_says_how_many_runs_lose_something_and_what_bounds_the_risk() {
        let table = risk(&fixture::alpha()).unwrap().markdown();
        let row =
            |buffer: &str| table.lines().find(|line| line.starts_with(&format!("| {buffer} |"))).unwrap().to_owned();
        assert!(row("128").contains("0 of 600, ≤ 0.5 %"), "{table}");
        assert!(row("1").contains("of 600, ≤ "), "{table}");
        assert!(risk(&fixture::steady_overload()).is_none());
    }
}
