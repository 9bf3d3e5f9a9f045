//! What a stream did not bring, as far as a client can know: by the server's gap notices, and by ids that were skipped.

use std::collections::BTreeSet;

use hubbub::EventId;

use crate::client::{Notice, StreamId};

/// What is known to be missing, and what is known to be odd.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Missing {
    /// Gap notices.
    pub notices: u64,
    /// Events that gap notices give the number of.
    pub counted: u64,
    /// Notices that give no number.
    pub uncounted: u64,
    /// Most events that the notices without a number can mean; `None` where one of them is open at an end.
    pub at_most: Option<u64>,
    /// The reasons that notices give.
    pub reasons: BTreeSet<String>,
    /// Ids that were skipped and that no notice covers.
    pub skipped: u64,
    /// Times that ids began anew, as after a restart of the server.
    pub began_anew: u64,
    /// Times that an id was no larger than the one before it: events have come again.
    pub went_back: u64,
    last: Option<StreamId>,
}

impl Missing {
    pub(super) fn new() -> Self {
        Self { at_most: Some(0), ..Self::default() }
    }

    /// Whether anything is known to be missing.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.notices == 0 && self.skipped == 0 && self.began_anew == 0
    }

    /// Takes an id that has come with an event or, where `is_event` is `false`, as the place that the stream is at.
    pub(super) fn id(&mut self, id: StreamId, is_event: bool) {
        match self.last.replace(id).map(|last| order(last, id)) {
            None | Some(Order::Unknown) => {}
            Some(Order::Anew) => self.began_anew += 1,
            Some(Order::Later(distance)) => {
                // An event's own id is not missing. A place says that everything up to it has passed without coming.
                self.skipped = self.skipped.saturating_add(distance - u64::from(is_event));
            }
            Some(Order::NotLater) => self.went_back += u64::from(is_event),
        }
    }

    /// A notice has come. Of what is missing up to the next event, none is beside what it says.
    pub(super) fn gap(&mut self, notice: Notice) {
        self.notices += 1;
        // The next event skips the ids that the notice has told of. They must not count a second time.
        self.last = None;
        match notice.count {
            Some(count) => self.counted = self.counted.saturating_add(count),
            None => {
                self.uncounted += 1;
                self.at_most = self.at_most.zip(between(&notice)).map(|(sum, most)| sum.saturating_add(most));
            }
        }
        self.reasons.insert(notice.reason);
    }
}

/// How an id stands to the one before it.
enum Order {
    /// One of them cannot be counted.
    Unknown,
    /// Counting has begun anew.
    Anew,
    /// It is larger, by this much.
    Later(u64),
    NotLater,
}

fn order(last: StreamId, next: StreamId) -> Order {
    let numbers = match (last, next) {
        (StreamId::Other, _) | (_, StreamId::Other) => return Order::Unknown,
        (StreamId::Number(last), StreamId::Number(next)) => Some((last, next)),
        (StreamId::Event(last), StreamId::Event(next)) if last.epoch == next.epoch => {
            Some((last.sequence, next.sequence))
        }
        (StreamId::Number(_) | StreamId::Event(_), StreamId::Number(_) | StreamId::Event(_)) => None,
    };
    match numbers {
        // Of another epoch or of another kind: the server has begun to count again.
        None => Order::Anew,
        Some((last, next)) if next > last => Order::Later(next - last),
        Some(_) => Order::NotLater,
    }
}

/// Ids from the first missing one to the last, where both are known.
fn between(notice: &Notice) -> Option<u64> {
    let (first, last): (EventId, EventId) = notice.first.zip(notice.last)?;
    // Across a restart of the server, the distance of two ids says nothing.
    let distance = last.sequence.checked_sub(first.sequence).filter(|_| first.epoch == last.epoch)?;
    Some(distance.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(ids: &[&str]) -> Missing {
        let mut missing = Missing::new();
        ids.iter().for_each(|id| missing.id(StreamId::parse(id), true));
        missing
    }

    #[test]
    fn skipped_ids_are_counted_in_both_forms_and_in_no_other() {
        for [a, b, c] in [["7-1", "7-2", "7-9"], ["1", "2", "9"]] {
            assert_eq!(after(&[a, b]).skipped, 0, "{c}");
            assert_eq!(after(&[a, b, c]).skipped, 6, "{c}");
        }
        assert!(after(&["a1", "a9", "", "01HZX", "01HZZ", "7-", "-9"]).is_none());
        let largest = after(&["0", "18446744073709551615", "18446744073709551616", "5"]);
        assert_eq!(largest.skipped, u64::MAX - 1, "what is no 64-bit number is no number");
        let largest = after(&["0", "18446744073709551615", "0", "18446744073709551615"]);
        assert_eq!(largest.skipped, u64::MAX);
        let mut at_a_place = after(&["7-4"]);
        at_a_place.id(StreamId::parse("7-6"), false);
        at_a_place.id(StreamId::parse("7-7"), true);
        assert_eq!(at_a_place.skipped, 2, "5 and 6");
    }

    #[test]
    fn ids_that_begin_anew_and_ids_that_go_back_are_told_apart() {
        let anew = after(&["7-8", "8-1", "8-2"]);
        assert_eq!(anew.began_anew, 1);
        assert_eq!(anew.skipped, 0);
        assert_eq!(anew.went_back, 0);
        let back = after(&["7", "8", "7", "8"]);
        assert_eq!(back.began_anew, 0);
        assert_eq!(back.skipped, 0);
        assert_eq!(back.went_back, 1);
        assert!(back.is_none() && !anew.is_none());
    }

    #[test]
    fn what_a_notice_tells_is_not_counted_again_by_ids() {
        let id = |sequence| EventId { epoch: 7, sequence };
        let notice = |first, last, count| Notice { first, last, count, reason: "age".to_owned() };
        let mut missing = after(&["7-1"]);
        missing.gap(notice(Some(id(3)), Some(id(9)), Some(4)));
        missing.id(StreamId::parse("7-12"), true);
        assert_eq!(missing.counted, 4);
        assert_eq!(missing.skipped, 0);
        assert_eq!(missing.at_most, Some(0));
        missing.gap(notice(Some(id(13)), Some(id(14)), None));
        assert_eq!(missing.uncounted, 1);
        assert_eq!(missing.at_most, Some(2));
        missing.gap(notice(None, None, None));
        assert_eq!(missing.notices, 3);
        assert_eq!(missing.uncounted, 2);
        assert_eq!(missing.at_most, None);
    }
}
