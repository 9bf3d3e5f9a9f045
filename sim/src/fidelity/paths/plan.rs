//! The plan of a row and a seed: one subscriber, and the time slots that its lines lose.

use std::time::Duration;

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::rows::{Background, Events, Loss, Row};
use crate::plan::{
    Arrival, BufferTuning, ClassPlan, DEFAULT_RETRY, Impairments, LinePlan, PathOutage, PathPlan, Plan, Reading,
    Selection, ServerPlan, Stall, SubscriberPlan,
};
use crate::tcp::Rate;
use crate::transport::Transport;

/// The first event: the connection has been open for a while.
const FIRST_AT: Duration = Duration::from_secs(2);

/// The first burst, and the time between the two.
const FIRST_BURST_AT: Duration = Duration::from_secs(5);
const BETWEEN_BURSTS: Duration = Duration::from_secs(10);

/// By how much later bursts come with each seed.
const BURST_STEP: Duration = Duration::from_millis(1_000);

/// Between two events of a background.
const BACKGROUND_GAP_MS: u64 = 500;

/// By how much later something goes wrong with each seed: rows without losses would otherwise be the same.
const TROUBLE_STEP: Duration = Duration::from_millis(130);

const PAYLOAD_BYTES: u32 = 700;

/// Nothing is cut off, however long it waits.
const DEADLINE: Duration = Duration::from_secs(60);

/// Slots are lost for so long: amply longer than a run with its drain.
const LOSSES_LAST: Duration = Duration::from_secs(100);

/// The mean length of a run of lost slots, where losses are bursty.
const BURST_SLOTS: u64 = 4;

/// The plan of a row.
pub(super) fn plan(row: &Row, seed: u64) -> Plan {
    let line = LinePlan::of(Rate::BitsPerSecond(row.mbit * 1_000_000), Some(row.queue_bytes()));
    let trouble_at = row.trouble_at + TROUBLE_STEP * u32::try_from(seed).unwrap_or(0);
    let outages = row.outage.map(|(_, packets)| PathOutage { from: trouble_at, lasts: row.outage_lasts(), packets });
    let slots = (LOSSES_LAST.as_nanos() / line.slot.as_nanos()) as u64;
    let impairments = Impairments {
        lost_down: lost(row.loss, slots, seed, 0),
        lost_up: lost(row.loss, slots, seed, 1),
        outages: outages.into_iter().collect(),
    };
    let reading = row.stall.map_or(Reading::AsItArrives, |(seconds, _)| Reading::Stalls {
        stalls: vec![Stall { from: trouble_at, lasts: Duration::from_secs(seconds) }],
    });
    let path = PathPlan::cubic(line.clone(), line);
    let class = ClassPlan {
        name: "path".to_owned(),
        round_trip: Some(Duration::from_millis(row.round_trip_ms)),
        window_bytes: row.stall.map_or(65_536, |(_, bytes)| bytes),
        reconnect_after: None,
        selection: Selection::default(),
        obeys_retry: false,
        path: Some(PathPlan {
            receive_buffer: if row.stall.is_some() { BufferTuning::Fixed } else { BufferTuning::Auto },
            ..path
        }),
    };
    let arrivals = arrivals(row.events, seed);
    let subscriber = SubscriberPlan { class: 0, connect_at: Duration::ZERO, leave_at: None, reading, impairments };
    Plan {
        scenario: row.name.to_owned(),
        seed,
        table: "t".to_owned(),
        other_tables: Vec::new(),
        duration: arrivals.last().map_or(FIRST_AT, |arrival| arrival.at),
        drain: DEADLINE,
        time_scale: 1,
        server: server(),
        arrivals,
        classes: vec![class],
        subscribers: vec![subscriber],
        faults: Vec::new(),
    }
}

fn server() -> ServerPlan {
    ServerPlan {
        keepalive: Duration::from_secs(15),
        write_deadline: DEADLINE,
        user_timeout: DEADLINE + Duration::from_secs(1),
        frames_per_write: hubbub::ServerSettings::default().frames_per_write,
        transport: Transport::Sse,
        cpu: None,
        retry: DEFAULT_RETRY,
        recovery: None,
    }
}

fn arrivals(events: Events, seed: u64) -> Vec<Arrival> {
    let mut times: Vec<Duration> = match events {
        Events::Steady { per_second, seconds } => {
            let at = |nth| FIRST_AT + Duration::from_nanos(nth * 1_000_000_000 / per_second);
            (0..per_second * seconds).map(at).collect()
        }
        Events::Bursts { events, over_ms, background } => {
            let of_burst = |start: Duration| {
                (0..events).map(move |nth| start + Duration::from_nanos(nth * over_ms * 1_000_000 / events))
            };
            let first = FIRST_BURST_AT + BURST_STEP * u32::try_from(seed).unwrap_or(0);
            let last = first + BETWEEN_BURSTS;
            let ends = (last - FIRST_AT).as_millis() as u64 / BACKGROUND_GAP_MS;
            let between = (0..ends).map(|nth| FIRST_AT + Duration::from_millis(nth * BACKGROUND_GAP_MS));
            let between = between.filter(|_| background == Background::Some);
            of_burst(first).chain(of_burst(last)).chain(between).collect()
        }
    };
    times.sort_unstable();
    times.into_iter().map(|at| Arrival { at, payload_bytes: PAYLOAD_BYTES, key: 0, table: 0 }).collect()
}

/// The numbers of the lost slots of one direction.
fn lost(loss: Loss, slots: u64, seed: u64, direction: u64) -> Vec<u64> {
    let mut rng = ChaCha12Rng::seed_from_u64(seed);
    rng.set_stream(direction);
    let mut hits = |millionths: u64| rng.next_u64() % 1_000_000 < millionths;
    let share = loss.millionths();
    let mut is_lost = false;
    let mut next = || {
        is_lost = match loss {
            Loss::Independent(share) => hits(share),
            Loss::Bursty(_) if is_lost => !hits(1_000_000 / BURST_SLOTS),
            // As often as makes the share of lost slots what it is.
            Loss::Bursty(share) => hits(1_000_000 / BURST_SLOTS * share / (1_000_000 - share)),
        };
        is_lost
    };
    if share == 0 { Vec::new() } else { (0..slots).filter(|_| next()).collect() }
}

#[cfg(test)]
mod tests {
    use super::super::rows::ROWS;
    use super::*;

    #[test]
    fn every_row_is_a_plan_that_a_world_takes_and_seeds_differ() {
        for row in ROWS {
            let plans = [0, 1].map(|seed| plan(&row, seed));
            assert!(plans.iter().all(|plan| plan.check().is_ok()), "{}", row.name);
            let is_plain = row.loss.millionths() == 0 && row.outage.is_none() && row.stall.is_none();
            let [one, other] = plans.map(|plan| (plan.subscribers, plan.arrivals));
            let is_the_same_with_all_seeds = is_plain && matches!(row.events, Events::Steady { .. });
            assert_eq!(one == other, is_the_same_with_all_seeds, "{}", row.name);
        }
    }

    #[test]
    fn as_many_slots_are_lost_as_the_row_says_and_bursty_ones_come_together() {
        let slots = 1_000_000;
        for loss in [Loss::Independent(10_000), Loss::Bursty(10_000)] {
            let lost = lost(loss, slots, 1, 0);
            let share = lost.len() as u64 * 1_000_000 / slots;
            assert!((9_000..11_000).contains(&share), "{loss:?}: {share}");
            let runs = 1 + lost.windows(2).filter(|pair| pair[1] > pair[0] + 1).count();
            let tenths = lost.len() * 10 / runs;
            let expected = if loss == Loss::Bursty(10_000) { 37..44 } else { 10..11 };
            assert!(expected.contains(&tenths), "{loss:?}: {tenths}");
        }
    }
}
