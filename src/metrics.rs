//! Metrics of a real server: figures for Prometheus, and a log line whenever a subscriber falls behind.
//!
//! The Hub and the transports do not know this room: they tell their [`Environment`], and [`Measured`] is one that
//! counts. Figures that the Hub has anyway are read when they are asked for. Only times and depths are counted at every
//! frame, in counters that threads do not share.
//!
//! A program that subscribes and publishes by itself tells the environment so, and the exposition then has it. The label
//! of a subscription is its `transport` there, `unlabelled` if it was given none:
//!
//! ```
//! # #[cfg(feature = "__transport")] {
//! use hubbub::metrics::Measured;
//! use hubbub::transport::{Observer, Runtime, Tokio};
//! use hubbub::{Capacity, Hub, HubSettings, Overflow, Pattern, Topic};
//!
//! let capacity = Capacity::new(1).expect("1 to 1,048,576 frames");
//! let hub = Hub::new(HubSettings { epoch: 1, capacity, overflow: Overflow::DropNewest });
//! let reader = hub.subscribe(&[Pattern::new("builds").expect("a pattern")]).open().expect("no cursor");
//! let measured = Measured::new(Tokio::start());
//! measured.subscribed(reader.id(), ([127, 0, 0, 1], 4000).into(), &reader.wanted());
//! let topic = Topic::new("builds").expect("a topic");
//! for _ in 0..3 {
//!     hub.publish_each(measured.now(), &topic, "{}", |id, outcome| measured.offered(id, outcome));
//! }
//! let text = measured.exposition(&hub, 0).expect("everything is measured");
//! assert!(text.contains("\nhubbub_frames_offered_total 3\n"));
//! assert!(text.contains("\nhubbub_slow_episodes_total 1\n"), "two losses in a row are one episode");
//! assert!(text.contains("\nhubbub_subscribers{transport=\"unlabelled\"} 1\n"));
//! # }
//! ```

mod collector;
mod denials;
mod episodes;
mod exposition;
mod histogram;
mod log;
mod misses;
mod replays;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::denial::Denial;
use crate::event::{Event, EventId, Gap};
use crate::hub::{Forgotten, Hub, SubscriberId};
use crate::loss::{LossReason, PushOutcome};
use crate::mailbox::Counts;
use crate::topic::Pattern;
use crate::transport::{Environment, Limit, Observer, Runtime, SSE_LABEL, WEBSOCKET_LABEL};

pub use collector::HubCollector;
use denials::Denials;
use episodes::Episodes;
use exposition::Figures;
use histogram::{FRAMES, Histogram, MICROSECONDS};
pub use log::LogMetrics;
use misses::Misses;
use replays::Replays;

/// An environment that measures, around another one. Clones share the figures.
#[derive(Debug, Clone)]
pub struct Measured<E> {
    world: E,
    metrics: Arc<Metrics>,
}

#[derive(Debug)]
struct Metrics {
    /// Time from publish to the flush of the frame, in microseconds.
    publish_to_flush: Histogram,
    /// Time from publish to leaving the mailbox, in microseconds.
    mailbox_wait: Histogram,
    /// Frames that waited right after a push.
    mailbox_waiting: Histogram,
    /// The high-water mark of every stream that has ended.
    mailbox_high_water: Histogram,
    episodes: Episodes,
    replays: Replays,
    /// The events that were replayed to each stream that began with any.
    replay_length: Histogram,
    misses: Misses,
    /// Events offered to subscribers that were behind.
    parked: AtomicU64,
    denials: Denials,
    refused_connections: AtomicU64,
    refused_subscribers: AtomicU64,
    /// Those of the log behind the Hub, if there is one.
    log: OnceLock<Arc<LogMetrics>>,
}

impl Metrics {
    /// All figures of now, which is the time on the publishers' clock.
    fn figures(&self, hub: &Hub, connections: usize, now: Duration) -> Figures {
        let history = hub.history_state();
        // Both transports first, also before their first stream: a series that appears late hides its first value.
        let mut labels = vec![SSE_LABEL, WEBSOCKET_LABEL];
        labels.extend(hub.labels().into_iter().filter(|label| ![SSE_LABEL, WEBSOCKET_LABEL].contains(label)));
        Figures {
            counts: labels.iter().map(|label| (*label, hub.counts_of(label))).collect(),
            subscribers: labels.iter().map(|label| (*label, hub.subscribers_of(label) as u64)).collect(),
            losses_by_rule: hub.losses_by_rule(),
            history_reach: history.oldest.map(|oldest| now.saturating_sub(oldest)).unwrap_or_default(),
            history,
            misses: self.misses.read(),
            replay_length: self.replay_length.read(),
            pinned_bytes: hub.pinned_bytes().now(),
            events_without_key: hub.events_without_key(),
            connections: connections as u64,
            denied: self.denials.read(),
            refused_connections: self.refused_connections.load(Ordering::Relaxed),
            refused_subscribers: self.refused_subscribers.load(Ordering::Relaxed),
            slow_episodes: self.episodes.begun(),
            parked: self.parked.load(Ordering::Relaxed),
            publish_to_flush: self.publish_to_flush.read(),
            mailbox_wait: self.mailbox_wait.read(),
            mailbox_waiting: self.mailbox_waiting.read(),
            mailbox_high_water: self.mailbox_high_water.read(),
            log: self.log.get().map(|log| log.read()),
        }
    }
}

impl<E: Environment> Measured<E> {
    /// Measures what `world` is told from now on.
    pub fn new(world: E) -> Self {
        let metrics = Metrics {
            publish_to_flush: Histogram::new(&MICROSECONDS),
            mailbox_wait: Histogram::new(&MICROSECONDS),
            mailbox_waiting: Histogram::new(&FRAMES),
            mailbox_high_water: Histogram::new(&FRAMES),
            episodes: Episodes::default(),
            replays: Replays::default(),
            replay_length: Histogram::new(&FRAMES),
            misses: Misses::default(),
            parked: AtomicU64::new(0),
            denials: Denials::default(),
            refused_connections: AtomicU64::new(0),
            refused_subscribers: AtomicU64::new(0),
            log: OnceLock::new(),
        };
        Self { world, metrics: Arc::new(metrics) }
    }

    /// Exports the figures of a log, too. Only the first log counts.
    #[must_use]
    pub fn with_log(self, log: Arc<LogMetrics>) -> Self {
        // A second one would be refused.
        let _ = self.metrics.log.set(log);
        self
    }

    /// The figures of a Hub for a registry of one's own: `registry.register_collector(Box::new(collector))`.
    /// `connections` says how many connections are open.
    ///
    /// It is the collector of prometheus-client 0.25, whose version is part of this signature. The clients of other
    /// libraries read the text of [`exposition`](Observer::exposition).
    pub fn collector(&self, hub: &Hub, connections: impl Fn() -> usize + Send + Sync + 'static) -> HubCollector {
        let world = self.world.clone();
        HubCollector::new(self.metrics.clone(), hub.clone(), Box::new(connections), Box::new(move || world.now()))
    }

    /// How long ago events were published, in microseconds.
    fn ages_us(&self, events: &[Arc<Event>]) -> impl Iterator<Item = u64> {
        let now = self.now();
        events.iter().map(move |event| {
            // Saturating: publisher and transport read the clock on different threads.
            let age = now.saturating_sub(event.published_at());
            u64::try_from(age.as_micros()).unwrap_or(u64::MAX)
        })
    }
}

impl<E: Environment> Runtime for Measured<E> {
    fn now(&self) -> Duration {
        self.world.now()
    }

    fn unix_time(&self) -> Duration {
        self.world.unix_time()
    }

    fn spawn(&self, connection: impl Future<Output = ()> + Send + 'static) {
        self.world.spawn(connection);
    }
}

impl<E: Environment> Observer for Measured<E> {
    fn subscribed(&self, subscriber: SubscriberId, peer: SocketAddr, wanted: &[Pattern]) {
        self.metrics.episodes.subscribed(subscriber, peer, wanted);
        self.world.subscribed(subscriber, peer, wanted);
    }

    fn offered(&self, subscriber: SubscriberId, outcome: PushOutcome<EventId>) {
        match outcome {
            PushOutcome::Queued { waiting } => {
                self.metrics.mailbox_waiting.observe(waiting as u64);
                // The mailbox was empty, so the subscriber has caught up.
                if waiting == 1 {
                    self.metrics.episodes.caught_up(subscriber, || self.now());
                }
            }
            // Conflation replaces outdated values by design: that is no sign of a slow subscriber.
            PushOutcome::Displaced { reason: LossReason::Conflated, .. }
            | PushOutcome::Shed { reason: LossReason::Conflated, .. } => {}
            PushOutcome::Parked { .. } => {
                self.metrics.parked.fetch_add(1, Ordering::Relaxed);
            }
            PushOutcome::Refused { .. }
            | PushOutcome::Displaced { .. }
            | PushOutcome::Shed { .. }
            | PushOutcome::Disconnected { .. } => {
                self.metrics.episodes.lost(subscriber, 1, self.now());
            }
        }
        self.world.offered(subscriber, outcome);
    }

    fn replays(&self, subscriber: SubscriberId, first: EventId, count: u64) {
        self.metrics.replay_length.observe(count);
        self.metrics.replays.begin(subscriber, count);
        self.world.replays(subscriber, first, count);
    }

    fn misses(&self, subscriber: SubscriberId, gap: &Gap) {
        self.metrics.misses.count(gap.reason);
        self.world.misses(subscriber, gap);
    }

    fn forgot(&self, subscriber: SubscriberId, forgotten: Forgotten) {
        self.metrics.replays.forgot(subscriber, forgotten.count);
        self.metrics.episodes.lost(subscriber, forgotten.count, self.now());
        self.world.forgot(subscriber, forgotten);
    }

    fn taken(&self, subscriber: SubscriberId, events: &[Arc<Event>]) {
        let replayed = self.metrics.replays.takes(subscriber, events.len());
        self.metrics.mailbox_wait.observe_all(self.ages_us(&events[replayed..]));
        self.world.taken(subscriber, events);
    }

    fn flushed(&self, subscriber: SubscriberId, events: &[Arc<Event>]) {
        let replayed = self.metrics.replays.flushes(subscriber, events.len());
        self.metrics.publish_to_flush.observe_all(self.ages_us(&events[replayed..]));
        self.world.flushed(subscriber, events);
    }

    fn ended(&self, subscriber: SubscriberId, counts: Counts) {
        self.metrics.mailbox_high_water.observe(counts.high_water);
        self.metrics.replays.ended(subscriber);
        self.metrics.episodes.ended(subscriber, &counts);
        self.world.ended(subscriber, counts);
    }

    fn refused(&self, limit: Limit) {
        let refused = match limit {
            Limit::Connections => &self.metrics.refused_connections,
            Limit::Subscribers => &self.metrics.refused_subscribers,
        };
        refused.fetch_add(1, Ordering::Relaxed);
        self.world.refused(limit);
    }

    fn denied(&self, why: Denial) {
        self.metrics.denials.count(why);
        self.world.denied(why);
    }

    fn exposition(&self, hub: &Hub, connections: usize) -> Option<String> {
        Some(exposition::text(self.metrics.figures(hub, connections, self.now())))
    }
}
