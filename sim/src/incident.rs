//! Incidents: a plan with a verdict, stored whole, so that it can be run again when everything else has changed.
//!
//! Knows what an incident is and how to judge a run of it; not where it is kept.

mod losses;
mod timeline;

use hubbub::{Capacity, Overflow};
use serde::{Deserialize, Serialize};

pub use losses::{Loss, losses};
pub use timeline::timeline;

use crate::ledger::{Violation, first_violation};
use crate::plan::Plan;
use crate::record::{Observation, Record};
use crate::summary::document::Dropped;
use crate::world::{self, HubChoice, WorldError};

/// The value of [`Incident::schema`].
pub const SCHEMA: &str = "hubbub.incident/1";
/// The value of [`Replay::schema`].
pub const REPLAY_SCHEMA: &str = "hubbub.replay/1";

/// A stored incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// What it is, in a sentence.
    pub title: String,
    /// The version of this program that wrote it.
    pub version: String,
    /// Size of the mailboxes.
    pub buffer: u64,
    /// What a full mailbox does.
    pub policy: String,
    /// What a run of it gives.
    pub expected: Expected,
    /// The plan, expanded: nothing is drawn when it is run.
    pub plan: Plan,
}

/// What a run gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The run's digest.
    pub digest: String,
    /// Frames offered.
    pub offered: u64,
    /// Frames flushed.
    pub delivered: u64,
    /// Frames lost, by reason.
    pub dropped: Dropped,
    /// The first law that does not hold, if one does not.
    pub first_violation: Option<Violation>,
}

/// How a run compares with what was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The same run, and the same laws hold.
    AsExpected,
    /// A law does not hold that should, or one holds that should not.
    Violated,
    /// The same program gave another run.
    NotDeterministic,
}

/// A run of an incident, judged.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Replay {
    /// Always [`REPLAY_SCHEMA`].
    pub schema: &'static str,
    /// The judgement.
    pub verdict: Verdict,
    /// The run's digest.
    pub digest: String,
    /// The plan's seed.
    pub seed: u64,
    /// Frames offered.
    pub offered: u64,
    /// Frames flushed.
    pub delivered: u64,
    /// Frames lost, by reason.
    pub dropped: Dropped,
    /// Laws that do not hold: the first, since what follows it means little.
    pub violations: Vec<Violation>,
    /// Whether the run is the stored one to the last event. An incident of another version may run otherwise.
    pub same_trajectory: bool,
}

/// Why an incident cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IncidentError {
    /// It is no JSON, is cut off, or lacks a field.
    #[error("{0}")]
    Form(#[from] serde_json::Error),
    /// Another form than this program knows.
    #[error("schema = {0:?}: must be {SCHEMA:?}")]
    Schema(String),
    /// A field has a value that cannot be.
    #[error("{0}")]
    Value(String),
}

impl Incident {
    /// Makes an incident of a run.
    ///
    /// # Errors
    /// The failure of the world.
    pub fn record(title: &str, plan: Plan, choice: HubChoice) -> Result<Self, WorldError> {
        let (record, observations) = world::run_observed(&plan, choice)?;
        Ok(Self {
            schema: SCHEMA.to_owned(),
            title: title.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            buffer: choice.capacity.frames() as u64,
            policy: choice.overflow.name().to_owned(),
            expected: expected(&record, &observations, choice),
            plan,
        })
    }

    /// Reads an incident.
    ///
    /// # Errors
    /// When it is cut off, of another schema, or names what is not there.
    pub fn parse(text: &str) -> Result<Self, IncidentError> {
        #[derive(Deserialize)]
        struct Head {
            schema: String,
        }
        let head: Head = serde_json::from_str(text)?;
        if head.schema != SCHEMA {
            return Err(IncidentError::Schema(head.schema));
        }
        let incident: Self = serde_json::from_str(text)?;
        incident.choice()?;
        incident.plan.check().map_err(IncidentError::Value)?;
        Ok(incident)
    }

    /// The form it is stored in.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }

    /// Mailboxes as it has them.
    ///
    /// # Errors
    /// A size or a policy that there is not.
    pub fn choice(&self) -> Result<HubChoice, IncidentError> {
        let capacity = usize::try_from(self.buffer).ok().and_then(Capacity::new);
        let wrong = || IncidentError::Value(format!("buffer = {}: must be 1 ..= 1048576", self.buffer));
        let overflow: Overflow = self.policy.parse().map_err(|why| IncidentError::Value(format!("policy: {why}")))?;
        Ok(HubChoice { capacity: capacity.ok_or_else(wrong)?, overflow })
    }

    /// Runs it again and judges the run.
    ///
    /// # Errors
    /// The failure of the world.
    pub fn replay(&self, choice: HubChoice) -> Result<(Replay, Record, Vec<Observation>), WorldError> {
        let (record, observations) = world::run_observed(&self.plan, choice)?;
        let now = expected(&record, &observations, choice);
        let same_trajectory = now.digest == self.expected.digest;
        let is_this_version = self.version == env!("CARGO_PKG_VERSION");
        let verdict = if now.first_violation.is_some() != self.expected.first_violation.is_some() {
            Verdict::Violated
        } else if is_this_version && !same_trajectory {
            Verdict::NotDeterministic
        } else {
            Verdict::AsExpected
        };
        let replay = Replay {
            schema: REPLAY_SCHEMA,
            verdict,
            digest: now.digest,
            seed: self.plan.seed,
            offered: now.offered,
            delivered: now.delivered,
            dropped: now.dropped,
            violations: now.first_violation.into_iter().collect(),
            same_trajectory,
        };
        Ok((replay, record, observations))
    }
}

fn expected(record: &Record, observations: &[Observation], choice: HubChoice) -> Expected {
    let sum = |of: fn(&hubbub::Dropped) -> u64| record.subscribers.iter().map(|s| of(&s.dropped)).sum();
    Expected {
        digest: record.digest.to_string(),
        offered: record.subscribers.iter().map(|subscriber| subscriber.offered).sum(),
        delivered: record.subscribers.iter().map(|subscriber| subscriber.delivered).sum(),
        dropped: Dropped {
            buffer_full: sum(|dropped| dropped.buffer_full),
            client_gone: sum(|dropped| dropped.client_gone),
            evicted: sum(|dropped| dropped.evicted),
        },
        first_violation: first_violation(record, observations, choice),
    }
}
