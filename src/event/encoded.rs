//! The wire forms of an event. Each is encoded for the first subscriber that needs it, and shared by all.
//!
//! An event has a place for each form that the features of the build have, and none in the core alone.

use std::sync::OnceLock;

use bytes::Bytes;

const FORMS: usize = cfg!(feature = "sse") as usize + cfg!(feature = "ws") as usize;

/// The place of an event's form as a server-sent event.
#[cfg(feature = "sse")]
const SSE: usize = 0;
/// The place of an event's form as a WebSocket message, behind the other form where there is one.
#[cfg(feature = "ws")]
const WEBSOCKET: usize = FORMS - 1;

/// The encoded forms of one event.
#[derive(Debug, Default)]
pub(super) struct Encoded([OnceLock<Bytes>; FORMS]);

impl Encoded {
    /// The bytes of all forms that have been encoded.
    pub(super) fn bytes(&self) -> usize {
        self.0.iter().filter_map(OnceLock::get).map(Bytes::len).sum()
    }
}

#[cfg(feature = "__transport")]
impl super::Event {
    /// The event as a server-sent event: encoded for the first subscriber that needs it, and shared by all.
    #[cfg(feature = "sse")]
    pub(crate) fn sse(&self, encode: impl FnOnce(&Self) -> Bytes) -> Bytes {
        self.form(SSE, encode)
    }

    /// The event as a WebSocket message: encoded for the first subscriber that needs it, and shared by all.
    #[cfg(feature = "ws")]
    pub(crate) fn websocket(&self, encode: impl FnOnce(&Self) -> Bytes) -> Bytes {
        self.form(WEBSOCKET, encode)
    }

    fn form(&self, place: usize, encode: impl FnOnce(&Self) -> Bytes) -> Bytes {
        let encoded = self.encoded.0[place].get_or_init(|| {
            let encoded = encode(self);
            self.pinned.add(encoded.len());
            encoded
        });
        encoded.clone()
    }
}

#[cfg(all(test, feature = "sse"))]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::super::{Event, EventId, PinnedBytes};
    use super::*;
    use crate::topic::Topic;

    #[test]
    fn the_payload_and_its_frame_are_counted_once_and_let_go_with_the_last_handle() {
        let pinned = Arc::new(PinnedBytes::default());
        let id = EventId { epoch: 1, sequence: 1 };
        let payload = Bytes::from_static(b"12345");
        let event = Arc::new(Event::published(id, Topic::new("t").unwrap(), payload, Duration::ZERO, pinned.clone()));
        let others: Vec<_> = (0..10).map(|_| event.clone()).collect();
        assert_eq!(event.sse(|e| Bytes::from(vec![b'x'; e.payload().len() + 3])).len(), 8);
        event.sse(|_| unreachable!("encoded once"));
        assert_eq!(pinned.now(), 13);
        assert_eq!(pinned.peak(), 13);
        drop(event);
        assert_eq!(pinned.now(), 13);
        drop(others);
        assert_eq!(pinned.now(), 0);
        assert_eq!(pinned.peak(), 13);
    }
}
