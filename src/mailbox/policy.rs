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
///
/// Of ten frames into a mailbox of four, each policy leaves other ones. Here all frames but the first have one key:
///
/// ```
/// use hubbub::mailbox::{Key, Mailbox, QueueItem};
/// use hubbub::{Capacity, Limits, Overflow};
///
/// #[derive(Clone)]
/// struct Frame(u64);
/// impl QueueItem for Frame {
///     fn key(&self) -> Option<Key<'_>> {
///         let text = if self.0 == 1 { "first" } else { "other" };
///         Some(Key { hash: self.0.min(2), scope: "builds", text })
///     }
/// }
/// let left = |overflow| {
///     let mut mailbox = Mailbox::new(Limits::frames(Capacity::new(4).expect("1 to 1,048,576 frames")), overflow);
///     (1..=10).for_each(|n| drop(mailbox.push(&Frame(n), |_, _| {})));
///     std::iter::from_fn(|| mailbox.take().map(|frame| frame.0)).collect::<Vec<_>>()
/// };
/// assert_eq!(left(Overflow::DropNewest), [1, 2, 3, 4]);
/// assert_eq!(left(Overflow::DropOldest), [7, 8, 9, 10]);
/// assert_eq!(left(Overflow::Conflate), [1, 8, 9, 10], "the last frame of a key stays");
/// assert!(left(Overflow::Disconnect).is_empty(), "cut off at the fifth frame");
/// assert_eq!(left(Overflow::Park), [1, 2, 3, 4], "the other six are parked, not lost");
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

    /// Whether the policy removes frames that wait in order to make room. A frame that has been taken cannot be removed
    /// any more, so a transport takes only one at a time from a mailbox with such a policy.
    pub fn removes_waiting(self) -> bool {
        match self {
            Self::DropOldest | Self::Conflate => true,
            Self::DropNewest | Self::Disconnect | Self::Park => false,
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
                // Refused only where frames in flight hold all slots: an empty mailbox takes any frame.
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
