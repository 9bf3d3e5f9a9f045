//! A case as a file. The same file is run by the testbed, and by a test with real brokers and servers.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::case::ClusterCase;
use super::judge::Broken;
use super::run::{ClusterRun, ViewerSaw};

/// The value of [`StoredCase::schema`].
pub(super) const SCHEMA: &str = "hubbub.cluster-case/1";

/// A case that is kept in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredCase {
    /// Always `hubbub.cluster-case/1`.
    pub schema: String,
    /// What it is, in a sentence.
    pub title: String,
    /// The law that it broke when it was found, if it did, and how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broke: Option<String>,
    /// What each viewer sees in every world, as far as it does not depend on timing; left out where all of it does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub viewers_see: Vec<ViewerSees>,
    /// The case.
    pub case: ClusterCase,
}

/// What a viewer sees in every world.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewerSees {
    /// The number of events that it gets; left out where it depends on timing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<u64>,
    /// The reasons of the gaps that it is told of, in order; left out where they depend on timing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gaps: Option<Vec<String>>,
}

/// Why a file is no case.
#[derive(Debug, thiserror::Error)]
pub enum StoredCaseError {
    /// The text is no JSON, or names no schema.
    #[error("no case of a cluster: {0}")]
    Other(serde_json::Error),
    /// Another form than this program knows.
    #[error("schema = {0:?}: must be {SCHEMA:?}")]
    Schema(String),
    /// The case lacks a field, has one too many, or one of another type.
    #[error("{0}")]
    Form(#[from] serde_json::Error),
    /// A field has a value that cannot be.
    #[error("{0}")]
    Value(String),
}

impl StoredCase {
    /// Keeps a case that breaks a law.
    pub fn of_broken(case: ClusterCase, broken: &Broken) -> Self {
        let title = format!("the case of seed {} breaks a law", case.seed);
        Self { schema: SCHEMA.to_owned(), title, broke: Some(broken.to_string()), viewers_see: Vec::new(), case }
    }

    /// Reads a case.
    ///
    /// # Errors
    /// When it is of another form, or names what cannot be.
    pub fn parse(text: &str) -> Result<Self, StoredCaseError> {
        #[derive(Deserialize)]
        struct Head {
            schema: String,
        }
        // The schema alone first: of another form's file one would only hear which field it lacks.
        let head: Head = serde_json::from_str(text).map_err(StoredCaseError::Other)?;
        if head.schema != SCHEMA {
            return Err(StoredCaseError::Schema(head.schema));
        }
        let stored: Self = serde_json::from_str(text)?;
        stored.case.check().map_err(|why| StoredCaseError::Value(format!("case.{why}")))?;
        let expected = stored.viewers_see.len();
        let viewers = stored.case.viewers.len();
        if expected != 0 && expected != viewers {
            let why = format!("viewers_see: {expected} of them: must be as many as case.viewers, which is {viewers}");
            return Err(StoredCaseError::Value(why));
        }
        Ok(stored)
    }

    /// The form it is stored in.
    pub fn to_json(&self) -> String {
        // A case is plain data, so serialising it cannot fail.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// The first viewer that does not see what it must, in words.
    pub fn differs(&self, run: &ClusterRun) -> Option<String> {
        let mut viewers = self.viewers_see.iter().zip(&run.viewers).enumerate();
        viewers.find_map(|(viewer, (expected, saw))| Some(format!("viewer {viewer}: {}", expected.differs(saw)?)))
    }
}

impl ViewerSees {
    fn differs(&self, saw: &ViewerSaw) -> Option<String> {
        let ViewerSaw { received, gaps } = saw;
        let of = |what: &str, expected: &dyn fmt::Debug, saw: &dyn fmt::Debug| {
            Some(format!("{what}: {saw:?}, and every world must see {expected:?}"))
        };
        if let Some(expected) = self.received.filter(|expected| expected != received) {
            return of("received", &expected, received);
        }
        let expected = self.gaps.as_ref().filter(|expected| *expected != gaps)?;
        of("gaps", expected, gaps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> StoredCase {
        let title = "drawn".to_owned();
        let case = ClusterCase::draw(3);
        StoredCase { schema: SCHEMA.to_owned(), title, broke: None, viewers_see: Vec::new(), case }
    }

    #[test]
    fn what_is_stored_is_what_is_read() {
        for case in (0..100).map(ClusterCase::draw) {
            let stored = StoredCase { case, ..stored() };
            assert_eq!(StoredCase::parse(&stored.to_json()).unwrap(), stored);
        }
    }

    #[test]
    fn what_cannot_be_is_refused_in_one_line_that_names_the_field() {
        let text = stored().to_json();
        let nodes = stored().case.nodes;
        for (from, to, why) in [
            ("hubbub.cluster-case/1", "hubbub.incident/1", "schema = \"hubbub.incident/1\": must be"),
            ("\"seed\"", "\"sede\"", "unknown field `sede`"),
            (&*format!("\"nodes\": {nodes}"), "\"nodes\": 7", "case.nodes = 7: must be 1 to 3"),
            ("{", "[", "no case of a cluster: "),
        ] {
            let error = StoredCase::parse(&text.replacen(from, to, 1)).expect_err(why).to_string();
            assert!(error.starts_with(why) && !error.contains('\n'), "{error}");
        }
    }
}
