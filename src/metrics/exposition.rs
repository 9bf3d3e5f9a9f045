//! The figures as text of OpenMetrics 1.0, which Prometheus reads. Every name has its unit, and every label a fixed set
//! of values.

use std::fmt;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text::encode};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use super::histogram::Read;
use super::log::LogFigures;
use crate::denial::Denial;
use crate::hub::HistoryState;
use crate::loss::LossCounts;
use crate::mailbox::Counts;
use crate::topic::Pattern;

/// All figures at one moment.
#[derive(Debug)]
pub(super) struct Figures {
    pub(super) counts: Vec<(&'static str, Counts)>,
    pub(super) subscribers: Vec<(&'static str, u64)>,
    pub(super) losses_by_rule: Vec<(Option<Pattern>, LossCounts)>,
    pub(super) history: HistoryState,
    pub(super) history_reach: Duration,
    pub(super) misses: Vec<(&'static str, u64)>,
    pub(super) replay_length: Read,
    pub(super) pinned_bytes: u64,
    pub(super) events_without_key: u64,
    pub(super) connections: u64,
    pub(super) denied: Vec<(Denial, u64)>,
    pub(super) refused_connections: u64,
    pub(super) refused_subscribers: u64,
    pub(super) slow_episodes: u64,
    pub(super) parked: u64,
    pub(super) publish_to_flush: Read,
    pub(super) mailbox_wait: Read,
    pub(super) mailbox_waiting: Read,
    pub(super) mailbox_high_water: Read,
    /// Those of a log, where one is read.
    pub(super) log: Option<LogFigures>,
}

pub(super) fn text(figures: Figures) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(figures));
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = encode(&mut text, &registry);
    text
}

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut out = Out { encoder: &mut encoder };
        self.frames(&mut out)?;
        self.by_rule(&mut out)?;
        self.state(&mut out)?;
        self.of_history(&mut out)?;
        self.histograms(&mut out)?;
        self.log.as_ref().map_or(Ok(()), |log| log.write(&mut out))
    }
}

impl Figures {
    fn frames(&self, out: &mut Out<'_, '_>) -> fmt::Result {
        let offered = self.counts.iter().map(|(_, counts)| counts.offered).sum();
        out.counter("hubbub_frames_offered", "Events offered to subscribers: one for each of them", &[(&[], offered)])?;
        let delivered = self.counts.iter().map(|(label, counts)| ([transport(label)], counts.delivered));
        let help = "Frames whose last byte a socket has accepted";
        out.counter("hubbub_frames_delivered", help, &labelled_values(&delivered.collect::<Vec<_>>()))?;
        let dropped = self.counts.iter().flat_map(|(label, counts)| {
            counts.dropped.by_reason().map(|(reason, lost)| ([transport(label), ("reason", reason.name())], lost))
        });
        let help = "Frames lost: by the limit that bound, to a later event of their key, out of the history's reach, or with their client";
        out.counter("hubbub_frames_dropped", help, &labelled_values(&dropped.collect::<Vec<_>>()))?;
        let help = "Events offered to subscribers that were behind: they wait in the history";
        out.counter("hubbub_frames_parked", help, &[(&[], self.parked)])?;
        let help = "Events that had no key where their topic's policy looks for one";
        out.counter("hubbub_events_without_key", help, &[(&[], self.events_without_key)])
    }

    /// The rules are those of the configuration, so the labels are as many as these.
    fn by_rule(&self, out: &mut Out<'_, '_>) -> fmt::Result {
        let losses = self.losses_by_rule.iter().flat_map(|(pattern, losses)| {
            let rule = pattern.as_ref().map_or("default", Pattern::as_str);
            losses.by_reason().map(|(reason, lost)| ([("rule", rule), ("reason", reason.name())], lost))
        });
        let help = "Frames lost, by the topic rule that the subscriber has its policy from";
        out.counter("hubbub_frames_dropped_by_rule", help, &labelled_values(&losses.collect::<Vec<_>>()))
    }

    fn of_history(&self, out: &mut Out<'_, '_>) -> fmt::Result {
        let help = "Events that the history keeps";
        out.gauge("hubbub_history", help, Some(&Unit::Other("events".to_owned())), self.history.events as u64)?;
        let help = "Bytes of the events that the history keeps";
        out.gauge("hubbub_history_payload", help, Some(&Unit::Bytes), self.history.bytes as u64)?;
        let help = "Age of the oldest event in the history: a client that was away longer misses something";
        out.seconds("hubbub_history_reach", help, self.history_reach)?;
        let misses: Vec<_> = self.misses.iter().map(|(why, number)| ([("reason", *why)], *number)).collect();
        let help = "Streams of clients that came back and did not find all that they had missed";
        out.counter("hubbub_returns_with_gap", help, &labelled_values(&misses))?;
        let help = "Events that were replayed to a client that came back";
        out.histogram("hubbub_replay_length", help, &Unit::Other("events".to_owned()), 1.0, &self.replay_length)
    }

    fn state(&self, out: &mut Out<'_, '_>) -> fmt::Result {
        let subscribers: Vec<_> =
            self.subscribers.iter().map(|(label, number)| ([transport(label)], *number)).collect();
        out.gauges("hubbub_subscribers", "Streams that are open", None, &labelled_values(&subscribers))?;
        out.gauge("hubbub_connections", "Connections that are open", None, self.connections)?;
        let help = "Payloads and frames in memory, because somebody waits for them or they are in the history";
        out.gauge("hubbub_pinned", help, Some(&Unit::Bytes), self.pinned_bytes)?;
        let high_water = self.counts.iter().map(|(_, counts)| counts.high_water).max().unwrap_or_default();
        let help = "The most frames that ever waited in one mailbox";
        out.gauge("hubbub_mailbox_high_water_max", help, Some(&frames_unit()), high_water)?;
        let help = "Times that a subscriber began to lose frames";
        out.counter("hubbub_slow_episodes", help, &[(&[], self.slow_episodes)])?;
        let connections = [("limit", "connections")];
        let subscribers = [("limit", "subscribers")];
        let refused = [(&connections[..], self.refused_connections), (&subscribers[..], self.refused_subscribers)];
        out.counter("hubbub_refused", "Clients kept out by a limit", &refused)?;
        let denied: Vec<_> = self.denied.iter().map(|(why, number)| ([("reason", why.name())], *number)).collect();
        out.counter("hubbub_denied", "Requests that were not allowed, by reason", &labelled_values(&denied))
    }

    fn histograms(&self, out: &mut Out<'_, '_>) -> fmt::Result {
        let help = "From publish to the flush of the frame; replayed events are left out";
        out.histogram("hubbub_publish_to_flush", help, &Unit::Seconds, 1e6, &self.publish_to_flush)?;
        let help = "From publish to leaving the mailbox; replayed events are left out";
        out.histogram("hubbub_mailbox_wait", help, &Unit::Seconds, 1e6, &self.mailbox_wait)?;
        let help = "Frames that wait right after one more has found room";
        out.histogram("hubbub_mailbox_waiting", help, &frames_unit(), 1.0, &self.mailbox_waiting)?;
        let help = "The most frames that waited in a mailbox, of every stream that has ended";
        out.histogram("hubbub_mailbox_high_water", help, &frames_unit(), 1.0, &self.mailbox_high_water)
    }
}

impl LogFigures {
    fn write(&self, out: &mut Out<'_, '_>) -> fmt::Result {
        let help = "Events of the log that this server has not read";
        out.gauge("hubbub_log_lag", help, Some(&Unit::Other("events".to_owned())), self.lag_events)?;
        out.seconds("hubbub_log_lag", "Time since this server had last read the whole log", self.lag)?;
        let help = "How far the log's clock is ahead of this server's at least; below zero it is behind";
        out.signed_seconds("hubbub_log_clock_difference", help, self.clock_ahead_ms as f64 / 1000.0)?;
        let help = "From sending an event to the log to its acknowledgement";
        out.histogram("hubbub_log_acknowledgement", help, &Unit::Seconds, 1e6, &self.acknowledgement)?;
        let help = "Events that were published and not acknowledged by the log: refused, or without an answer";
        out.counter("hubbub_log_unacknowledged", help, &[(&[], self.unacknowledged)])?;
        let help = "New connections to the log after a lost one";
        out.counter("hubbub_log_reconnects", help, &[(&[], self.reconnects)])?;
        let help = "Messages of the log that are no event, and were skipped";
        out.counter("hubbub_log_skipped", help, &[(&[], self.skipped)])?;
        let help = "Events read from the log for clients whose cursor was older than the history";
        out.counter("hubbub_log_reread", help, &[(&[], self.reread)])
    }
}

fn frames_unit() -> Unit {
    Unit::Other("frames".to_owned())
}

type Labels<'a> = &'a [(&'a str, &'a str)];

/// The label of the Hub is the transport's name, for the transports of this package.
fn transport(label: &'static str) -> (&'static str, &'static str) {
    ("transport", label)
}

fn labelled_values<'a, const N: usize>(values: &'a [([(&'a str, &'a str); N], u64)]) -> Vec<(Labels<'a>, u64)> {
    values.iter().map(|(labels, value)| (&labels[..], *value)).collect()
}

struct Out<'a, 'e> {
    encoder: &'a mut DescriptorEncoder<'e>,
}

impl Out<'_, '_> {
    fn counter(&mut self, name: &str, help: &str, values: &[(Labels<'_>, u64)]) -> fmt::Result {
        let mut encoder = self.encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (labels, value) in values {
            labelled(&mut encoder, labels, |of| of.encode_counter::<NoLabelSet, _, u64>(value, None))?;
        }
        Ok(())
    }

    fn gauge(&mut self, name: &str, help: &str, unit: Option<&Unit>, value: u64) -> fmt::Result {
        self.gauges(name, help, unit, &[(&[], value)])
    }

    fn seconds(&mut self, name: &str, help: &str, value: Duration) -> fmt::Result {
        self.signed_seconds(name, help, value.as_secs_f64())
    }

    fn signed_seconds(&mut self, name: &str, help: &str, value: f64) -> fmt::Result {
        let mut encoder = self.encoder.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Gauge)?;
        labelled(&mut encoder, &[], |of| of.encode_gauge(&value))
    }

    fn gauges(&mut self, name: &str, help: &str, unit: Option<&Unit>, values: &[(Labels<'_>, u64)]) -> fmt::Result {
        let mut encoder = self.encoder.encode_descriptor(name, help, unit, MetricType::Gauge)?;
        for (labels, value) in values {
            labelled(&mut encoder, labels, |of| of.encode_gauge(value))?;
        }
        Ok(())
    }

    /// Writes a histogram; `per_unit` counted values make one of the unit.
    fn histogram(&mut self, name: &str, help: &str, unit: &Unit, per_unit: f64, read: &Read) -> fmt::Result {
        let mut encoder = self.encoder.encode_descriptor(name, help, Some(unit), MetricType::Histogram)?;
        let buckets = read.buckets.iter().map(|(bound, count)| {
            let bound = bound.map_or(f64::INFINITY, |bound| bound as f64 / per_unit);
            (bound, *count)
        });
        let buckets: Vec<_> = buckets.collect();
        // Summed here and not counted apart: threads go on counting during the read, and the two must agree.
        let count = buckets.iter().map(|(_, count)| count).sum();
        labelled(&mut encoder, &[], |of| {
            of.encode_histogram::<NoLabelSet>(read.sum as f64 / per_unit, count, &buckets, None)
        })
    }
}

fn labelled(
    encoder: &mut MetricEncoder<'_>,
    labels: Labels<'_>,
    encode: impl FnOnce(&mut MetricEncoder<'_>) -> fmt::Result,
) -> fmt::Result {
    if labels.is_empty() { encode(encoder) } else { encode(&mut encoder.encode_family(&labels)?) }
}
