//! What a caller says of a subscription before it begins, and which wishes contradict the rules.

use super::cursor::Cursor;
use super::raw::RawSubscription;
use super::rules::Policy;
use super::slot::Slot;
use super::subscription::Subscription;
use super::{Hub, UNLABELLED};
use crate::mailbox::{Capacity, Limits, Mailbox, Overflow};
use crate::topic::Pattern;

/// A subscription that has not begun; [`Hub::subscribe`] makes it, and [`open`](Self::open) begins it.
///
/// Whatever is not said comes from the Hub's [`Rules`](super::Rules). A subscription has one mailbox, and so one policy
/// for all its patterns: that of the first pattern. For a pattern with wildcards, the policy is that of the first rule
/// that covers all its topics, or else the default.
///
/// ```
/// use hubbub::{Capacity, Hub, HubSettings, Overflow, Pattern};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let capacity = Capacity::new(64).expect("1 to 1,048,576 frames");
/// let hub = Hub::new(HubSettings { epoch: 1, capacity, overflow: Overflow::DropNewest });
/// let patterns = [Pattern::new("builds.>")?, Pattern::new("deploys.*")?];
/// let dashboard = hub
///     .subscribe(&patterns)
///     .capacity(Capacity::new(8).expect("1 to 1,048,576 frames"))
///     .overflow(Overflow::DropOldest)
///     .gap_notices(true)
///     .label("dashboard")
///     .open()?;
/// assert_eq!(hub.subscribers_of("dashboard"), 1);
/// # drop(dashboard);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is subscribed before `open`"]
pub struct SubscriptionBuilder<'a> {
    hub: &'a Hub,
    patterns: Vec<Pattern>,
    limits: Limits,
    overflow: Overflow,
    cursor: Option<Cursor>,
    announces_gaps: bool,
    label: &'static str,
}

/// The error for a subscription that would lose events although its caller asked to keep them.
///
/// ```
/// use hubbub::hub::SubscribeError;
/// use hubbub::{Capacity, Hub, HubSettings, Overflow, Pattern};
///
/// let capacity = Capacity::new(64).expect("1 to 1,048,576 frames");
/// let hub = Hub::new(HubSettings { epoch: 1, capacity, overflow: Overflow::DropNewest });
/// let builds = [Pattern::new("builds").expect("a pattern")];
/// let refused = hub.subscribe(&builds).overflow(Overflow::Park).open();
/// assert_eq!(refused.err(), Some(SubscribeError::ParkWithoutHistory));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubscribeError {
    /// The policy is [`Overflow::Park`], and the Hub has no history from which parked events could come back.
    #[error("the policy park needs a history, and the Hub keeps none: see `Rules::history`")]
    ParkWithoutHistory,
    /// The policy is [`Overflow::Conflate`], and the rules name no key by which events could be outdated.
    #[error("the policy conflate needs a key, and the rules name none for {pattern}: see `Policy::key`")]
    ConflateWithoutKey {
        /// The first pattern whose events get no key.
        pattern: Pattern,
    },
    /// There is a cursor, and neither a history that could replay what follows it nor a gap notice to say what is
    /// missing.
    #[error("a cursor needs a history or gap notices, and there is neither: see `Rules::history`")]
    CursorWithoutHistory,
}

impl<'a> SubscriptionBuilder<'a> {
    pub(super) fn new(hub: &'a Hub, patterns: &[Pattern]) -> Self {
        let rules = &hub.shared.rules;
        // The policy's key is not needed here: an event gets its key when it is published.
        let Policy { limits, overflow, .. } = *rules.of_patterns(patterns);
        let announces_gaps = rules.announces_gaps;
        Self { hub, patterns: patterns.to_vec(), limits, overflow, cursor: None, announces_gaps, label: UNLABELLED }
    }

    /// Sets how many events may wait in the mailbox.
    pub fn capacity(mut self, capacity: Capacity) -> Self {
        self.limits.capacity = capacity;
        self
    }

    /// Sets all limits of the mailbox: in events, in bytes and by age.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets what happens to an event that passes a limit.
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// Begins after a cursor: the events published since come first, as far as the history reaches back. What it no
    /// longer has is told by [`Subscription::opening`], and as the gap in front of the first event.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use hubbub::hub::{Cursor, HistorySettings, Rules};
    /// use hubbub::{Capacity, Hub, Limits, Overflow, Pattern, Topic};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # futures_executor::block_on(async {
    /// let limits = Limits::frames(Capacity::new(64).expect("1 to 1,048,576 frames"));
    /// let history = HistorySettings { events: 2, bytes: 1 << 20 };
    /// let hub = Hub::with(7, Rules { history, ..Rules::plain(limits, Overflow::DropNewest) });
    /// let topic = Topic::new("builds")?;
    /// for _ in 0..4 {
    ///     hub.publish(Duration::ZERO, &topic, "{}");
    /// }
    /// // The last `id:` that a client has read, as a browser sends it in `Last-Event-ID`.
    /// let mut back = hub.subscribe(&[topic.into()]).after(Cursor::read("7-1")).open()?;
    /// let first = back.recv().await.expect("the subscription is open");
    /// assert_eq!(first.event.id().sequence, 3);
    /// assert_eq!(first.gap.and_then(|gap| gap.first).map(|id| id.sequence), Some(2));
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn after(mut self, cursor: Cursor) -> Self {
        self.cursor = Some(cursor);
        self
    }

    /// Sets whether each event says what is missing in front of it. A mailbox with n waiting events remembers at most
    /// n + 1 holes.
    pub fn gap_notices(mut self, announces_gaps: bool) -> Self {
        self.announces_gaps = announces_gaps;
        self
    }

    /// Sets the label under which the Hub counts the subscription; [`UNLABELLED`] if none is set. The Hub keeps the
    /// account of every label that it has seen, so labels name kinds of subscribers and not single ones.
    pub fn label(mut self, label: &'static str) -> Self {
        self.label = label;
        self
    }

    /// Begins the subscription: it gets every event that is published from now on. Without a pattern it gets none before
    /// [`Subscription::want`].
    ///
    /// # Errors
    /// When events would be lost although the caller asked to keep them: [`SubscribeError`] lists the cases.
    pub fn open(self) -> Result<Subscription, SubscribeError> {
        self.open_raw().map(Subscription::new)
    }

    /// Begins a subscription for a transport, which tells the Hub when its socket has accepted a frame.
    ///
    /// # Errors
    /// In the cases of [`open`](Self::open).
    pub fn open_raw(self) -> Result<RawSubscription, SubscribeError> {
        self.check()?;
        Ok(self.begin(true))
    }

    /// Begins a subscription of a client that does not choose how it is treated. Nothing is refused; the client is told
    /// where it begins if it gets gap notices.
    #[cfg_attr(not(any(feature = "server", test)), expect(dead_code, reason = "only the server has such clients"))]
    pub(crate) fn open_for_client(self) -> RawSubscription {
        let announces_gaps = self.announces_gaps;
        self.begin(announces_gaps)
    }

    /// Begins a subscription for a stream of events, after the cursor of its client if there is one. The cursor is not
    /// refused, since the client does not choose how it is treated. `label` is the label of a subscription that has
    /// none.
    #[cfg(feature = "sse")]
    pub(crate) fn open_for_stream(
        mut self,
        cursor: Option<Cursor>,
        label: &'static str,
    ) -> Result<RawSubscription, SubscribeError> {
        self.check_policy()?;
        self.cursor = cursor.or(self.cursor);
        if self.label == UNLABELLED {
            self.label = label;
        }
        Ok(self.begin(true))
    }

    fn begin(self, says_where_it_begins: bool) -> RawSubscription {
        let mailbox = Mailbox::new(self.limits, self.overflow);
        let rule = self.hub.shared.rules.place_of(&self.patterns);
        let slot = Slot::new(&self.patterns, mailbox, (self.label, rule), self.announces_gaps);
        self.hub.begin(slot, self.cursor, says_where_it_begins)
    }

    fn check(&self) -> Result<(), SubscribeError> {
        let rules = &self.hub.shared.rules;
        let has_history = rules.history.events > 0;
        if self.cursor.is_some() && !has_history && !self.announces_gaps {
            return Err(SubscribeError::CursorWithoutHistory);
        }
        self.check_policy()
    }

    /// Checks what the policy needs of the Hub.
    fn check_policy(&self) -> Result<(), SubscribeError> {
        let rules = &self.hub.shared.rules;
        match self.overflow {
            Overflow::DropNewest | Overflow::DropOldest | Overflow::Disconnect => Ok(()),
            Overflow::Park if rules.history.events > 0 => Ok(()),
            Overflow::Park => Err(SubscribeError::ParkWithoutHistory),
            Overflow::Conflate => {
                let mut patterns = self.patterns.iter();
                match patterns.find(|pattern| rules.of_pattern(pattern).key.is_none()) {
                    Some(pattern) => Err(SubscribeError::ConflateWithoutKey { pattern: pattern.clone() }),
                    None => Ok(()),
                }
            }
        }
    }
}
