//! What a soak came to, counted case by case.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Found;
use crate::specified::{Mark, Marks};

/// What a soak came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Soaked {
    /// Cases judged, the broken one among them.
    pub cases: u64,
    /// Of those, how many lost something to a full mailbox.
    pub cases_with_losses: u64,
    /// Events published, and frames offered, in the cases' own runs; the laws made several more of each.
    pub events: u64,
    /// Frames offered in all cases.
    pub frames: u64,
    /// Cases that the specification ran, and all laws but those about the full stack judged.
    pub by_the_specification: u64,
    /// Cases that the full stack ran.
    pub by_the_full_stack: u64,
    /// Cases that both ran.
    pub by_both: u64,
    /// In how many cases each kind of fault was.
    pub faults: BTreeMap<&'static str, u64>,
    /// Where the CPU is shared: by how much neighbours delayed one event of a witness at most, a case each.
    pub costs: Vec<Duration>,
    /// Cases in which marks were looked for: those that the specification ran.
    pub cases_with_marks: u64,
    /// In how many of those a mark was reached; marks that none reached are not in it.
    pub reached: BTreeMap<Mark, u64>,
    /// Time that threads spent.
    pub spent: Spent,
    /// What was broken, if anything was.
    pub broken: Option<Found>,
}

/// Time that threads spent, by the world that did the runs. Drawing a case counts with the specification.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    /// On cases by the specification.
    pub specified: Duration,
    /// On cases by the full stack.
    pub simulated: Duration,
}

/// What one case had in it.
pub(super) struct Sight {
    pub(super) events: u64,
    pub(super) frames: u64,
    pub(super) has_losses: bool,
    pub(super) faults: Vec<&'static str>,
    pub(super) cost: Option<Duration>,
    pub(super) is_specified: bool,
    pub(super) is_simulated: bool,
    /// `None` where the specification did not run the case.
    pub(super) marks: Option<Marks>,
    pub(super) spent: Spent,
}

impl Soaked {
    /// Every mark with the number of cases that reached it, the rarest first; those that were never reached have 0.
    pub fn marks(&self) -> Vec<(Mark, u64)> {
        let count = |mark: &Mark| (*mark, self.reached.get(mark).copied().unwrap_or(0));
        let mut marks: Vec<_> = Mark::ALL.iter().map(count).collect();
        // By the mark where counts are equal, so that a report repeats.
        marks.sort_by_key(|(mark, cases)| (*cases, *mark));
        marks
    }

    pub(super) fn add(&mut self, sight: &Sight) {
        self.cases += 1;
        self.cases_with_losses += u64::from(sight.has_losses);
        self.events += sight.events;
        self.costs.extend(sight.cost);
        self.frames += sight.frames;
        sight.faults.iter().for_each(|kind| *self.faults.entry(kind).or_default() += 1);
        self.by_the_specification += u64::from(sight.is_specified);
        self.by_the_full_stack += u64::from(sight.is_simulated);
        self.by_both += u64::from(sight.is_specified && sight.is_simulated);
        if let Some(marks) = sight.marks {
            self.cases_with_marks += 1;
            for mark in Mark::ALL.iter().filter(|mark| marks.contains(**mark)) {
                *self.reached.entry(*mark).or_default() += 1;
            }
        }
        self.spent.specified += sight.spent.specified;
        self.spent.simulated += sight.spent.simulated;
    }
}
