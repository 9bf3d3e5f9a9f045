//! Ranges of a byte stream. Offsets are 64 bits wide and count from the first byte, so they never wrap.

/// The bytes from `start` up to but not including `end`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ByteRange {
    pub(super) start: u64,
    pub(super) end: u64,
}

impl ByteRange {
    pub(super) fn new(start: u64, end: u64) -> Self {
        debug_assert!(start <= end);
        Self { start, end }
    }

    pub(super) fn len(self) -> u64 {
        self.end - self.start
    }

    /// Whether the two share a byte, or one ends where the other starts.
    pub(super) fn touches(self, other: Self) -> bool {
        self.start <= other.end && self.end >= other.start
    }

    pub(super) fn joined_with(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// The most blocks that a TCP header with timestamps has room for (RFC 2018, section 3).
pub(super) const MOST_SACK_BLOCKS: usize = 3;

/// The SACK blocks of one acknowledgement, the block with the newest arrival first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct SackBlocks {
    blocks: [ByteRange; MOST_SACK_BLOCKS],
    count: usize,
}

impl SackBlocks {
    /// As many of the blocks as fit into a header.
    pub(super) fn of(blocks: impl IntoIterator<Item = ByteRange>) -> Self {
        let mut all = Self::default();
        for block in blocks.into_iter().take(MOST_SACK_BLOCKS) {
            all.blocks[all.count] = block;
            all.count += 1;
        }
        all
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = ByteRange> {
        self.blocks[..self.count].iter().copied()
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }
}
