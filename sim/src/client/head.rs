//! The head of a response, of which a client here only wants to know where it ends.

/// How much of the empty line behind it has been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Head {
    end: usize,
}

impl Head {
    /// What follows one more byte: more of it, or `None` where that was the last.
    pub(crate) fn after(self, byte: u8) -> Option<Self> {
        let end = match (self.end, byte) {
            (0 | 2, b'\r') => self.end + 1,
            (1, b'\n') => 2,
            (3, b'\n') => return None,
            (_, b'\r') => 1,
            _ => 0,
        };
        Some(Self { end })
    }
}
