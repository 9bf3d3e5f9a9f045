//! What is good enough, and what came of it: the cells that were judged, or the sizes that keep all limits.

use std::fmt::Write as _;

use crate::summary::document::{Judgement, Measure, NO_PATHS, ObjectiveResult, ObjectiveSize, Sweep};
use crate::summary::format;
use crate::summary::json::rounded;
use crate::summary::objective::Objective;
use crate::summary::sizes;

use super::table::{Lean, Table, prose};

/// What the columns of the table of sizes mean.
pub(super) const SIZES_KEY: &str = "smallest: the smallest buffer that keeps every limit on these seeds · up to: the largest that was \
    tried, with none between that fails · not kept: the limit that one frame less does not keep; where no buffer keeps \
    all, the one that binds, and at which size: the one that comes nearest";

/// The section for a terminal; none where there is no objective.
pub(super) fn terminal(sweep: &Sweep) -> Option<String> {
    let result = sweep.objective.as_ref()?;
    let mut text = format!("\nThe objective\n\n{}\n", prose(&limits(result), "  "));
    if let Some(table) = sizes(result) {
        // Writing to a `String` cannot fail, here and below.
        let _ = write!(text, "{}\n{}", table.plain(true), prose(SIZES_KEY, "  "));
    }
    if let Some(table) = judged(sweep, result) {
        text.push_str(&table.plain(false));
    }
    for (index, line) in verdict(sweep, result).into_iter().enumerate() {
        let arrow = if index == 0 { "→ " } else { "  " };
        let _ = write!(text, "\n{}", prose(&line, "  ").replacen("  ", arrow, 1));
    }
    Some(text)
}

/// The section of a folder's README; none where there is no objective.
pub(super) fn markdown(sweep: &Sweep) -> Option<String> {
    let result = sweep.objective.as_ref()?;
    let mut text = format!("## The objective\n\n{}\n\n", limits(result));
    if let Some(table) = sizes(result) {
        let _ = write!(text, "{}\n{SIZES_KEY}\n\n", table.markdown());
    }
    if let Some(table) = judged(sweep, result) {
        let _ = writeln!(text, "{}", table.markdown());
    }
    verdict(sweep, result).iter().for_each(|line| {
        let _ = write!(text, "{line}\n\n");
    });
    Some(text)
}

pub(super) fn limits(result: &ObjectiveResult) -> String {
    format!("{}.", Objective::new(result.limits.clone()))
}

/// A row a policy and N.
pub(super) fn sizes(result: &ObjectiveResult) -> Option<Table> {
    let heads = [("N", Lean::Right), ("policy", Lean::Left), ("smallest", Lean::Right), ("up to", Lean::Right)];
    let mut table = Table::new(&heads.into_iter().chain([("not kept", Lean::Left)]).collect::<Vec<_>>());
    let mut rows: Vec<&ObjectiveSize> = result.sizes.iter().collect();
    // The sort is stable: within an N the policies stay in their order.
    rows.sort_by_key(|size| result.sizes.iter().position(|first| first.subscribers == size.subscribers));
    let mut above = None;
    for size in rows {
        let repeated = above.replace(size.subscribers) == Some(size.subscribers);
        let n = if repeated { String::new() } else { format::count(size.subscribers as u64) };
        let smallest = size.buffer.map_or_else(|| "none".to_owned(), format::count);
        let up_to = size.up_to.map_or_else(|| "–".to_owned(), format::count);
        table.row([n, size.policy.clone(), smallest, up_to, not_kept(size)]);
    }
    (!result.sizes.is_empty()).then_some(table)
}

/// The limit that binds, with its value, and where that was.
fn not_kept(size: &ObjectiveSize) -> String {
    match (size.buffer, &size.one_less) {
        (Some(_), Some(one_less)) => one_less.binding().map_or_else(String::new, value_in_words),
        (Some(_), None) => "–".to_owned(),
        (None, _) => {
            let binding = size.at.binding().map_or_else(String::new, value_in_words);
            format!("{binding} at {}", format::count(size.at.buffer))
        }
    }
}

/// A row a limit and judged cell.
pub(super) fn judged(sweep: &Sweep, result: &ObjectiveResult) -> Option<Table> {
    let policy = sweep.compares_policies().then_some(("policy", Lean::Left));
    let first = [("N", Lean::Right), ("buffer", Lean::Right)].into_iter().chain(policy);
    let rest = [("whom", Lean::Left), ("figure", Lean::Left), ("value", Lean::Right), ("at most", Lean::Right)];
    let mut table = Table::new(&first.chain(rest).chain([("kept", Lean::Left)]).collect::<Vec<_>>());
    for cell in &result.judged {
        for (index, judgement) in cell.judgements.iter().enumerate() {
            let buffer = if cell.buffer == 0 { "?".to_owned() } else { format::count(cell.buffer) };
            let mut place = vec![format::count(cell.subscribers as u64), buffer];
            place.extend(sweep.compares_policies().then(|| cell.policy.clone()));
            // The cell stands once, at the first of its limits.
            place.iter_mut().filter(|_| index > 0).for_each(String::clear);
            let value = judgement.value.map_or_else(|| "–".to_owned(), |value| in_unit(judgement.figure, value));
            let kept = if judgement.is_met { "yes" } else { "NO" };
            let (whom, at_most) =
                (super::table::cut(judgement.whom(), 20), in_unit(judgement.figure, judgement.at_most));
            table.row(place.into_iter().chain([whom, name(judgement.figure), value, at_most, kept.to_owned()]));
        }
    }
    (!result.judged.is_empty()).then_some(table)
}

pub(super) fn name(figure: Measure) -> String {
    match figure {
        Measure::Missed => "missed",
        Measure::AgeP99Ms => "age p99",
        Measure::MemoryBytesPerSubscriber => "memory",
    }
    .to_owned()
}

pub(super) fn in_unit(figure: Measure, value: f64) -> String {
    match figure {
        // Six digits: a value may exceed its limit by little, and both are to be told apart.
        Measure::Missed => format!("{} %", rounded(value * 100.0)),
        Measure::AgeP99Ms => format!("{value} ms"),
        Measure::MemoryBytesPerSubscriber => format!("{} B", format::count(value as u64)),
    }
}

/// Whom and which figure, with the value.
fn value_in_words(judgement: &Judgement) -> String {
    let whom = judgement.class.as_ref().map_or_else(String::new, |class| format!("{class}: "));
    let value = judgement.value.map_or_else(|| "no value".to_owned(), |value| in_unit(judgement.figure, value));
    format!("{whom}{} {value}", name(judgement.figure))
}

/// What the search for an objective found, in sentences for a terminal.
pub(super) fn verdict(sweep: &Sweep, result: &ObjectiveResult) -> Vec<String> {
    if result.sizes.is_empty() {
        return of_cells(sweep, result);
    }
    let mut lines: Vec<String> = result.answers().into_iter().map(|answer| of_n(sweep, result, answer)).collect();
    if lines.len() > 1 {
        lines.push(for_all_n(result));
    }
    lines
}

fn of_n(sweep: &Sweep, result: &ObjectiveResult, answer: &ObjectiveSize) -> String {
    let n = format::count(answer.subscribers as u64);
    let of_n = || result.sizes.iter().filter(|size| size.subscribers == answer.subscribers);
    let Some(buffer) = answer.buffer else {
        let policies = if of_n().count() > 1 { "under any policy" } else { "under this policy" };
        let binding = answer.at.binding();
        let how_near = binding.map_or_else(String::new, |binding| {
            format!("{} (at most {})", value_in_words(binding), in_unit(binding.figure, binding.at_most))
        });
        return format!(
            "N = {n}: no buffer meets the objective {policies}. {} under {} comes nearest: {how_near}.{}",
            format::plural(answer.at.buffer, "frame"),
            answer.policy,
            hint(answer)
        );
    };
    let same: Vec<String> = of_n().filter(|size| size.buffer == Some(buffer)).map(|size| size.policy.clone()).collect();
    let smallest = format!(
        "N = {n}: a buffer of {} is the smallest that meets the objective, under {}.{}",
        format::plural(buffer, "frame"),
        format::listed(&same),
        with_headroom(answer, buffer)
    );
    let own = of_n().find(|size| size.policy == sweep.policy && size.buffer != Some(buffer));
    match own.map(|own| own.buffer) {
        None => smallest,
        Some(Some(own)) => {
            format!("{smallest} Under {}, the scenario's policy, it is {}.", sweep.policy, format::count(own))
        }
        Some(None) => format!("{smallest} Under {}, the scenario's policy, no buffer does.", sweep.policy),
    }
}

/// What to look at where no buffer is good enough.
fn hint(answer: &ObjectiveSize) -> &'static str {
    match answer.at.binding().map(|binding| (binding.figure, &binding.class)) {
        // Frames that wait for a class with outages are old whatever the buffer, and all classes count together.
        Some((Measure::AgeP99Ms, None)) => {
            " An age counts the receipts of all classes together, and a slow class may decide it: the table by class of a \
             sweep shows which. Give each class a limit of its own ([class.objective]), and none to all together."
        }
        _ => "",
    }
}

/// The next power of two, where it was tried and is good enough as well.
fn with_headroom(answer: &ObjectiveSize, buffer: u64) -> String {
    let next = sizes::with_headroom(buffer);
    match answer.tried.iter().find(|tried| tried.buffer == next) {
        Some(tried) if tried.unmet == 0 => {
            format!(" {} meets it as well and leaves headroom: take that.", format::count(next))
        }
        _ => String::new(),
    }
}

fn for_all_n(result: &ObjectiveResult) -> String {
    let found = result.for_all_n.iter().filter_map(|size| Some((size.buffer?, &size.policy)));
    let found: Vec<String> =
        found.map(|(buffer, policy)| format!("{} under {policy}", format::count(buffer))).collect();
    if found.is_empty() {
        "No buffer that was tried meets the objective at every N.".to_owned()
    } else {
        format!("At every N: {}.", format::listed(&found))
    }
}

/// Said beside a verdict that was found without the paths of the scenario.
fn without_paths(sweep: &Sweep) -> &'static str {
    match sweep.not_applied.iter().any(|what| what == NO_PATHS) {
        true => ", by clients on loopback without the paths of the scenario",
        false => "",
    }
}

/// Whether the judged cells keep the limits, and which of the swept sizes do.
fn of_cells(sweep: &Sweep, result: &ObjectiveResult) -> Vec<String> {
    let judgements: Vec<_> = result.deciding();
    let unmet = judgements.iter().filter(|(_, judgement)| !judgement.is_met).count() as u64;
    let of = format::plural(judgements.len() as u64, "limit");
    let verdict = match unmet {
        0 => format!("The objective is met: {of} kept{}.", without_paths(sweep)),
        unmet => format!("The objective is NOT MET: {} of {of} not kept.", format::count(unmet)),
    };
    std::iter::once(verdict).chain(swept_that_meet(sweep, result)).collect()
}

/// The swept sizes that keep all limits, by N and, where they are compared, by policy.
fn swept_that_meet(sweep: &Sweep, result: &ObjectiveResult) -> Option<String> {
    let objective = Objective::new(result.limits.clone());
    let mut groups: Vec<(String, Vec<u64>)> = Vec::new();
    for cell in &sweep.cells {
        let n = format::count(cell.subscribers as u64);
        let place = if sweep.compares_policies() { format!("N = {n}, {}", cell.policy) } else { format!("N = {n}") };
        if groups.last().is_none_or(|(last, _)| *last != place) {
            groups.push((place, Vec::new()));
        }
        if let Some((_, sizes)) = groups.last_mut().filter(|_| objective.judge(cell).is_empty()) {
            sizes.push(cell.buffer);
        }
    }
    let told = groups.iter().map(|(place, sizes)| {
        let sizes: Vec<String> = sizes.iter().map(|size| format::count(*size)).collect();
        format!("{place}: {}", if sizes.is_empty() { "none".to_owned() } else { sizes.join(", ") })
    });
    // A single size says no more than the verdict.
    let has_choice = sweep.cells.iter().any(|cell| cell.buffer != sweep.cells[0].buffer);
    has_choice.then(|| format!("Of the sizes swept, these meet it: {}.", told.collect::<Vec<_>>().join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{readme, terminal};
    use crate::summary::document::ValuesAt;
    use crate::summary::fixture;

    fn told(sweep: &Sweep) -> String {
        terminal(sweep).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_judged_size_stands_with_each_limit_and_the_sizes_that_would_be_good_enough() {
        let text = told(&fixture::objective::judged());
        assert!(text.contains("missed ≤ 0.1 %, age p99 ≤ 2000 ms; background-tab: missed ≤ 0 %."), "{text}");
        assert!(text.contains("N buffer whom figure value at most kept 10 64 all subscribers missed"), "{text}");
        assert!(text.contains("→ The objective is NOT MET: "), "{text}");
        assert!(text.contains("Of the sizes swept, these meet it: N = 10: "), "{text}");
        assert!(text.contains("To lose nothing: server.sse_channel_buffer = 128"), "{text}");
        assert!(readme(&fixture::objective::judged(), "x").contains("## The objective\n\nmissed ≤ 0.1 %"));
    }

    #[test]
    fn a_value_just_above_its_limit_is_told_apart_from_it() {
        let of = |figure, value| in_unit(figure, value);
        assert_eq!(of(Measure::Missed, 0.001_000_4), "0.10004 %");
        assert_eq!(of(Measure::AgeP99Ms, 2000.01), "2000.01 ms");
        assert_eq!(of(Measure::MemoryBytesPerSubscriber, 1_048_577.0), "1,048,577 B");
    }

    #[test]
    fn the_smallest_size_is_named_with_its_policy_and_what_binds_the_scenario_s_own() {
        let text = told(&fixture::objective::searched());
        assert!(text.contains("10 drop-newest none – background-tab: missed 1.23 % at 64 conflate"), "{text}");
        assert!(text.contains("conflate 87 256 background-tab: missed 1.23 %"), "{text}");
        let answer = "→ N = 10: a buffer of 87 frames is the smallest that meets the objective, under conflate. Under \
                      drop-newest, the scenario's policy, no buffer does.";
        assert!(text.contains(answer), "{text}");
        assert!(text.contains("At every N: 87 under conflate."), "{text}");
    }

    #[test]
    fn the_next_power_of_two_is_advised_where_it_was_tried_and_is_good_enough_as_well() {
        for (unmet, is_advised) in [(0, true), (1, false)] {
            let mut sweep = fixture::objective::searched();
            for size in sweep.objective.iter_mut().flat_map(|result| &mut result.sizes) {
                size.tried.push(ValuesAt { buffer: 128, values: Vec::new(), unmet, seeds_run: None });
            }
            let advice = "under conflate. 128 meets it as well and leaves headroom: take that. Under drop-newest";
            assert_eq!(told(&sweep).contains(advice), is_advised);
        }
    }
}
