//! What two worlds' records of one run say differently.

use super::{ClassRecord, Record};

impl Record {
    /// What this record, of the full stack, says otherwise than the specification's of the same run; `None` where both say
    /// the same: digest, accounts, both histograms of each class, and the memory of events.
    pub fn difference(&self, specified: &Self) -> Option<String> {
        let numbers = [
            ("events not published", self.unpublished, specified.unpublished),
            ("frames flushed while events arrived", self.delivered_in_time, specified.delivered_in_time),
            ("bytes of events in memory at most", self.peak_pinned_bytes, specified.peak_pinned_bytes),
        ];
        if let Some((what, simulated, specified)) = numbers.into_iter().find(|(_, one, other)| one != other) {
            return Some(format!("{what}: {simulated} simulated, {specified} specified"));
        }
        if self.digest != specified.digest {
            return Some(format!("digest: {} simulated, {} specified", self.digest, specified.digest));
        }
        let mut accounts = self.subscribers.iter().zip(&specified.subscribers).enumerate();
        if let Some((index, (simulated, specified))) = accounts.find(|(_, (one, other))| one != other) {
            return Some(format!("account of subscriber {index}: {simulated:?} simulated, {specified:?} specified"));
        }
        let differ = |(one, other): (&ClassRecord, &ClassRecord)| {
            one.flush_us != other.flush_us || one.receipt_us != other.receipt_us
        };
        let class = self.classes.iter().zip(&specified.classes).position(differ);
        class.map(|class| format!("latencies of class {class}"))
    }
}
