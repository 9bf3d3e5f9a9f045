//! The streams that are open: how many there may be, and whose each of them is.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::hub::SubscriberId;

/// The streams that are open. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Streams {
    /// One permit for each stream that may be open.
    places: Arc<Semaphore>,
    open: Arc<Mutex<BTreeMap<SubscriberId, Stream>>>,
}

/// Whose a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stream {
    pub(super) peer: SocketAddr,
    /// When it began, on the environment's clock.
    pub(super) since: Duration,
}

/// The place of one stream among those that may be open. Dropping it makes room for another.
#[derive(Debug)]
pub(crate) struct Place {
    streams: Streams,
    subscriber: Option<SubscriberId>,
    _permit: OwnedSemaphorePermit,
}

impl Streams {
    pub(super) fn new(most: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(most)), open: Arc::default() }
    }

    /// A place for a stream; `None` if as many are open as there may be.
    pub(super) fn enter(&self) -> Option<Place> {
        let permit = self.places.clone().try_acquire_owned().ok()?;
        Some(Place { streams: self.clone(), subscriber: None, _permit: permit })
    }

    pub(super) fn is_full(&self) -> bool {
        self.places.available_permits() == 0
    }

    /// The stream of a subscriber; `None` if it has ended, or is none of this server's.
    pub(super) fn of(&self, subscriber: SubscriberId) -> Option<Stream> {
        self.lock().get(&subscriber).copied()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<SubscriberId, Stream>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Says whose the stream is.
    pub(super) fn belongs_to(&mut self, subscriber: SubscriberId, stream: Stream) {
        self.subscriber = Some(subscriber);
        self.streams.lock().insert(subscriber, stream);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(subscriber) = self.subscriber {
            self.streams.lock().remove(&subscriber);
        }
    }
}
