//! Publishing to the stream, until it acknowledges.

use std::sync::Arc;

use tokio::time::Instant;

use super::older::Older;
use super::progress::ReadState;
use super::stream::Stream;
use crate::event::EventId;
use crate::event_log::{Acknowledgement, Entry, EventLog, Later, Place};

/// The stream, as a server publishes to it.
#[derive(Debug, Clone)]
pub(super) struct Publisher<S> {
    stream: S,
    epoch: u64,
    shared: Arc<ReadState>,
    older: Arc<Older<S>>,
}

impl<S: Stream> Publisher<S> {
    pub(super) fn new(stream: S, epoch: u64, shared: Arc<ReadState>, older: Arc<Older<S>>) -> Self {
        Self { stream, epoch, shared, older }
    }

    async fn send(self, entry: Entry) -> Acknowledgement {
        let sent_at = Instant::now();
        let sent = self.stream.append(entry).await;
        Box::pin(async move {
            let stored = match sent {
                Ok(stored) => stored.await,
                Err(why) => Err(why),
            };
            match &stored {
                Ok(_) => self.shared.metrics.acknowledged(sent_at.elapsed()),
                Err(_) => self.shared.metrics.not_acknowledged(),
            }
            stored.map(|sequence| EventId { epoch: self.epoch, sequence })
        })
    }
}

impl<S: Stream> EventLog for Publisher<S> {
    fn append(&self, entry: Entry) -> Later<Acknowledgement> {
        Box::pin(self.clone().send(entry))
    }

    fn reach(&self, cursor: Option<EventId>) -> Later<Place> {
        let Self { epoch, shared, older, .. } = self.clone();
        Box::pin(async move {
            let Some(at) = cursor else { return shared.reach(0).await };
            if at.epoch != epoch {
                // Perhaps the stream was made anew, and this server is the last to notice.
                return shared.confirm().await;
            }
            match shared.reach(at.sequence).await {
                Place::Reached => older.reach_back(at.sequence + 1).await,
                other @ (Place::Beyond | Place::NotYet) => other,
            }
        })
    }

    fn unready(&self) -> Option<String> {
        self.shared.unready()
    }
}
