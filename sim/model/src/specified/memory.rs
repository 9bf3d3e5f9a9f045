//! The events of a run, and the bytes that they keep in memory: a payload from its publication on, an encoded frame from
//! the first time that a subscriber takes it, both until nobody holds the event any more.

use hubbub::EventId;

use super::frames::{self, Framed};
use crate::plan::Form;

/// An event's place in the order of publication over all processes of the server, from 0 on.
pub(super) type Place = u32;

#[derive(Debug)]
pub(super) struct Event {
    pub(super) id: EventId,
    pub(super) payload_bytes: u64,
    /// Of all events before it.
    payload_bytes_before: u64,
    /// When it was to be published.
    pub(super) at: u64,
    /// What it is about, if its payload says so.
    pub(super) key: Option<u32>,
    /// In the plain form of server-sent events, or as a message.
    frame_bytes: u64,
    holders: u32,
    pub(super) table: u8,
    pub(super) table_bytes: u8,
    is_json: bool,
    /// The forms that it has been encoded in, a bit for each.
    encoded: u8,
}

/// The forms that an event may be encoded in: each is kept beside the others.
const FORMS: [Form; 3] = [Form::Plain, Form::Named, Form::Enveloped];

impl Event {
    /// Of all events up to this one.
    fn payload_bytes_until(&self) -> u64 {
        self.payload_bytes_before + self.payload_bytes
    }

    /// What it is about, with its table: equal keys of two tables name two things.
    pub(super) fn entity(&self) -> Option<(u8, u32)> {
        self.key.map(|key| (self.table, key))
    }

    /// The bytes of its frame in a form.
    #[inline]
    fn frame_bytes(&self, form: Form) -> u64 {
        match form {
            Form::Plain => self.frame_bytes,
            Form::Named | Form::Enveloped => self.frame_bytes + frames::added_bytes(form, &self.framed()),
        }
    }

    fn framed(&self) -> Framed {
        let Self { id, payload_bytes, is_json, table_bytes, .. } = *self;
        Framed { id, payload_bytes, is_json, table_bytes }
    }

    /// For marks: whether it has been encoded in more than one form.
    pub(super) fn has_two_forms(&self) -> bool {
        self.encoded.count_ones() > 1
    }

    /// The bytes of its frames in all forms that it has been encoded in.
    fn encoded_bytes(&self) -> u64 {
        match self.encoded {
            0 => 0,
            PLAIN => self.frame_bytes,
            forms => {
                let encoded = FORMS.into_iter().filter(|form| forms & bit(*form) != 0);
                encoded.map(|form| self.frame_bytes(form)).sum()
            }
        }
    }
}

const PLAIN: u8 = bit(Form::Plain);

const fn bit(form: Form) -> u8 {
    1 << form as u8
}

/// An event that is published, beside what the server gives it.
pub(super) struct Published {
    pub(super) framed: Framed,
    pub(super) frame_bytes: u64,
    /// When it was to be published.
    pub(super) at: u64,
    pub(super) table: u8,
    pub(super) key: Option<u32>,
}

/// One cache line: at every offer, a mailbox looks at its oldest event and at the new one.
const _: () = assert!(size_of::<Event>() == 64);

/// All events published so far.
#[derive(Debug, Default)]
pub(super) struct Memory {
    // Never shortened: an id is still asked for when the event's bytes are gone.
    events: Vec<Event>,
    /// Events of processes that have ended.
    pub(super) published_before: Place,
    bytes: u64,
    peak_bytes: u64,
    most_bytes: u64,
}

impl Memory {
    pub(super) fn get(&self, place: Place) -> &Event {
        &self.events[place as usize]
    }

    /// Events published so far.
    pub(super) fn published(&self) -> Place {
        Place::try_from(self.events.len()).unwrap_or(Place::MAX)
    }

    /// The place of an event of the running process.
    pub(super) fn place(&self, sequence: u64) -> Place {
        self.published_before + Place::try_from(sequence).unwrap_or(Place::MAX) - 1
    }

    /// Sequence of the last event of the running process.
    pub(super) fn last_sequence(&self) -> u64 {
        u64::from(self.published() - self.published_before)
    }

    /// Bytes of the payloads of an event and of all that were published after it.
    pub(super) fn payload_bytes_since(&self, place: Place) -> u64 {
        let until = self.events.last().map_or(0, Event::payload_bytes_until);
        until - self.get(place).payload_bytes_before
    }

    /// The id of the next event.
    pub(super) fn next_id(&self, epoch: u64) -> EventId {
        EventId { epoch, sequence: self.last_sequence() + 1 }
    }

    /// A new event with the next id, held by its publisher.
    pub(super) fn publish(&mut self, event: &Published) -> Place {
        let Published { framed: Framed { id, payload_bytes, is_json, table_bytes }, frame_bytes, at, table, key } =
            *event;
        let place = self.published();
        let payload_bytes_before = self.events.last().map_or(0, Event::payload_bytes_until);
        self.events.push(Event {
            id,
            payload_bytes,
            payload_bytes_before,
            at,
            key,
            frame_bytes,
            holders: 1,
            table,
            table_bytes,
            is_json,
            encoded: 0,
        });
        self.add(payload_bytes);
        place
    }

    /// One more holds an event.
    pub(super) fn hold(&mut self, place: Place) {
        self.events[place as usize].holders += 1;
    }

    /// One holds it no longer.
    pub(super) fn release(&mut self, place: Place) {
        let event = &mut self.events[place as usize];
        event.holders -= 1;
        if event.holders == 0 && place >= self.published_before {
            self.bytes -= event.payload_bytes + event.encoded_bytes();
        }
    }

    /// The bytes of an event's frame in a form; the first who asks encodes it.
    pub(super) fn encode(&mut self, place: Place, form: Form) -> u64 {
        let event = &mut self.events[place as usize];
        let bytes = event.frame_bytes(form);
        let is_new = event.encoded & bit(form) == 0;
        event.encoded |= bit(form);
        if is_new {
            self.add(bytes);
        }
        bytes
    }

    fn add(&mut self, bytes: u64) {
        self.bytes += bytes;
        self.peak_bytes = self.peak_bytes.max(self.bytes);
    }

    /// Another process of the server begins; what the last one kept in memory is gone with it.
    pub(super) fn begin_process(&mut self) {
        self.most_bytes = self.most_bytes.max(self.peak_bytes);
        self.published_before = self.published();
        // At once: the history's events are not released one by one, but go with their process.
        self.bytes = 0;
        self.peak_bytes = 0;
    }

    /// The most bytes that a process kept in memory.
    pub(super) fn most_bytes(&self) -> u64 {
        self.most_bytes.max(self.peak_bytes)
    }
}
