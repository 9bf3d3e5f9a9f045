//! The three servers that ship as examples, swept.

use std::collections::BTreeMap;

use hubbub::Overflow;
use hubbub_sim::{Exactness, Objective, Scenario, ServerSweep, Testbed};

#[path = "../../../examples/broadcast.rs"]
mod broadcast;
#[path = "../../../examples/gated.rs"]
mod gated;
#[path = "../../../examples/mailbox.rs"]
mod mailbox;

use broadcast::Broadcast;
use gated::Gated;
use mailbox::Mailbox;

/// Bursts for two fast readers and two slow ones.
const SCENARIO: &str = r#"
name = "bursts"
question = "?"
table = "builds"
duration_seconds = 10
drain_seconds = 10
seeds = 3
subscribers = [4]
buffers = [1, 3, 12, 200]
arrivals = { kind = "bursts", quiet_per_second = 2, burst_per_second = 60, quiet_seconds = [1, 3], burst_seconds = [1, 2] }
payload = { kind = "fixed", bytes = 600 }

[[class]]
name = "viewer"
share = 0.5
round_trip_ms = 20
window_bytes = 65536
reads = "as-it-arrives"

[[class]]
name = "phone"
share = 0.5
round_trip_ms = 120
window_bytes = 4096
reads.rate.bytes_per_second = 15000
"#;

fn swept(testbed: &Testbed) -> ServerSweep {
    let swept = testbed.sweep(&Scenario::parse("bursts.toml", SCENARIO).unwrap()).unwrap();
    let rates: Vec<f64> = swept.cells().iter().map(|cell| cell.drop_rate.unwrap()).collect();
    assert!(rates[0] > 0.05, "{rates:?}");
    assert!(rates.is_sorted_by(|smaller, larger| smaller >= larger), "{rates:?}");
    assert_eq!(rates.last(), Some(&0.0));
    for cell in swept.cells() {
        let phone = &cell.by_class["phone"];
        let viewer = &cell.by_class["viewer"];
        if swept.exactness == Exactness::Nanosecond {
            assert_eq!(viewer.missed, 0, "one slot is enough for a fast reader");
        }
        assert_eq!(phone.missed + viewer.missed, cell.missed);
        // What a full buffer lost is what was never read: nobody leaves here.
        assert_eq!(cell.missed, cell.dropped.buffer_full);
        assert_eq!(cell.offered, cell.delivered + cell.dropped.total());
    }
    swept
}

#[test]
fn a_broadcast_channel_is_swept_at_the_sizes_that_it_can_have() {
    let swept = swept(&Testbed::new("broadcast", Broadcast));
    // Its events are posted, so those of one tick come at once, and one slot is not enough even for a fast reader.
    assert_eq!(swept.exactness, Exactness::Tick { own_tasks: 0, is_posted: true });
    assert_eq!(swept.effective, BTreeMap::from([(1, 1), (3, 4), (12, 16), (200, 256)]));
    let size = &swept.sizes[0];
    let frames = size.frames.unwrap();
    assert!(frames.is_power_of_two(), "{size:?}");
    assert!(size.tried[&(frames / 2)].0 > 0 && size.tried[&frames] == (0, 3), "{size:?}");
    // The objective of no loss is met from the size that was found on, at the sizes that were swept.
    let none_missed = swept.smallest_meeting(&Objective::default().missed(0.0))[&4].unwrap();
    assert!(none_missed >= frames as u64 && swept.smallest_meeting(&Objective::default())[&4] == Some(1));
    assert_eq!(swept.smallest_meeting(&Objective::default().age_p99_ms(0.0))[&4], None);
    let page = swept.to_string();
    assert!(page.contains("Asked for 12 frames, the server has 16."), "{page}");
    assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
}

#[test]
fn a_mailbox_for_each_client_is_sized_to_the_frame_by_a_search() {
    let swept = swept(&Testbed::new("mailbox", Mailbox));
    assert_eq!(swept.exactness, Exactness::Nanosecond);
    let size = &swept.sizes[0];
    let frames = size.frames.unwrap();
    assert!(size.tried[&(frames - 1)].0 > 0 && size.tried[&frames] == (0, 3), "{size:?}");
    let no_larger_loses = size.tried.range(frames..).all(|(_, (lossy, _))| *lossy == 0);
    assert!(no_larger_loses, "{size:?}");
    assert!((size.risk_upper95 - 0.632).abs() < 0.001, "{size:?}");
}

#[test]
fn a_gated_body_has_a_probe_so_its_size_is_read_off_runs_in_which_nothing_overflows() {
    let testbed = Testbed::new("gated", Gated(Overflow::DropNewest));
    let size = &swept(&testbed).sizes[0];
    let frames = size.frames.unwrap();
    assert_eq!(size.tried, BTreeMap::from([(1 << 16, (0, 3))]));
    let scenario = Scenario::parse("bursts.toml", SCENARIO).unwrap();
    let lost = |frames: usize| -> u64 {
        let plans = (0..3).map(|seed| hubbub_sim::Plan::draw(&scenario, 4, seed));
        let runs = plans.map(|plan| testbed.check_determinism(&plan, frames).unwrap());
        runs.flat_map(|run| run.record.subscribers).map(|one| one.dropped.buffer_full).sum()
    };
    assert_eq!(lost(frames), 0);
    assert!(lost(frames - 1) > 0);
}

/// hyper takes events out of a channel before its socket has accepted those before. A gated body yields one at a time.
#[test]
fn without_a_gate_hypers_own_buffer_hides_frames() {
    let hidden = swept(&Testbed::new("mailbox", Mailbox)).sizes[0].frames.unwrap();
    let gated = swept(&Testbed::new("gated", Gated(Overflow::DropNewest))).sizes[0].frames.unwrap();
    assert!(hidden < gated, "{hidden} frames are enough where hyper holds the others, {gated} where nothing is hidden");
}
