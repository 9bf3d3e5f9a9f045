//! The search: which rate loses as many frames as were seen. Pure: it is handed what a rate loses.
//!
//! A faster reader loses less, as a rule. It may lose the same, since frames come in ones; and now and then a frame
//! more, since it tells of freed room in steps. The search takes the rule for granted, and says whether it held.

use std::collections::BTreeMap;

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fit {
    pub(super) rate: u64,
    pub(super) least: u64,
    /// `None`: as far as was looked.
    pub(super) most: Option<u64>,
    pub(super) is_monotone: bool,
    pub(super) rates_tried: u64,
}

/// More than a search of such a range tries.
pub(super) fn most_probes([slowest, fastest]: [u64; 2]) -> u64 {
    let bisection = u64::from((fastest - slowest).max(1).ilog2()) + 1;
    // One for the rate, and what is left of two more for the ends of the interval.
    2 * bisection
}

/// Finds the rate whose loss is nearest to `target`. The fastest must not lose more.
///
/// # Errors
/// What `lost_at` fails with.
pub(super) fn fit<E>(
    [slowest, fastest]: [u64; 2],
    target: u64,
    lost_at: impl FnMut(u64) -> Result<u64, E>,
) -> Result<Fit, E> {
    let mut probes = Probes { lost_at, lost: BTreeMap::new() };
    let at_most_target = probes.slowest_losing_at_most(target, [slowest, fastest])?;
    // One byte a second less loses more than the target. The nearer of the two is the answer.
    let nearest = probes.nearer(at_most_target.saturating_sub(1).max(slowest), at_most_target, target)?;
    let lost = probes.at(nearest)?;
    let least = probes.slowest_losing_at_most(lost, [slowest, nearest])?;
    // Where the fastest rate loses as much, the range has no end that could be found.
    let most = if probes.at(fastest)? >= lost {
        None
    } else {
        // `lost` is at least 1 here, because the fastest rate loses less.
        Some(probes.slowest_losing_at_most(lost - 1, [nearest, fastest])? - 1)
    };
    let middle = most.map_or(least, |most| u64::midpoint(least, most));
    // Tried and not taken for granted: where the rule does not hold, the middle may lose another number.
    let rate = if probes.at(middle)? == lost { middle } else { nearest };
    Ok(Fit {
        rate,
        least,
        most,
        is_monotone: probes.lost.values().is_sorted_by(|slower, faster| slower >= faster),
        rates_tried: probes.lost.len() as u64,
    })
}

/// Losses by rate, each found once.
struct Probes<F> {
    lost_at: F,
    lost: BTreeMap<u64, u64>,
}

impl<E, F: FnMut(u64) -> Result<u64, E>> Probes<F> {
    fn at(&mut self, rate: u64) -> Result<u64, E> {
        if let Some(lost) = self.lost.get(&rate) {
            return Ok(*lost);
        }
        let lost = (self.lost_at)(rate)?;
        self.lost.insert(rate, lost);
        Ok(lost)
    }

    /// By bisection, begun from what is known already. The end of the range is taken to lose no more.
    fn slowest_losing_at_most(&mut self, most: u64, [slowest, fastest]: [u64; 2]) -> Result<u64, E> {
        let known = |lost: &u64| *lost <= most;
        let mut high =
            self.lost.range(slowest..fastest).find(|(_, lost)| known(lost)).map_or(fastest, |(rate, _)| *rate);
        // A rate that is known to lose too much narrows the range from below.
        let mut low = self.lost.range(slowest..high).next_back().map_or(slowest, |(rate, _)| rate + 1);
        while low < high {
            let middle = u64::midpoint(low, high);
            if self.at(middle)? <= most {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Ok(high)
    }

    /// Which of two rates loses nearer to the target; of equals the second.
    fn nearer(&mut self, one: u64, other: u64, target: u64) -> Result<u64, E> {
        let off = [self.at(one)?.abs_diff(target), self.at(other)?.abs_diff(target)];
        Ok(if off[0] < off[1] { one } else { other })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Loses a frame less for every ten bytes a second, from 100 on none.
    fn stairs(rate: u64) -> Result<u64, ()> {
        Ok(10_u64.saturating_sub(rate / 10))
    }

    #[test]
    fn the_middle_of_the_rates_that_lose_what_was_seen_is_found_with_their_ends() {
        let fit = fit([1, 1000], 4, stairs).unwrap();
        assert_eq!((fit.rate, fit.least, fit.most, fit.is_monotone), (64, 60, Some(69), true));
        assert!(fit.rates_tried <= most_probes([1, 1000]), "{}", fit.rates_tried);
    }

    #[test]
    fn no_loss_gives_a_lower_bound_and_the_rate_is_the_bound() {
        let fit = fit([1, 1000], 0, stairs).unwrap();
        assert_eq!((fit.rate, fit.least, fit.most), (100, 100, None));
    }

    #[test]
    fn where_no_rate_loses_exactly_that_the_nearest_is_taken() {
        let doubled = |rate| stairs(rate).map(|lost| lost * 5);
        assert_eq!(fit([1, 1000], 21, doubled).unwrap().least, 60, "20 is nearer than 25");
        assert_eq!(fit([1, 1000], 24, doubled).unwrap().least, 50, "25 is nearer than 20");
    }

    #[test]
    fn a_loss_that_every_slower_rate_has_reaches_down_to_the_slowest() {
        let fit = fit([3, 1000], 10, stairs).unwrap();
        assert_eq!((fit.least, fit.most), (3, Some(9)));
    }

    #[test]
    fn a_loss_that_every_faster_rate_has_reaches_up_without_end() {
        let floor = |rate| stairs(rate).map(|lost| lost.max(2));
        let fit = fit([1, 1000], 2, floor).unwrap();
        assert_eq!((fit.rate, fit.least, fit.most), (80, 80, None));
    }

    #[test]
    fn a_faster_rate_that_loses_more_is_told() {
        let bumpy = |rate| stairs(rate).map(|lost| lost + u64::from(rate >= 500));
        let fit = fit([1, 1000], 1, bumpy).unwrap();
        assert!(!fit.is_monotone);
    }

    #[test]
    fn a_failing_probe_ends_the_search() {
        assert_eq!(fit([1, 1000], 4, |rate| if rate < 400 { Err("no") } else { Ok(0) }), Err("no"));
    }
}
