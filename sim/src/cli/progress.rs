//! How far the work is: a bar with the time left on a terminal, in a pipe a line every ten seconds.

use std::io::{self, IsTerminal};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use tokio::time::Instant;

use super::console;
use super::meter::Meter;
use crate::runs::Progress;

/// How often a line is printed where standard error is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// How often a bar is drawn anew.
const BAR_EVERY: Duration = Duration::from_millis(500);

/// Shows one piece of work after the other, all in the same place.
pub(super) struct Bars {
    shown: Mutex<Option<Shown>>,
    /// Units that have been done, and in which time.
    measured: Mutex<(u64, Duration)>,
}

/// The piece of work that is under way.
struct Shown {
    begun: Instant,
    meter: Arc<Mutex<Meter>>,
    display: Display,
}

enum Display {
    Bar(ProgressBar),
    Lines(Lines),
}

impl Bars {
    pub(super) fn new() -> Self {
        Self { shown: Mutex::new(None), measured: Mutex::default() }
    }

    /// How long everything done so far and `more` units take, at the speed measured; `None` where nothing was.
    pub(super) fn time_with(&self, more: u64) -> Option<Duration> {
        let (done, took) = *locked(&self.measured);
        (done > 0).then(|| took.mul_f64((done + more) as f64 / done as f64))
    }

    fn show(&self, what: &str, units: u64, is_most: bool) {
        // A piece of work that failed has not said that it ended.
        self.end();
        let meter = Arc::new(Mutex::new(Meter::new(units, is_most)));
        let begun = Instant::now();
        // A bar draws its line anew each time, which would fill a log with control characters.
        let display = if io::stderr().is_terminal() {
            Display::Bar(bar(what, units, Arc::clone(&meter)))
        } else {
            Display::Lines(Lines::begin(what, begun, Arc::clone(&meter)))
        };
        *locked(&self.shown) = Some(Shown { begun, meter, display });
    }
}

impl Progress for Bars {
    fn begin(&self, what: &str, units: u64) {
        self.show(what, units, false);
    }

    fn begin_at_most(&self, what: &str, units: u64) {
        self.show(what, units, true);
    }

    fn advance(&self, units: u64) {
        let shown = locked(&self.shown);
        let Some(shown) = &*shown else { return };
        // The piece stays locked, so that no other thread ends it before its bar has moved.
        locked(&shown.meter).advance(units, shown.begun.elapsed());
        if let Display::Bar(bar) = &shown.display {
            bar.inc(units);
        }
    }

    fn end(&self) {
        let Some(Shown { begun, meter, display }) = locked(&self.shown).take() else { return };
        let mut measured = locked(&self.measured);
        measured.0 += locked(&meter).done();
        measured.1 += begun.elapsed();
        match display {
            Display::Bar(bar) => bar.finish_and_clear(),
            Display::Lines(lines) => lines.end(),
        }
    }
}

/// A command that fails half-way leaves no bar behind.
impl Drop for Bars {
    fn drop(&mut self) {
        self.end();
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A worker that panicked while it counted leaves a wrong bar at worst, which must not hide its panic.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn bar(what: &str, units: u64, meter: Arc<Mutex<Meter>>) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:>12} [{bar:30}] {percent:>3} %  {left}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ");
    let left = move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        let _ = out.write_str(&locked(&meter).left(state.elapsed()));
    };
    let bar = ProgressBar::new(units).with_prefix(what.to_owned());
    bar.set_style(style.with_key("left", left));
    // By a thread of its own: the time left counts down even while no unit ends.
    bar.enable_steady_tick(BAR_EVERY);
    bar
}

/// A thread that prints a line now and then, until it is told to stop.
struct Lines {
    stop: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl Lines {
    fn begin(what: &str, begun: Instant, meter: Arc<Mutex<Meter>>) -> Self {
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let (what, told) = (what.to_owned(), Arc::clone(&stop));
        let print = move || {
            let (is_over, changed) = &*told;
            let mut over = locked(is_over);
            loop {
                // Not a sleep: the end of the work would then wait for the thread, for up to ten seconds.
                let waited = changed.wait_timeout_while(over, LINE_EVERY, |over| !*over);
                over = waited.unwrap_or_else(PoisonError::into_inner).0;
                if *over {
                    return;
                }
                console::note(&locked(&meter).line(&what, begun.elapsed()));
            }
        };
        // Without a thread the work goes on, and only says nothing.
        let thread = std::thread::Builder::new().name("progress".to_owned()).spawn(print).ok();
        Self { stop, thread }
    }

    fn end(self) {
        *locked(&self.stop.0) = true;
        self.stop.1.notify_all();
        if let Some(thread) = self.thread {
            // Waited for, so that no line about this work comes after the output that follows it.
            let _ = thread.join();
        }
    }
}
