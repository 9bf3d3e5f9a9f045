//! Simulation beside theory: from what each run counted to what is held against it.

use std::time::Duration;

use super::Model;
use super::document::{Delay, QueueCase};
use super::interval::{CONFIDENCE, mean_interval};

/// Fewest losses that theory must expect before a simulated loss is held against it: below, runs without a loss are
/// common, and their spread says nothing.
pub const FEWEST_EXPECTED_LOSSES: f64 = 100.0;

/// What one run counted of one queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Frames.
    pub frames: u64,
    /// Of these, frames lost.
    pub lost: u64,
    /// Arrival to end of service, summed over the others.
    pub delay: Duration,
}

impl Sample {
    /// Counts frames with the times of their arrivals and of the ends of their services, leaving out the first
    /// `warm_up`.
    pub fn count(arrivals: &[Duration], ends: &[Option<Duration>], warm_up: usize) -> Self {
        let counted = || arrivals.iter().zip(ends).skip(warm_up);
        let delays = counted().filter_map(|(arrival, end)| end.map(|end| end.saturating_sub(*arrival)));
        let lost = counted().filter(|(_, end)| end.is_none()).count() as u64;
        Self { frames: counted().count() as u64, lost, delay: delays.sum() }
    }

    fn loss(&self) -> f64 {
        self.lost as f64 / self.frames as f64
    }

    fn delay_ms(&self) -> f64 {
        self.delay.as_secs_f64() * 1e3 / (self.frames - self.lost) as f64
    }
}

/// A queue and what its runs counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    /// Arrivals and service.
    pub model: Model,
    /// Arrivals a mean service time.
    pub load: f64,
    /// Slots of the mailbox.
    pub mailbox: usize,
    /// Mean service time.
    pub service: Duration,
    /// Frames left out at the beginning of each run.
    pub warm_up: usize,
    /// One a run.
    pub samples: Vec<Sample>,
    /// What the recursion counts on the plans of these runs.
    pub by_recursion: Vec<Sample>,
    /// Frames lost here and not there, or there and not here.
    pub other_fates: u64,
}

impl Measurement {
    /// Holds it against the theory of a system with that many places; `None` below two runs, where chance has a part.
    #[must_use]
    pub fn judge(&self, places: usize) -> Option<QueueCase> {
        let (loss, delay, theory) = match self.model.steady(self.load, places) {
            Some(steady) => {
                let of_runs = |value: fn(&Sample) -> f64| {
                    mean_interval(&self.samples.iter().map(value).collect::<Vec<_>>(), CONFIDENCE)
                };
                let delay_ms = steady.delay * self.service.as_secs_f64() * 1e3;
                (of_runs(Sample::loss)?, of_runs(Sample::delay_ms)?, (steady.loss, delay_ms))
            }
            None => {
                // Nothing is drawn here, so a second run would be the first one again.
                let (run, reference) = (self.samples.first()?, self.by_recursion.first()?);
                let (loss, delay) = (run.loss(), run.delay_ms());
                ((loss, [loss; 2]), (delay, [delay; 2]), (reference.loss(), reference.delay_ms()))
            }
        };
        Some(self.case(places, loss, delay, theory))
    }

    fn case(&self, places: usize, loss: Interval, delay: Interval, theory: (f64, f64)) -> QueueCase {
        let frames: u64 = self.samples.iter().map(|sample| sample.frames).sum();
        let expected_losses = theory.0 * frames as f64;
        let is_exact = self.model == Model::Dd1k;
        // Sums could agree by chance. That no frame has another fate makes it exact.
        let equal = self.samples == self.by_recursion && self.other_fates == 0;
        let resolvable = is_exact || expected_losses >= FEWEST_EXPECTED_LOSSES;
        let is_inside = |(_, [low, high]): Interval, theory| {
            if is_exact { equal } else { low <= theory && theory <= high }
        };
        QueueCase {
            model: self.model.to_string(),
            rho: self.load,
            k: self.mailbox as u64,
            system_size: places as u64,
            service_ms: self.service.as_secs_f64() * 1e3,
            replications: self.samples.len() as u64,
            warm_up: self.warm_up as u64,
            frames,
            lost: self.samples.iter().map(|sample| sample.lost).sum(),
            simulated: loss.0,
            ci: loss.1,
            theory: theory.0,
            expected_losses,
            resolvable,
            inside: resolvable.then(|| is_inside(loss, theory.0)),
            delay: Delay {
                simulated_ms: delay.0,
                ci_ms: delay.1,
                theory_ms: theory.1,
                inside: is_inside(delay, theory.1),
            },
            other_fates: self.other_fates,
        }
    }
}

/// A mean, and its interval.
type Interval = (f64, [f64; 2]);

impl QueueCase {
    /// Whether neither its loss nor its delay is outside.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.inside != Some(false) && self.delay.inside
    }

    /// Whether it is compared frame by frame.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.model == Model::Dd1k.to_string()
    }

    /// Intervals that were held against theory.
    #[must_use]
    pub fn intervals(&self) -> usize {
        // The delay is always judged, and the loss where it is resolvable. Equality has no interval.
        if self.is_exact() { 0 } else { 1 + usize::from(self.resolvable) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs of an M/M/1/K at load 1 with so many places, as theory has it, give or take.
    fn measured(places: f64) -> Measurement {
        let runs = [-3_i64, 1, 2, -1, 0, 3, -2, 0, 1, -1];
        let lost = |luck: i64| (10_000.0 / (places + 1.0) + 10.0 * luck as f64) as u64;
        let sample = |luck: i64| {
            let of_each = Duration::from_millis(50).mul_f64((places + 1.0) / 2.0 + luck as f64 / 100.0);
            let (frames, lost) = (10_000, lost(luck));
            Sample { frames, lost, delay: of_each.mul_f64((frames - lost) as f64) }
        };
        let samples: Vec<_> = runs.into_iter().map(sample).collect();
        Measurement {
            model: Model::Mm1k,
            load: 1.0,
            mailbox: 4,
            service: Duration::from_millis(50),
            warm_up: 0,
            by_recursion: samples.clone(),
            samples,
            other_fates: 0,
        }
    }

    #[test]
    fn the_right_size_is_inside_and_one_more_or_less_is_outside() {
        let measured = measured(5.0);
        let verdicts = [4, 5, 6].map(|places| {
            let case = measured.judge(places).unwrap();
            (case.inside, case.delay.inside, case.holds())
        });
        assert_eq!(verdicts, [(Some(false), false, false), (Some(true), true, true), (Some(false), false, false)]);
    }

    #[test]
    fn too_few_expected_losses_are_listed_and_not_judged() {
        let case = Measurement { load: 0.1, ..measured(5.0) }.judge(5).unwrap();
        assert_eq!((case.resolvable, case.inside, case.intervals()), (false, None, 1));
    }

    #[test]
    fn constant_gaps_and_service_are_compared_frame_by_frame() {
        let exact = Measurement { model: Model::Dd1k, ..measured(5.0) };
        let case = exact.judge(5).unwrap();
        assert_eq!((case.inside, case.delay.inside, case.intervals()), (Some(true), true, 0));
        let other = Measurement { other_fates: 1, ..exact.clone() }.judge(5).unwrap();
        assert_eq!((other.inside, other.holds()), (Some(false), false));
        let mut later = exact;
        later.samples[3].delay += Duration::from_nanos(1);
        assert!(!later.judge(5).unwrap().holds());
    }

    #[test]
    fn what_is_counted_leaves_the_warm_up_out() {
        let ms = Duration::from_millis;
        let arrivals = [ms(0), ms(1), ms(2), ms(3)];
        let sample = Sample::count(&arrivals, &[None, Some(ms(11)), None, Some(ms(8))], 1);
        assert_eq!(sample, Sample { frames: 3, lost: 1, delay: ms(15) });
    }
}
