//! A digest of what happened: SipHash-1-3 with a fixed key, 128 bits. Guards against change, not against malice.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ObservationKind;
use super::sip::SipWords;

/// 128 bits, printed as 32 hex digits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Digest(pub u128);

impl Digest {
    /// The digest of digests, in their order.
    pub fn over(digests: impl IntoIterator<Item = Self>) -> Self {
        // Each subscriber has a digest of its own. In what order different ones are served within one moment is not
        // part of it.
        let mut running = Running::default();
        digests.into_iter().for_each(|digest| running.0.add([digest.0 as u64, (digest.0 >> 64) as u64]));
        running.digest()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // With leading zeros: a check of stored digests counts 32 digits.
        write!(f, "{:032x}", self.0)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        u128::from_str_radix(&text, 16).map(Self).map_err(|_| D::Error::custom("a digest is 32 hex digits"))
    }
}

// Not the standard library's hasher: its algorithm may change with any version, and digests are stored and compared.
/// A digest under way.
#[derive(Debug, Clone, Default)]
pub(super) struct Running(SipWords);

impl Running {
    /// Adds something that happened, and when: in virtual nanoseconds.
    #[inline(always)]
    pub(super) fn add(&mut self, at: u64, what: ObservationKind) {
        // Every observation adds four words, so no separator is needed to keep two logs apart.
        let [kind, first, second] = what.numbers();
        self.0.add([at, kind, first, second]);
    }

    pub(super) fn digest(&self) -> Digest {
        Digest(self.0.finish())
    }
}

#[cfg(test)]
mod tests {
    use hubbub::PushOutcome;

    use super::*;

    #[test]
    fn a_digest_is_the_same_on_every_machine_and_differs_for_whatever_differs() {
        let of = |events: &[(u64, ObservationKind)]| {
            let mut running = Running::default();
            events.iter().for_each(|(at, what)| running.add(*at, *what));
            running.digest()
        };
        let queued = ObservationKind::Pushed { sequence: 1, outcome: PushOutcome::Queued { waiting: 1 } };
        let flushed = ObservationKind::Flushed { sequence: 1 };
        let received = ObservationKind::Received { sequence: 1 };
        let first = of(&[(1, queued), (2, flushed)]);
        assert_eq!(first.to_string(), "dd0048951623315694b827251d579aef");
        assert_ne!(first, of(&[(2, flushed), (1, queued)]));
        assert_ne!(first, of(&[(1, queued), (2, received)]));
        assert_ne!(Digest::over([first, Digest(0)]), Digest::over([Digest(0), first]));
    }
}
