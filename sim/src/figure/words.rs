//! What a figure says: titles that state the conclusion, and the line that says what was run.
//!
//! Pure functions of the document; everything said is on these seeds, and the subtitle names them.

use std::collections::BTreeSet;

use crate::summary::document::{Cell, Sweep, ZeroDrop};
use crate::summary::format;

use super::view::{Along, View};

/// What was run, in one line.
pub(super) fn subtitle(sweep: &Sweep) -> String {
    subtitle_with_seeds(sweep, &sweep.seeds)
}

/// What was run, in one line, of a figure of runs on these seeds.
pub(super) fn subtitle_with_seeds(sweep: &Sweep, seeds: &[u64]) -> String {
    let trace = sweep.trace.as_ref().map(|t| format!("{} × {} · ", t.file, format::number(t.speed_up)));
    let word = if seeds.len() == 1 { "seed" } else { "seeds" };
    format!(
        "{}{} events/s, peak {}/s, mean {} · {} s · {word} {} · {} · {}",
        trace.unwrap_or_default(),
        format::number(sweep.arrivals.mean_per_second),
        format::count(sweep.arrivals.peak_per_second),
        format::bytes(sweep.arrivals.mean_payload_bytes),
        format::number(sweep.virtual_seconds),
        format::seeds(seeds),
        policy(sweep),
        sweep.world,
    )
}

/// The policy by its name alone, or the server under test.
fn policy(sweep: &Sweep) -> String {
    if sweep.compares_policies() || sweep.server.is_some() { sweep.policy_in_words() } else { sweep.policy.clone() }
}

/// The conclusion of the drop-rate figure.
pub(crate) fn drop_rate(view: &View<'_>) -> String {
    let said = match view.along {
        Along::Buffers => exact_sizes(view),
        Along::Subscribers => onset(view),
    };
    format!("{}: {said}", view.sweep.scenario)
}

fn exact_sizes(view: &View<'_>) -> String {
    let answers: Vec<&ZeroDrop> = view.curves.iter().filter_map(|curve| curve.zero_drop).collect();
    let named = |of: &[&ZeroDrop]| {
        let names: Vec<String> = of.iter().map(|z| format::count(z.subscribers as u64)).collect();
        // A title has no room for more names.
        if names.len() > 3 { format!("{} values of N", names.len()) } else { format!("N = {}", format::listed(&names)) }
    };
    let (finite, endless): (Vec<&ZeroDrop>, Vec<&ZeroDrop>) = answers.into_iter().partition(|z| z.buffer.is_some());
    let largest = finite.iter().filter_map(|z| z.buffer).max();
    match (largest, endless.first()) {
        (None, None) => "drop rate by buffer size".to_owned(),
        (Some(k), None) => format!("from {} on, no frame is lost at {}", format::plural(k, "slot"), named(&finite)),
        (None, Some(z)) => format!("no buffer is large enough, {}", why(z)),
        (Some(k), Some(z)) => format!(
            "{} {} at {}, no buffer does at {}, {}",
            format::plural(k, "slot"),
            if k == 1 { "suffices" } else { "suffice" },
            named(&finite),
            named(&endless),
            why(z)
        ),
    }
}

fn why(answer: &ZeroDrop) -> &str {
    answer.reason.as_deref().map_or("no reason given", format::reason)
}

/// Where drops begin, along N.
fn onset(view: &View<'_>) -> String {
    // Of the buffer that the server has now. Where that was not swept, the largest one takes its place.
    let curve = view.curves.iter().find(|c| Some(c.key) == view.sweep.current_buffer).or(view.curves.last());
    let Some(curve) = curve else { return "drop rate by number of subscribers".to_owned() };
    let lost = |cell: &&Cell| cell.dropped.buffer_full > 0;
    match curve.cells.iter().map(|&(_, cell)| cell).find(lost) {
        None => format!("with {}, no frame is lost at any N swept", curve.label),
        Some(cell) if curve.cells.first().is_some_and(|&(_, first)| first.subscribers == cell.subscribers) => {
            format!("with {}, frames are lost already at N = {}", curve.label, format::count(n(cell)))
        }
        Some(cell) => format!("with {}, frames are first lost at N = {}", curve.label, format::count(n(cell))),
    }
}

/// The conclusion of the memory figure.
pub(crate) fn memory(view: &View<'_>) -> String {
    let cells = telling(view);
    let memory = cells.iter().map(|cell| cell.memory_bytes_per_subscriber);
    let payload = memory.clone().map(|m| m.payload).fold(0.0, f64::max);
    let slots = memory.map(|m| m.slots).max().unwrap_or(0);
    // A server without a probe says nothing of them, unless it was made to.
    let payloads = match payload > 0.0 || view.sweep.server.is_none() {
        true => format!("payloads at most {} more", format::bytes(payload)),
        false => "payloads not known".to_owned(),
    };
    format!(
        "{}: {} {} {} a subscriber, {payloads}",
        view.sweep.scenario,
        cells.first().map_or_else(String::new, |cell| format::plural(cell.buffer, "slot")),
        if cells.first().is_some_and(|cell| cell.buffer == 1) { "costs" } else { "cost" },
        format::bytes(super::view::as_f64(slots)),
    )
}

/// The conclusion of the latency figure.
pub(crate) fn latency(view: &View<'_>) -> String {
    let cells = telling(view);
    let p99 = |cell: &&Cell| cell.flush_latency_ms.p99;
    let worst = cells.iter().filter_map(|cell| p99(cell).map(|ms| (ms, cell))).max_by(|a, b| a.0.total_cmp(&b.0));
    match worst {
        None => format!("{}: latency from publish to flush; nothing was delivered", view.sweep.scenario),
        Some((ms, cell)) => format!(
            "{}: with {}, 99 % of frames are flushed {}",
            view.sweep.scenario,
            format::plural(cell.buffer, "slot"),
            if ms > 0.0 {
                format!("within {} ms (N = {})", format::ms(ms), format::count(n(cell)))
            } else {
                "at once".to_owned()
            },
        ),
    }
}

/// The cells a title speaks of: those of the smallest size swept that is at least the recommended one.
fn telling<'a>(view: &View<'a>) -> Vec<&'a Cell> {
    let wanted = view.sweep.recommendation.buffer.or(view.sweep.current_buffer).unwrap_or(u64::MAX);
    let sizes: BTreeSet<u64> = view.cells().map(|cell| cell.buffer).collect();
    // Where no size swept is as large, the largest one takes its place.
    let size = sizes.range(wanted..).next().or(sizes.last()).copied();
    view.cells().filter(|cell| Some(cell.buffer) == size).collect()
}

fn n(cell: &Cell) -> u64 {
    cell.subscribers as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::fixture;

    fn said(sweep: &Sweep) -> [String; 3] {
        let view = View::new(sweep, 12).unwrap();
        [drop_rate(&view), memory(&view), latency(&view)]
    }

    #[test]
    fn a_finite_size_is_the_title() {
        let [drops, memory, latency] = said(&fixture::alpha());
        assert_eq!(drops, "alpha: from 91 slots on, no frame is lost at N = 10, 100 and 1,000");
        assert!(memory.contains("128 slots cost 2,048 B"), "{memory}");
        assert!(latency.contains("with 128 slots, 99 %"), "{latency}");
    }

    #[test]
    fn an_endless_size_says_why() {
        let [drops, ..] = said(&fixture::steady_overload());
        assert!(drops.ends_with("no buffer is large enough, a class reads slower than events arrive"), "{drops}");
    }

    #[test]
    fn along_n_the_title_says_where_drops_begin() {
        let [drops, ..] = said(&fixture::ceiling());
        assert!(drops.contains("with 64 slots, frames are first lost at N = 117"), "{drops}");
    }

    #[test]
    fn a_document_of_nulls_still_has_titles() {
        assert!(said(&fixture::nothing_offered())[2].ends_with("nothing was delivered"));
    }
}
