//! Liveness: when sources rest and faults are over, whoever reads gets everything that waits, and a new event reaches
//! everybody who has no reason to miss it.

use hubbub_sim::laws::Law;

use super::campaign::obeys;

#[test]
fn when_sources_rest_and_faults_are_over_every_mailbox_drains_and_a_new_event_reaches_whoever_can_be_there() {
    obeys(64, Law::Liveness);
}
