//! The keys of a build without the feature `tokens`: there are none, so no value of the type exists.

use std::time::Duration;

use super::Grant;
use crate::denial::Denial;

/// The keys that tokens are checked with. Without the feature `tokens` there is no such value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tokens {}

impl Tokens {
    pub(crate) fn check(&self, _token: &str, _now: Duration) -> Result<Grant, Denial> {
        match *self {}
    }
}
