//! What a case that was read from a file must be.

use std::time::Duration;

use super::{ClusterCase, ClusterFault, ClusterFaultKind, ViewerPlan};

/// Most events of a case. No mailbox overflows with so many.
const MOST_EVENTS: usize = 1000;
const MOST_VIEWERS: usize = 100;
const MOST_FAULTS: usize = 100;
const MOST_KEPT: usize = 100_000;
/// Everything is over after this time.
const LONGEST: Duration = Duration::from_secs(120);

impl ClusterCase {
    /// What is wrong with it, in a line that names the field.
    ///
    /// # Errors
    /// The first field that cannot be.
    pub fn check(&self) -> Result<(), String> {
        if !(1..=3).contains(&self.nodes) {
            return Err(format!("nodes = {}: must be 1 to 3", self.nodes));
        }
        if self.brokers != 1 && self.brokers != 3 {
            return Err(format!("brokers = {}: must be 1 or 3", self.brokers));
        }
        if !(1..=MOST_KEPT).contains(&self.history_events) {
            return Err(format!("history_events = {}: must be 1 to {MOST_KEPT}", self.history_events));
        }
        if self.replay_events > MOST_KEPT {
            return Err(format!("replay_events = {}: must be {MOST_KEPT} at most", self.replay_events));
        }
        let lengths = [
            ("publish_at_ms", self.publish_at.len(), MOST_EVENTS),
            ("viewers", self.viewers.len(), MOST_VIEWERS),
            ("faults", self.faults.len(), MOST_FAULTS),
        ];
        if let Some((name, length, most)) = lengths.into_iter().find(|(_, length, most)| length > most) {
            return Err(format!("{name}: {length} of them: must be {most} at most"));
        }
        if self.publish_at.is_empty() {
            return Err("publish_at_ms: must have an event at least".to_owned());
        }
        if !self.publish_at.is_sorted() {
            return Err("publish_at_ms: must be in order of time".to_owned());
        }
        if !self.faults.is_sorted_by_key(|fault| fault.at) {
            return Err("faults: must be in order of time".to_owned());
        }
        for (number, viewer) in self.viewers.iter().enumerate() {
            self.check_viewer(viewer).map_err(|why| format!("viewers[{number}]: {why}"))?;
        }
        for (number, fault) in self.faults.iter().enumerate() {
            self.check_fault(fault).map_err(|why| format!("faults[{number}]: {why}"))?;
        }
        if self.settles_at() > LONGEST {
            let (settles_at, most) = (self.settles_at().as_millis(), LONGEST.as_millis());
            return Err(format!("it lasts until {settles_at} ms: must be {most} ms at most"));
        }
        Ok(())
    }

    fn check_viewer(&self, viewer: &ViewerPlan) -> Result<(), String> {
        if viewer.first_node >= self.nodes {
            return Err(format!("first_node = {}: must be below nodes, which is {}", viewer.first_node, self.nodes));
        }
        let is_there = viewer.leaves.first().is_none_or(|first| first.at >= viewer.comes_at);
        if !is_there || !viewer.leaves.is_sorted() {
            return Err("leaves: must be in order of time, and after comes_at_ms".to_owned());
        }
        Ok(())
    }

    fn check_fault(&self, fault: &ClusterFault) -> Result<(), String> {
        use ClusterFaultKind as Kind;
        if fault.kind.is_of_a_moment() && !fault.lasts.is_zero() {
            return Err(format!("lasts_ms = {}: must be left out of what lasts no time", fault.lasts.as_millis()));
        }
        let below = |what: &str, number: usize, end: usize| {
            if number < end { Ok(()) } else { Err(format!("{what} {number}: must be below {what}s, which is {end}")) }
        };
        match fault.kind {
            Kind::NodeKilled(node)
            | Kind::NodeCutOff(node)
            | Kind::AcknowledgementsLost(node)
            | Kind::MessageLost(node)
            | Kind::ConsumersEnd(node) => below("node", node, self.nodes),
            Kind::BrokerCutOff(_) if self.brokers < 3 => Err("broker-cut-off: must be one of 3 brokers".to_owned()),
            Kind::BrokerKilled(broker) | Kind::BrokerLags(broker) | Kind::BrokerCutOff(broker) => {
                below("broker", broker, self.brokers)
            }
            Kind::Trimmed(0) => Err("trimmed: must leave a message at least".to_owned()),
            Kind::Trimmed(_)
            | Kind::StreamFull
            | Kind::MessageDeleted
            | Kind::Purged
            | Kind::MadeAnew
            | Kind::Foreign => Ok(()),
        }
    }
}
