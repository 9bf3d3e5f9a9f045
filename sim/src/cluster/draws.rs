//! Random numbers of a case, and delays that depend on nothing but what they are of.

use std::time::Duration;

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::Hasher;

/// The rest of the key: other programs' numbers with the same seed are not these. With the seed it fills the key.
const DOMAIN: &[u8; 24] = b"hubbub: a cluster's luck";

/// A source of random numbers.
pub(super) struct Draws(ChaCha12Rng);

impl Draws {
    pub(super) fn of(seed: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..].copy_from_slice(DOMAIN);
        Self(ChaCha12Rng::from_seed(key))
    }

    /// A number below `end`, which is at least 1. The ranges here are so small that the remainder is even enough.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0.next_u64() % end
    }

    /// An index below `end`, which is at least 1.
    pub(super) fn index(&mut self, end: usize) -> usize {
        usize::try_from(self.below(end as u64)).unwrap_or(0)
    }

    /// True once in `one_in` times.
    pub(super) fn is_one_in(&mut self, one_in: u64) -> bool {
        self.below(one_in) == 0
    }

    /// Whole milliseconds from `least` to `most`.
    pub(super) fn ms(&mut self, least: u64, most: u64) -> Duration {
        Duration::from_millis(least + self.below(most - least + 1))
    }
}

/// Milliseconds below `end` for something: the same in every run, whatever happened before.
pub(super) fn delay_below(end_ms: u64, of: [u64; 4]) -> Duration {
    let mut hasher = SipHasher13::new_with_keys(0x6875_6262, 0x7562_0001);
    of.into_iter().for_each(|number| hasher.write_u64(number));
    Duration::from_millis(hasher.finish128().h1 % end_ms.max(1))
}
