//! Shared writes: how many frames share a write changes nothing that happens to anybody.

use hubbub::Overflow;
use hubbub_sim::internals::laws::draw::any_case;
use hubbub_sim::internals::laws::{Case, Law};
use proptest::prelude::*;

use super::campaign::{broken, holds};

#[test]
fn every_frame_is_offered_lost_flushed_and_read_at_the_same_time_however_many_share_a_write() {
    let sharing = Overflow::ALL.into_iter().filter(|policy| !policy.removes_waiting()).collect::<Vec<_>>();
    let case = (any_case(), prop::sample::select(sharing)).prop_map(|(case, overflow)| Case { overflow, ..case });
    holds(Law::SharedWrites, 64, case.prop_map(Case::without_cpu), |case| {
        broken(Law::SharedWrites.judge(&case).map_err(|violation| violation.to_string()))
    });
}
