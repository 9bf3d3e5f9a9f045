//! What became of every frame at every subscriber, where that is asked for: enough to put the record of a run together
//! from parts of several runs of one plan.
//!
//! Of a run without a server's restart, in which no stream ends: nothing here says when that would let frames go.

use std::time::Duration;

use hubbub::PushOutcome;

use super::ObservationKind;
use crate::plan::Plan;
use crate::time::nanos;

/// What stands for a time that never came.
pub const NEVER: u32 = u32::MAX;

/// A moment in which the server did something, the same in every run of one plan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Events published by then.
    pub published: u32,
    /// Virtual nanoseconds.
    pub at: u64,
}

/// One frame that waited for one subscriber. Moments are places in [`Lives::moments`], or [`NEVER`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Its event.
    pub sequence: u32,
    /// When it left the mailbox for the socket.
    pub taken: u32,
    /// When this subscriber let go of it: flushed, or displaced.
    pub released: u32,
    /// Publish to flush, in microseconds of plan time, or [`NEVER`].
    pub flush_us: u32,
    /// Publish to receipt, in microseconds of plan time, or [`NEVER`].
    pub receipt_us: u32,
}

/// One subscriber's part of a run.
#[derive(Debug, Default)]
pub struct Life {
    /// Flushes before the sources ended.
    pub delivered_in_time: u64,
    /// In the order of their events.
    pub frames: Vec<Frame>,
    /// The frame that is taken, flushed and read next, or one before it.
    next: [usize; 3],
}

/// Everybody's part of a run.
#[derive(Debug)]
pub struct Lives {
    /// By index in the plan.
    pub of: Vec<Life>,
    /// Every moment in which something happened, in order.
    pub moments: Vec<Moment>,
    /// When each event was published: its place among the moments.
    pub published: Vec<u32>,
    /// Bytes of each event's encoded form, 0 where nobody took it.
    pub encoded_bytes: Vec<u32>,
    /// Whether a stream has ended, for whatever reason.
    pub has_end: bool,
    time_scale: u32,
    sources_end: Duration,
}

impl Lives {
    /// Of a plan in virtual time.
    pub(super) fn of(plan: &Plan) -> Self {
        Self {
            of: plan.subscribers.iter().map(|_| Life::default()).collect(),
            moments: Vec::new(),
            published: Vec::with_capacity(plan.arrivals.len()),
            encoded_bytes: Vec::with_capacity(plan.arrivals.len()),
            has_end: false,
            time_scale: plan.time_scale,
            sources_end: plan.duration,
        }
    }

    pub(super) fn published(&mut self, at: Duration) {
        self.encoded_bytes.push(0);
        // Never shared with the moment before: events of one time are published one after the other.
        self.moments.push(Moment { published: narrow(self.encoded_bytes.len() as u64), at: nanos(at) });
        self.published.push(narrow(self.moments.len() as u64 - 1));
    }

    pub(super) fn taken(&mut self, now: Duration, index: usize, sequence: u64, encoded_bytes: usize) {
        let taken = self.moment(now);
        self.encoded_bytes[place(sequence)] = narrow(encoded_bytes as u64);
        self.of[index].with(0, sequence, |frame| frame.taken = taken);
    }

    pub(super) fn note(&mut self, now: Duration, index: usize, what: ObservationKind) {
        match what {
            ObservationKind::Pushed { sequence, outcome } => self.note_push(now, index, sequence, outcome),
            ObservationKind::Flushed { sequence } => {
                let (released, latency) = (self.moment(now), self.age_us(now, sequence));
                let life = &mut self.of[index];
                life.delivered_in_time += u64::from(now <= self.sources_end);
                life.with(1, sequence, |frame| (frame.released, frame.flush_us) = (released, latency));
            }
            ObservationKind::Received { sequence } => {
                let latency = self.age_us(now, sequence);
                self.of[index].with(2, sequence, |frame| frame.receipt_us = latency);
            }
            ObservationKind::Ended { .. } => self.has_end = true,
            // A subscriber with a history behind it has more frames than its mailbox tells of.
            ObservationKind::Replayed { .. } | ObservationKind::Forgotten { .. } => self.has_end = true,
            ObservationKind::Subscribed { .. } | ObservationKind::Told { .. } | ObservationKind::Placed { .. } => {}
        }
    }

    fn note_push(&mut self, now: Duration, index: usize, sequence: u64, outcome: PushOutcome<u64>) {
        match outcome {
            PushOutcome::Queued { .. } => self.of[index].queue(sequence),
            PushOutcome::Displaced { lost, .. } => {
                let released = self.moment(now);
                self.of[index].lose(lost, released);
                self.of[index].queue(sequence);
            }
            // Such policies end streams or use the history. Runs under them are never put together from parts.
            PushOutcome::Disconnected { .. } | PushOutcome::Shed { .. } | PushOutcome::Parked { .. } => {
                self.has_end = true;
            }
            PushOutcome::Refused { .. } => {}
        }
    }

    fn age_us(&self, now: Duration, sequence: u64) -> u32 {
        let published = self.moments[self.published[place(sequence)] as usize];
        let age = now.saturating_sub(Duration::from_nanos(published.at)) / self.time_scale;
        // There is room for 71 minutes. Runs that are put together from parts last an hour at most, so no latency
        // becomes `NEVER`.
        u32::try_from(age.as_micros()).unwrap_or(NEVER)
    }

    fn moment(&mut self, now: Duration) -> u32 {
        let moment = Moment { published: narrow(self.published.len() as u64), at: nanos(now) };
        if self.moments.last() != Some(&moment) {
            self.moments.push(moment);
        }
        narrow(self.moments.len() as u64 - 1)
    }
}

impl Life {
    fn queue(&mut self, sequence: u64) {
        let sequence = narrow(sequence);
        self.frames.push(Frame { sequence, taken: NEVER, released: NEVER, flush_us: NEVER, receipt_us: NEVER });
    }

    fn lose(&mut self, sequence: u64, released: u32) {
        // Searched for: a displaced frame need not be the next one of any step.
        if let Ok(place) = self.frames.binary_search_by_key(&narrow(sequence), |frame| frame.sequence) {
            self.frames[place].released = released;
        }
    }

    /// Frames are taken, flushed and read in order, so each of these steps only ever looks ahead.
    fn with(&mut self, step: usize, sequence: u64, change: impl FnOnce(&mut Frame)) {
        let next = &mut self.next[step];
        while self.frames.get(*next).is_some_and(|frame| u64::from(frame.sequence) < sequence) {
            *next += 1;
        }
        if let Some(frame) = self.frames.get_mut(*next) {
            change(frame);
        }
    }
}

/// Where the event of that sequence is.
fn place(sequence: u64) -> usize {
    usize::try_from(sequence - 1).unwrap_or(usize::MAX)
}

fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(NEVER)
}
