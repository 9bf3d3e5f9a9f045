//! Random numbers: one ChaCha stream for each entity that needs some, and the few distributions that plans need.
//!
//! A stream belongs to a (kind, class, rank within the class), so that whoever joins changes nobody else's luck, and
//! nobody's luck depends on how much another one used. Logarithms and the like come from `libm`: the standard
//! library's differ between platforms, and a plan must not.

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The rest of the key: other programs' streams with the same seed are not these.
// Exactly 24 bytes: with the 8 of the seed they fill the generator's key.
const DOMAIN: &[u8; 24] = b"hubbub: the plan's luck\0";

/// What a stream decides.
#[derive(Debug, Clone, Copy)]
pub(super) enum RngStream {
    /// When events arrive.
    Arrivals,
    /// How large they are.
    Payload,
    /// When a subscriber connects.
    Connect,
    /// How long it stays.
    Stay,
    /// When it does not read.
    Stalls,
    /// How long it serves each frame.
    Services,
    /// How many frames come at once.
    Batches,
    /// Which entity each event is about.
    Keys,
    /// Which faults strike it, and when it is back after them.
    Faults,
    /// In which time slots the line to it loses packets.
    LossDown,
    /// In which time slots the line from it loses packets.
    LossUp,
    /// When its path carries nothing.
    Outages,
    /// To which table each event is published.
    Tables,
}

impl RngStream {
    /// Part of every plan: a changed number changes the luck of all seeds.
    fn number(self) -> u64 {
        match self {
            Self::Arrivals => 1,
            Self::Payload => 2,
            Self::Connect => 3,
            Self::Stay => 4,
            Self::Stalls => 5,
            Self::Services => 6,
            Self::Batches => 7,
            Self::Faults => 8,
            Self::Keys => 9,
            Self::LossDown => 10,
            Self::LossUp => 11,
            Self::Outages => 12,
            Self::Tables => 13,
        }
    }
}

// A named generator and not `StdRng`, which may become another one with any version of the crate.
/// A source of random numbers that only its owner draws from.
#[derive(Debug)]
pub(super) struct EntityRng(ChaCha12Rng);

impl EntityRng {
    /// The stream of something there is one of.
    pub(super) fn of(seed: u64, kind: RngStream) -> Self {
        Self::of_member(seed, kind, 0, 0)
    }

    /// The stream of one subscriber. Classes number at most 64 and ranks 100,000: 16 and 40 bits have room.
    pub(super) fn of_member(seed: u64, kind: RngStream, class: usize, rank: usize) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..].copy_from_slice(DOMAIN);
        let mut rng = ChaCha12Rng::from_seed(key);
        rng.set_stream(kind.number() << 56 | (class as u64) << 40 | rank as u64);
        Self(rng)
    }

    /// Uniform in `0.0 .. 1.0`, with 53 bits.
    pub(super) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform between two values.
    pub(super) fn between(&mut self, [least, most]: [f64; 2]) -> f64 {
        least + (most - least) * self.unit()
    }

    /// Exponential with mean 1: minus the logarithm of a uniform number in `(0, 1]`.
    pub(super) fn exponential(&mut self) -> f64 {
        -libm::log(1.0 - self.unit())
    }

    /// Normal with mean 0 and deviation 1, by Box and Muller. The second number of each pair is not used, so that
    /// every draw takes as much luck as any other.
    pub(super) fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(2.0 * self.exponential());
        radius * libm::cos(std::f64::consts::TAU * self.unit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_by_seed_kind_class_and_rank() {
        let first = |seed, kind, class, rank| EntityRng::of_member(seed, kind, class, rank).unit();
        let base = first(1, RngStream::Connect, 2, 3);
        let others = [
            (2, RngStream::Connect, 2, 3),
            (1, RngStream::Stay, 2, 3),
            (1, RngStream::Connect, 3, 3),
            (1, RngStream::Connect, 2, 4),
        ];
        for (seed, kind, class, rank) in others {
            assert_ne!(base.to_bits(), first(seed, kind, class, rank).to_bits());
        }
    }

    #[test]
    fn distributions_have_the_moments_they_are_named_for() {
        let mut rng = EntityRng::of(0, RngStream::Payload);
        let mut moments = |draw: fn(&mut EntityRng) -> f64| {
            let values: Vec<f64> = (0..100_000).map(|_| draw(&mut rng)).collect();
            let mean = values.iter().sum::<f64>() / 1e5;
            (mean, values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 1e5)
        };
        let near = |(mean, variance): (f64, f64), expected: (f64, f64)| {
            assert!((mean - expected.0).abs() < 0.02 && (variance - expected.1).abs() < 0.03, "{mean}, {variance}");
        };
        near(moments(EntityRng::unit), (0.5, 1.0 / 12.0));
        near(moments(EntityRng::exponential), (1.0, 1.0));
        near(moments(EntityRng::normal), (0.0, 1.0));
    }
}
