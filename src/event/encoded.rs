//! The wire forms of an event. Each is encoded for the first subscriber that needs it, and shared by all.
//!
//! An event has a place for each form that the features of the build have, and none in the core alone.

use std::sync::OnceLock;

use bytes::Bytes;

/// The forms of an event over SSE: without a name, named after its topic, and in the envelope.
const SSE_FORMS: usize = if cfg!(feature = "sse") { 3 } else { 0 };

const FORMS: usize = SSE_FORMS + cfg!(feature = "ws") as usize;

/// The place of an event's form as a server-sent event.
#[cfg(feature = "sse")]
const SSE: usize = 0;
/// The place of an event's form as a server-sent event that is named after its topic.
#[cfg(feature = "sse")]
const SSE_NAMED: usize = 1;
/// The place of an event's form as a server-sent event whose data is the envelope.
#[cfg(feature = "sse")]
const SSE_ENVELOPED: usize = 2;
/// The place of an event's form as a WebSocket message, behind the other forms where there are any.
#[cfg(feature = "ws")]
const WEBSOCKET: usize = SSE_FORMS;

/// An event, encoded.
#[derive(Debug)]
pub(crate) struct WireForm {
    /// What is written for the event.
    #[cfg_attr(not(any(feature = "sse", feature = "ws")), expect(dead_code, reason = "the core has no forms"))]
    pub(crate) wire: Bytes,
    /// The bytes of the frame in it, without what HTTP puts around a frame. They count for
    /// [`PinnedBytes`](super::PinnedBytes).
    pub(crate) frame_bytes: usize,
}

/// The encoded forms of one event.
#[derive(Debug, Default)]
pub(super) struct Encoded([OnceLock<WireForm>; FORMS]);

impl Encoded {
    /// The bytes of the frames in all forms that have been encoded.
    pub(super) fn bytes(&self) -> usize {
        self.0.iter().filter_map(OnceLock::get).map(|form| form.frame_bytes).sum()
    }
}

#[cfg(feature = "__transport")]
impl super::Event {
    /// The event as a server-sent event: encoded for the first subscriber that needs it, and shared by all.
    #[cfg(feature = "sse")]
    pub(crate) fn sse(&self, encode: impl FnOnce(&Self) -> WireForm) -> Bytes {
        self.form(SSE, encode)
    }

    /// The event as a server-sent event that is named after its topic: encoded once, and shared by all.
    #[cfg(feature = "sse")]
    pub(crate) fn sse_named(&self, encode: impl FnOnce(&Self) -> WireForm) -> Bytes {
        self.form(SSE_NAMED, encode)
    }

    /// The event as a server-sent event whose data is the envelope: encoded once, and shared by all.
    #[cfg(feature = "sse")]
    pub(crate) fn sse_enveloped(&self, encode: impl FnOnce(&Self) -> WireForm) -> Bytes {
        self.form(SSE_ENVELOPED, encode)
    }

    /// The event as a WebSocket message: encoded for the first subscriber that needs it, and shared by all.
    #[cfg(feature = "ws")]
    pub(crate) fn websocket(&self, encode: impl FnOnce(&Self) -> WireForm) -> Bytes {
        self.form(WEBSOCKET, encode)
    }

    fn form(&self, place: usize, encode: impl FnOnce(&Self) -> WireForm) -> Bytes {
        let form = self.encoded.0[place].get_or_init(|| {
            let form = encode(self);
            self.pinned.add(form.frame_bytes);
            form
        });
        form.wire.clone()
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
        let encode =
            |e: &Event| WireForm { wire: Bytes::from_static(b"8\r\n12345678\r\n"), frame_bytes: e.payload().len() + 3 };
        assert_eq!(event.sse(encode).len(), 13);
        event.sse(|_| unreachable!("encoded once"));
        // Without what is around the frame.
        assert_eq!(pinned.now(), 13);
        assert_eq!(pinned.peak(), 13);
        drop(event);
        assert_eq!(pinned.now(), 13);
        drop(others);
        assert_eq!(pinned.now(), 0);
        assert_eq!(pinned.peak(), 13);
    }
}
