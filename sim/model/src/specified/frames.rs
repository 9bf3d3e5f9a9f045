//! Lengths in bytes of what the server writes, over either transport.

mod envelope;
mod sse;
mod websocket;

use std::time::Duration;

use hubbub::{EventId, Gap, SubscriberId};

use crate::plan::{Arrival, Form, Plan, Selected};
use crate::transport::Transport;

/// The frames of a plan's streams.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frames {
    transport: Transport,
    /// The longest time that a `retry:` asks for.
    longest_retry: Option<Duration>,
}

impl Frames {
    pub(super) fn of(plan: &Plan) -> Self {
        Self { transport: plan.server.transport, longest_retry: plan.server.retry }
    }

    /// Whether everything is a message by itself, and may leave a write that is accepted in part before the rest. Notices
    /// and comments of server-sent events share a part.
    pub(super) fn has_messages(self) -> bool {
        self.transport == Transport::Ws
    }

    /// The form of events in a stream that was asked for a selection. All messages of a WebSocket have one form.
    pub(super) fn form(self, selected: Selected) -> Form {
        match self.transport {
            Transport::Sse => selected.form(),
            Transport::Ws => Form::Plain,
        }
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

    /// An event in a stream of its table alone: the plain form of server-sent events, or a message.
    pub(super) fn event(self, event: &Framed) -> u64 {
        match self.transport {
            Transport::Sse => sse::event(event.id, event.payload_bytes),
            Transport::Ws => websocket::event(event),
        }
    }

    /// How much of an event's frame has arrived when the client knows the id.
    pub(super) fn id_end(self, id: EventId, table_bytes: u64, frame_bytes: u64) -> u64 {
        match self.transport {
            // The id is the first line in every form.
            Transport::Sse => sse::id_line(id),
            Transport::Ws => websocket::id_end(table_bytes, id, frame_bytes),
        }
    }
}

/// What the length of an event's frame depends on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Framed {
    pub(super) id: EventId,
    pub(super) payload_bytes: u64,
    /// Whether the payload is JSON: in an envelope, any other one stands between quotes.
    pub(super) is_json: bool,
    /// Of the name of its table.
    pub(super) table_bytes: u8,
}

/// The bytes that the form of a server-sent event adds to the plain one.
pub(super) fn added_bytes(form: Form, event: &Framed) -> u64 {
    match form {
        Form::Plain => 0,
        Form::Named => sse::name_line(event),
        Form::Enveloped => envelope::added_bytes(event),
    }
}

/// Whether the payload of an arrival is JSON. One that has no room for its number is made of zeros, and a single zero is
/// JSON.
pub(super) fn is_json(arrival: u64, payload_bytes: u64) -> bool {
    payload_bytes == 1 || is_object(arrival, payload_bytes)
}

/// What TCP and IP put in front of a segment (IPv4 with timestamps), and the payload of a full one on Ethernet.
const HEADER_BYTES: u64 = 52;
const SEGMENT_BYTES: u64 = 1500 - HEADER_BYTES;

/// The bytes that each event of a plan takes on the way to one subscriber, if it is sent by itself: its frame, what HTTP adds,
/// and the headers of TCP and IP. Where classes watch different tables: the mean over all subscribers, of whom some are not
/// sent it.
pub fn bytes_on_the_wire(plan: &Plan) -> Vec<u64> {
    let (frames, epoch) = (Frames::of(plan), plan.first_epoch());
    let tables: Vec<_> = plan.tables().map(name_bytes).collect();
    let wanted = plan.all_selected();
    let mut members = vec![0; plan.classes.len()];
    plan.subscribers.iter().for_each(|subscriber| members[subscriber.class] += 1);
    let in_form = |framed: &Framed, form: Form| {
        let stream = frames.chunk(frames.event(framed) + added_bytes(form, framed));
        stream + stream.div_ceil(SEGMENT_BYTES) * HEADER_BYTES
    };
    let of = |((arrival, sequence), Arrival { payload_bytes, table, .. }): ((u64, u64), &Arrival)| {
        let (id, payload_bytes) = (EventId { epoch, sequence }, u64::from(*payload_bytes));
        let table_bytes = tables[usize::from(*table)];
        let framed = Framed { id, payload_bytes, is_json: is_json(arrival, payload_bytes), table_bytes };
        if !plan.asks_for_tables() {
            return in_form(&framed, Form::Plain);
        }
        let classes = wanted.iter().zip(&members).filter(|(selected, _)| selected.has(*table));
        let sent: u64 = classes.map(|(selected, members)| members * in_form(&framed, frames.form(*selected))).sum();
        sent / members.iter().sum::<u64>().max(1)
    };
    (0..).zip(1..).zip(&plan.arrivals).map(of).collect()
}

/// The bytes of a table's name, of which the check of a plan allows far fewer than there is room for.
pub(super) fn name_bytes(table: &str) -> u8 {
    u8::try_from(table.len()).unwrap_or(u8::MAX)
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
