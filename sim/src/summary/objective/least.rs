//! What the runs that have been made say of a cell whose other runs have not: the least that each limited figure can be.
//!
//! Every figure is pooled over the seeds, so further runs can lower it only so far. Where even the least exceeds a limit, no
//! further run is needed to know that the cell does not keep it.

use std::borrow::Cow;

use hdrhistogram::Histogram;

use super::{Objective, is_within, missed_of_wanted, value, written};
use crate::summary::document::{Cell, Judgement, Limit, Measure};
use crate::summary::run::Latencies;
use crate::summary::statistics::{lowest_alike_ms, rate};

/// A cell of which some runs have been made.
pub(crate) struct SoFar<'a> {
    /// Of the runs that have been made.
    pub cell: &'a Cell,
    /// Of the same runs, in the order of the classes.
    pub latencies: &'a Latencies,
    /// The names of the classes, in their order.
    pub class_names: &'a [String],
    /// By class: the most events that its members can want in all the runs that have not been made. A client reads an event
    /// once, so that is also the most that they can read.
    pub ahead: &'a [u64],
}

impl Objective {
    /// Every limit with the least value that the cell can have once all its runs have been made. A limit counts as met
    /// unless that exceeds it; then the whole cell does so for certain.
    pub(crate) fn at_least(&self, so_far: &SoFar<'_>) -> Vec<Judgement> {
        let judgement = |limit: &Limit| {
            let value = so_far.least(limit).map(|value| written(limit.figure, value));
            // Where nothing is known yet, everything is possible.
            let is_met = value.is_none_or(|value| is_within(limit, value));
            let Limit { class, figure, at_most } = limit.clone();
            Judgement { class, figure, value, at_most, is_met }
        };
        self.limits.iter().map(judgement).collect()
    }
}

impl SoFar<'_> {
    fn least(&self, limit: &Limit) -> Option<f64> {
        match limit.figure {
            Measure::Missed => {
                let (missed, wanted) = missed_of_wanted(limit, self.cell)?;
                // All that the further runs add is wanted, and nothing of it is missed. What is never published would be
                // added to both, which raises a part that is at most 1.
                rate(missed, wanted + self.ahead(limit)?)
            }
            Measure::AgeP99Ms => self.least_age_ms(limit),
            // The largest of all runs, and the slots: further runs only add to it.
            Measure::MemoryBytesPerSubscriber => value(limit, self.cell),
        }
    }

    /// The 99th percentile of the ages if all that is read in further runs is younger than what has been read.
    fn least_age_ms(&self, limit: &Limit) -> Option<f64> {
        let ahead = self.ahead(limit)?;
        let ages = self.ages(limit)?;
        // The rank that the quantile has among all, as the histogram counts it, and its rank among those so far. With fewer
        // receipts ahead the latter is no lower: a receipt moves the rank among all by one at most.
        let rank = (0.99 * (ages.len() + ahead) as f64).ceil() as u64;
        let rank = rank.checked_sub(ahead).filter(|rank| *rank > 0)?;
        let mut counted = 0;
        let mut buckets = ages.iter_recorded();
        let bucket = buckets.find(|bucket| {
            counted += bucket.count_since_last_iteration();
            counted >= rank
        });
        let us = ages.highest_equivalent(bucket?.value_iterated_to());
        Some(lowest_alike_ms(us as f64 / 1000.0))
    }

    /// The ages of what the members of the limit's class have read, or all.
    fn ages(&self, limit: &Limit) -> Option<Cow<'_, Histogram<u64>>> {
        if let Some(class) = &limit.class {
            return Some(Cow::Borrowed(&self.latencies.0.get(self.place(class)?)?.1));
        }
        let (first, others) = self.latencies.0.split_first()?;
        let mut all = first.1.clone();
        for (_, receipt) in others {
            // It grows with what it is given, so adding cannot fail.
            let _ = all.add(receipt);
        }
        Some(Cow::Owned(all))
    }

    fn ahead(&self, limit: &Limit) -> Option<u64> {
        match &limit.class {
            Some(class) => self.ahead.get(self.place(class)?).copied(),
            None => Some(self.ahead.iter().sum()),
        }
    }

    fn place(&self, class: &str) -> Option<usize> {
        self.class_names.iter().position(|name| name == class)
    }
}
