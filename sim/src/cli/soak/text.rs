//! What a soak came to as text, at most 80 columns wide. Writing to a `String` cannot fail.

use std::fmt::Write;

use crate::report::prose;
use crate::runs::CHECKED_SHARE;
use crate::soak::{CASES_FOR_EVERY_MARK, Found, Soaked};
use crate::summary::format::count;

/// The cases, what was in them, who judged them, and the verdict.
pub(super) fn told(first_seed: u64, soaked: &Soaked) -> String {
    let mut text = String::new();
    let Soaked { cases, cases_with_losses, events, frames, .. } = soaked;
    let head = format!(
        "{cases} cases, seeds from {first_seed} on: {events} events, {frames} frames offered; {cases_with_losses} of the \
         cases lost some to a full mailbox."
    );
    text.push_str(&prose(&head, ""));
    for (kind, cases) in &soaked.faults {
        let _ = writeln!(text, "  {cases:>7} with {kind}");
    }
    text.push_str(&worlds(soaked));
    text.push_str(&costs(soaked));
    text.push_str(&marks(soaked));
    text.push_str(&verdict(soaked));
    text
}

/// Who judged how many cases. A soak that ends at a broken law leaves some cases unfinished, and says nothing of it.
fn worlds(soaked: &Soaked) -> String {
    if soaked.broken.is_some() {
        return String::new();
    }
    let Soaked { by_the_specification, by_the_full_stack, by_both, .. } = *soaked;
    let mut told = format!(
        "{} cases were judged by runs of the specification, and {} by runs of the full stack.",
        count(by_the_specification),
        count(by_the_full_stack)
    );
    if by_the_specification > 0 {
        let _ = write!(
            told,
            " {} cases were judged by both: 1 in {CHECKED_SHARE}, chosen by a hash of its seed.",
            count(by_both)
        );
    }
    prose(&told, "")
}

fn costs(soaked: &Soaked) -> String {
    let mut costs = soaked.costs.clone();
    costs.sort_unstable();
    let (Some(median), Some(most)) = (costs.get(costs.len() / 2), costs.last()) else { return String::new() };
    let [median, most] = [median, most].map(|cost| cost.as_secs_f64() * 1000.0);
    let cost = format!(
        "In {} of the cases subscribers share a CPU. There one subscriber (the witness) was run alone and beside all \
         others. The others delayed one of its events by at most {median:.1} ms in the median case, and by {most:.1} ms in \
         the worst.",
        costs.len()
    );
    prose(&cost, "")
}

/// The rare states, the rarest first, and those that no case reached.
fn marks(soaked: &Soaked) -> String {
    let cases = soaked.cases_with_marks;
    if cases == 0 {
        return String::new();
    }
    let (never, reached): (Vec<_>, Vec<_>) = soaked.marks().into_iter().partition(|(_, cases)| *cases == 0);
    let head = format!(
        "Rare states (marks) that the specification's run of a case reached, and in how many of {} cases:",
        count(cases)
    );
    let mut text = prose(&head, "");
    for (mark, cases) in &reached {
        let _ = writeln!(text, "{:>9}  {}", count(*cases), mark.sentence());
    }
    if never.is_empty() {
        let all = format!("All {} marks were reached.", reached.len());
        return text + &prose(&all, "");
    }
    let expected = if cases < CASES_FOR_EVERY_MARK {
        format!("Fewer than {} cases need not reach every mark.", count(CASES_FOR_EVERY_MARK))
    } else {
        format!("{} cases should reach every mark.", count(CASES_FOR_EVERY_MARK))
    };
    let head = format!("NEVER REACHED: {} of {} marks. {expected}", never.len(), never.len() + reached.len());
    text.push_str(&prose(&head, ""));
    for (mark, _) in &never {
        let _ = writeln!(text, "        0  {}", mark.sentence());
    }
    text
}

fn verdict(soaked: &Soaked) -> String {
    match &soaked.broken {
        Some(Found { seed, violation, is_of_the_specification_alone: true, .. }) => {
            let why = "The full stack keeps this law, and agrees with the specification on this case.";
            prose(&format!("BROKEN by the specification, seed {seed}: {violation}. {why}"), "")
        }
        Some(Found { seed, violation, .. }) => prose(&format!("BROKEN by seed {seed}: {violation}"), ""),
        None => "No law was broken.\n".to_owned(),
    }
}

/// Cases in a second of one thread, by the world that ran them.
pub(super) fn speed(soaked: &Soaked) -> String {
    // Not by zero: a short soak may spend no time that the clock can tell.
    let rate = |cases: u64, seconds: f64| cases as f64 / seconds.max(f64::EPSILON);
    let mut told = Vec::new();
    if soaked.by_the_specification > 0 {
        let rate = rate(soaked.by_the_specification, soaked.spent.specified.as_secs_f64());
        told.push(format!("{rate:.1} by the specification"));
    }
    if soaked.by_the_full_stack > 0 {
        let rate = rate(soaked.by_the_full_stack, soaked.spent.simulated.as_secs_f64());
        told.push(format!("{rate:.1} by the full stack"));
    }
    format!("cases a second and thread: {}", told.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::laws::{Law, Violation, draw};

    fn broken(is_of_the_specification_alone: bool) -> Soaked {
        let violation = Violation { law: Law::Account, at_ms: None, subscriber: Some(2), why: "7 wait".to_owned() };
        let found = Found { seed: 9, case: draw::case_of(9), violation, is_of_the_specification_alone };
        Soaked { cases: 10, broken: Some(found), ..Soaked::default() }
    }

    #[test]
    fn a_violation_names_the_specification_where_the_full_stack_keeps_the_law() {
        let alone = told(0, &broken(true));
        assert!(alone.contains("BROKEN by the specification, seed 9: account: 7 wait (subscriber 2)."), "{alone}");
        let shown = told(0, &broken(false));
        assert!(shown.contains("BROKEN by seed 9: account: 7 wait (subscriber 2)\n"), "{shown}");
    }

    #[test]
    fn a_mark_that_no_case_reached_is_reported_and_nothing_is_wider_than_a_terminal() {
        let soaked = Soaked { cases: 200_000, cases_with_marks: 200_000, ..Soaked::default() };
        let text = told(0, &soaked);
        assert!(text.contains("NEVER REACHED: 58 of 58 marks. 200,000 cases should reach every mark."), "{text}");
        assert!(text.contains("        0  A mailbox of one frame overflows."), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        let few = told(0, &Soaked { cases_with_marks: 10, ..soaked });
        assert!(few.split_whitespace().collect::<Vec<_>>().join(" ").contains("need not reach every mark"), "{few}");
    }
}
