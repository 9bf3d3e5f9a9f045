//! A probe: one more event of each table, when every mailbox must have been drained.

use std::time::Duration;

use super::Case;
use super::case::LONG;
use crate::plan::{Arrival, FULL_PACKET_BYTES, Fault, FaultKind, Impairments, LinePlan, PathPlan, Plan, Reading};
use crate::tcp::{Congestion, Rate};
use crate::time::nanos;

/// Head, hello and what a frame has beside its payload, each with room to spare.
const HEAD_BYTES: u64 = 300;
const FRAME_OVERHEAD_BYTES: u64 = 60;
/// What a frame has more where it says of which table it is: an envelope, or a line with the topic.
const TABLE_BYTES: u64 = 130;
/// What a frame may have before it.
const NOTICE_BYTES: u64 = 160;
const TICK: Duration = Duration::from_millis(1);
/// Times are rounded up to ticks three times a round trip.
const TICKS_A_TRIP: u32 = 4;

/// Everybody reads in the end, and one more event of each table comes when all must have been drained.
#[must_use]
pub fn with_a_probe(mut case: Case) -> Case {
    for subscriber in &mut case.plan.subscribers {
        if subscriber.reading == Reading::Never {
            // Slow, so that its mailbox fills all the same, but drains in the end.
            subscriber.reading = Reading::Rate { bytes_per_second: 5000 };
        }
    }
    if case.plan.server.recovery.is_some() {
        // Whoever is cut off again and again while it catches up need not ever arrive.
        case.plan.server.write_deadline = LONG;
        // Over a path a window that a slow reader keeps closed for the user timeout cuts off as well.
        if case.plan.class_with_path().is_some() {
            case.plan.server.user_timeout = LONG;
        }
    }
    let faults_are_over = time_until_healed(&case.plan).max(case.plan.duration);
    // With a history more may wait than a mailbox holds.
    let frames = if case.plan.server.recovery.is_some() { usize::MAX } else { case.frames };
    // Its policy or its write deadline may cut a subscriber off, at the latest while it drains, and then it comes back.
    let rest = time_to_drain(&case.plan, frames) + time_to_return(&case.plan);
    // Over a path also what a connection still holds that has failed: the client reads that before it comes back.
    let rest = if case.plan.class_with_path().is_some() { 2 * rest } else { rest };
    let plan = &mut case.plan;
    plan.duration = faults_are_over;
    // One after the other, so that each finds the mailboxes drained of the one before.
    let tables = 1 + u8::try_from(plan.other_tables.len()).unwrap_or(u8::MAX - 1);
    for table in 0..tables {
        plan.duration += rest;
        plan.arrivals.push(Arrival { at: plan.duration, payload_bytes: 30, key: 0, table });
    }
    // Who is dead is noticed by the probe at the latest.
    plan.drain = rest + plan.server.user_timeout + TICK * TICKS_A_TRIP;
    case
}

/// When every fault is over and all who can come back have done so: a connection that has lost bytes is given up after
/// the user timeout, and the client may not get a stream at its first try.
fn time_until_healed(plan: &Plan) -> Duration {
    let faults_over = plan.faults.iter().map(Fault::until).max();
    let paths_over = plan.class_with_path().map(|_| healthy_paths_at(plan));
    let Some(over) = faults_over.into_iter().chain(paths_over).max() else { return Duration::ZERO };
    // What TCP has sent in vain goes again after twice the time at most for which it has tried.
    let tries_again = paths_over.map_or(Duration::ZERO, |_| over + TIME_TO_TRY_AGAIN);
    over + tries_again + plan.server.user_timeout + 2 * time_to_return(plan)
}

/// When no path loses or holds anything any more.
fn healthy_paths_at(plan: &Plan) -> Duration {
    let ends = plan.subscribers.iter().map(|subscriber| {
        let Impairments { lost_down, lost_up, outages } = &subscriber.impairments;
        let path = plan.classes[subscriber.class].path.as_ref();
        let end_of = |slots: &[u64], line: fn(&PathPlan) -> &LinePlan| {
            let last = slots.last().zip(path).map(|(last, path)| nanos(line(path).slot).saturating_mul(last + 1));
            Duration::from_nanos(last.unwrap_or(0))
        };
        let over = outages.last().map_or(Duration::ZERO, |last| last.from + last.lasts);
        over.max(end_of(lost_down, |path| &path.down)).max(end_of(lost_up, |path| &path.up))
    });
    ends.max().unwrap_or_default()
}

/// Beside twice the time that a path was ill: the first retransmission time-out, and the steps of a handshake.
const TIME_TO_TRY_AGAIN: Duration = Duration::from_secs(4);

/// What TCP takes at most for so many bytes over a healthy path, beside round trips: line time, with headers on each small
/// segment.
fn line_time(plan: &Plan, class: usize, bytes: u64) -> Duration {
    let Some(path) = &plan.classes[class].path else { return Duration::ZERO };
    let with_headers = bytes + bytes.div_ceil(SMALL_SEGMENT_BYTES) * 2 * path.header_bytes;
    let time_on = |line: &LinePlan| match &line.rate {
        Rate::BitsPerSecond(bits) => Duration::from_nanos(with_headers.saturating_mul(8_000_000_000) / bits),
        Rate::Unbounded | Rate::Recorded(_) => Duration::ZERO,
    };
    time_on(&path.down) + time_on(&path.up)
}

/// Less than what most segments carry.
const SMALL_SEGMENT_BYTES: u64 = 100;

/// The longest that a receiver holds an acknowledgement back, a jiffy late.
const DELAYED_ACKNOWLEDGEMENT: Duration = Duration::from_millis(44);

/// What a client whose stream has ended needs until it has the next one: its pause, and a few round trips.
fn time_to_return(plan: &Plan) -> Duration {
    let trip = plan.classes.iter().map(|class| class.round_trip.unwrap_or_default()).max().unwrap_or_default();
    let pauses = plan.classes.iter().filter_map(|class| class.reconnect_after.max(plan.longest_retry(class)));
    let restarts = plan.faults.iter().filter_map(|fault| match &fault.harm {
        FaultKind::ServerRestarts { back_after, .. } => back_after.iter().max().copied(),
        _ => None,
    });
    let pause = pauses.chain(restarts).max().unwrap_or_default();
    pause + 4 * (trip + TICK * TICKS_A_TRIP)
}

/// Within this long after the last arrival and the last fault, every mailbox whose subscriber reads is empty.
///
/// The sum of what can hold it up: a full mailbox, at the reader's rate or a half window a round trip; the rest of its
/// stalls; and the work of a CPU that has done nothing yet.
pub(crate) fn time_to_drain(plan: &Plan, frames: usize) -> Duration {
    let alone = plan.subscribers.iter().map(|subscriber| {
        let class = &plan.classes[subscriber.class];
        let largest = plan.arrivals.iter().map(|arrival| u64::from(arrival.payload_bytes)).max().unwrap_or(0);
        let notice = plan.server.recovery.map_or(0, |_| NOTICE_BYTES);
        let of_tables = if plan.asks_for_tables() { TABLE_BYTES } else { 0 };
        let frame = largest + FRAME_OVERHEAD_BYTES + of_tables + notice;
        // One stands beside the mailbox. Both together hold no more than there are events.
        // A path's sockets and queue may hold all that the window of the class would not.
        let frames = if class.path.is_some() { usize::MAX } else { frames };
        let held = frames.saturating_add(1).min(plan.arrivals.len()) as u64;
        let backlog = HEAD_BYTES + class.window_bytes + (held + 3) * frame;
        // With congestion control a segment a round trip at worst, after a retransmission time-out.
        let (step, delay) = match &class.path {
            Some(path) if path.congestion != Congestion::None => {
                (class.window_bytes.min(FULL_PACKET_BYTES), DELAYED_ACKNOWLEDGEMENT)
            }
            Some(_) | None => (class.window_bytes, Duration::ZERO),
        };
        let trips = u32::try_from(2 * backlog / step + 3).unwrap_or(u32::MAX);
        let trip = class.round_trip.unwrap_or_default() + TICK * TICKS_A_TRIP + delay;
        let at_rate = |bytes_per_second: u64| Duration::from_secs_f64(backlog as f64 / (bytes_per_second as f64 / 1.1));
        let last_stall = subscriber.reading.stalls().last().map_or(Duration::ZERO, |stall| stall.from + stall.lasts);
        let reading = match &subscriber.reading {
            Reading::Rate { bytes_per_second } | Reading::RateWithStalls { bytes_per_second, .. } => {
                at_rate(*bytes_per_second) + last_stall
            }
            Reading::Stalls { .. } => last_stall,
            Reading::Serves { times } => {
                times.iter().max().copied().unwrap_or_default() * u32::try_from(plan.arrivals.len()).unwrap_or(u32::MAX)
            }
            Reading::AsItArrives | Reading::Never => Duration::ZERO,
        };
        trip * trips + reading + line_time(plan, subscriber.class, backlog)
    });
    let work = plan.server.cpu.map_or(Duration::ZERO, |cpu| {
        let (events, subscribers) = (plan.arrivals.len(), plan.subscribers.len());
        let deliveries = u32::try_from((events + 4) * subscribers).unwrap_or(u32::MAX);
        // A client may be cut off while it drains, and come back.
        let connections = u32::try_from(4 * subscribers).unwrap_or(u32::MAX);
        cpu.publish * u32::try_from(events).unwrap_or(u32::MAX)
            + (cpu.delivery + cpu.frame) * deliveries
            + cpu.connect * connections
    });
    alone.max().unwrap_or_default() + work
}
