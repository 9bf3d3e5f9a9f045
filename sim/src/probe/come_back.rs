//! Clients that come back: whether they get what they missed, and what happens if they take compressed streams.

use tokio::time::Instant;

use super::error::ProbeError;
use super::steps::{EVENT_WITHIN, Probing, millis};
use super::watcher::Watcher;
use crate::client::NotAStream;
use crate::real::{ClientError, Route};
use crate::summary::probed::Compression;

/// Events that a client misses before it comes back.
const MISSED: u64 = 3;

/// How a client came back.
#[derive(Debug, Default)]
pub(super) struct Returned {
    pub(super) resumes: Option<bool>,
    pub(super) resume_ms: Option<f64>,
    /// Where the next client comes back to.
    pub(super) cursor: Option<Cursor>,
}

/// Where a client comes back to.
#[derive(Debug)]
pub(super) struct Cursor {
    id: String,
    /// The position behind the last event that it had. It may be an event of before the client left, if that was lost or late.
    next: u64,
}

impl Cursor {
    /// `None` where the stream has no ids.
    fn of(watcher: &Watcher, otherwise: u64) -> Option<Self> {
        let next = watcher.received.last().map_or(otherwise, |last| last + 1);
        Some(Self { id: watcher.last_id()?, next })
    }
}

/// Whether a client that comes back has all that it missed, and how long that takes.
pub(super) async fn resumption(probing: &mut Probing<'_>, reader: Watcher) -> Result<Returned, ProbeError> {
    let Some(cursor) = Cursor::of(&reader, 0) else { return Ok(Returned::default()) };
    drop(reader);
    publish_missed(probing).await?;
    let last = probing.numbers.count() - 1;
    let mut watcher = probing.open(Some(&cursor.id), None).await?;
    let took = receipt_of(probing, &mut watcher, cursor.next, last).await?;
    let cursor = Cursor::of(&watcher, cursor.next);
    Ok(Returned { resumes: Some(took.is_some()), resume_ms: took, cursor })
}

/// What happens if a client takes compressed streams. It comes back where there are ids: some proxies compress only a
/// stream that begins with many bytes. A stream that does not work then is part of what is found.
pub(super) async fn compression(probing: &mut Probing<'_>, cursor: Option<Cursor>) -> Result<Compression, ProbeError> {
    match compressed(probing, cursor).await {
        Err(ProbeError::Stream(_, ClientError::NotAStream(NotAStream::Encoded(coding)))) => {
            Ok(Compression { coding: Some(coding), ..Compression::default() })
        }
        Err(ProbeError::Stream(_, why)) => Ok(Compression { failed: Some(why.to_string()), ..Compression::default() }),
        found => found,
    }
}

async fn compressed(probing: &mut Probing<'_>, cursor: Option<Cursor>) -> Result<Compression, ProbeError> {
    let access = probing.stream.access().with_header("accept-encoding", "gzip");
    let stream = Route::new(probing.stream.url().clone(), access);
    if cursor.is_some() {
        publish_missed(probing).await?;
    }
    let last = probing.numbers.count() - 1;
    let id = cursor.as_ref().map(|cursor| cursor.id.as_str());
    let mut watcher = probing.open_at(&stream, id, None).await?.watcher;
    let resume_ms = match &cursor {
        Some(cursor) => receipt_of(probing, &mut watcher, cursor.next, last).await?,
        None => None,
    };
    let event_ms = probing.event(&mut watcher).await?;
    let coding = watcher.is_compressed().then(|| "gzip".to_owned());
    let failed = (event_ms.is_none() && watcher.has_ended).then(|| ClientError::Ended.to_string());
    Ok(Compression { coding, resume_ms, event_ms, failed })
}

/// Publishes what a client misses.
async fn publish_missed(probing: &mut Probing<'_>) -> Result<(), ProbeError> {
    for _ in 0..MISSED {
        probing.publish().await?;
    }
    Ok(())
}

/// The time from a client's request to the receipt of the last event that it had missed; `None` if not all come, once and
/// in order.
async fn receipt_of(
    probing: &Probing<'_>,
    watcher: &mut Watcher,
    next: u64,
    last: u64,
) -> Result<Option<f64>, ProbeError> {
    let until = Instant::now() + EVENT_WITHIN;
    let has_last = |watcher: &Watcher| watcher.received.last() >= Some(&last);
    watcher.read_until(&probing.numbers, until, has_last).await?;
    let has_all = is_whole(&watcher.received, next, last);
    Ok(watcher.last_at.filter(|_| has_all).map(|at| millis(at - watcher.asked_at())))
}

/// Whether these are the positions from `next` up to `last`, or further, once and in order.
fn is_whole(received: &[u64], next: u64, last: u64) -> bool {
    received.last() >= Some(&last) && received.iter().copied().eq(next..next + received.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_all_that_it_missed_if_the_events_behind_its_last_one_come_once_and_in_order() {
        for (received, expected) in [
            (vec![7, 8, 9], true),
            // One was published for the head of the response.
            (vec![7, 8, 9, 10], true),
            (vec![8, 9], false),
            (vec![7, 9], false),
            (vec![7, 8], false),
            (vec![7, 7, 8, 9], false),
            (vec![7, 9, 8], false),
            (vec![6, 7, 8, 9], false),
            (vec![], false),
        ] {
            assert_eq!(is_whole(&received, 7, 9), expected, "{received:?}");
        }
    }
}
