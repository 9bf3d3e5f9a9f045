//! Histograms that cost little to count in: a thread adds to a stripe that few other threads use, and a read sums the
//! stripes.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Upper bounds for times, in microseconds: 100 µs to two minutes, about three a decade.
pub(super) static MICROSECONDS: [u64; 19] = [
    100,
    250,
    500,
    1_000,
    2_500,
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    30_000_000,
    60_000_000,
    120_000_000,
];

/// Upper bounds for frames in a mailbox: the powers of two up to the largest capacity.
pub(super) static FRAMES: [u64; 21] = {
    let mut bounds = [0; 21];
    let mut power = 0;
    while power < bounds.len() {
        bounds[power] = 1 << power;
        power += 1;
    }
    bounds
};

/// Number of buckets: one for each bound of the longer list, and one for what exceeds the last bound.
const MAX_BUCKETS: usize = 22;
/// Most stripes. More threads than that share them.
const MAX_STRIPES: usize = 16;

/// How many values fell into which bucket, and their sum.
#[derive(Debug)]
pub(super) struct Histogram {
    bounds: &'static [u64],
    /// Whether the bounds are the powers of two from 1 on, of which none has to be searched for.
    are_powers_of_two: bool,
    stripes: Box<[Stripe]>,
}

/// The counters of one stripe. 128 bytes, because prefetchers load cache lines in pairs: a smaller alignment would make
/// threads share lines.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Stripe {
    counts: [AtomicU64; MAX_BUCKETS],
    sum: AtomicU64,
}

/// A histogram at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Read {
    /// For each bucket its upper bound, and how many values were in it. The last bucket has no bound.
    pub(super) buckets: Vec<(Option<u64>, u64)>,
    /// The sum of all values.
    pub(super) sum: u64,
}

impl Histogram {
    pub(super) fn new(bounds: &'static [u64]) -> Self {
        debug_assert!(bounds.len() < MAX_BUCKETS && bounds.is_sorted());
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        // A power of two, so that a mask picks the stripe. Twice as many as run at once: a runtime has a thread for each, and
        // the thread that publishes is another one.
        let stripes = (2 * threads.next_power_of_two()).min(MAX_STRIPES);
        let are_powers_of_two = bounds.iter().enumerate().all(|(place, bound)| *bound == 1 << place);
        Self { bounds, are_powers_of_two, stripes: (0..stripes).map(|_| Stripe::default()).collect() }
    }

    pub(super) fn observe(&self, value: u64) {
        self.add(self.bucket(value), 1, value);
    }

    /// Counts several values. Neighbours that fall into one bucket are counted at once.
    pub(super) fn observe_all(&self, values: impl Iterator<Item = u64>) {
        let mut bucket = 0;
        let (mut count, mut sum) = (0, 0);
        for value in values {
            if count == 0 || !self.is_in(bucket, value) {
                if count > 0 {
                    self.add(bucket, count, sum);
                }
                (bucket, count, sum) = (self.bucket(value), 0, 0);
            }
            count += 1;
            sum += value;
        }
        if count > 0 {
            self.add(bucket, count, sum);
        }
    }

    /// The bucket of a value.
    fn bucket(&self, value: u64) -> usize {
        // Bounds are inclusive, as in the `le` label of Prometheus.
        if self.are_powers_of_two {
            let digits = u64::BITS - value.saturating_sub(1).leading_zeros();
            return (digits as usize).min(self.bounds.len());
        }
        self.bounds.partition_point(|bound| *bound < value)
    }

    /// Whether a value falls into a bucket.
    fn is_in(&self, bucket: usize, value: u64) -> bool {
        let is_above = bucket == 0 || self.bounds[bucket - 1] < value;
        is_above && self.bounds.get(bucket).is_none_or(|bound| value <= *bound)
    }

    fn add(&self, bucket: usize, count: u64, sum: u64) {
        let stripe = &self.stripes[this_thread() & (self.stripes.len() - 1)];
        stripe.counts[bucket].fetch_add(count, Ordering::Relaxed);
        // A scrape between the two sees the count without the sum. It is off by these values, and the next one is right
        // again.
        stripe.sum.fetch_add(sum, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> Read {
        let bounds = self.bounds.iter().copied().map(Some).chain([None]);
        let count = |bucket: usize| self.stripes.iter().map(|s| s.counts[bucket].load(Ordering::Relaxed)).sum();
        let buckets = bounds.enumerate().map(|(bucket, bound)| (bound, count(bucket))).collect();
        Read { buckets, sum: self.stripes.iter().map(|stripe| stripe.sum.load(Ordering::Relaxed)).sum() }
    }
}

/// A number for this thread: 0, 1, 2 … in the order in which threads first ask.
fn this_thread() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static NUMBER: Cell<Option<usize>> = const { Cell::new(None) };
    }
    NUMBER.with(|number| {
        number.get().unwrap_or_else(|| {
            // Relaxed: the numbers need only differ.
            let new = THREADS.fetch_add(1, Ordering::Relaxed);
            number.set(Some(new));
            new
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    static BOUNDS: [u64; 3] = [1, 2, 4];
    static OTHER_BOUNDS: [u64; 3] = [1, 2, 5];

    #[test]
    fn a_value_is_counted_below_the_first_bound_that_holds_it() {
        for (bounds, counts) in [(&BOUNDS, [2, 1, 2, 2]), (&OTHER_BOUNDS, [2, 1, 3, 1])] {
            let histogram = Histogram::new(bounds);
            [0, 1, 2, 3, 4, 5, 1000].iter().for_each(|value| histogram.observe(*value));
            let read = histogram.read();
            let expected: Vec<_> = bounds.iter().copied().map(Some).chain([None]).zip(counts).collect();
            assert_eq!(read.buckets, expected);
            assert_eq!(read.sum, 1015);
        }
    }

    proptest! {
        #[test]
        fn values_that_are_counted_together_are_counted_as_each_by_itself(
            values in prop::collection::vec(0u64..8, 0..20),
        ) {
            let [together, apart] = [(); 2].map(|()| Histogram::new(&BOUNDS));
            together.observe_all(values.iter().copied());
            values.iter().for_each(|value| apart.observe(*value));
            prop_assert_eq!(together.read(), apart.read());
        }
    }

    #[test]
    fn what_many_threads_add_is_all_there() {
        let histogram = Histogram::new(&BOUNDS);
        std::thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| (0..1000).for_each(|_| histogram.observe(3)));
            }
        });
        let read = histogram.read();
        assert_eq!(read.buckets[2].1, 20_000);
        assert_eq!(read.sum, 60_000);
    }

    #[test]
    fn the_bounds_of_frames_are_the_powers_of_two_up_to_the_largest_capacity() {
        assert_eq!(FRAMES[0], 1);
        assert_eq!(FRAMES[8], 256);
        assert_eq!(FRAMES.last().copied(), Some(crate::mailbox::MAX_CAPACITY as u64));
    }
}
