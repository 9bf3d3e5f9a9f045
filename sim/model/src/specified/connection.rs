//! The server's side of one connection: a mailbox, the write under way, and the two timers of a stream.

use std::collections::VecDeque;
use std::time::Duration;

use hubbub::{EventId, Gap, SubscriberId};

use super::client::Client;
use super::frames::Frames;
use super::mailbox::Mailbox;
use super::memory::Place;
use super::queue::Queue;
use super::socket::Socket;

/// A part of the write under way that ends with a frame, or with something that no mailbox counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Passing {
    pub(super) event: Option<Place>,
    /// With the chunk that HTTP puts it into.
    pub(super) bytes: u64,
}

/// What a client reads, and the offset in its stream at which that is complete.
#[derive(Debug)]
pub(super) enum Read {
    Event {
        sequence: u64,
    },
    Place {
        sequence: u64,
    },
    /// The first and the last event that is missing. Boxed, because it is rare and would double the size of all.
    Gap(Box<[Option<u64>; 2]>),
}

/// Something that no mailbox counts: a greeting, a notice by itself, a comment, a ping.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) bytes: u64,
    pub(super) read: Option<Read>,
}

/// A frame of a write, with the notice in front of it.
pub(super) struct Part {
    pub(super) event: Place,
    pub(super) id: EventId,
    pub(super) gap: Option<Gap>,
    pub(super) frame_bytes: u64,
    pub(super) table_bytes: u8,
}

// In this order in memory: with every frame, a turn of the task and a publish touch what stands first, up to the counts of
// the mailbox. Ten thousand subscribers do not fit into a processor's caches, so each line that is touched counts.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Connection {
    /// The task waits for a frame.
    pub(super) on_frame: bool,
    /// The task is in the queue of those that were woken.
    pub(super) is_woken: bool,
    pub(super) is_closed: bool,
    pub(super) end_is_sent: bool,
    /// For marks: whether a comment after a silence had a gap notice.
    pub(super) told_in_a_comment: bool,
    /// The CPU has been asked for a write.
    pub(super) has_asked_the_cpu: bool,
    /// Frames taken since the CPU was last asked for.
    pub(super) frames_for_the_cpu: u32,
    /// The client, and its index in the plan.
    pub(super) client: usize,
    pub(super) subscriber: usize,
    pub(super) class: usize,
    /// The server's process.
    pub(super) process: usize,
    /// Ticks: since when the socket accepts nothing.
    pub(super) blocked_since: Option<u64>,
    /// Bytes of the write under way that the socket has not accepted.
    pub(super) unsent: u64,
    /// Of a shared write that was accepted in part: the bytes that were left, until the frames before them are let go.
    pub(super) left: Option<u64>,
    /// Bytes written from the start of the stream on, with the response's head.
    pub(super) offset: u64,
    /// Ticks: when something was last flushed, and when the silence is looked at next.
    pub(super) last_flush: u64,
    pub(super) silence: u64,
    /// For marks: the tick of the last comment after a silence.
    pub(super) commented_in: u64,
    /// What is to be said first, once the head of the response is flushed.
    pub(super) greeting: Vec<Said>,
    /// The write under way, in the order of the wire. Nothing more is taken from the mailbox until all of it is flushed.
    pub(super) passing: Queue<Passing>,
    /// What the client has not read yet, and where it ends.
    pub(super) unread: Queue<(u64, Read)>,
    pub(super) socket: Socket,
    pub(super) mailbox: Mailbox,
    /// For a reader that serves: where the first lines of events end that have not arrived yet, where the events begin,
    /// and their sequences.
    pub(super) begins: VecDeque<(u64, u64, u64)>,
    /// The id that the server's process gave out; 0 before the request has come.
    pub(super) id: SubscriberId,
    /// Where the client was when it asked for the stream: a process of the server and a sequence.
    pub(super) cursor: Option<(usize, u64)>,
    /// The tick in which the timer of the write deadline fires.
    pub(super) deadline: u64,
    /// What the `retry:` of the greeting asks for, and where its line ends in the stream.
    pub(super) retry: Option<(u64, Duration)>,
}

impl Connection {
    pub(super) fn new(
        client: usize,
        &Client { subscriber, class, .. }: &Client,
        mailbox: Mailbox,
        socket: Socket,
    ) -> Self {
        Self {
            client,
            subscriber,
            class,
            process: 0,
            id: SubscriberId(0),
            mailbox,
            socket,
            greeting: Vec::new(),
            passing: Queue::new(),
            unsent: 0,
            frames_for_the_cpu: 0,
            left: None,
            on_frame: false,
            is_woken: false,
            is_closed: false,
            end_is_sent: false,
            offset: 0,
            unread: Queue::new(),
            begins: VecDeque::new(),
            cursor: None,
            silence: 0,
            last_flush: 0,
            blocked_since: None,
            deadline: 0,
            retry: None,
            commented_in: 0,
            told_in_a_comment: false,
            has_asked_the_cpu: false,
        }
    }

    /// As the recorder knows it.
    pub(super) fn server_side(&self) -> (usize, SubscriberId) {
        (self.process, self.id)
    }

    /// Adds a chunk of so many bytes to the write; returns the offset of their first.
    fn add_chunk(&mut self, frames: Frames, bytes: u64) -> u64 {
        let begin = self.offset + frames.chunk_head(bytes);
        self.unsent += frames.chunk(bytes);
        self.offset += frames.chunk(bytes);
        begin
    }

    /// Whether the write under way has so many parts, or more, of which the socket has not accepted all.
    pub(super) fn has_parts_left(&self, parts: usize) -> bool {
        // Counted from the end: what has been accepted is at the beginning, and may not have been let go yet. The part is
        // left, if so few bytes are behind it that some of those that are unsent are its own.
        let Some(behind) = parts.checked_sub(1).filter(|behind| *behind < self.passing.len()) else { return false };
        self.passing.iter().rev().take(behind).map(|part| part.bytes).sum::<u64>() < self.unsent
    }

    /// Begins a write of what no mailbox counts.
    pub(super) fn say(&mut self, frames: Frames, said: Vec<Said>) {
        let bytes = said.iter().map(|said| said.bytes).sum();
        let mut end = self.add_chunk(frames, bytes);
        let count = said.len();
        let mut part_bytes = 0;
        for (nth, Said { bytes, read }) in said.into_iter().enumerate() {
            end += bytes;
            part_bytes += bytes;
            read.into_iter().for_each(|read| self.unread.push_back((end, read)));
            // HTTP's body yields a notice and what follows as one piece, so both leave the gate together.
            if frames.has_messages() || nth + 1 == count {
                let bytes = frames.chunk(std::mem::take(&mut part_bytes));
                self.passing.push_back(Passing { event: None, bytes });
            }
        }
    }

    /// Adds a frame to the write; returns the bytes that it has there.
    pub(super) fn add(&mut self, frames: Frames, part: &Part) -> u64 {
        let Part { event, id, ref gap, frame_bytes, table_bytes } = *part;
        let gap_bytes = gap.as_ref().map_or(0, |gap| frames.gap(gap));
        let bytes = gap_bytes + frame_bytes;
        let start = self.add_chunk(frames, bytes) + gap_bytes;
        if let Some(gap) = gap {
            self.unread.push_back((start, Read::of(gap)));
        }
        if self.socket.keeps_times() {
            let id_end = frames.id_end(id, u64::from(table_bytes), frame_bytes);
            self.begins.push_back((start + id_end, start, id.sequence));
        }
        self.unread.push_back((start + frame_bytes, Read::Event { sequence: id.sequence }));
        let bytes = frames.chunk(bytes);
        self.passing.push_back(Passing { event: Some(event), bytes });
        self.frames_for_the_cpu += 1;
        bytes
    }
}

impl Read {
    /// A gap notice.
    pub(super) fn of(gap: &Gap) -> Self {
        Self::Gap(Box::new([gap.first, gap.last].map(|id| id.map(|id| id.sequence))))
    }
}
