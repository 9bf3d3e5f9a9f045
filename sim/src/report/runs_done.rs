//! A sentence on the number of runs behind a document, and on the worlds that did them.

use crate::summary::document::{RunsDone, Sweep};
use crate::summary::format;

/// Which world did the runs, in a sentence or two; `None` where the document does not say.
pub(super) fn in_words(sweep: &Sweep) -> Option<String> {
    let RunsDone { specified, simulated, agreed, outside_scope } = sweep.runs?;
    if specified == 0 {
        return Some(format!("The full stack did {}.", format::plural(simulated, "run")));
    }
    let outside = match outside_scope {
        0 => String::new(),
        runs => format!(" It did not cover {}, which the full stack did.", format::plural(runs, "other run")),
    };
    let runs = format::plural(specified, "run");
    Some(format!(
        "The specification did {runs}. The full stack repeated {agreed} of them, with equal records.{outside}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::fixture;

    #[test]
    fn a_document_says_which_world_did_how_many_runs() {
        let told = |runs: Option<RunsDone>| in_words(&Sweep { runs, ..fixture::alpha() });
        assert_eq!(told(None), None);
        let simulated = RunsDone { simulated: 3, ..RunsDone::default() };
        assert_eq!(told(Some(simulated)).as_deref(), Some("The full stack did 3 runs."));
        let both = RunsDone { specified: 40, simulated: 7, agreed: 6, outside_scope: 1 };
        let text = "The specification did 40 runs. The full stack repeated 6 of them, with equal records. It did not cover \
                    1 other run, which the full stack did.";
        assert_eq!(told(Some(both)).as_deref(), Some(text));
    }
}
