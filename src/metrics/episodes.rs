//! Episodes of subscribers that fall behind. An episode begins with a lost frame, and ends when a frame finds the
//! mailbox empty again. All frames lost in between belong to it, so a slow subscriber makes one log line and not
//! thousands.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::hub::SubscriberId;
use crate::mailbox::Counts;
use crate::topic::Pattern;

#[derive(Debug, Default)]
pub(super) struct Episodes {
    watchers: Mutex<BTreeMap<SubscriberId, Watcher>>,
    /// How many episodes are under way. Read at every frame without the lock, and nearly always 0.
    open: AtomicUsize,
    begun: AtomicU64,
}

#[derive(Debug)]
struct Watcher {
    peer: SocketAddr,
    /// The topics, as a line of the log has them.
    topics: Box<str>,
    episode: Option<Episode>,
}

#[derive(Debug)]
struct Episode {
    since: Duration,
    lost: u64,
}

impl Episodes {
    pub(super) fn subscribed(&self, subscriber: SubscriberId, peer: SocketAddr, wanted: &[Pattern]) {
        let topics = named(wanted);
        self.lock().insert(subscriber, Watcher { peer, topics, episode: None });
        tracing::debug!(subscriber = subscriber.0, %peer, "subscribed");
    }

    /// Counts lost frames. Only the first loss of an episode makes a log line.
    pub(super) fn lost(&self, subscriber: SubscriberId, frames: u64, now: Duration) {
        let mut watchers = self.lock();
        // The rest of a fan-out may still report a subscriber that has left.
        let Some(watcher) = watchers.get_mut(&subscriber) else { return };
        if let Some(episode) = &mut watcher.episode {
            episode.lost += frames;
            return;
        }
        watcher.episode = Some(Episode { since: now, lost: frames });
        let peer = watcher.peer;
        let topics = watcher.topics.clone();
        // Released before the log line: other subscribers' losses wait for this lock, in the middle of a fan-out.
        drop(watchers);
        self.open.fetch_add(1, Ordering::Relaxed);
        self.begun.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(subscriber = subscriber.0, %peer, %topics, "fell behind, and loses frames");
    }

    /// Ends a subscriber's episode: a frame has found its mailbox empty. The clock is read only if there is one to end.
    pub(super) fn caught_up(&self, subscriber: SubscriberId, now: impl FnOnce() -> Duration) {
        // Relaxed: a late view ends an episode one frame later, and only its log line depends on that.
        if self.open.load(Ordering::Relaxed) == 0 {
            return;
        }
        let episode = self.lock().get_mut(&subscriber).and_then(|watcher| watcher.episode.take());
        let Some(Episode { since, lost }) = episode else { return };
        self.open.fetch_sub(1, Ordering::Relaxed);
        let seconds = now().saturating_sub(since).as_secs_f64();
        tracing::debug!(subscriber = subscriber.0, lost, seconds, "caught up");
    }

    pub(super) fn ended(&self, subscriber: SubscriberId, counts: &Counts) {
        let Some(Watcher { peer, topics, episode }) = self.lock().remove(&subscriber) else { return };
        if episode.is_some() {
            self.open.fetch_sub(1, Ordering::Relaxed);
        }
        let subscriber = subscriber.0;
        let delivered = counts.delivered;
        let buffer_full = counts.dropped.buffer_full;
        let client_gone = counts.dropped.client_gone;
        let evicted = counts.dropped.evicted;
        if evicted > 0 {
            tracing::warn!(subscriber, %peer, %topics, delivered, buffer_full, evicted, "cut off");
        } else {
            tracing::debug!(subscriber, %peer, delivered, buffer_full, client_gone, "left");
        }
    }

    /// How many episodes have begun.
    pub(super) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<SubscriberId, Watcher>> {
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Topics for a line of the log: the first of them, and how many there are.
fn named(wanted: &[Pattern]) -> Box<str> {
    match wanted {
        [] => "none".into(),
        [one] => one.as_str().into(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: SubscriberId = SubscriberId(1);

    fn episodes() -> Episodes {
        let episodes = Episodes::default();
        episodes.subscribed(ONE, SocketAddr::from(([127, 0, 0, 1], 1)), &[]);
        episodes
    }

    #[test]
    fn an_episode_lasts_until_the_mailbox_is_empty_however_much_is_lost() {
        let episodes = episodes();
        let now = Duration::ZERO;
        (0..100).for_each(|_| episodes.lost(ONE, 1, now));
        assert_eq!(episodes.begun(), 1);
        episodes.caught_up(ONE, || now);
        (0..100).for_each(|_| episodes.lost(ONE, 1, now));
        assert_eq!(episodes.begun(), 2);
        episodes.ended(ONE, &Counts::default());
        assert_eq!(episodes.open.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn nothing_is_kept_of_a_subscriber_that_has_left() {
        let episodes = episodes();
        episodes.ended(ONE, &Counts::default());
        // The rest of a fan-out that was under way.
        episodes.lost(ONE, 1, Duration::ZERO);
        assert!(episodes.lock().is_empty());
        assert_eq!(episodes.begun(), 0);
    }
}
