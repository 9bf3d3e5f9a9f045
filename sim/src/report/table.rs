//! A table of texts: as aligned columns for a terminal, as Markdown for a file; and prose within a width.

/// Widest line of a terminal report.
pub(super) const COLUMNS: usize = 80;

/// Which way a column leans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lean {
    Left,
    Right,
}

/// Heads and rows of equal length.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    columns: Vec<(String, Lean)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(columns: &[(&str, Lean)]) -> Self {
        Self { columns: columns.iter().map(|&(name, lean)| (name.to_owned(), lean)).collect(), rows: Vec::new() }
    }

    /// Names of the columns, and which way each leans.
    pub(super) fn columns(&self) -> &[(String, Lean)] {
        &self.columns
    }

    /// The rows, each with a cell for every column.
    pub(super) fn rows(&self) -> &[Vec<String>] {
        &self.rows
    }

    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut row: Vec<String> = cells.into_iter().collect();
        // A row may leave out its last cells.
        row.resize(self.columns.len(), String::new());
        self.rows.push(row);
    }

    /// Markdown, each line ended.
    pub(super) fn markdown(&self) -> String {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let head = line(self.columns.iter().map(|(name, _)| name.clone()).collect());
        let rule: Vec<String> =
            self.columns.iter().map(|(_, lean)| if *lean == Lean::Right { "--:" } else { ":--" }.to_owned()).collect();
        // A bar in a text would end its cell, and a line end the whole table.
        let escaped = |row: &Vec<String>| row.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
        let rows: String = self.rows.iter().map(|row| line(escaped(row))).collect();
        format!("{head}{}{rows}", line(rule))
    }

    /// Aligned columns two spaces in, an empty line where the first cell of a row is not empty and `grouped` asks
    /// for it. The last column is cut where a line would be too wide.
    pub(super) fn plain(&self, grouped: bool) -> String {
        let width = |i: usize| {
            // Characters and not bytes: a dash or a `≤` takes three bytes and one column.
            let cells = self.rows.iter().map(|row| row[i].chars().count());
            cells.chain([self.columns[i].0.chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        // A last column that leans left may be cut, so its width does not squeeze the others.
        let counted = match self.columns.last() {
            Some((_, Lean::Left)) => &widths[..widths.len() - 1],
            _ => &widths[..],
        };
        // Columns stand two spaces apart, or one where they would not fit.
        let roomy = 2 + counted.iter().map(|width| width + 2).sum::<usize>() <= COLUMNS;
        let gap = if roomy { "  " } else { " " };
        let line = |cells: Vec<&str>| {
            let padded: Vec<String> = cells
                .iter()
                .enumerate()
                .map(|(i, cell)| match self.columns[i].1 {
                    Lean::Left => format!("{cell:<0$}", widths[i]),
                    Lean::Right => format!("{cell:>0$}", widths[i]),
                })
                .collect();
            format!("{}\n", cut(format!("  {}", padded.join(gap)).trim_end(), COLUMNS))
        };
        let mut text = line(self.columns.iter().map(|(name, _)| name.as_str()).collect());
        for (i, row) in self.rows.iter().enumerate() {
            if grouped && i > 0 && !row[0].is_empty() {
                text.push('\n');
            }
            text.push_str(&line(row.iter().map(String::as_str).collect()));
        }
        text
    }
}

/// The text in at most so many characters, with an ellipsis where something went.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// Prose in lines of a terminal's width, each ended and indented; words too long are cut.
pub fn prose(text: &str, indent: &str) -> String {
    let most = COLUMNS - indent.chars().count();
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(cut(word, most)),
        }
    }
    lines.iter().map(|line| format!("{indent}{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_and_lines_stay_narrow() {
        let mut table = Table::new(&[("N", Lean::Right), ("who", Lean::Left)]);
        table.row(["1,000".to_owned(), "x".repeat(100)]);
        table.row(["10".to_owned(), "short".to_owned()]);
        let text = table.plain(false);
        assert!(text.starts_with("      N  who\n"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= COLUMNS));
        assert!(text.contains("     10  short\n"));
    }

    #[test]
    fn markdown_escapes_what_would_split_a_cell() {
        let mut table = Table::new(&[("a", Lean::Left), ("b", Lean::Right)]);
        table.row(["x|y".to_owned(), "1".to_owned()]);
        assert_eq!(table.markdown(), "| a | b |\n| :-- | --: |\n| x\\|y | 1 |\n");
    }
}
