//! Rare states: each mark of the specification is reached by the case of a known seed.

use std::collections::BTreeMap;

use hubbub_sim::internals::laws::draw::case_of;
use hubbub_sim::internals::specified::{Mark, Marks, run_with_marks};

/// Seeds that are tried for a mark that its known seed does not reach any more.
const MOST_SEEDS: u64 = 60_000;

/// The first seed whose case reaches each mark.
const REACHED_BY: &[(Mark, u64)] = &[
    (Mark::MailboxOfOneOverflows, 1),
    (Mark::BytesBeforeFrames, 6),
    (Mark::AgeWhileBlocked, 6),
    (Mark::TwoLimitsForOneEvent, 312),
    (Mark::EverythingDisplaced, 109),
    (Mark::LargerThanTheByteLimit, 47),
    (Mark::ConflationOfOneKey, 183),
    (Mark::ConflationInVain, 141),
    (Mark::OfferedDuringAReplay, 8),
    (Mark::OverflowBesideAReplay, 13),
    (Mark::ParkedOutOfTheHistory, 2),
    (Mark::ReplayOutOfTheHistory, 189),
    (Mark::HoleOfOne, 119),
    (Mark::FilledUpToTheByteLimit, 6),
    (Mark::HistoryOfOneLargeEvent, 242),
    (Mark::CursorAtTheOldestKept, 231),
    (Mark::CursorOneTooOld, 366),
    (Mark::CursorAtTheEnd, 2367),
    (Mark::NothingSinceTheRestart, 40),
    (Mark::CursorTwoProcessesOld, 652),
    (Mark::NoticeForTwoReasons, 34),
    (Mark::TwoNoticesInAWrite, 43),
    (Mark::NoticeInAComment, 43),
    (Mark::NoticeAfterAComment, 68),
    (Mark::CommentAndFrameInATick, 1),
    (Mark::TurnEndsWithMore, 4),
    (Mark::WindowFullAtAWrite, 17),
    (Mark::AllButTheLineEnd, 0),
    (Mark::PartOfASharedWrite, 2),
    (Mark::ReadAtAnArrival, 15),
    (Mark::WorkAtAnArrival, 45),
    (Mark::RestartAtAnArrival, 26_752),
    (Mark::WriteAfterTheEnd, 83),
    (Mark::EvictedInTheTickOfAFlush, 11),
    (Mark::EvictedDuringAReplay, 263),
    (Mark::DeadlineOfAnEarlierBlockage, 0),
    (Mark::EndAndDeadlineInATick, 18_393),
    (Mark::ProcessEndsDuringAReplay, 75),
    (Mark::ProcessEndsAsAStreamBegins, 493),
    (Mark::ProcessEndsAsAClientComes, 272),
    (Mark::EndLostInAnOutage, 1),
    (Mark::DeathNoticedByALaterWrite, 21),
    (Mark::LeftBeforeItsStream, 41),
    (Mark::LeftWithItsRequest, 1716),
    (Mark::HandshakeTriedAgain, 57),
    (Mark::LeftDuringAHandshake, 59),
    (Mark::OverflowAfterATimeout, 107),
    (Mark::EvictedInAnOutage, 29),
    (Mark::FailedOverAPath, 25),
    (Mark::ComesBackInAnOutage, 144),
    (Mark::ProcessEndsDuringALoss, 693),
    (Mark::ReplayOverOtherTables, 8),
    (Mark::HoleOverOtherTables, 134),
    (Mark::OnlyOtherTablesSince, 3543),
    (Mark::OneEventInTwoForms, 40),
    (Mark::ObeysARetry, 16),
    (Mark::EndsBeforeItsRetry, 63),
    (Mark::FailsAfterARetry, 16),
];

/// What the specification reaches in the case of a seed.
fn marks_of(seed: u64) -> Marks {
    let case = case_of(seed);
    run_with_marks(&case.plan, case.choice()).map(|(_, _, marks)| marks).unwrap_or_default()
}

#[test]
fn every_mark_is_reached_by_the_case_of_a_known_seed() {
    let is_reached =
        |wanted: &Mark| REACHED_BY.iter().any(|(mark, seed)| mark == wanted && marks_of(*seed).contains(*mark));
    let mut missing: Vec<_> = Mark::ALL.iter().copied().filter(|mark| !is_reached(mark)).collect();
    if missing.is_empty() {
        return;
    }
    let mut found = BTreeMap::new();
    for seed in 0..MOST_SEEDS {
        let marks = marks_of(seed);
        missing.iter().filter(|mark| marks.contains(**mark)).for_each(|mark| {
            found.insert(*mark, seed);
        });
        missing.retain(|mark| !marks.contains(*mark));
        if missing.is_empty() {
            break;
        }
    }
    panic!("known seeds reach other states now. The first seeds: {found:#?}\nno seed below {MOST_SEEDS}: {missing:?}");
}
