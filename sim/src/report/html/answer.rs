//! The box at the head of an HTML report with its answer: a number, the sentences for it, and whether the objective is met.

use super::text::{escaped, paragraph};
use crate::report::{current, objective, policies};
use crate::summary::document::{Cell, ObjectiveResult, Sweep};
use crate::summary::format;

/// Most sentences about single cells.
const MOST_CELLS: usize = 6;

/// What a report says first.
pub(super) struct Answer {
    /// Whether an objective is met; `None` where nobody has one.
    pub(super) is_met: Option<bool>,
    pub(super) number: String,
    /// The number in other words, as a line of a configuration.
    pub(super) beside: String,
    pub(super) sentences: Vec<String>,
}

impl Answer {
    /// Takes the answer of a [`Sweep`] for the head of its report, whether `sweep`, `size` or `load` made it.
    pub(super) fn of(sweep: &Sweep) -> Self {
        let searched = sweep.objective.as_ref().filter(|result| !result.sizes.is_empty());
        match (&sweep.objective, searched) {
            (_, Some(result)) => of_search(sweep, result),
            (Some(result), None) => of_judgement(sweep, result),
            (None, None) => without_objective(sweep),
        }
    }

    pub(super) fn html(&self) -> String {
        let class = match self.is_met {
            Some(true) => "answer good",
            Some(false) => "answer bad",
            None => "answer",
        };
        let sentences: String = self.sentences.iter().map(|sentence| paragraph("", sentence)).collect();
        let beside = match self.beside.as_str() {
            "" => String::new(),
            beside => format!("<p class=\"beside\"><code>{}</code></p>\n", escaped(beside)),
        };
        format!(
            "<section class=\"{class}\" aria-label=\"The answer\">\n{}{beside}{sentences}</section>\n",
            paragraph("number", &self.number)
        )
    }
}

fn without_objective(sweep: &Sweep) -> Answer {
    if sweep.is_measured() {
        return measured(sweep);
    }
    if sweep.compares_policies() {
        let sentence = best_policy(sweep);
        let number = if sentence.is_some() { "No single size" } else { "Nothing was run" };
        let sentences = sentence.into_iter().collect();
        return Answer { is_met: None, number: number.to_owned(), beside: String::new(), sentences };
    }
    let (setting, because) = current::recommendation(sweep);
    let (number, beside) = match sweep.recommendation.buffer {
        Some(buffer) => (format::plural(buffer, "frame"), setting),
        None => (setting, String::new()),
    };
    Answer { is_met: None, number, beside, sentences: vec![because] }
}

/// The smallest size that keeps an objective: at every N where there are several.
fn of_search(sweep: &Sweep, result: &ObjectiveResult) -> Answer {
    let at_every_n = result.for_all_n.iter().filter_map(|size| Some((size.buffer?, &size.policy)));
    let number = match (at_every_n.min_by_key(|(buffer, _)| *buffer), result.answers().as_slice()) {
        (_, [only]) => only.buffer.map(|buffer| (buffer, &only.policy)),
        (smallest, _) => smallest,
    };
    let sentences = objective::verdict(sweep, result);
    match number {
        Some((buffer, policy)) => Answer {
            is_met: Some(true),
            number: format!("{} under {policy}", format::plural(buffer, "frame")),
            beside: String::new(),
            sentences,
        },
        None => Answer {
            is_met: Some(false),
            number: "No size for every N meets the objective".to_owned(),
            beside: String::new(),
            sentences,
        },
    }
}

fn of_judgement(sweep: &Sweep, result: &ObjectiveResult) -> Answer {
    let is_met = result.is_met();
    let number = if is_met { "The objective is met" } else { "The objective is not met" };
    let mut sentences = objective::verdict(sweep, result);
    let other = without_objective(sweep);
    sentences.extend(
        (!sweep.is_measured() && !sweep.compares_policies()).then(|| format!("To lose nothing: {}.", other.number)),
    );
    sentences.extend(other.sentences);
    Answer { is_met: Some(is_met), number: number.to_owned(), beside: String::new(), sentences }
}

fn measured(sweep: &Sweep) -> Answer {
    let worst = sweep.cells.iter().filter_map(Cell::missed_rate).reduce(f64::max);
    let number = worst
        .map_or_else(|| "Nothing was measured".to_owned(), |rate| format!("{} missed at most", format::rate(rate)));
    let mut sentences: Vec<String> = sweep.cells.iter().take(MOST_CELLS).map(cell).collect();
    let more = sweep.cells.len().saturating_sub(MOST_CELLS) as u64;
    sentences.extend((more > 0).then(|| format!("The tables have {}.", format::plural(more, "further cell"))));
    Answer { is_met: None, number, beside: String::new(), sentences }
}

fn cell(cell: &Cell) -> String {
    let [lost, offered] = [cell.dropped.buffer_full, cell.offered].map(format::count);
    let buffer = match cell.buffer {
        0 => "its own buffers".to_owned(),
        frames => format!("a buffer of {}", format::plural(frames, "frame")),
    };
    format!(
        "N = {}, {buffer}: {lost} of {offered} frames are lost to a full buffer, {} % of the events are missed, and 99 % of \
         those that are read are at most {} old.",
        format::count(cell.subscribers as u64),
        policies::missed_percent(cell),
        policies::age(cell.receipt_latency_ms.p99)
    )
}

/// The policies that miss least at the buffer that the server has, with as many subscribers as there are.
fn best_policy(sweep: &Sweep) -> Option<String> {
    let n = sweep.cells.iter().map(|cell| cell.subscribers).max()?;
    let of_n = || sweep.cells.iter().filter(|cell| cell.subscribers == n);
    let current = sweep.current_buffer.filter(|current| of_n().any(|cell| cell.buffer == *current));
    let buffer = current.or_else(|| of_n().map(|cell| cell.buffer).max())?;
    let rates = || of_n().filter(|cell| cell.buffer == buffer).filter_map(|cell| Some((cell.missed_rate()?, cell)));
    let least = rates().map(|(rate, _)| rate).reduce(f64::min)?;
    let best: Vec<String> = rates().filter(|(rate, _)| *rate <= least).map(|(_, cell)| cell.policy.clone()).collect();
    Some(format!(
        "With N = {} and a buffer of {}, {} {} least: {} of the wanted events.",
        format::count(n as u64),
        format::plural(buffer, "frame"),
        format::listed(&best),
        if best.len() == 1 { "misses" } else { "miss" },
        format::rate(least)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::fixture;

    #[test]
    fn a_sizing_answers_with_its_number_and_a_search_with_the_policy() {
        let alpha = Answer::of(&fixture::alpha());
        assert_eq!((alpha.number.as_str(), alpha.beside.as_str()), ("128 frames", "server.sse_channel_buffer = 128"));
        let searched = Answer::of(&fixture::objective::searched());
        assert_eq!((searched.number.as_str(), searched.is_met), ("87 frames under conflate", Some(true)));
        let endless = Answer::of(&fixture::steady_overload());
        assert_eq!(endless.number, "no size can be recommended");
    }

    #[test]
    fn a_judged_sweep_says_whether_the_objective_is_met_before_the_size() {
        let answer = Answer::of(&fixture::objective::judged());
        assert_eq!((answer.number.as_str(), answer.is_met), ("The objective is not met", Some(false)));
        assert!(
            answer.sentences.iter().any(|sentence| sentence == "To lose nothing: 128 frames."),
            "{:?}",
            answer.sentences
        );
    }

    #[test]
    fn a_load_test_and_a_comparison_answer_with_what_is_missed() {
        let load = Answer::of(&fixture::real());
        assert!(load.number.ends_with("missed at most") && load.sentences[0].contains("N = 10, "), "{}", load.number);
        let compared = Answer::of(&fixture::policies());
        assert!(compared.sentences[0].contains(" least: "), "{:?}", compared.sentences);
    }
}
