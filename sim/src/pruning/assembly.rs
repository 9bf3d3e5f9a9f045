//! A record from parts of runs of one plan.

use super::memory;
use super::part::Part;
use crate::plan::Plan;
use crate::record::{ClassRecord, Digest, NEVER, Record, histogram};

/// Puts together what would have been the record of everybody in one run. `None` where it does not show how many bytes
/// were alive at once.
pub(super) fn assembled(plan: &Plan, parts: &[Part<'_>]) -> Option<Record> {
    let peak_pinned_bytes = memory::peak(plan, parts)?;
    let mut classes: Vec<_> =
        plan.classes.iter().map(|_| ClassRecord { flush_us: histogram(), receipt_us: histogram() }).collect();
    for part in parts {
        let ClassRecord { flush_us, receipt_us } = &mut classes[part.record.class];
        for frame in &part.life.frames {
            for (histogram, latency) in [(&mut *flush_us, frame.flush_us), (&mut *receipt_us, frame.receipt_us)] {
                if latency != NEVER {
                    // It grows with what it is given, so this cannot fail.
                    let _ = histogram.record(u64::from(latency));
                }
            }
        }
    }
    let subscribers: Vec<_> = parts.iter().map(|part| part.record.clone()).collect();
    Some(Record {
        digest: Digest::over(subscribers.iter().map(|subscriber| subscriber.digest)),
        subscribers,
        classes,
        // Only a server without time to publish leaves events over.
        unpublished: 0,
        delivered_in_time: parts.iter().map(|part| part.life.delivered_in_time).sum(),
        peak_pinned_bytes,
        // No plan with a path is pruned.
        retransmissions: Vec::new(),
        tables: Vec::new(),
        // No plan with a restart is pruned.
        after_restarts: None,
    })
}
