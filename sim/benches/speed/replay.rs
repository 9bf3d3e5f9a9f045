//! What a long replay to one subscriber costs everybody else.

use std::fs::File;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use hubbub::frame;
use hubbub::hub::{Cursor, HistorySettings, RawSubscription, Rules};
use hubbub::{Capacity, Event, EventId, Hub, Limits, Overflow, Pattern, Topic};

use crate::rows::{Line, Row, Rows};
use crate::{median, say, timed};

const FRAMES: usize = 256;
const REPLAYED: usize = 100_000;
const PUBLISHED: usize = 200_000;
static PAYLOAD: [u8; 700] = [b'x'; 700];

/// Target: the replay of 100,000 events to one subscriber does not move another's p99.
pub(crate) fn replay(rows: &mut Rows) {
    say(&format!("from publish to a frame, {PUBLISHED} events, beside one that (medians of 5)"));
    // One after the other, over and over: a machine that is slower for a while is so for all.
    let rounds: Vec<_> = (0..5).map(|_| Another::ALL.map(latencies)).collect();
    for (index, another) in Another::ALL.into_iter().enumerate() {
        let of = |what: fn(&Latencies) -> f64| median(rounds.iter().map(|round| what(&round[index])).collect());
        let does = another.does();
        let row = |what: &str, value, unit| Row::new(format!("{what}, beside one that {does}"), value, unit);
        let line = Line::new("  p50 ").value(5, 2, row("p50 from publish to a frame", of(|run| run.p50), "µs"));
        let line = line.text(" µs  p99 ");
        let line = line.value(5, 2, row("p99 from publish to a frame", of(|run| run.p99), "µs"));
        let line = line.text(&format!(" µs  {does}"));
        rows.print(if another.is_replayed_to() {
            let times = row("replays meanwhile", of(|run| run.replays), "times");
            line.text(" ").value(0, 0, times).text(" times")
        } else {
            line
        });
    }
}

/// What the other subscriber of the Hub that is measured does meanwhile; there always is one.
#[derive(Clone, Copy)]
enum Another {
    /// Nothing.
    Stands,
    /// It reads, on another core.
    ReadsLive,
    /// Nothing, while somebody comes back to another Hub: the machine has as much to do.
    StandsBesideAHub,
    /// It comes back again and again.
    ComesBack,
}

impl Another {
    const ALL: [Self; 4] = [Self::Stands, Self::ReadsLive, Self::StandsBesideAHub, Self::ComesBack];

    fn does(self) -> String {
        match self {
            Self::Stands => "stands there".to_owned(),
            Self::ReadsLive => "reads what is live, on another core".to_owned(),
            Self::StandsBesideAHub => format!("stands there; in another Hub {REPLAYED} replayed"),
            Self::ComesBack => format!("comes back, and has {REPLAYED} replayed"),
        }
    }

    fn is_replayed_to(self) -> bool {
        matches!(self, Self::StandsBesideAHub | Self::ComesBack)
    }
}

/// In microseconds; and how often everything was replayed meanwhile.
struct Latencies {
    p50: f64,
    p99: f64,
    replays: f64,
}

fn latencies(another: Another) -> Latencies {
    let topic = Topic::new("t").expect("a topic");
    let patterns = [Pattern::from(topic.clone())];
    let (hub, other_hub) = (filled(&topic), filled(&topic));
    let measured = hub.subscribe(&patterns).open_raw().expect("no cursor");
    let stands = matches!(another, Another::Stands | Another::StandsBesideAHub);
    let beginning = Cursor::After(EventId { epoch: 1, sequence: 0 });
    let _stands = stands.then(|| hub.subscribe(&patterns).after(beginning).open().expect("a history"));
    let is_over = AtomicBool::new(false);
    let (mut latencies, replayed) = std::thread::scope(|scope| {
        let replayed = scope.spawn(|| match another {
            Another::Stands => 0,
            Another::ReadsLive => read_live(&hub, &patterns, &is_over),
            Another::StandsBesideAHub => come_back(&other_hub, &patterns, &is_over),
            Another::ComesBack => come_back(&hub, &patterns, &is_over),
        });
        let latencies = (0..PUBLISHED).map(|_| {
            let ((), took) = timed(|| {
                hub.publish(Duration::ZERO, &topic, Bytes::from_static(&PAYLOAD));
                drain(&measured, |event| drop(frame::sse::event(event)));
            });
            took.as_secs_f64() * 1e6
        });
        let latencies: Vec<_> = latencies.collect();
        is_over.store(true, Ordering::Relaxed);
        (latencies, replayed.join().expect("no panic"))
    });
    latencies.sort_by(f64::total_cmp);
    let at = |percent: usize| latencies[PUBLISHED * percent / 100];
    Latencies { p50: at(50), p99: at(99), replays: replayed as f64 / REPLAYED as f64 }
}

/// With a history as long as it may be.
fn filled(topic: &Topic) -> Hub {
    let limits = Limits::frames(Capacity::new(FRAMES).expect("a capacity"));
    let mut rules = Rules::plain(limits, Overflow::DropNewest);
    rules.history = HistorySettings { events: REPLAYED, bytes: 1 << 30 };
    rules.announces_gaps = true;
    let hub = Hub::with(1, rules);
    // Of all that is in a history frames have been made.
    let live = hub.subscribe(&[Pattern::from(topic.clone())]).open_raw().expect("no cursor");
    for _ in 0..REPLAYED {
        hub.publish(Duration::ZERO, topic, Bytes::from_static(&PAYLOAD));
        drain(&live, |event| drop(frame::sse::event(event)));
    }
    drop(live);
    hub
}

/// Reads what is published; nothing is replayed to it.
fn read_live(hub: &Hub, patterns: &[Pattern], is_over: &AtomicBool) -> usize {
    let (subscription, mut nowhere) = (hub.subscribe(patterns).open_raw().expect("no cursor"), nowhere());
    while !is_over.load(Ordering::Relaxed) {
        drain(&subscription, |event| write(&mut nowhere, event));
    }
    0
}

/// Over and over, from as far back as the history reaches; returns how many events that were.
fn come_back(hub: &Hub, patterns: &[Pattern], is_over: &AtomicBool) -> usize {
    let (mut replayed, mut last, mut nowhere) = (0, REPLAYED as u64, nowhere());
    while !is_over.load(Ordering::Relaxed) {
        let at = EventId { epoch: 1, sequence: last.saturating_sub(REPLAYED as u64) };
        let (count, until) =
            drain(&hub.subscribe(patterns).after(Cursor::After(at)).open_raw().expect("a history"), |event| {
                write(&mut nowhere, event)
            });
        (replayed, last) = (replayed + count, until.max(last));
    }
    replayed
}

/// Where a subscriber writes that has no socket: a system call for each frame, as with one.
fn nowhere() -> File {
    File::create("/dev/null").expect("a place for everything")
}

fn write(nowhere: &mut File, event: &Event) {
    nowhere.write_all(&frame::sse::event(event)).expect("room for everything");
}

/// Takes everything that waits; returns how many that were, and the last sequence.
fn drain(subscription: &RawSubscription, mut write: impl FnMut(&Event)) -> (usize, u64) {
    let mut drained = (0, 0);
    while let Poll::Ready(Some(taken)) = subscription.poll_take(&mut Context::from_waker(Waker::noop())) {
        write(&taken.event);
        drained = (drained.0 + 1, taken.event.id().sequence);
        subscription.flushed(None);
    }
    drained
}
