//! What has arrived beyond a hole: ranges that neither overlap nor touch.

use crate::tcp::range::ByteRange;

/// The ranges, the one with the newest arrival first, as SACK blocks list them (RFC 2018, section 4).
#[derive(Debug, Clone, Default)]
pub(super) struct Ranges {
    newest_first: Vec<ByteRange>,
}

impl Ranges {
    pub(super) fn is_empty(&self) -> bool {
        self.newest_first.is_empty()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.newest_first.iter().map(|range| range.len()).sum()
    }

    /// The end of the last range.
    pub(super) fn end(&self) -> u64 {
        self.newest_first.iter().map(|range| range.end).max().unwrap_or(0)
    }

    pub(super) fn newest_first(&self) -> impl Iterator<Item = ByteRange> {
        self.newest_first.iter().copied()
    }

    /// Adds a range, joined with those that it touches.
    pub(super) fn insert(&mut self, added: ByteRange) {
        let mut joined = added;
        self.newest_first.retain(|range| {
            let touches = range.touches(joined);
            if touches {
                joined = joined.joined_with(*range);
            }
            !touches
        });
        self.newest_first.insert(0, joined);
    }

    /// Everything before `next` has arrived in order: takes off what that reaches, and returns how far it goes now.
    pub(super) fn take_reached(&mut self, next: u64) -> u64 {
        let mut reached = next;
        // The ranges are apart from each other, so one at most holds `next` in its middle.
        self.newest_first.retain(|range| {
            if range.start <= next {
                reached = reached.max(range.end);
            }
            range.start > next
        });
        // A range that `reached` has come to would have been joined with the one that brought it there.
        reached
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(added: &[(u64, u64)]) -> Ranges {
        let mut ranges = Ranges::default();
        added.iter().for_each(|(start, end)| ranges.insert(ByteRange::new(*start, *end)));
        ranges
    }

    fn list(ranges: &Ranges) -> Vec<(u64, u64)> {
        ranges.newest_first().map(|range| (range.start, range.end)).collect()
    }

    #[test]
    fn the_block_with_the_newest_arrival_comes_first() {
        // RFC 2018, section 4.
        assert_eq!(list(&ranges(&[(10, 20), (30, 40), (50, 60)])), [(50, 60), (30, 40), (10, 20)]);
        assert_eq!(list(&ranges(&[(10, 20), (30, 40), (20, 25)])), [(10, 25), (30, 40)]);
    }

    #[test]
    fn a_range_that_fills_a_hole_joins_its_neighbours() {
        assert_eq!(list(&ranges(&[(10, 20), (30, 40), (20, 30)])), [(10, 40)]);
    }

    #[test]
    fn what_is_reached_in_order_is_taken_off() {
        let mut ranges = ranges(&[(10, 20), (30, 40)]);
        assert_eq!(ranges.take_reached(10), 20);
        assert_eq!(list(&ranges), [(30, 40)]);
        assert_eq!(ranges.take_reached(25), 25);
        assert_eq!(ranges.take_reached(45), 45);
        assert!(ranges.is_empty());
    }
}
