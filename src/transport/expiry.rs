//! The end of a token, by the environment's date.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

use super::Environment;

/// Longest time between two looks at the date. A clock that is set while a stream is open then counts soon.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// The date at which a stream ends, and the timer that looks at it.
#[derive(Debug)]
pub(super) struct Expiry {
    /// Time since the Unix epoch.
    at: Duration,
    timer: Pin<Box<Sleep>>,
    /// Whether the timer knows the waker: the task of a connection never changes it, and polling the timer at every
    /// event would cost more than the events.
    is_armed: bool,
}

impl Expiry {
    pub(super) fn new<E: Environment>(at: Duration, environment: &E) -> Self {
        let left = at.saturating_sub(environment.unix_time());
        Self { at, timer: Box::pin(sleep(left.min(LONGEST_SLEEP))), is_armed: false }
    }

    /// Ready when the date is reached.
    pub(super) fn poll<E: Environment>(&mut self, environment: &E, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_armed && !self.timer.is_elapsed() {
            return Poll::Pending;
        }
        while self.timer.as_mut().poll(cx).is_ready() {
            let left = self.at.saturating_sub(environment.unix_time());
            if left.is_zero() {
                self.is_armed = false;
                return Poll::Ready(());
            }
            // tokio counts milliseconds: a timer for less would be due at once, again and again.
            let left = left.clamp(Duration::from_millis(1), LONGEST_SLEEP);
            self.timer.as_mut().reset(Instant::now() + left);
        }
        self.is_armed = true;
        Poll::Pending
    }
}
