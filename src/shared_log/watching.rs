//! Questions about the stream: how far it goes, whether it is still the same one, and whether numbers are those of deleted
//! messages.

use std::ops::Range;
use std::time::Duration;

use super::stream::{Interrupted, State, Stream, Times};

/// Longest time that a leader is believed which has heard from no majority. It is longer than the second between two signs of
/// life, and shorter than the four seconds after which brokers of NATS choose another leader at the earliest.
const MOST_UNCONFIRMED: Duration = Duration::from_secs(3);

/// The answer to a question of how far the stream goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer {
    /// The sequence of the first message of the stream.
    pub(super) first: u64,
    /// The last sequence of the stream.
    pub(super) last: u64,
    /// Whether the stream has nothing between what this server had at the question and the last sequence: the numbers in
    /// between are those of deleted messages, which nobody is sent.
    pub(super) rest_is_deleted: bool,
    /// What the broker says of times.
    pub(super) times: Times,
}

/// The state of the stream, if it is the one of this epoch and has at least the events that this server has. A leader that
/// others may have replaced is no source for that.
pub(super) async fn state(stream: &impl Stream, of_epoch: u64, position: u64) -> Result<State, Interrupted> {
    let state = stream.state().await?;
    let name = stream.name();
    if state.confirmed_ago.is_none_or(|ago| ago > MOST_UNCONFIRMED) {
        let why = format!("the broker that answers for stream {name:?} does not lead a majority of the brokers");
        return Err(Interrupted::Again(why));
    }
    if state.epoch != of_epoch {
        return Err(Interrupted::ForGood(format!("stream {name:?} has been created anew: its ids begin again")));
    }
    let last = state.last;
    if last < position {
        let why = format!("stream {name:?} ends at {last}, and this server has read up to {position}");
        return Err(Interrupted::Doubtful(format!("{why}: it has lost events that it had acknowledged")));
    }
    Ok(state)
}

/// Asks how far the stream goes, and whether it has anything that this server has not.
pub(super) async fn ask(stream: impl Stream, of_epoch: u64, position: u64) -> Result<Answer, Interrupted> {
    let State { first, last, times, .. } = state(&stream, of_epoch, position).await?;
    // What is in front of the first message was removed, and that is a loss.
    let may_be_deleted = position < last && first <= position + 1;
    let mut rest_is_deleted = may_be_deleted && stream.next_after(position).await?.is_none_or(|next| next > last);
    if rest_is_deleted {
        // Asked once more: between the two questions the stream may have been purged, and that is a loss.
        rest_is_deleted = state(&stream, of_epoch, position).await?.first <= position + 1;
    }
    Ok(Answer { first, last, rest_is_deleted, times })
}

/// Makes sure that the stream has none of the messages of these numbers, which a consumer has not sent. A broker that is
/// catching up may have sent on without those that it did not have yet: a new consumer gets them.
pub(super) async fn nothing_between(stream: &impl Stream, numbers: Range<u64>) -> Result<(), Interrupted> {
    if numbers.is_empty() {
        return Ok(());
    }
    match stream.next_after(numbers.start - 1).await?.filter(|next| *next < numbers.end) {
        Some(next) => Err(Interrupted::Again(format!("message {next} was not sent, and a later one was"))),
        None => Ok(()),
    }
}
