//! The overflow policies. A policy is a name, and an answer to a frame that does not fit.
//!
//! A new policy is a variant, a place in [`Overflow::ALL`] and [`Overflow::NAMES`], and an arm of `answer`.

use std::fmt;
use std::str::FromStr;

use super::{Mailbox, QueueItem};
use crate::loss::{LossReason, PushOutcome};

/// What a mailbox does with a frame that would pass one of its limits.
///
/// ```
/// use hubbub::Overflow;
///
/// assert_eq!("drop-oldest".parse(), Ok(Overflow::DropOldest));
/// assert_eq!(Overflow::ALL.map(Overflow::name).join(" "), "drop-newest drop-oldest conflate disconnect park");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overflow {
    /// Refuses the frame.
    #[default]
    DropNewest,
    /// Makes room by letting the oldest waiting frames go.
    DropOldest,
    /// Makes room by letting go the frames that a later event of the same key has outdated. If there is none, the
    /// subscriber is cut off: the last event of a key is never lost.
    Conflate,
    /// Refuses the frame and closes the mailbox: the subscriber is cut off.
    Disconnect,
    /// Parks the frame and those that follow: the subscriber gets them from the history once its mailbox is empty.
    Park,
}

impl Overflow {
    /// Every policy.
    pub const ALL: [Self; 5] = [Self::DropNewest, Self::DropOldest, Self::Conflate, Self::Disconnect, Self::Park];

    /// The names of all policies, for a message.
    pub const NAMES: &str = "drop-newest, drop-oldest, conflate, disconnect or park";

    /// The name in configuration and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::DropNewest => "drop-newest",
            Self::DropOldest => "drop-oldest",
            Self::Conflate => "conflate",
            Self::Disconnect => "disconnect",
            Self::Park => "park",
        }
    }

    /// Handles a frame that the limit `bound` keeps out.
    pub(super) fn answer<T: QueueItem>(
        self,
        mailbox: &mut Mailbox<T>,
        frame: &T,
        bound: LossReason,
        shed: &mut impl FnMut(T, LossReason),
    ) -> PushOutcome<T> {
        match self {
            Self::DropNewest => mailbox.refuse(bound),
            Self::DropOldest => {
                let displaced = mailbox.displace(frame, bound, shed, Mailbox::let_go_oldest);
                // Never refused: an empty mailbox takes any frame.
                displaced.unwrap_or_else(|bound| mailbox.refuse(bound))
            }
            Self::Conflate => {
                // Only from the first overflow on: a mailbox that never fills pays nothing for conflation.
                mailbox.remember_keys();
                mailbox.note_key(frame);
                let displaced = mailbox.displace(frame, bound, shed, |mailbox, _| mailbox.let_go_superseded());
                displaced.unwrap_or_else(|bound| mailbox.cut_off(bound))
            }
            Self::Disconnect => mailbox.cut_off(bound),
            Self::Park => mailbox.park(bound),
        }
    }
}

impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The error for a text that is not the name of a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an overflow policy: must be {names}", names = Overflow::NAMES)]
pub struct UnknownOverflow(String);

impl FromStr for Overflow {
    type Err = UnknownOverflow;

    fn from_str(text: &str) -> Result<Self, UnknownOverflow> {
        Self::ALL.into_iter().find(|policy| policy.name() == text).ok_or_else(|| UnknownOverflow(text.to_owned()))
    }
}
