//! A reader that serves: one frame after another, each for a time of its own.
//!
//! It knows when the server's socket accepted a frame, and acknowledges each frame early enough for the acknowledgement to
//! arrive at the exact nanosecond at which the service ends. So ticks and network delay add nothing to a service or to a
//! wait. A service that is shorter than the network delay is acknowledged late. The next service still begins at the
//! ideal end of the one before, so that the delay does not add up.

use std::collections::VecDeque;
use std::time::Duration;

pub(crate) struct Service {
    times: Vec<Duration>,
    one_way: Duration,
    /// Those that have begun to arrive and whose service has not ended; the first is served.
    frames: VecDeque<Frame>,
    /// When the service of the first frame ends, or where there is none, when the last one ended.
    ends_at: Duration,
    /// When the word of the last end reached the server.
    freed_at: Duration,
}

struct Frame {
    /// Offset of its first byte.
    start: u64,
    /// When the server's socket accepted that byte.
    accepted_at: Duration,
    /// When it came to the client.
    seen_at: Duration,
    time: Duration,
}

impl Service {
    /// A service with its times in virtual time. Without any time, a frame takes none.
    pub(crate) fn new(times: &[Duration], one_way: Duration) -> Self {
        let ends_at = Duration::ZERO;
        let freed_at = Duration::ZERO;
        Self { times: times.to_vec(), one_way, frames: VecDeque::new(), ends_at, freed_at }
    }

    /// A frame has begun to arrive.
    pub(crate) fn begin(&mut self, seen_at: Duration, start: u64, sequence: u64, accepted_at: Duration) {
        // Sequences count from 1.
        let place = usize::try_from(sequence.saturating_sub(1)).unwrap_or(usize::MAX);
        // By the event's number and not by the frame's place: a frame that is lost must not shift the times of those
        // behind it.
        let time = self.times.get(place).or(self.times.last()).copied().unwrap_or_default();
        self.frames.push_back(Frame { start, accepted_at, seen_at, time });
        if self.frames.len() == 1 {
            self.serve();
        }
    }

    /// Takes the first frame, if there is one.
    fn serve(&mut self) {
        if let Some(Frame { accepted_at, time, .. }) = self.frames.front() {
            // What was accepted when the word of the last end came had waited for it.
            let waited = *accepted_at == self.freed_at;
            let begins_at = if waited { self.ends_at } else { self.ends_at.max(*accepted_at) };
            self.ends_at = begins_at + *time;
        }
    }

    /// Up to which offset bytes are read: where the frame that is served begins.
    pub(crate) fn read_up_to(&self) -> Option<u64> {
        self.frames.front().map(|frame| frame.start)
    }

    /// When the word of the end of the service under way is sent, if there is one.
    pub(crate) fn tells_at(&self) -> Option<Duration> {
        let frame = self.frames.front()?;
        // Not before the frame has come: a client cannot acknowledge what it has not seen.
        Some(self.ends_at.saturating_sub(self.one_way).max(frame.seen_at))
    }

    /// Ends the service under way if the word of that is due by `now`; returns when the word was sent.
    pub(crate) fn end_by(&mut self, now: Duration) -> Option<Duration> {
        let told_at = self.tells_at().filter(|at| *at <= now)?;
        self.frames.pop_front();
        // Kept apart from `ends_at`, because a word that is sent late also arrives late.
        self.freed_at = told_at + self.one_way;
        self.serve();
        Some(told_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn us(micros: u64) -> Duration {
        Duration::from_micros(micros)
    }

    #[test]
    fn an_end_is_told_so_that_it_arrives_in_time_to_the_microsecond() {
        let mut service = Service::new(&[us(50_250)], MS);
        service.begin(us(12_000), 7, 1, us(10_400));
        assert_eq!(service.read_up_to(), Some(7));
        assert_eq!(service.tells_at(), Some(us(59_650)));
        assert_eq!(service.end_by(us(59_000)), None);
        assert_eq!(service.end_by(us(60_000)), Some(us(59_650)));
        assert_eq!(service.read_up_to(), None);
        assert_eq!(service.tells_at(), None);
    }

    #[test]
    fn a_frame_that_waited_begins_with_the_end_of_the_one_before_and_one_that_did_not_when_it_is_accepted() {
        let mut service = Service::new(&[us(50_500), us(20_000), us(30_000)], MS);
        service.begin(us(2000), 0, 1, Duration::ZERO);
        assert_eq!(service.end_by(us(50_000)), Some(us(49_500)));
        service.begin(us(52_000), 100, 2, us(50_500));
        assert_eq!(service.end_by(us(70_000)), Some(us(69_500)));
        service.begin(us(92_000), 200, 3, us(90_100));
        assert_eq!(service.tells_at(), Some(us(119_100)));
    }

    #[test]
    fn a_service_shorter_than_the_way_ends_late_and_delays_nobody() {
        let mut service = Service::new(&[us(500), us(20_000)], MS);
        service.begin(us(2000), 0, 1, us(400));
        assert_eq!(service.end_by(us(2000)), Some(us(2000)), "as soon as it is seen; the word arrives at 3 ms");
        service.begin(us(4000), 100, 2, us(3000));
        assert_eq!(service.tells_at(), Some(us(900 + 20_000 - 1000)), "0.9 ms is when the first was to end");
    }

    #[test]
    fn in_a_wider_window_frames_wait_behind_the_one_that_is_served() {
        let mut service = Service::new(&[us(10_000)], MS);
        (0..3).for_each(|frame| service.begin(us(2000), frame * 100, frame + 1, us(1000)));
        let ends: Vec<_> = std::iter::from_fn(|| service.end_by(us(100_000))).collect();
        assert_eq!(ends, [us(10_000), us(20_000), us(30_000)]);
    }
}
