//! Distributions of marks that are known exactly, for tests of coverage.

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Numbers between 0 and 1, neither included, that depend on the seed alone.
pub(super) fn uniform(seed: u64) -> impl Iterator<Item = f64> {
    let mut rng = ChaCha12Rng::seed_from_u64(seed);
    std::iter::repeat_with(move || ((rng.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64)
}

/// Where a distribution ends: no test asks for a risk as small.
const SMALLEST_RISK: f64 = 1e-8;

/// A distribution of marks: the risk of each buffer from 0 on, falling.
#[derive(Debug, Clone)]
pub(super) struct Exact(Vec<f64>);

impl Exact {
    /// The most frames in the system of an M/M/1 queue that starts empty, within a time of `services` mean services.
    ///
    /// For each buffer K it is the transient solution of the chain of 0 … K frames that is absorbed at K + 1, by
    /// uniformisation (Jensen, *Skandinavisk Aktuarietidskrift* 36 (1953), 87–91): nothing is subtracted, so that small
    /// risks are as exact, relatively, as large ones.
    pub(super) fn mm1(load: f64, services: f64) -> Self {
        let steps_until_end = Poisson::with_mean((1.0 + load) * services);
        let up = load / (1.0 + load);
        let risks = (0..).map(|buffer| steps_until_end.absorbed(up, buffer));
        Self::of(risks)
    }

    /// The largest of `parts` independent marks, each of which has the risk `(1 − K / end)^power` at a buffer of K.
    pub(super) fn bounded(end: u64, power: f64, parts: f64) -> Self {
        let of_one = move |buffer| libm::pow(1.0 - buffer as f64 / end as f64, power);
        Self::of((0..end).map(move |buffer| -libm::expm1(parts * libm::log1p(-of_one(buffer)))))
    }

    /// A mark of `one` kind, or with probability `part` of the `other`.
    pub(super) fn mixture(one: &Self, other: &Self, part: f64) -> Self {
        let buffers = 0..one.0.len().max(other.0.len()) as u64;
        Self::of(buffers.map(|buffer| (1.0 - part) * one.risk(buffer) + part * other.risk(buffer)))
    }

    /// The distribution with these risks of the buffers from 0 on.
    pub(super) fn of(risks: impl Iterator<Item = f64>) -> Self {
        Self(risks.take_while(|risk| *risk > SMALLEST_RISK).collect())
    }

    /// The risk per run of a buffer.
    pub(super) fn risk(&self, buffer: u64) -> f64 {
        self.0.get(buffer as usize).copied().unwrap_or(0.0)
    }

    /// The smallest buffer with at most this risk per run.
    pub(super) fn size(&self, risk: f64) -> u64 {
        self.0.partition_point(|larger| *larger > risk) as u64
    }

    /// The mark of one run, by inverse transform.
    pub(super) fn mark(&self, luck: f64) -> u64 {
        self.0.partition_point(|risk| *risk >= luck) as u64
    }

    /// The marks of independent runs.
    pub(super) fn marks(&self, runs: usize, seed: u64) -> Vec<u64> {
        uniform(seed).take(runs).map(|luck| self.mark(luck)).collect()
    }
}

/// Poisson probabilities of n or more.
struct Poisson(Vec<f64>);

impl Poisson {
    fn with_mean(mean: f64) -> Self {
        let terms = (mean + 12.0 * libm::sqrt(mean) + 30.0) as usize;
        let log = |n: f64| n * libm::log(mean) - mean - libm::lgamma(n + 1.0);
        let mut at_least: Vec<f64> = (0..terms).map(|n| libm::exp(log(n as f64))).collect();
        for n in (1..terms).rev() {
            at_least[n - 1] += at_least[n];
        }
        Self(at_least)
    }

    /// The probability that a walk on 0 … `buffer` that starts at 0, goes up with probability `up` and else down (at 0:
    /// stays), is above `buffer` within that number of steps.
    fn absorbed(&self, up: f64, buffer: usize) -> f64 {
        let mut now = vec![0.0; buffer + 1];
        now[0] = 1.0;
        let mut next = now.clone();
        let mut absorbed = 0.0;
        for in_time in &self.0[1..] {
            absorbed += now[buffer] * up * in_time;
            for (frames, probability) in next.iter_mut().enumerate() {
                let from_below = if frames == 0 { now[0] * (1.0 - up) } else { now[frames - 1] * up };
                let from_above = now.get(frames + 1).map_or(0.0, |above| above * (1.0 - up));
                *probability = from_below + from_above;
            }
            std::mem::swap(&mut now, &mut next);
        }
        absorbed
    }
}

#[test]
fn the_risk_of_no_room_and_of_one_place_is_the_closed_form() {
    let (load, time) = (0.7, 2.0);
    let queue = Exact::mm1(load, time);
    assert!((queue.risk(0) + libm::expm1(-load * time)).abs() < 1e-12, "no frame arrives within the time");
    // The survival solves s'' + (2 λ + 1) s' + λ² s = 0 with s(0) = 1 and s'(0) = 0.
    let root = libm::sqrt((2.0 * load + 1.0).powi(2) - 4.0 * load * load);
    let (slow, fast) = ((root - 2.0 * load - 1.0) / 2.0, (-root - 2.0 * load - 1.0) / 2.0);
    let survival = (fast * libm::exp(slow * time) - slow * libm::exp(fast * time)) / (fast - slow);
    assert!((1.0 - queue.risk(1) - survival).abs() < 1e-12, "{} {survival}", queue.risk(1));
}

#[test]
fn marks_have_the_risk_of_their_distribution() {
    let queue = Exact::mm1(0.7, 1000.0);
    let marks = queue.marks(20_000, 1);
    for risk in [0.5, 0.1, 0.01] {
        let size = queue.size(risk);
        let seen = marks.iter().filter(|mark| **mark > size).count() as f64 / 20_000.0;
        let deviation = libm::sqrt(queue.risk(size) / 20_000.0);
        assert!((seen - queue.risk(size)).abs() < 4.0 * deviation, "{risk}: {seen}");
    }
}
