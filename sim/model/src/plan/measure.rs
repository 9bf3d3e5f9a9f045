//! Figures of a plan: what arrives, how fast and how large.

use std::borrow::Cow;
use std::time::Duration;

use super::{Plan, Selected, SubscriberPlan};
use crate::scenario::busiest;

impl Plan {
    /// Events a second over the whole run.
    #[must_use]
    pub fn mean_per_second(&self) -> f64 {
        self.arrivals.len() as f64 / self.duration.as_secs_f64()
    }

    /// Most events in any stretch `[t, t + length)`.
    #[must_use]
    pub fn most_events_in(&self, length: Duration) -> u64 {
        let times: Vec<Duration> = self.arrivals.iter().map(|arrival| arrival.at).collect();
        busiest(&times, length)
    }

    /// Bytes of all payloads.
    #[must_use]
    pub fn payload_bytes(&self) -> u64 {
        self.arrivals.iter().map(|arrival| u64::from(arrival.payload_bytes)).sum()
    }

    /// Mean payload, `None` where nothing arrives.
    #[must_use]
    pub fn mean_payload_bytes(&self) -> Option<f64> {
        (!self.arrivals.is_empty()).then(|| self.payload_bytes() as f64 / self.arrivals.len() as f64)
    }

    /// The plan with those events alone that the members of a class want.
    #[must_use]
    pub fn as_watched_by(&self, class: usize) -> Cow<'_, Self> {
        if !self.leaves_out(class) {
            return Cow::Borrowed(self);
        }
        let selected = self.selected(class);
        let arrivals = self.arrivals.iter().filter(|arrival| selected.has(arrival.table)).copied().collect();
        Cow::Owned(Self { arrivals, ..self.clone() })
    }

    /// By class: the events that its members want at most, over all members: as many as if each were there all the time.
    #[must_use]
    pub fn most_wanted(&self) -> Vec<u64> {
        let of_class = |(class, selected): (usize, &Selected)| {
            let members = self.subscribers.iter().filter(|subscriber| subscriber.class == class).count() as u64;
            members * self.arrivals.iter().filter(|arrival| selected.has(arrival.table)).count() as u64
        };
        self.all_selected().iter().enumerate().map(of_class).collect()
    }

    /// For each table the part of the subscribers, 0 to 1, that want its events.
    #[must_use]
    pub fn audiences(&self) -> Vec<f64> {
        let selected = self.all_selected();
        let of = |(table, _): (u8, &str)| {
            let wants = |subscriber: &&SubscriberPlan| selected[subscriber.class].has(table);
            let part = self.subscribers.iter().filter(wants).count() as f64 / self.subscribers.len() as f64;
            if self.subscribers.is_empty() { 1.0 } else { part }
        };
        (0..).zip(self.tables()).map(of).collect()
    }

    /// Returns the number of subscribers that want an event, as the mean over all events.
    #[must_use]
    pub fn mean_audience(&self) -> f64 {
        let (all, audiences) = (self.subscribers.len() as f64, self.audiences());
        // Also exact where every event is for everybody: a mean of many ones is one.
        let sum: f64 = self.arrivals.iter().map(|arrival| audiences[usize::from(arrival.table)]).sum();
        if self.arrivals.is_empty() { all } else { all * (sum / self.arrivals.len() as f64) }
    }
}
