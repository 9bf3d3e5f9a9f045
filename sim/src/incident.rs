//! Incidents: a plan with a verdict, stored whole, so that it can be run again when everything else has changed.
//!
//! Knows what an incident is and how to judge a run of it; not where it is kept.
//!
//! An incident is recorded once, stored as JSON, and replayed by a test. A stored number that the run does not give is
//! an error:
//!
//! ```
//! use hubbub::Overflow;
//! use hubbub_sim::internals::incident::{Incident, Verdict};
//! use hubbub_sim::internals::laws::Case;
//! use hubbub_sim::internals::plan::Plan;
//! use hubbub_sim::internals::scenario::{Overrides, Scenario};
//!
//! let short = Overrides { duration_seconds: Some(5.0), ..Overrides::default() };
//! let scenario = Scenario::named("steady-overload").and_then(|named| named.with(short)).expect("a valid scenario");
//! let case = Case { plan: Plan::draw(&scenario, 2, 0), frames: 1, overflow: Overflow::DropNewest };
//! let stored = Incident::record("a slow line and one slot", case).expect("the run ends").to_json();
//! let mut incident = Incident::parse(&stored).expect("an incident");
//! let replay = incident.replay().expect("a run").replay;
//! assert_eq!((replay.verdict, replay.same_trajectory), (Verdict::AsExpected, true));
//! assert!(replay.delivered > 0 && replay.offered >= replay.delivered + replay.dropped.total());
//!
//! incident.expected.delivered += 1;
//! let why = incident.replay().expect_err("edited").to_string();
//! assert!(why.starts_with("expected.delivered = "));
//! ```

mod losses;
pub mod shrink;
mod timeline;
mod verdict;

use hubbub::{Capacity, LossCounts, Overflow};
use serde::{Deserialize, Serialize};

pub use losses::{Loss, losses};
pub use timeline::timeline;
pub use verdict::{LossFor, LossesOf, REPLAY_SCHEMA, Replay, Rerun, Verdict};

use crate::laws::{Case, Law, Trial, Violation, World, first_broken_of_run};
use crate::plan::Plan;
use crate::record::Record;
use crate::specified::{self, SpecifiedError};
use crate::world::{self, WorldError};

/// The value of [`Incident::schema`].
pub const SCHEMA: &str = "hubbub.incident/1";

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
    /// A law that was found broken here, and is judged beside the account and the window ever since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub law: Option<Law>,
    /// What a run of it gives.
    pub expected: Expected,
    /// The plan, expanded: nothing is drawn when it is run.
    pub plan: Plan,
}

/// What a run gives.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The run's digest.
    pub digest: String,
    /// Frames offered.
    pub offered: u64,
    /// Frames flushed.
    pub delivered: u64,
    /// Frames lost, by reason.
    pub dropped: LossCounts,
    /// The first law that does not hold, if one does not.
    pub first_violation: Option<Violation>,
}

/// Why an incident cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IncidentError {
    /// It is no JSON, or has no schema: some other file, or an incident that is cut off.
    #[error("no incident: {0}")]
    Other(serde_json::Error),
    /// It lacks a field, or has one of another type.
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
    /// Makes an incident of a run of the full stack.
    ///
    /// # Errors
    /// The failure of the world.
    pub fn record(title: &str, case: Case) -> Result<Self, WorldError> {
        let (record, observations) = world::run_observed(&case.plan, case.choice())?;
        let violation = first_broken_of_run(&case, &record, &observations);
        Ok(Self::new(title, case, Expected::of(&record, violation)))
    }

    /// Makes an incident of a run of the specification.
    ///
    /// # Errors
    /// The run contradicts itself.
    pub fn record_specified(title: &str, case: Case) -> Result<Self, SpecifiedError> {
        let (record, observations) = specified::run_observed(&case.plan, case.choice())?;
        let violation = first_broken_of_run(&case, &record, &observations);
        Ok(Self::new(title, case, Expected::of(&record, violation)))
    }

    /// Makes an incident of a case that breaks a law. Its digest is empty where the run does not even come to its end.
    pub fn of_violation(title: &str, case: Case, violation: Violation) -> Self {
        let expected = match world::run(&case.plan, case.choice()) {
            Ok(record) => Expected::of(&record, Some(violation)),
            // A run that fails leaves no record. The violation alone says what happened.
            Err(_) => Expected { first_violation: Some(violation), ..Expected::default() },
        };
        Self::new(title, case, expected)
    }

    fn new(title: &str, case: Case, expected: Expected) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            title: title.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            buffer: case.frames as u64,
            policy: case.overflow.name().to_owned(),
            law: expected.first_violation.as_ref().map(|violation| violation.law),
            expected,
            plan: case.plan,
        }
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
        // The schema alone first: of another form's file one would only hear which field it lacks.
        let head: Head = serde_json::from_str(text).map_err(IncidentError::Other)?;
        if head.schema != SCHEMA {
            return Err(IncidentError::Schema(head.schema));
        }
        let incident: Self = serde_json::from_str(text)?;
        // Only for its errors: a size or a policy that there is not should be found when the file is read.
        incident.case()?;
        incident.expected.check().map_err(IncidentError::Value)?;
        incident.plan.check().map_err(IncidentError::Value)?;
        Ok(incident)
    }

    /// The form it is stored in.
    pub fn to_json(&self) -> String {
        // An incident is plain data, so serialising it cannot fail.
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }

    /// What is run.
    ///
    /// # Errors
    /// A size or a policy that there is not.
    pub fn case(&self) -> Result<Case, IncidentError> {
        let capacity = usize::try_from(self.buffer).ok().and_then(Capacity::new);
        let wrong = || IncidentError::Value(format!("buffer = {}: must be 1 ..= 1048576", self.buffer));
        let overflow: Overflow = self.policy.parse().map_err(|why| IncidentError::Value(format!("policy: {why}")))?;
        Ok(Case { plan: self.plan.clone(), frames: capacity.ok_or_else(wrong)?.frames(), overflow })
    }

    /// The incident with what this program gives taken for right.
    #[must_use]
    pub fn as_it_runs(&self, replay: &Replay) -> Self {
        let expected = Expected {
            digest: replay.digest.clone(),
            offered: replay.offered,
            delivered: replay.delivered,
            dropped: replay.dropped,
            first_violation: replay.violations.first().cloned(),
        };
        Self { version: env!("CARGO_PKG_VERSION").to_owned(), expected, ..self.clone() }
    }

    /// Runs it again on the full stack and judges the run.
    ///
    /// # Errors
    /// A size or a policy that there is not, or numbers that are not those of its own digest.
    pub fn replay(&self) -> Result<Rerun, IncidentError> {
        self.replay_in(World::Simulated)
    }

    /// Runs it again in a world and judges the run. Laws that say nothing of the specification alone are not judged there.
    ///
    /// # Errors
    /// A size or a policy that there is not, or numbers that are not those of its own digest.
    pub fn replay_in(&self, world: World) -> Result<Rerun, IncidentError> {
        let case = self.case()?;
        let expected_law = self.expected.first_violation.as_ref().map(|violation| violation.law);
        let result = match world {
            World::Simulated => {
                world::run_observed(&case.plan, case.choice()).map_err(|why| Violation::of_failure(&why))
            }
            World::Specified => {
                specified::run_observed(&case.plan, case.choice()).map_err(|why| Violation::of_failure(&why))
            }
        };
        let trial = match world {
            World::Simulated => Trial::on_the_full_stack(&case),
            World::Specified => Trial::on_the_specification(&case),
        };
        let (now, run) = match result {
            Ok((record, log)) => {
                // Only asked where account and window hold, because it runs the case once more, or several times.
                let own = || self.law.or(expected_law).and_then(|law| law.judge_in(&trial).err());
                let violation = first_broken_of_run(&case, &record, &log).or_else(own);
                (Expected::of(&record, violation), Some((record, log)))
            }
            Err(violation) => (Expected { first_violation: Some(violation), ..Expected::default() }, None),
        };
        let same_trajectory = now.digest == self.expected.digest;
        // The digest covers all that happened, so other numbers under the same digest have been edited by hand.
        if let Some(edited) = self.expected.edited(&now).filter(|_| same_trajectory) {
            return Err(IncidentError::Value(edited));
        }
        // Another version may give another run. The same one may not, unless what was found is that it does not repeat.
        let is_this_version = self.version == env!("CARGO_PKG_VERSION");
        let broken_law = now.first_violation.as_ref().map(|violation| violation.law);
        let verdict = if broken_law != expected_law {
            Verdict::Violated
        } else if is_this_version && !same_trajectory && expected_law != Some(Law::Repetition) {
            Verdict::NotDeterministic
        } else {
            Verdict::AsExpected
        };
        let losses = run.as_ref().map(|(record, log)| verdict::losses_of(&self.plan, record, log));
        let replay = Replay {
            schema: REPLAY_SCHEMA,
            verdict,
            title: self.title.clone(),
            scenario: self.plan.scenario.clone(),
            subscribers: self.plan.subscribers.len(),
            buffer: self.buffer,
            policy: self.policy.clone(),
            digest: now.digest,
            seed: self.plan.seed,
            offered: now.offered,
            delivered: now.delivered,
            dropped: now.dropped,
            expected: Some(self.expected.clone()),
            violations: now.first_violation.into_iter().collect(),
            same_trajectory,
            losses: losses.unwrap_or_default(),
            objective: Vec::new(),
        };
        Ok(Rerun { replay, run })
    }
}

impl Expected {
    /// A run that did not come to its end has no digest.
    fn check(&self) -> Result<(), String> {
        let is_none = self.digest.is_empty() && self.first_violation.is_some();
        let is_digest = self.digest.len() == 32 && self.digest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if is_none || is_digest {
            return Ok(());
        }
        Err(format!("expected.digest = {:?}: must be 32 hex digits", self.digest))
    }

    /// The first number that differs from what a run of the same digest gives.
    fn edited(&self, now: &Self) -> Option<String> {
        let numbers = |of: &Self| {
            let dropped = of.dropped.by_reason().map(|(reason, lost)| (format!("dropped.{reason}"), lost));
            [("offered".to_owned(), of.offered), ("delivered".to_owned(), of.delivered)].into_iter().chain(dropped)
        };
        let mut pairs = numbers(self).zip(numbers(now));
        let ((name, stored), (_, counted)) = pairs.find(|((_, stored), (_, counted))| stored != counted)?;
        Some(format!("expected.{name} = {stored}: the run of expected.digest has {counted}"))
    }

    fn of(record: &Record, first_violation: Option<Violation>) -> Self {
        let mut dropped = LossCounts::default();
        record.subscribers.iter().for_each(|subscriber| dropped.add(&subscriber.dropped));
        Self {
            digest: record.digest.to_string(),
            offered: record.subscribers.iter().map(|subscriber| subscriber.offered).sum(),
            delivered: record.subscribers.iter().map(|subscriber| subscriber.delivered).sum(),
            dropped,
            first_violation,
        }
    }
}
