//! The document of one part, and what parts must have in common to be merged.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::runs::{KnownRun, KnownRuns};

/// The value of [`Part::schema`].
const SCHEMA: &str = "hubbub.part/1";

/// Most parts of a sweep.
const MOST_PARTS: u64 = 10_000;

/// Which part of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// From 1 on.
    pub index: u64,
    /// Number of parts.
    pub of: u64,
}

impl Shard {
    /// Whether something with this hash belongs to the part.
    pub fn has(self, hash: u64) -> bool {
        hash % self.of == self.index - 1
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shard = text.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
        let shard = shard.map(|(index, of)| Self { index, of });
        let is_allowed = |shard: &Self| (1..=MOST_PARTS).contains(&shard.of) && (1..=shard.of).contains(&shard.index);
        let allowed = || format!("must be I/N, as 3/16: part I of N, with 1 <= I <= N <= {MOST_PARTS}");
        shard.filter(is_allowed).ok_or_else(allowed)
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

/// The runs of one part, as they are stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Part {
    /// Always `hubbub.part/1`.
    pub schema: String,
    /// The program that made it, and a hash of what it stores as the digests of the named scenarios.
    pub program: String,
    /// The options of the sweep, without those of the part.
    pub arguments: Vec<String>,
    /// The scenario's fingerprint.
    pub scenario: u64,
    /// Which part.
    pub shard: Shard,
    /// What was run.
    pub runs: Vec<KnownRun>,
}

/// Why parts cannot be merged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// There are none.
    #[error("no parts are given")]
    None,
    /// A part of another version of the program.
    #[error("{part}: made by {made_by}, and this is {this}: make the part again")]
    OtherProgram {
        /// Where it is.
        part: String,
        /// Its program.
        made_by: String,
        /// The program that merges.
        this: String,
    },
    /// A part of another sweep than the first one.
    #[error("{part}: a part of another sweep than {first}")]
    OtherSweep {
        /// Where it is.
        part: String,
        /// Where the first one is.
        first: String,
    },
    /// A part is there twice.
    #[error("{part}: part {shard} is there already, in {first}")]
    Twice {
        /// Where it is.
        part: String,
        /// Which part it is.
        shard: Shard,
        /// Where it was before.
        first: String,
    },
    /// Parts are missing.
    #[error("of {of} parts these are missing: {}", list(.missing))]
    Missing {
        /// Number of parts.
        of: u64,
        /// Their indices.
        missing: Vec<u64>,
    },
}

fn list(missing: &[u64]) -> String {
    let shown: Vec<_> = missing.iter().take(10).map(u64::to_string).collect();
    let more = if missing.len() > 10 { format!(" and {} more", missing.len() - 10) } else { String::new() };
    shown.join(", ") + &more
}

impl Part {
    /// The document of a part made by `program`.
    pub fn new(program: &str, arguments: Vec<String>, scenario: u64, shard: Shard, runs: Vec<KnownRun>) -> Self {
        Self { schema: SCHEMA.to_owned(), program: program.to_owned(), arguments, scenario, shard, runs }
    }

    /// Whether a document says of itself that it is a part.
    pub fn is_of_this_kind(&self) -> bool {
        self.schema == SCHEMA
    }
}

/// The runs of all parts, each given with where it is.
///
/// # Errors
/// When the parts are not those of one sweep by this program, each once.
pub fn known_runs(parts: &[(String, Part)], this: &str) -> Result<KnownRuns, MergeError> {
    let (first_place, first) = parts.first().ok_or(MergeError::None)?;
    let mut places = BTreeMap::<u64, &String>::new();
    let mut known = KnownRuns::default();
    for (place, part) in parts {
        // First of all, because the document of another program may mean something else.
        if part.program != this {
            let (part_place, made_by) = (place.clone(), part.program.clone());
            return Err(MergeError::OtherProgram { part: part_place, made_by, this: this.to_owned() });
        }
        // The fingerprint, too: a scenario's file may have changed from one part to the next under the same options.
        let is_of_first = part.arguments == first.arguments && part.scenario == first.scenario;
        if !is_of_first || part.shard.of != first.shard.of {
            return Err(MergeError::OtherSweep { part: place.clone(), first: first_place.clone() });
        }
        if let Some(before) = places.insert(part.shard.index, place) {
            return Err(MergeError::Twice { part: place.clone(), shard: part.shard, first: before.clone() });
        }
        part.runs.iter().for_each(|run| {
            known.add(run.clone());
        });
    }
    let missing: Vec<u64> = (1..=first.shard.of).filter(|index| !places.contains_key(index)).collect();
    if missing.is_empty() { Ok(known) } else { Err(MergeError::Missing { of: first.shard.of, missing }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(index: u64, of: u64) -> (String, Part) {
        let arguments = vec!["--scenario".to_owned(), "alpha".to_owned()];
        (format!("part-{index}"), Part::new("this", arguments, 7, Shard { index, of }, Vec::new()))
    }

    #[test]
    fn a_shard_is_one_of_as_many_as_there_are() {
        assert_eq!("3/16".parse::<Shard>(), Ok(Shard { index: 3, of: 16 }));
        for refused in ["0/0", "0/4", "5/4", "4", "a/b", "1/10001", "-1/4"] {
            assert!(refused.parse::<Shard>().unwrap_err().contains("must be I/N"), "{refused}");
        }
    }

    #[test]
    fn every_hash_belongs_to_exactly_one_part() {
        for hash in 0..100 {
            let parts = (1..=7).filter(|index| Shard { index: *index, of: 7 }.has(hash));
            assert_eq!(parts.count(), 1);
        }
    }

    #[test]
    fn parts_that_are_missing_doubled_foreign_or_older_are_refused() {
        let merged = |parts: &[(String, Part)]| known_runs(parts, "this").map(|_| ()).unwrap_err().to_string();
        assert!(known_runs(&[part(2, 2), part(1, 2)], "this").is_ok());
        assert_eq!(merged(&[]), "no parts are given");
        assert_eq!(merged(&[part(2, 4)]), "of 4 parts these are missing: 1, 3, 4");
        assert_eq!(merged(&[part(1, 2), part(1, 2)]), "part-1: part 1/2 is there already, in part-1");
        assert_eq!(merged(&[part(1, 2), part(2, 3)]), "part-2: a part of another sweep than part-1");
        let mut foreign = part(2, 2);
        foreign.1.scenario = 8;
        assert_eq!(merged(&[part(1, 2), foreign]), "part-2: a part of another sweep than part-1");
        let mut older = part(2, 2);
        older.1.program = "older".to_owned();
        assert!(merged(&[part(1, 2), older]).starts_with("part-2: made by older, and this is this"));
    }
}
