//! Liveness: when sources rest and faults are over, whoever reads gets everything that waits, and a new event reaches
//! everybody who has no reason to miss it.

use hubbub_sim::internals::laws::Law;
use hubbub_sim::internals::laws::draw::case_of;

use super::campaign::obeys;

#[test]
fn when_sources_rest_and_faults_are_over_every_mailbox_drains_and_a_new_event_reaches_whoever_can_be_there() {
    // A case takes seconds: a new event comes when every mailbox must have drained. The specification runs many more.
    obeys(16, Law::Liveness);
}

/// Seed 587: a client leaves 16 ms after the last event was published, and that event takes 15 ms to reach it.
#[test]
fn a_client_that_leaves_while_the_last_event_is_under_way_may_miss_it() {
    assert_eq!(Law::Liveness.judge(&case_of(587)), Ok(()));
}

/// Seed 10000103: a reader of 5,000 bytes a second has 28 frames of one write to read, and 30 that wait behind them.
#[test]
fn the_time_to_drain_counts_the_frames_of_a_shared_write_beside_those_of_the_mailbox() {
    assert_eq!(Law::Liveness.judge(&case_of(10_000_103)), Ok(()));
}

/// Seed 10075380: conflation closes a mailbox in which nothing is old, 109 ms before its client comes back.
#[test]
fn a_client_that_its_policy_cuts_off_has_the_time_to_come_back() {
    assert_eq!(Law::Liveness.judge(&case_of(10_075_380)), Ok(()));
}
