//! What each class of the population has at one size, from the runs at it.

use std::collections::BTreeMap;

use super::cell::SLOT_BYTES;
use super::document::{ClassAtSize, Memory, Quantiles};
use super::run::{Latencies, RunSummary, Sums};
use super::statistics::{quantiles_ms, rate};

/// The classes by name. Where a run dropped something, which runs the latencies are of depends on the number of threads,
/// so then there are none.
pub fn classes(
    names: &[String],
    buffer: u64,
    payload_bytes: f64,
    runs: &[RunSummary],
    latencies: &Latencies,
) -> BTreeMap<String, ClassAtSize> {
    let is_clean = !runs.iter().any(RunSummary::has_drops);
    let class = |(index, name): (usize, &String)| {
        let mut sums = Sums::default();
        runs.iter().filter_map(|run| run.classes.get(index)).for_each(|class| sums.add(class));
        let receipt = latencies.0.get(index).filter(|_| is_clean).map(|(_, receipt)| quantiles_ms(receipt));
        let payload = sums.high_water as f64 * payload_bytes;
        let class = ClassAtSize {
            subscribers: sums.subscribers,
            offered: sums.offered,
            drop_rate: rate(sums.dropped.by_limits(), sums.offered),
            missed: sums.missed(),
            age_ms: receipt.unwrap_or_else(Quantiles::default),
            most_waiting: sums.high_water,
            memory_bytes_per_subscriber: Memory { slots: buffer * SLOT_BYTES, payload, ..Memory::default() },
        };
        (name.clone(), class)
    };
    names.iter().enumerate().map(class).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::fixture;

    fn made(is_clean: bool) -> BTreeMap<String, ClassAtSize> {
        let mut latencies = Latencies(Vec::new());
        let runs = [1, 10].map(|factor| {
            let mut record = fixture::record(factor);
            for subscriber in &mut record.subscribers {
                subscriber.wanted = subscriber.offered;
                subscriber.high_water = factor * 3;
                if is_clean {
                    subscriber.dropped.buffer_full = 0;
                }
            }
            let (run, of_run) = RunSummary::of(factor, record);
            latencies.merge(of_run);
            run
        });
        classes(&["near".to_owned(), "far".to_owned()], 16, 200.0, &runs, &latencies)
    }

    #[test]
    fn each_class_has_its_loss_its_age_and_its_memory_at_the_size() {
        let far = &made(true)["far"];
        assert_eq!((far.subscribers, far.offered, far.drop_rate, far.most_waiting), (1, 1100, Some(0.0), 30));
        assert!(far.age_ms.p99.is_some_and(|ms| ms > 0.0));
        let memory = far.memory_bytes_per_subscriber;
        assert_eq!((memory.slots, memory.payload), (16 * SLOT_BYTES, 6000.0));
    }

    #[test]
    fn where_a_run_dropped_something_the_loss_is_told_and_no_age() {
        let far = &made(false)["far"];
        assert_eq!((far.drop_rate, far.age_ms), (Some(0.3), Quantiles::default()));
        assert!(far.missed > 0);
    }
}
