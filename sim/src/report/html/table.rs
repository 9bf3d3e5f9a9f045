//! A table of texts as an HTML table whose columns sort: each cell has the number that its text stands for.

use super::text::escaped;
use crate::report::table::{Lean, Table};

/// The table under its title, with what its columns mean: terms and meanings, separated by ` · `.
pub(super) fn table(title: &str, table: &Table, key: &str) -> String {
    let columns = table.columns();
    let class = |lean: Lean| if lean == Lean::Right { " class=\"right\"" } else { "" };
    let heads: String = columns
        .iter()
        .map(|(name, lean)| format!("<th scope=\"col\"{}>{}</th>", class(*lean), escaped(name)))
        .collect();
    let rows: String = filled(table.rows())
        .iter()
        .map(|row| {
            let cells = row.iter().zip(columns).enumerate();
            let cells = cells.map(|(index, (text, (_, lean)))| cell(index == 0, class(*lean), text));
            format!("<tr>{}</tr>\n", cells.collect::<String>())
        })
        .collect();
    let title = escaped(title);
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{title}\">\n<table class=\"sorts\">\n\
         <caption>{title}</caption>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n{}",
        meanings(key)
    )
}

fn cell(is_head: bool, class: &str, text: &str) -> String {
    let number = as_number(text).map_or_else(String::new, |number| format!(" data-number=\"{number}\""));
    let text = escaped(text);
    if is_head {
        format!("<th scope=\"row\"{class}{number}>{text}</th>")
    } else {
        format!("<td{class}{number}>{text}</td>")
    }
}

fn meanings(key: &str) -> String {
    if key.is_empty() {
        return String::new();
    }
    let items: String = key.split(" · ").map(|item| format!("<li>{}</li>\n", escaped(item))).collect();
    format!("<details><summary>What the columns mean</summary>\n<ul>\n{items}</ul>\n</details>\n")
}

/// The rows, where cells at the front of a row are empty with the text of the row above. On a terminal a group has its name
/// once, and rows that are sorted leave their group.
fn filled(rows: &[Vec<String>]) -> Vec<Vec<String>> {
    let mut filled: Vec<Vec<String>> = Vec::with_capacity(rows.len());
    for row in rows {
        let mut row = row.clone();
        if let Some(above) = filled.last() {
            let front = row.iter().take_while(|cell| cell.is_empty()).count();
            row[..front].clone_from_slice(&above[..front]);
        }
        filled.push(row);
    }
    filled
}

/// The number at the front of a text, in the base unit of its kind: `1,024` is 1024, `24.6 kB` is 24600, `4.2 s` is 4200 as
/// `4,200 ms` is, `3 of 59` is 3. Columns have one kind each, or texts without a number.
fn as_number(text: &str) -> Option<f64> {
    let bare = text.trim_start_matches(['≤', '`', ' ']);
    // Bounds stand beside the number that they bound.
    let (bare, nudge) = match (bare.strip_prefix("< "), bare.strip_prefix("> ")) {
        (Some(below), _) => (below, 0.999),
        (_, Some(above)) => (above, 1.001),
        _ => (bare, 1.0),
    };
    let (bare, sign) = bare.strip_prefix('−').map_or((bare, 1.0), |bare| (bare, -1.0));
    let end = bare.find(|character: char| !matches!(character, '0'..='9' | ',' | '.')).unwrap_or(bare.len());
    let (digits, rest) = bare.split_at(end);
    let unit = match rest.split_whitespace().next() {
        Some("kB" | "s") => 1e3,
        Some("MB" | "M") => 1e6,
        Some("GB" | "G") => 1e9,
        // A digest or a name that begins with a digit.
        Some(word) if rest.starts_with(|next: char| next.is_alphanumeric() || next == '-') && !word.is_empty() => {
            return None;
        }
        _ => 1.0,
    };
    let number: f64 = digits.trim_end_matches(',').replace(',', "").parse().ok()?;
    Some(number * sign * unit * nudge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_sort_by_the_number_they_stand_for() {
        let numbers =
            ["1,024", "24.6 kB", "4.2 s", "3 of 59", "0.5 %", "1–48", "≤ 0.1 %", "−4", "> 99.9"].map(as_number);
        let wanted = [1024.0, 24_600.0, 4200.0, 3.0, 0.5, 1.0, 0.1, -4.0, 99.9 * 1.001].map(Some);
        assert_eq!(numbers, wanted);
        assert!(as_number("< 0.01").unwrap() < 0.01);
        assert_eq!(["–", "none", "", "8f3a", "as planned", "`12ab`", "3g", "2-phones"].map(as_number), [None; 8]);
    }

    #[test]
    fn a_row_that_leaves_its_group_keeps_the_name_of_the_group() {
        let mut one = Table::new(&[("N", Lean::Right), ("class", Lean::Left)]);
        one.row(["10".to_owned(), "tab".to_owned()]);
        one.row([String::new(), "<b>".to_owned()]);
        let text = table("Classes", &one, "class: who · N: how many");
        let row = "<tr><th scope=\"row\" class=\"right\" data-number=\"10\">10</th><td>&lt;b&gt;</td></tr>";
        assert!(text.contains(row), "{text}");
        assert!(text.contains("<caption>Classes</caption>") && text.contains("<li>N: how many</li>"), "{text}");
    }
}
