//! Verdicts as JUnit XML, which systems of continuous integration read: a test case for each limit and what was judged.

use std::fmt::Write as _;

use crate::summary::document::{Judgement, Sweep};

/// The report of a sweep, a sizing or a load test.
#[must_use]
pub fn of_sweep(sweep: &Sweep, command: &str) -> String {
    let deciding = sweep.objective.iter().flat_map(|result| result.deciding()).collect::<Vec<_>>();
    report(command, &sweep.scenario, &deciding, sweep.partial.as_deref())
}

/// A report with a suite of one scenario. Each judgement comes with what was judged, in words; `partial` says why some
/// are missing.
///
/// There are no times: a report of the same runs has the same bytes.
#[must_use]
pub fn report(command: &str, scenario: &str, judgements: &[(String, &Judgement)], partial: Option<&str>) -> String {
    let tests = judgements.len() + usize::from(partial.is_some());
    let failures = judgements.iter().filter(|(_, judgement)| !judgement.is_met).count();
    let counts =
        format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{}\" skipped=\"0\"", tests - judgements.len());
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    // Writing to a `String` cannot fail, here and below.
    let _ = writeln!(text, "<testsuites name=\"{}\" {counts}>", escaped(&format!("sim {command}")));
    let _ = writeln!(text, "  <testsuite name=\"{}\" {counts}>", escaped(scenario));
    let class = escaped(&format!("sim.{command}.{scenario}"));
    for (place, judgement) in judgements {
        let name = escaped(&format!("{place}: {}: {}", judgement.whom(), judgement.figure));
        if judgement.is_met {
            let _ = writeln!(text, "    <testcase classname=\"{class}\" name=\"{name}\"/>");
            continue;
        }
        let _ = writeln!(text, "    <testcase classname=\"{class}\" name=\"{name}\">");
        let (figure, message) = (judgement.figure, escaped(&judgement.to_string()));
        let told = escaped(&format!("{place}: {judgement}"));
        let _ = writeln!(text, "      <failure type=\"{figure}\" message=\"{message}\">{told}</failure>");
        text.push_str("    </testcase>\n");
    }
    if let Some(why) = partial {
        let why = escaped(why);
        let _ = writeln!(text, "    <testcase classname=\"{class}\" name=\"all runs\">");
        let _ = writeln!(text, "      <error type=\"partial\" message=\"{why}\"/>\n    </testcase>");
    }
    text.push_str("  </testsuite>\n</testsuites>\n");
    text
}

/// A text as an attribute or an element has it.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // A reader turns these into spaces where they stand in an attribute as they are.
            '\n' | '\t' | '\r' => {
                let _ = write!(escaped, "&#{};", u32::from(character));
            }
            // XML 1.0 has no other control characters and not these two, in any form.
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::document::Measure;

    fn judgement(class: &str, value: f64) -> Judgement {
        let (class, figure, at_most) = (Some(class.to_owned()), Measure::Missed, 0.1);
        Judgement { class, figure, value: Some(value), at_most, is_met: value <= at_most }
    }

    #[test]
    fn each_limit_is_a_case_and_what_is_not_kept_a_failure_with_value_and_limit() {
        let (kept, broken) = (judgement("desktop", 0.0), judgement("tab", 0.25));
        let judgements = [("N = 10".to_owned(), &kept), ("N = 10".to_owned(), &broken)];
        let text = report("sweep", "alpha", &judgements, None);
        let counts = "tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\"";
        assert!(text.contains(&format!("<testsuite name=\"alpha\" {counts}>")), "{text}");
        assert!(text.contains("name=\"N = 10: desktop: missed\"/>"), "{text}");
        assert!(text.contains("message=\"tab: missed = 0.25, and the objective is at most 0.1\""), "{text}");
    }

    #[test]
    fn what_xml_does_not_allow_as_it_is_is_escaped_or_replaced() {
        assert_eq!(escaped("a<b> & \"c\"\n\u{1}\u{fffe}é"), "a&lt;b&gt; &amp; &quot;c&quot;&#10;\u{fffd}\u{fffd}é");
    }

    #[test]
    fn a_load_that_ended_early_has_an_error() {
        let text = report("load", "alpha", &[], Some("ended < early"));
        assert!(text.contains("tests=\"1\" failures=\"0\" errors=\"1\""), "{text}");
        assert!(text.contains("<error type=\"partial\" message=\"ended &lt; early\"/>"), "{text}");
    }
}
