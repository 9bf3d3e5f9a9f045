//! The report of a sweep, a sizing, a comparison of policies or a load test.

use super::answer::Answer;
use super::chart::Chart;
use super::curves;
use super::page::{footer, page};
use super::table::table;
use super::text::{escaped, list, paragraph};
use crate::report::table::Table;
use crate::report::{classes, current, objective, parts, policies, real, restarts, runs_done, sizes};
use crate::summary::document::Sweep;

/// The report as one HTML file: the answer, figures, tables. It has no date, so the same document gives the same bytes.
#[must_use]
pub fn of_sweep(sweep: &Sweep) -> String {
    let answer = Answer::of(sweep);
    let kind = match (sweep.is_measured(), sweep.cells.is_empty()) {
        (true, _) => format!("Load test, {}", real::over(sweep)),
        (false, true) => "Size of a buffer".to_owned(),
        (false, false) => "Sweep of buffer sizes".to_owned(),
    };
    let mut body = format!(
        "<header>\n{}<h1>{}</h1>\n{}</header>\n<main>\n{}",
        paragraph("kind", &kind),
        escaped(&sweep.scenario),
        paragraph("quiet", &sweep.question),
        answer.html()
    );
    if let Some(why) = &sweep.partial {
        body.push_str(&paragraph("partial", &format!("Partial: {why}")));
    }
    body.push_str(&figures(&curves::charts(sweep)));
    if let Some(result) = &sweep.objective {
        body.push_str(&format!("<h2>The objective</h2>\n{}", paragraph("", &objective::limits(result))));
        push(&mut body, "Sizes that keep it", objective::sizes(result), objective::SIZES_KEY);
        push(&mut body, "Limit by limit", objective::judged(sweep, result), "");
    }
    body.push_str(&if sweep.is_measured() { measured(sweep) } else { simulated(sweep) });
    if let Some(table) = restarts::table(sweep) {
        body.push_str("<h2>After a restart of the server</h2>\n");
        push(&mut body, "Receipts after a restart", Some(table), restarts::KEY);
    }
    body.push_str(&what_was_run(sweep));
    body.push_str("</main>\n");
    body.push_str(&footer(&sweep.command));
    page(&format!("{}: {}", sweep.scenario, answer.number), &body)
}

fn figures(charts: &[Chart]) -> String {
    let drawn: String = charts.iter().filter_map(Chart::html).collect();
    if drawn.is_empty() { drawn } else { format!("<h2>Figures</h2>\n<div class=\"figures\">\n{drawn}</div>\n") }
}

fn push(body: &mut String, title: &str, content: Option<Table>, key: &str) {
    if let Some(content) = content {
        body.push_str(&table(title, &content, key));
    }
}

fn simulated(sweep: &Sweep) -> String {
    let mut body = String::new();
    if !sweep.zero_drop.is_empty() {
        body.push_str("<h2>The size, and the risk that it leaves</h2>\n");
        push(&mut body, "Sizes", sizes::table(sweep), sizes::KEY);
        let lines = sizes::bindings(sweep).into_iter().chain(sizes::extrapolated(sweep));
        body.push_str(&list(lines));
        body.push_str(&paragraph("", sizes::size_means(sweep).unwrap_or_default()));
        push(&mut body, "Runs that lose something, and the bound of their probability", sizes::risk(sweep), "");
        push(&mut body, "At that size, a subscriber", sizes::cost(sweep), "");
        push(&mut body, "At that size, by class", classes::table(sweep), classes::KEY);
    }
    push(&mut body, "How the size moves with the load", parts::sensitivity(sweep), "");
    if sweep.compares_policies() {
        body.push_str("<h2>The policies</h2>\n");
        push(&mut body, "Policies", policies::table(sweep), policies::KEY);
        body.push_str(&list(sweep.not_applied.iter().map(|what| format!("Not run: {what}."))));
    } else if !sweep.cells.is_empty() {
        body.push_str("<h2>The sweep</h2>\n");
        if let Some((sentence, table)) = current::current_buffer(sweep) {
            body.push_str(&paragraph("", &sentence));
            push(&mut body, "At the current buffer", Some(table), "");
        }
        push(&mut body, "Every size and number of subscribers", parts::cells(sweep), "");
        body.push_str(&paragraph("quiet", &current::slot_price(sweep).unwrap_or_default()));
    }
    body
}

fn measured(sweep: &Sweep) -> String {
    let mut body = String::new();
    if !sweep.cells.is_empty() {
        body.push_str("<h2>Losses, latency, memory</h2>\n");
        push(&mut body, "Losses and latency", Some(real::latency(sweep, true)), real::KEY);
        body.push_str(&paragraph("quiet", &real::lateness(sweep)));
        push(&mut body, "Memory of one subscriber", real::memory(sweep), real::MEMORY_KEY);
    }
    body.push_str(&list(sweep.not_applied.iter().map(|what| format!("Not as planned: {what}"))));
    body
}

fn what_was_run(sweep: &Sweep) -> String {
    let mut body = format!("<h2>What was run</h2>\n{}", paragraph("", &parts::load(sweep)));
    body.push_str(&paragraph("", &runs_done::in_words(sweep).unwrap_or_default()));
    push(&mut body, "Who watches", parts::population(sweep), "");
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::document::{AfterRestart, Quantiles};
    use crate::summary::fixture;

    #[test]
    fn every_document_gives_one_page_with_the_answer_before_the_figures_and_tables() {
        for sweep in fixture::all() {
            let html = of_sweep(&sweep);
            assert_eq!(html, of_sweep(&sweep));
            let place = |what: &str| html.find(what);
            let answer = place("class=\"number\"").unwrap();
            assert!(
                [place("<figure"), place("<table")].into_iter().flatten().all(|other| answer < other),
                "{}",
                sweep.scenario
            );
            for open in ["section", "figure", "table", "ul", "div", "svg", "main", "p"] {
                let [opened, closed] = [format!("<{open}"), format!("</{open}>")].map(|tag| html.matches(&tag).count());
                let others = if open == "p" { html.matches("<path").count() } else { 0 };
                assert_eq!(opened - others, closed, "{open} of {}", sweep.scenario);
            }
        }
    }

    #[test]
    fn a_page_has_the_receipts_after_a_restart_where_the_document_has_them() {
        let mut sweep = fixture::alpha();
        let title = "After a restart of the server";
        assert!(!of_sweep(&sweep).contains(title));
        let quantiles = Quantiles { p50: Some(400.0), p99: Some(4000.0), p999: None, max: Some(4800.0) };
        sweep.cells[0].after_restart = Some(AfterRestart {
            receipt_latency_ms: quantiles,
            live_receipt_latency_ms: Quantiles::default(),
            last_back_after_ms: Some(5210.0),
            not_back: 2,
        });
        let html = of_sweep(&sweep);
        let row = html.split_once("<caption>Receipts after a restart</caption>").unwrap().1;
        let row = row.split_once("</table>").unwrap().0;
        assert!(html.contains(title) && row.contains(">5.2 s<") && row.contains("data-number=\"4800\""), "{row}");
        assert!(html.contains("<li>last back: from the end of the process until"), "{html}");
    }

    #[test]
    fn a_page_names_no_other_file_and_no_style_of_an_element() {
        for sweep in fixture::all() {
            let html = of_sweep(&sweep);
            let body = html.split_once("<body>").unwrap().1.split_once("<script>").unwrap().0;
            let tags = || body.split('<').filter_map(|tag| tag.split('>').next());
            for part in ["http://", "https://", " src=", " href=", "url(", "@import", " style="] {
                assert!(!tags().any(|tag| tag.contains(part)), "{part} in {}", sweep.scenario);
            }
            let handles = |word: &str| word.starts_with("on") && word.contains('=');
            assert!(!tags().any(|tag| tag.split_whitespace().any(handles)), "{}", sweep.scenario);
        }
    }

    #[test]
    fn names_in_a_scenario_are_never_markup() {
        let mut sweep = fixture::alpha();
        let evil = "</title><script>alert(1)</script><img src=x onerror=alert(1)>\"'";
        sweep.scenario = evil.to_owned();
        sweep.question = evil.to_owned();
        sweep.command = evil.to_owned();
        sweep.recommendation.because = evil.to_owned();
        sweep.partial = Some(evil.to_owned());
        sweep.faults = vec![evil.to_owned()];
        sweep.classes.iter_mut().for_each(|class| class.name = evil.to_owned());
        sweep.zero_drop.iter_mut().filter_map(|size| size.binding.as_mut()).for_each(|by| by.class = evil.to_owned());
        let html = of_sweep(&sweep);
        assert_eq!(html.matches("<script").count(), 1, "only its own");
        assert!(!html.contains("<img") && html.contains("&lt;img src=x"), "{html}");
    }
}
