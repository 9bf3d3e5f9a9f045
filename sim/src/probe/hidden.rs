//! How many frames a client that has stopped reading is given before the server's buffer holds one back.

use std::ops::Range;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::account::Line;
use super::error::ProbeError;
use super::steps::Probing;
use super::watcher::Watcher;
use crate::summary::probed::{Hidden, SeenBy};

/// Events that are published between two looks.
const BATCH: u64 = 16;

/// For so long nothing may move in the server before what has moved counts as all: a proxy may still be about to read.
const SETTLES: Duration = Duration::from_millis(400);

/// A stream on which nothing has come for so long has brought all that was under way.
const SILENCE: Duration = Duration::from_millis(700);

/// Events of the first round of a probe without the server's account. Each further round has four times as many.
const FIRST_ROUND: u64 = 512;

/// Counts what is hidden, by the server's account where there is one. `reader` reads meanwhile, as other clients do.
pub(super) async fn hidden(probing: &mut Probing<'_>, reader: &mut Watcher) -> Result<Hidden, ProbeError> {
    let (bytes, received) = (reader.bytes, reader.received.len());
    let hidden = if probing.account.is_some() {
        by_the_server(probing, reader).await?
    } else {
        by_the_client(probing, reader).await?
    };
    probing.catch_up(reader).await?;
    probing.frame_bytes = (reader.bytes - bytes) as f64 / (reader.received.len() - received).max(1) as f64;
    let hidden_bytes = hidden.hidden_frames.map(|frames| (frames as f64 * probing.frame_bytes).round() as u64);
    Ok(Hidden { hidden_bytes, ..hidden })
}

async fn by_the_server(probing: &mut Probing<'_>, reader: &mut Watcher) -> Result<Hidden, ProbeError> {
    let receive_buffer = probing.probe.receive_buffer;
    // Kept to the end, and never read from.
    let (_stopped, id) = probing.open_listed(receive_buffer).await?;
    let (from, begun) = (probing.numbers.count(), Instant::now());
    let mut last = None;
    loop {
        publish(probing, reader, BATCH).await?;
        // A line that is gone is a client that the server has cut off, and what it was given since the last look is not
        // known.
        let Some(line) = probing.line(id).await? else { return Ok(by_server(last, true)) };
        last = Some(line);
        if line.waiting > 0 {
            sleep(SETTLES).await;
            let Some(now) = probing.line(id).await? else { return Ok(by_server(last, true)) };
            last = Some(now);
            if now.waiting > 0 && now.delivered == line.delivered {
                return Ok(by_server(last, false));
            }
        }
        if probing.numbers.count() - from >= probing.probe.most_frames || begun.elapsed() >= probing.probe.most_time {
            return Ok(by_server(last, true));
        }
    }
}

fn by_server(line: Option<Line>, is_lower_bound: bool) -> Hidden {
    let hidden_frames = line.map(|line| line.delivered);
    Hidden { hidden_frames, is_lower_bound, seen_by: SeenBy::Server, ..Hidden::default() }
}

async fn by_the_client(probing: &mut Probing<'_>, reader: &mut Watcher) -> Result<Hidden, ProbeError> {
    let begun = Instant::now();
    let mut round = FIRST_ROUND;
    let most = probing.probe.most_frames;
    loop {
        let mut stopped = probing.open(None, probing.probe.receive_buffer).await?;
        let count = round.min(most);
        let first = probing.numbers.count();
        let is_whole = publish_until(probing, reader, count, begun + probing.probe.most_time).await?;
        sleep(SETTLES).await;
        let outcome = read_out(probing, &mut stopped, first).await?;
        let is_last = !is_whole || count >= most;
        match outcome {
            Outcome::All(held) if is_last => {
                let hidden_frames = probing.probe.buffer.map(|buffer| held.saturating_sub(buffer));
                let held_frames = Some(held);
                return Ok(Hidden { hidden_frames, held_frames, is_lower_bound: true, ..Hidden::default() });
            }
            Outcome::All(_) => round = round.saturating_mul(4),
            Outcome::KeptNewest(hidden) => {
                return Ok(Hidden { hidden_frames: Some(hidden), ..Hidden::default() });
            }
            Outcome::KeptOldest(held) => {
                let hidden_frames = probing.probe.buffer.map(|buffer| held.saturating_sub(buffer));
                return Ok(Hidden { hidden_frames, held_frames: Some(held), ..Hidden::default() });
            }
        }
    }
}

/// What a client that had stopped has when it reads again.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// Every event of the round: so many.
    All(u64),
    /// The first so many events, then none of those that came into a full buffer; or its connection was ended behind them.
    KeptOldest(u64),
    /// The first so many events, which had left the server, and the last that its buffer held.
    KeptNewest(u64),
}

async fn read_out(probing: &mut Probing<'_>, stopped: &mut Watcher, first: u64) -> Result<Outcome, ProbeError> {
    let mut had = usize::MAX;
    while had != stopped.received.len() && !stopped.has_ended {
        had = stopped.received.len();
        let until = Instant::now() + SILENCE;
        stopped.read_until(&probing.numbers, until, |watcher| watcher.received.len() > had).await?;
    }
    let had = stopped.received.len();
    let round = first..probing.numbers.count();
    if !stopped.has_ended {
        // An event behind all others: only behind a later one does a client know that something is missing.
        probing.publish().await?;
        let until = Instant::now() + super::steps::EVENT_WITHIN;
        stopped.read_until(&probing.numbers, until, |watcher| watcher.received.len() > had).await?;
    }
    Ok(outcome(&stopped.received, round))
}

/// What the positions that a client received say of a round. Other events do not count: one before the round may have been
/// published for the client's head, and one behind it shows only that something is missing.
fn outcome(received: &[u64], round: Range<u64>) -> Outcome {
    let of_round: Vec<u64> = received.iter().copied().filter(|position| round.contains(position)).collect();
    let run = of_round.iter().zip(round.clone()).take_while(|(position, expected)| **position == *expected).count();
    let is_all_there = run as u64 == round.end - round.start;
    match of_round.len() {
        _ if is_all_there => Outcome::All(run as u64),
        // One from the middle came in because the path took one more meanwhile.
        received if received > run && of_round.last() == Some(&(round.end - 1)) => Outcome::KeptNewest(run as u64),
        _ => Outcome::KeptOldest(run as u64),
    }
}

async fn publish(probing: &mut Probing<'_>, reader: &mut Watcher, count: u64) -> Result<(), ProbeError> {
    for _ in 0..count {
        probing.publish().await?;
    }
    reader.take(&probing.numbers)
}

/// Returns whether all were published in time.
async fn publish_until(
    probing: &mut Probing<'_>,
    reader: &mut Watcher,
    count: u64,
    until: Instant,
) -> Result<bool, ProbeError> {
    let last = probing.numbers.count() + count;
    while probing.numbers.count() < last {
        if Instant::now() >= until {
            return Ok(false);
        }
        publish(probing, reader, BATCH.min(last - probing.numbers.count())).await?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_events_of_a_round_say_what_was_kept_of_it() {
        let round = 10..20;
        for (received, expected) in [
            // With an event that brought the head, and with the one that ends the round.
            (vec![9, 10, 11, 12, 20], Outcome::KeptOldest(3)),
            (vec![9, 10, 11, 12], Outcome::KeptOldest(3)),
            (vec![9, 10, 11, 18, 19, 20], Outcome::KeptNewest(2)),
            (vec![10, 11, 19, 20], Outcome::KeptNewest(2)),
            ((10..21).collect(), Outcome::All(10)),
            ((9..20).collect(), Outcome::All(10)),
            (vec![10, 11, 15, 20], Outcome::KeptOldest(2)),
            (vec![], Outcome::KeptOldest(0)),
        ] {
            assert_eq!(outcome(&received, round.clone()), expected, "{received:?}");
        }
    }

    #[test]
    fn a_client_that_was_cut_off_was_given_at_least_what_was_seen() {
        let seen = by_server(Some(Line { id: 1, waiting: 0, delivered: 7 }), true);
        assert_eq!((seen.hidden_frames, seen.is_lower_bound), (Some(7), true));
        assert_eq!(by_server(None, true).hidden_frames, None);
    }
}
