//! What two worlds' records of one run say differently.

use super::{ClassRecord, Record, SubscriberRecord, exact_ms};

impl Record {
    /// What this record, of the full stack, says otherwise than the specification's of the same run; `None` where both say
    /// the same: digest, accounts, what was sent again, both histograms of each class, and the memory of events.
    #[doc(hidden)]
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
            return Some(format!("account of subscriber {index}: {}", of_accounts(simulated, specified)));
        }
        if self.retransmissions != specified.retransmissions {
            let [simulated, specified] = [self, specified].map(|record| record.retransmissions.len());
            return Some(format!("segments sent again, or when: {simulated} simulated, {specified} specified"));
        }
        if self.after_restarts != specified.after_restarts {
            return Some("what came after restarts of the server".to_owned());
        }
        let differ = |(one, other): (&ClassRecord, &ClassRecord)| {
            one.flush_us != other.flush_us || one.receipt_us != other.receipt_us
        };
        let class = self.classes.iter().zip(&specified.classes).position(differ);
        class.map(|class| format!("latencies of class {class}"))
    }
}

/// The first figure in which two accounts differ, and both values of it.
fn of_accounts(simulated: &SubscriberRecord, specified: &SubscriberRecord) -> String {
    let pairs = figures(simulated).into_iter().zip(figures(specified));
    let first = pairs.into_iter().find(|(one, other)| one != other);
    first.map_or_else(String::new, |((what, simulated), (_, specified))| {
        format!("{what}: {simulated} simulated, {specified} specified")
    })
}

/// Every figure of an account with its name.
fn figures(account: &SubscriberRecord) -> Vec<(String, String)> {
    // Taken apart field by field, so that this does not compile while a new field is missing here.
    let SubscriberRecord {
        class,
        offered,
        delivered,
        received,
        dropped,
        in_flight,
        high_water,
        high_water_at,
        first_drop_at,
        connections,
        wanted,
        doubled,
        away,
        digest,
    } = account;
    let first_drop = first_drop_at.map_or("never".to_owned(), exact_ms);
    let plain = [
        ("class", class.to_string()),
        ("offered", offered.to_string()),
        ("delivered", delivered.to_string()),
        ("received", received.to_string()),
        ("waiting or in flight", in_flight.to_string()),
        ("high-water mark", high_water.to_string()),
        ("time of the high-water mark", exact_ms(*high_water_at)),
        ("first loss to a limit", first_drop),
        ("connections", connections.to_string()),
        ("wanted", wanted.to_string()),
        ("read twice", doubled.to_string()),
        ("time without a stream", exact_ms(*away)),
        ("digest", digest.to_string()),
    ];
    let lost = dropped.by_reason().map(|(reason, lost)| (format!("lost as {reason}"), lost.to_string()));
    plain.into_iter().map(|(what, value)| (what.to_owned(), value)).chain(lost).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_first_figure_that_differs_is_named_with_both_values() {
        let one = SubscriberRecord { offered: 5, first_drop_at: Some(Duration::from_millis(3)), ..Default::default() };
        let other = SubscriberRecord { first_drop_at: None, ..one.clone() };
        assert_eq!(of_accounts(&one, &other), "first loss to a limit: 3.000000 ms simulated, never specified");
        let mut other = one.clone();
        other.dropped.evicted = 2;
        assert_eq!(of_accounts(&one, &other), "lost as evicted: 0 simulated, 2 specified");
    }
}
