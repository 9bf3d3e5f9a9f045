//! Rare states that a run reaches: a set of bits beside the record. Nothing in a run depends on it.
//!
//! A campaign of many cases counts them. A state that no case reaches is one of which the laws have said nothing.

/// Rare states, each with the sentence that says what it is. A sentence has room on one line behind a count.
macro_rules! marks {
    ($($mark:ident = $sentence:literal,)*) => {
        /// A rare state that a run of the specification can reach.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Mark {
            $(#[doc = $sentence] $mark,)*
        }

        impl Mark {
            /// All of them, from the mailbox to the clients.
            pub const ALL: &[Self] = &[$(Self::$mark,)*];

            /// What it is, as a sentence of at most 69 characters.
            pub fn sentence(self) -> &'static str {
                match self {
                    $(Self::$mark => $sentence,)*
                }
            }
        }
    };
}

marks! {
    MailboxOfOneOverflows = "A mailbox of one frame overflows.",
    BytesBeforeFrames = "The byte limit is reached before the frame limit.",
    AgeWhileBlocked = "The age limit drops a frame while the socket is blocked.",
    TwoLimitsForOneEvent = "One event displaces frames for two different limits.",
    EverythingDisplaced = "One event displaces two or more frames, and none is left.",
    LargerThanTheByteLimit = "An event larger than the byte limit is queued: nothing waits.",
    ConflationOfOneKey = "Conflation replaces a frame of a mailbox with a single key.",
    ConflationInVain = "Conflation removes frames, and the mailbox is closed all the same.",
    OfferedDuringAReplay = "An event is offered during a replay that has left one slot free.",
    OverflowBesideAReplay = "A mailbox overflows while another subscriber's replay goes on.",
    ParkedOutOfTheHistory = "A parked event leaves the history before it is sent.",
    ReplayOutOfTheHistory = "A replay loses events that leave the history while it goes on.",
    HoleOfOne = "A subscriber that is behind finds that exactly one event has left.",
    FilledUpToTheByteLimit = "A replay fills a mailbox up to its byte limit, with slots to spare.",
    HistoryOfOneLargeEvent = "The history keeps one event that is larger than its byte limit.",
    CursorAtTheOldestKept = "A cursor stands right before the oldest event that is kept.",
    CursorOneTooOld = "A cursor is one event too old: a hole at the history's edge.",
    CursorAtTheEnd = "A client comes back with a cursor, and has missed nothing.",
    NothingSinceTheRestart = "A client comes back after a restart, before a first event.",
    CursorTwoProcessesOld = "A cursor is two processes of the server old.",
    NoticeForTwoReasons = "One gap notice covers losses for two reasons.",
    TwoNoticesInAWrite = "Two frames of one write each follow a gap notice.",
    NoticeInAComment = "A comment after a silence carries a gap notice.",
    NoticeAfterAComment = "A gap notice in a comment is followed by another notice.",
    CommentAndFrameInATick = "A comment and a frame are written in the same tick.",
    TurnEndsWithMore = "A task has made both passes of a turn, and more frames wait.",
    WindowFullAtAWrite = "A window is exactly full at the end of a write.",
    AllButTheLineEnd = "A socket accepts all of a write but its last line end.",
    PartOfASharedWrite = "Some frames of a shared write are flushed before the others.",
    ReadAtAnArrival = "The word of a read comes at the exact time of an arrival.",
    WorkAtAnArrival = "The CPU finishes work at the exact time of an arrival.",
    RestartAtAnArrival = "The process ends or begins at the exact time of an arrival.",
    WriteAfterTheEnd = "The CPU finishes a write after the end of its connection.",
    EvictedInTheTickOfAFlush = "A subscriber is evicted in the very tick of a flush.",
    EvictedDuringAReplay = "The write deadline evicts a subscriber during its replay.",
    DeadlineOfAnEarlierBlockage = "The timer of a write deadline fires for an earlier blockage.",
    EndAndDeadlineInATick = "A client's end and its write deadline fall into one tick.",
    ProcessEndsDuringAReplay = "The process ends during a replay.",
    ProcessEndsAsAStreamBegins = "The process ends in the tick in which a stream begins.",
    ProcessEndsAsAClientComes = "The process ends in the tick in which a client comes.",
    EndLostInAnOutage = "The end of a stream is lost in an outage, and is told again.",
    DeathNoticedByALaterWrite = "A client dies with nothing under way, and a later write tells.",
    LeftBeforeItsStream = "A client leaves while it connects.",
    LeftWithItsRequest = "A client leaves in the very tick in which it asks for a stream.",
    HandshakeTriedAgain = "A packet of a handshake over a path is lost, and is sent again.",
    LeftDuringAHandshake = "A client leaves during a handshake over its path.",
    OverflowAfterATimeout = "A mailbox overflows after a retransmission time-out.",
    EvictedInAnOutage = "The write deadline evicts a subscriber during an outage.",
    FailedOverAPath = "A connection over a path fails by the user timeout.",
    ComesBackInAnOutage = "A client with a cursor sets out during an outage of its path.",
    ProcessEndsDuringALoss = "The process ends while lost bytes are to be sent again.",
    ReplayOverOtherTables = "A replay passes over an event of a table that is not watched.",
    HoleOverOtherTables = "A hole spans an event of a table that is not watched.",
    OnlyOtherTablesSince = "A client comes back, and only tables it does not watch had events.",
    OneEventInTwoForms = "One event is sent in two forms: to a table's and a pattern's streams.",
    ObeysARetry = "A client comes back after the pause that its stream has asked for.",
    EndsBeforeItsRetry = "A stream ends before its client has read what pause it asks for.",
    FailsAfterARetry = "A client that obeys a retry gets no stream when it comes back.",
}

/// A set of marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Marks(u64);

impl Marks {
    /// Adds a mark.
    pub(super) fn add(&mut self, mark: Mark) {
        self.0 |= 1 << mark as u32;
    }

    /// Adds a mark on a condition.
    pub(super) fn add_if(&mut self, is_reached: bool, mark: Mark) {
        self.0 |= u64::from(is_reached) << mark as u32;
    }

    /// Adds all marks of another set.
    pub(super) fn extend(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Whether a mark is in the set.
    pub fn contains(self, mark: Mark) -> bool {
        self.0 & 1 << mark as u32 != 0
    }
}

/// Every mark has a bit of its own.
const _: () = assert!(Mark::ALL.len() <= u64::BITS as usize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_contains_what_was_added_and_nothing_else() {
        for mark in Mark::ALL {
            let mut marks = Marks::default();
            marks.add(*mark);
            assert!(Mark::ALL.iter().all(|other| marks.contains(*other) == (other == mark)), "{mark:?}");
        }
    }

    #[test]
    fn a_sentence_has_room_on_one_line_behind_a_count() {
        for sentence in Mark::ALL.iter().map(|mark| mark.sentence()) {
            assert!(sentence.chars().count() <= 69 && sentence.ends_with('.'), "{sentence}");
        }
    }
}
