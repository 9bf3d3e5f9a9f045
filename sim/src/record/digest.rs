//! A digest of what happened: SipHash-1-3 with a fixed key, 128 bits. Guards against change, not against malice.

use std::fmt;
use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};

/// 128 bits, printed as 32 hex digits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Digest(pub u128);

impl Digest {
    /// The digest of digests, in their order.
    pub fn over(digests: impl IntoIterator<Item = Self>) -> Self {
        let mut running = Running::default();
        digests.into_iter().for_each(|digest| running.0.write_u128(digest.0));
        running.digest()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// A digest under way.
#[derive(Debug, Clone, Default)]
pub(super) struct Running(SipHasher13);

impl Running {
    /// Adds something that happened: when (virtual nanoseconds), what, and its numbers.
    pub(super) fn add(&mut self, at: u64, kind: Kind, sequence: u64, detail: u64) {
        self.0.write_u64(at);
        self.0.write_u64(kind as u64);
        self.0.write_u64(sequence);
        self.0.write_u64(detail);
    }

    pub(super) fn digest(&self) -> Digest {
        Digest(self.0.finish128().as_u128())
    }
}

/// What can happen to a subscriber. The numbers are part of every recorded digest.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Subscribed = 1,
    Queued = 2,
    Refused = 3,
    Displaced = 4,
    Disconnected = 5,
    Flushed = 6,
    Received = 7,
    Ended = 8,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_the_same_on_every_machine_and_differs_for_whatever_differs() {
        let of = |events: &[(u64, Kind, u64, u64)]| {
            let mut running = Running::default();
            events.iter().for_each(|(at, kind, sequence, detail)| running.add(*at, *kind, *sequence, *detail));
            running.digest()
        };
        let first = of(&[(1, Kind::Queued, 1, 1), (2, Kind::Flushed, 1, 0)]);
        assert_eq!(first.to_string(), "dd0048951623315694b827251d579aef");
        assert_ne!(first, of(&[(2, Kind::Flushed, 1, 0), (1, Kind::Queued, 1, 1)]));
        assert_ne!(first, of(&[(1, Kind::Queued, 1, 1), (2, Kind::Received, 1, 0)]));
        assert_ne!(Digest::over([first, Digest(0)]), Digest::over([Digest(0), first]));
    }
}
