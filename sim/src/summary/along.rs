//! Which of N and K a sweep is about: the rule that figures and reports share.

use std::collections::BTreeSet;

use super::document::Sweep;

/// What runs along the x axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Along {
    /// Buffer sizes; each curve is an N.
    Buffers,
    /// Values of N; each curve is a buffer.
    Subscribers,
}

/// Buffers run along the x axis, unless more values of N were swept than buffers.
#[must_use]
pub fn along(sweep: &Sweep) -> Along {
    let subscribers: BTreeSet<_> = sweep.cells.iter().map(|cell| cell.subscribers).collect();
    let buffers: BTreeSet<_> = sweep.cells.iter().map(|cell| cell.buffer).collect();
    if subscribers.len() > buffers.len() { Along::Subscribers } else { Along::Buffers }
}

/// Whether a sweep has a curve of the risk of a size: marks of many runs that are not all the same.
#[must_use]
pub fn has_risk(sweep: &Sweep) -> bool {
    sweep.zero_drop.iter().any(|size| size.marks.as_ref().is_some_and(|marks| marks.high_water.len() > 1))
}

/// Whether all that was measured is one N of a server that does not say its buffer: nothing runs along any axis.
fn is_one_unknown_size(sweep: &Sweep) -> bool {
    sweep.cells.iter().all(|cell| cell.buffer == 0 && cell.subscribers == sweep.cells[0].subscribers)
}

/// File names, without extension, of the figures of drop rate, memory, latency and, where there are marks, of the risk;
/// none where there are no cells.
#[must_use]
pub fn figure_names(sweep: &Sweep) -> Vec<&'static str> {
    let names: &[&str] = match along(sweep) {
        _ if sweep.cells.is_empty() || is_one_unknown_size(sweep) => &[],
        _ if sweep.compares_policies() => &["policies"],
        Along::Buffers => &["drop-rate", "memory", "latency"],
        Along::Subscribers => &["drop-rate-by-subscribers", "memory-by-subscribers", "latency-by-subscribers"],
    };
    let risk = (!names.is_empty() && has_risk(sweep)).then_some("risk");
    names.iter().copied().chain(risk).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::fixture;

    #[test]
    fn more_n_than_buffers_puts_n_along_the_axis() {
        assert_eq!(along(&fixture::alpha()), Along::Buffers);
        assert_eq!(along(&fixture::ceiling()), Along::Subscribers);
        assert_eq!(along(&fixture::single_cell()), Along::Buffers);
        assert!(figure_names(&fixture::size_only()).is_empty());
        let mut of_another_server = fixture::single_cell();
        of_another_server.cells[0].buffer = 0;
        assert!(figure_names(&of_another_server).is_empty(), "its buffer is not known");
    }

    #[test]
    fn policies_that_are_compared_have_a_figure_of_their_own() {
        assert_eq!(figure_names(&fixture::policies()), ["policies"]);
        assert_eq!(figure_names(&fixture::alpha()), ["drop-rate", "memory", "latency", "risk"]);
        assert_eq!(figure_names(&fixture::steady_overload()), ["drop-rate", "memory", "latency"]);
        assert_eq!(figure_names(&fixture::ceiling())[0], "drop-rate-by-subscribers");
    }
}
