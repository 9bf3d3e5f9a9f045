//! Takes faults, viewers, their absences and events out of a case, for as long as it breaks the same law.
//!
//! Delta debugging (Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002), as the incidents of
//! plans are shrunk.

use super::case::ClusterCase;
use super::judge::Broken;

/// The smallest case found that breaks the law, and how it breaks it. `run` is asked `most_runs` times at most.
pub fn shrink(
    case: ClusterCase,
    broken: Broken,
    most_runs: u64,
    run: impl Fn(&ClusterCase) -> Result<(), Broken>,
) -> (ClusterCase, Broken) {
    let mut work = Work { case, broken, runs_left: most_runs, run };
    loop {
        let before = work.case.clone();
        work.less(|case| &mut case.faults);
        work.less(|case| &mut case.viewers);
        work.less(|case| &mut case.publish_at);
        for viewer in 0..work.case.viewers.len() {
            work.less(|case| &mut case.viewers[viewer].leaves);
        }
        // Another round, because one kind of thing may give way only after another one has.
        if work.case == before || work.runs_left == 0 {
            return (work.case, work.broken);
        }
    }
}

struct Work<R> {
    case: ClusterCase,
    broken: Broken,
    runs_left: u64,
    run: R,
}

impl<R: Fn(&ClusterCase) -> Result<(), Broken>> Work<R> {
    /// Leaves out ever smaller pieces of one kind of thing.
    fn less<T>(&mut self, things: impl Fn(&mut ClusterCase) -> &mut Vec<T>) {
        let mut piece = things(&mut self.case).len().div_ceil(2);
        while piece > 0 {
            let mut from = 0;
            while from < things(&mut self.case).len() {
                let mut smaller = self.case.clone();
                let all = things(&mut smaller);
                all.drain(from..all.len().min(from + piece));
                if !self.takes(smaller) {
                    // Only after a failure: when a piece has been left out, the one behind it has moved to `from`.
                    from += piece;
                }
            }
            piece /= 2;
        }
    }

    /// Takes a case in place of the present one, if it breaks the same law.
    fn takes(&mut self, case: ClusterCase) -> bool {
        if self.runs_left == 0 || case.check().is_err() {
            return false;
        }
        self.runs_left -= 1;
        match (self.run)(&case) {
            Err(broken) if broken.law == self.broken.law => {
                self.case = case;
                self.broken = broken;
                true
            }
            Ok(()) | Err(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::case::ClusterFaultKind;
    use super::super::judge::ClusterLaw;
    use super::*;

    #[test]
    fn what_is_left_is_what_the_law_needs_to_be_broken() {
        // As if a law were broken by a purge, with two viewers and after the fifth event.
        let breaks = |case: &ClusterCase| {
            let is_purged = case.faults.iter().any(|fault| fault.kind == ClusterFaultKind::Purged);
            let is_broken = is_purged && case.viewers.len() > 1 && case.publish_at.len() > 4;
            if is_broken { Err(Broken::of(ClusterLaw::NothingLost, "all of it")) } else { Ok(()) }
        };
        let drawn = (0..1000).map(ClusterCase::draw).find_map(|case| Some((case.clone(), breaks(&case).err()?)));
        let (case, broken) = drawn.unwrap();
        let (small, again) = shrink(case.clone(), broken.clone(), 1000, breaks);
        assert_eq!((small.faults.len(), small.viewers.len(), small.publish_at.len()), (1, 2, 5));
        assert_eq!(again, broken);
        assert_eq!(shrink(case.clone(), broken, 0, breaks).0, case, "without runs nothing is known of any other");
    }
}
