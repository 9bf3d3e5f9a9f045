//! Faults: what goes wrong in a run, as values of its plan. A fault names whom it strikes, when, and for how long.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Plan, Reading};

/// Something that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// When it begins, since the start of the run.
    pub at: Duration,
    /// What it is.
    #[serde(flatten)]
    pub harm: FaultKind,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum FaultKind {
    /// A reader takes nothing for a while.
    ReaderStalls {
        /// Index in the plan.
        subscriber: usize,
        /// How long.
        lasts: Duration,
    },
    /// A reader takes at most this many bytes a second for a while.
    ReaderTrickles {
        /// Index in the plan.
        subscriber: usize,
        /// How long.
        lasts: Duration,
        /// Bytes a second, at least 1.
        bytes_per_second: u64,
    },
    /// A reader takes nothing any more; its connection stays.
    ReaderStops {
        /// Index in the plan.
        subscriber: usize,
    },
    /// A class's link keeps everything back, in both directions, and then lets it go.
    LinkHeld {
        /// Index in the plan.
        class: usize,
        /// How long.
        lasts: Duration,
    },
    /// A class's link loses what the server sends. A connection that has lost bytes carries nothing any more, and ends
    /// when they have not been acknowledged for [`ServerPlan::user_timeout`](super::ServerPlan::user_timeout).
    Partition {
        /// Index in the plan.
        class: usize,
        /// How long.
        lasts: Duration,
    },
    /// A client vanishes without a word, and does not come back.
    ClientDies {
        /// Index in the plan.
        subscriber: usize,
    },
    /// The server's process ends, and another takes its place: an empty Hub with a new epoch. What arrives meanwhile is
    /// not published.
    ServerRestarts {
        /// How long there is no server.
        lasts: Duration,
        /// How long each subscriber of the plan waits between two attempts to come back.
        back_after: Vec<Duration>,
    },
    /// Everybody of a class leaves in the same moment, for good.
    ClassLeaves {
        /// Index in the plan.
        class: usize,
    },
}

impl FaultKind {
    /// The names of all kinds.
    pub const KINDS: [&str; 8] = [
        "reader-stalls",
        "reader-trickles",
        "reader-stops",
        "link-held",
        "partition",
        "client-dies",
        "server-restarts",
        "class-leaves",
    ];

    /// The kind's name, as a stored plan has it.
    pub fn kind(&self) -> &'static str {
        let index = match self {
            Self::ReaderStalls { .. } => 0,
            Self::ReaderTrickles { .. } => 1,
            Self::ReaderStops { .. } => 2,
            Self::LinkHeld { .. } => 3,
            Self::Partition { .. } => 4,
            Self::ClientDies { .. } => 5,
            Self::ServerRestarts { .. } => 6,
            Self::ClassLeaves { .. } => 7,
        };
        // In bounds: the match has one index for each of the eight names.
        Self::KINDS[index]
    }

    /// The one subscriber it strikes, if it strikes one.
    pub fn subscriber(&self) -> Option<usize> {
        match self {
            Self::ReaderStalls { subscriber, .. }
            | Self::ReaderTrickles { subscriber, .. }
            | Self::ReaderStops { subscriber }
            | Self::ClientDies { subscriber } => Some(*subscriber),
            Self::LinkHeld { .. } | Self::Partition { .. } | Self::ServerRestarts { .. } | Self::ClassLeaves { .. } => {
                None
            }
        }
    }

    /// The class it strikes, if it strikes one.
    pub fn class(&self) -> Option<usize> {
        match self {
            Self::LinkHeld { class, .. } | Self::Partition { class, .. } | Self::ClassLeaves { class } => Some(*class),
            Self::ReaderStalls { .. }
            | Self::ReaderTrickles { .. }
            | Self::ReaderStops { .. }
            | Self::ClientDies { .. }
            | Self::ServerRestarts { .. } => None,
        }
    }

    /// How long it lasts, if it ends.
    pub fn lasts(&self) -> Option<Duration> {
        match self {
            Self::ReaderStalls { lasts, .. }
            | Self::ReaderTrickles { lasts, .. }
            | Self::LinkHeld { lasts, .. }
            | Self::Partition { lasts, .. }
            | Self::ServerRestarts { lasts, .. } => Some(*lasts),
            Self::ReaderStops { .. } | Self::ClientDies { .. } | Self::ClassLeaves { .. } => None,
        }
    }
}

impl Plan {
    /// The server's restarts, in order of time.
    pub fn restarts(&self) -> impl Iterator<Item = &Fault> {
        self.faults.iter().filter(|fault| matches!(fault.harm, FaultKind::ServerRestarts { .. }))
    }

    /// Whether a fault of some kind strikes a subscriber.
    pub fn is_struck(&self, index: usize, by: fn(&FaultKind) -> bool) -> bool {
        let class = self.subscribers[index].class;
        self.faults.iter().any(|fault| fault.strikes(index, class) && by(&fault.harm))
    }
}

impl Fault {
    /// When it is over; a fault that does not end is over at once, and what it did remains.
    pub fn until(&self) -> Duration {
        self.at + self.harm.lasts().unwrap_or_default()
    }

    /// Whether the fault strikes a subscriber, given its index and its class.
    pub fn strikes(&self, subscriber: usize, class: usize) -> bool {
        // A fault that names nobody, as a restart of the server, strikes everybody.
        self.harm.subscriber().is_none_or(|struck| struck == subscriber)
            && self.harm.class().is_none_or(|struck| struck == class)
    }

    pub(super) fn check(&self, plan: &Plan) -> Result<(), String> {
        let subscribers = plan.subscribers.len();
        let classes = plan.classes.len();
        if let Some(subscriber) = self.harm.subscriber().filter(|subscriber| *subscriber >= subscribers) {
            return Err(format!("subscriber = {subscriber}: there are {subscribers}, from 0 on"));
        }
        if let Some(class) = self.harm.class().filter(|class| *class >= classes) {
            return Err(format!("class = {class}: there are {classes} classes, from 0 on"));
        }
        let serves = |subscriber: usize| matches!(plan.subscribers[subscriber].reading, Reading::Serves { .. });
        match &self.harm {
            FaultKind::ReaderStalls { subscriber, .. }
            | FaultKind::ReaderTrickles { subscriber, .. }
            | FaultKind::ReaderStops { subscriber }
                if serves(*subscriber) =>
            {
                Err(format!("kind = {}: a reader that serves keeps its own times", self.harm.kind()))
            }
            FaultKind::ReaderTrickles { bytes_per_second: 0, .. } => {
                Err("bytes_per_second = 0: must be at least 1".into())
            }
            FaultKind::ServerRestarts { back_after, .. } if back_after.len() != subscribers => {
                Err(format!("back_after: has {} entries, and there are {subscribers} subscribers", back_after.len()))
            }
            harm if harm.lasts().is_some_and(|lasts| lasts.is_zero()) => Err("lasts: must be longer than 0".into()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_fault_is_one_flat_object_that_names_its_kind() {
        let harm = FaultKind::Partition { class: 1, lasts: Duration::from_secs(2) };
        let fault = Fault { at: Duration::from_millis(1500), harm };
        let text = serde_json::to_string(&fault).unwrap();
        let expected =
            r#"{"at":{"secs":1,"nanos":500000000},"kind":"partition","class":1,"lasts":{"secs":2,"nanos":0}}"#;
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<Fault>(&text).unwrap(), fault);
        assert_eq!(fault.harm.kind(), "partition");
    }
}
