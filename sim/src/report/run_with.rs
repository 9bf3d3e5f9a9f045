//! What policies were run with: what each of them needs to mean what its name says, in words.

use crate::summary::document::{RunWith, Sweep};
use crate::summary::format;

/// One sentence for all policies that were run with the same; nothing where none needs more than its mailbox.
pub(super) fn sentence(sweep: &Sweep) -> Option<String> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for run_with in &sweep.run_with {
        let words = in_words(run_with);
        // Grouped by the words: what reads the same is said once for all.
        match groups.iter_mut().find(|(known, _)| *known == words) {
            Some((_, policies)) => policies.push(run_with.policy.clone()),
            None => groups.push((words, vec![run_with.policy.clone()])),
        }
    }
    let groups: Vec<_> =
        groups.iter().map(|(words, policies)| format!("{} with {words}", format::listed(policies))).collect();
    (!groups.is_empty()).then(|| format!("Policies have what they need: {}.", groups.join("; ")))
}

fn in_words(run_with: &RunWith) -> String {
    let events = format::count(run_with.history_events);
    let mut words = format!("a history of {events} events or {}", format::bytes(run_with.history_bytes as f64));
    if let Some(keys) = run_with.keys {
        words.push_str(&format!(", {} keys", format::count(keys)));
    }
    if let Some(most) = run_with.retry_seconds {
        let (least, most) = (format::number(most / 5.0), format::number(most));
        words.push_str(&format!(", clients that come back after {least} to {most} s, as `retry:` asks"));
        return words;
    }
    let mut pauses: Vec<_> = run_with.comes_back_after_seconds.values().flatten().copied().collect();
    pauses.sort_by(f64::total_cmp);
    let clients = if pauses.len() == run_with.comes_back_after_seconds.len() { "clients" } else { "some clients" };
    match (pauses.first(), pauses.last()) {
        (Some(least), Some(most)) if least == most => {
            words.push_str(&format!(", {clients} that come back {} s after a cut-off", format::number(*least)));
        }
        (Some(least), Some(most)) => {
            let (least, most) = (format::number(*least), format::number(*most));
            words.push_str(&format!(", {clients} that come back {least} to {most} s after a cut-off"));
        }
        _ => {}
    }
    words
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::summary::fixture;

    #[test]
    fn policies_that_need_the_same_are_told_in_one_breath() {
        let mut sweep = fixture::policies();
        assert_eq!(sentence(&sweep), None);
        let of = |policy: &str, keys, pauses: [Option<f64>; 2]| RunWith {
            policy: policy.to_owned(),
            history_events: 10_000,
            history_bytes: 16_777_216,
            comes_back_after_seconds: ["a", "b"].map(str::to_owned).into_iter().zip(pauses).collect::<BTreeMap<_, _>>(),
            retry_seconds: None,
            keys,
        };
        sweep.run_with = vec![
            of("conflate", Some(200), [Some(3.0); 2]),
            of("disconnect", None, [Some(3.0), Some(5.0)]),
            of("park", None, [None; 2]),
            of("other", None, [None; 2]),
        ];
        assert_eq!(
            sentence(&sweep).unwrap(),
            "Policies have what they need: conflate with a history of 10,000 events or 16.8 MB, 200 keys, clients that come back 3 s after a \
             cut-off; disconnect with a history of 10,000 events or 16.8 MB, clients that come back 3 to 5 s after a \
             cut-off; park and other with a history of 10,000 events or 16.8 MB."
        );
    }
}
