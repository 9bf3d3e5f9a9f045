//! Lengths in bytes of what the server writes, over either transport.

mod sse;
mod websocket;

use std::time::Duration;

use hubbub::{EventId, Gap, SubscriberId};

use crate::plan::Plan;
use crate::transport::Transport;

/// The frames of a plan's streams.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frames {
    transport: Transport,
    table_bytes: u64,
    /// The longest time that a `retry:` asks for.
    longest_retry: Option<Duration>,
}

impl Frames {
    pub(super) fn of(plan: &Plan) -> Self {
        let longest_retry = plan.server.retry;
        Self { transport: plan.server.transport, table_bytes: plan.table.len() as u64, longest_retry }
    }

    /// Whether everything is a message by itself, and may leave a write that is accepted in part before the rest. Notices
    /// and comments of server-sent events share a part.
    pub(super) fn has_messages(self) -> bool {
        self.transport == Transport::Ws
    }

    /// The head of the response, in front of the stream.
    pub(super) fn response_head(self) -> u64 {
        match self.transport {
            Transport::Sse => sse::RESPONSE_HEAD,
            Transport::Ws => websocket::HANDSHAKE,
        }
    }

    /// What HTTP adds in front of a piece of so many bytes: the head of a chunk.
    pub(super) fn chunk_head(self, bytes: u64) -> u64 {
        match self.transport {
            Transport::Sse => sse::chunk_head(bytes),
            // hyper hands the socket over after the handshake: it adds nothing to what follows.
            Transport::Ws => 0,
        }
    }

    /// The length on the wire of a piece of so many bytes.
    pub(super) fn chunk(self, bytes: u64) -> u64 {
        self.chunk_head(bytes) + bytes + self.chunk_end()
    }

    /// What HTTP adds behind a piece.
    pub(super) fn chunk_end(self) -> u64 {
        match self.transport {
            Transport::Sse => sse::CHUNK_END,
            Transport::Ws => 0,
        }
    }

    /// The greeting of a subscriber's stream, with the place it begins at where the client is told.
    pub(super) fn hello(self, subscriber: SubscriberId, begins_at: Option<EventId>) -> u64 {
        match self.transport {
            Transport::Sse => sse::hello(self.longest_retry, subscriber, begins_at),
            Transport::Ws => websocket::hello(begins_at),
        }
    }

    /// What the greeting of a subscriber's stream asks for, and where that line ends in the greeting.
    pub(super) fn retry(self, subscriber: SubscriberId) -> Option<(u64, Duration)> {
        match self.transport {
            Transport::Sse => sse::retry_line(self.longest_retry, subscriber),
            Transport::Ws => None,
        }
    }

    /// What is sent after a silence: a comment or a ping.
    pub(super) fn keepalive(self) -> u64 {
        match self.transport {
            Transport::Sse => sse::KEEPALIVE,
            Transport::Ws => websocket::PING,
        }
    }

    /// A gap notice.
    pub(super) fn gap(self, gap: &Gap) -> u64 {
        match self.transport {
            Transport::Sse => sse::gap(gap),
            Transport::Ws => websocket::gap(gap),
        }
    }

    /// The event of an arrival, whose payload has so many bytes.
    pub(super) fn event(self, id: EventId, arrival: u64, payload_bytes: u64) -> u64 {
        match self.transport {
            Transport::Sse => sse::event(id, payload_bytes),
            Transport::Ws => websocket::event(self.table_bytes, id, arrival, payload_bytes),
        }
    }

    /// How much of an event's frame has arrived when the client knows the id.
    pub(super) fn id_end(self, id: EventId, frame_bytes: u64) -> u64 {
        match self.transport {
            Transport::Sse => sse::id_line(id),
            Transport::Ws => websocket::id_end(self.table_bytes, id, frame_bytes),
        }
    }
}

/// What TCP and IP put in front of a segment (IPv4 with timestamps), and the payload of a full one on Ethernet.
const HEADER_BYTES: u64 = 52;
const SEGMENT_BYTES: u64 = 1500 - HEADER_BYTES;

/// The bytes that each event of a plan takes on the way to one subscriber, if it is sent by itself: its frame, what HTTP adds,
/// and the headers of TCP and IP.
pub fn bytes_on_the_wire(plan: &Plan) -> Vec<u64> {
    let (frames, epoch) = (Frames::of(plan), plan.first_epoch());
    let of = |(arrival, sequence): (u64, u64), payload_bytes: u32| {
        let stream = frames.chunk(frames.event(EventId { epoch, sequence }, arrival, u64::from(payload_bytes)));
        stream + stream.div_ceil(SEGMENT_BYTES) * HEADER_BYTES
    };
    (0..).zip(1..).zip(&plan.arrivals).map(|(numbers, arrival)| of(numbers, arrival.payload_bytes)).collect()
}

/// Whether a payload of so many bytes has room for its number: `{"n":ARRIVAL,"pad":""}`. Else it is made of zeros.
fn is_object(arrival: u64, payload_bytes: u64) -> bool {
    r#"{"n":,"pad":""}"#.len() as u64 + digits(arrival) <= payload_bytes
}

/// Whether a payload of so many bytes has room for its key: `{"n":ARRIVAL,"k":KEY,"pad":""}`.
pub(super) fn has_key(arrival: u64, key: u64, payload_bytes: u64) -> bool {
    r#"{"n":,"k":,"pad":""}"#.len() as u64 + digits(arrival) + digits(key) <= payload_bytes
}

/// `EPOCH-SEQUENCE`.
fn id_digits(id: EventId) -> u64 {
    digits(id.epoch) + 1 + digits(id.sequence)
}

fn digits(number: u64) -> u64 {
    // Zero has no logarithm, and one digit.
    u64::from(number.checked_ilog10().unwrap_or(0)) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_its_decimal_digits() {
        for (number, decimal) in [(0, 1), (9, 1), (10, 2), (255, 3), (1_764_000_000_000, 13)] {
            assert_eq!(digits(number), decimal, "digits of {number}");
        }
    }
}
