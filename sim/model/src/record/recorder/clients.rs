//! What happens at clients: what they read, and when they come and go.

use std::time::Duration;

use hubbub::LossReason;

use super::Observations;
use crate::record::ObservationKind;
use crate::record::histogram::count_us;

impl Observations {
    /// A client has read where its stream begins: after an event of a process, or 0 for none of it.
    pub fn placed(&mut self, now: Duration, index: usize, process: usize, sequence: u64) {
        self.note(now, index, ObservationKind::Placed { after: self.sequence(process, sequence) });
        self.restarts.iter_mut().for_each(|restarts| restarts.read(now, index));
    }

    /// A client has read that events are missing: from `first` to `last`, by the count of the process it is connected
    /// to. Without a first, all after the one it has; without a last, all of the processes before.
    pub fn told(&mut self, now: Duration, index: usize, at: Option<(usize, u64)>, missing: [Option<u64>; 2]) {
        let process = self.demands[index].process;
        let after = match (missing[0], at) {
            (Some(first), _) => self.sequence(process, first) - 1,
            (None, Some((process, sequence))) => self.sequence(process, sequence),
            (None, None) => 0,
        };
        let until = self.sequence(process, missing[1].unwrap_or(0));
        self.note(now, index, ObservationKind::Told { after, until });
        self.restarts.iter_mut().for_each(|restarts| restarts.read(now, index));
    }

    /// A client has left for good: what is published from now on it does not want.
    pub fn left(&mut self, now: Duration, index: usize) {
        let published = self.published_at.len() as u64;
        self.is_back(now, index);
        self.restarts.iter_mut().for_each(|restarts| restarts.left(index));
        self.demands[index].until.get_or_insert(published);
    }

    /// It has a stream again, or wants none any more. When nothing more arrives, there is nothing to be away from.
    pub(super) fn is_back(&mut self, now: Duration, index: usize) {
        let Some(since) = self.demands[index].away_since.take() else { return };
        self.subscribers[index].away += now.min(self.sources_end).saturating_sub(since) / self.time_scale;
    }

    /// A client has read an event of a process.
    pub fn received(&mut self, now: Duration, index: usize, process: usize, sequence: u64) {
        let sequence = self.sequence(process, sequence);
        let latency = self.age_us(now, sequence);
        self.note(now, index, ObservationKind::Received { sequence });
        let tally = self.tally(index);
        tally.received += 1;
        tally.doubled += u64::from(sequence <= tally.last_read);
        tally.last_read = sequence.max(tally.last_read);
        let class = tally.class;
        count_us(&mut self.classes[class].receipt_us, latency);
        if let Some(restarts) = &mut self.restarts {
            let place = usize::try_from(sequence - 1).unwrap_or(usize::MAX);
            restarts.read(now, index);
            restarts.received(index, sequence, self.published_at[place], latency);
        }
    }

    /// A stream has brought the event of that sequence: from there on its subscriber wants all.
    pub fn wants_from(&mut self, index: usize, sequence: u64) {
        let from = &mut self.demands[index].from;
        *from = from.map(|from| from.min(sequence - 1));
    }

    /// Frames that a subscriber was owed and has not got, of a server that does not say so: that many, for that reason.
    pub fn inferred(&mut self, index: usize, reason: LossReason, count: u64) {
        self.tally(index).offered += count;
        *self.subscribers[index].dropped.of(reason) += count;
    }

    /// The event of that sequence is the first that a subscriber lost to a limit, of a server that does not say so. When it
    /// was lost is not known: it counts from when it was published.
    pub fn first_inferred(&mut self, index: usize, sequence: u64) {
        let place = usize::try_from(sequence - 1).unwrap_or(usize::MAX);
        let at = self.published_at.get(place).map(|ns| Duration::from_nanos(*ns) / self.time_scale);
        self.subscribers[index].first_drop_at = at;
    }

    /// The end of a run of a server that does not say what it offers: what was delivered was offered, and so were the frames
    /// that may still wait for the subscriber.
    pub fn still_waits(&mut self, index: usize, count: u64) {
        let tally = self.tally(index);
        tally.offered += tally.delivered + count;
    }

    /// For how long a subscriber has had no stream, in plan time: 0 while its last one has not ended. `None` before its
    /// first one.
    pub(crate) fn absence(&self, now: Duration, index: usize) -> Option<Duration> {
        // Of a client that has left for good, too: its last request may reach the server after that.
        let since = self.demands[index].ended_at.unwrap_or(now);
        // Each time by itself, because an observation has its time in this form.
        let away = self.plan_time(now).saturating_sub(self.plan_time(since));
        (self.subscribers[index].connections > 0).then_some(away)
    }

    /// Whether a subscriber of the plan has had a stream, has none now, and has not left for good.
    pub fn is_away(&self, index: usize) -> bool {
        self.demands[index].away_since.is_some()
    }
}
