//! What is between the mailbox and the socket of one connection.

use std::sync::Arc;

use crate::event::Event;
use crate::hub::Taken;

/// A frame that has been added to a write.
pub(super) struct Written {
    /// The event of the frame.
    pub(super) event: Arc<Event>,
    /// The frame's bytes on the wire.
    pub(super) bytes: usize,
    /// Whether nothing should follow in the same write.
    pub(super) is_last: bool,
}

/// The events of one write in the order of the wire; or comments, which share no write with events.
#[derive(Debug, Default)]
pub(super) struct Passing {
    pub(super) events: Vec<Arc<Event>>,
    /// For each event its bytes on the wire: with the gap in front of it, and with the chunk that HTTP puts both into.
    pub(super) bytes: Vec<usize>,
    /// The number of greetings, keep-alives and the like, which no mailbox counts.
    pub(super) comments: usize,
}

impl Passing {
    pub(super) fn len(&self) -> usize {
        self.events.len() + self.comments
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds an event that `write` has made a frame of. Returns whether another may follow, of at most `most`.
    pub(super) fn takes(&mut self, taken: Taken, most: usize, write: impl FnOnce(Taken) -> Written) -> bool {
        let Written { event, bytes, is_last } = write(taken);
        self.events.push(event);
        self.bytes.push(bytes);
        !is_last && self.events.len() < most
    }

    /// Adds all of another behind what is here.
    pub(super) fn append(&mut self, mut other: Self) {
        if self.is_empty() {
            *self = other;
            return;
        }
        self.events.append(&mut other.events);
        self.bytes.append(&mut other.bytes);
        self.comments += other.comments;
    }

    /// Takes out all that ends before the last `left` bytes of the write.
    pub(super) fn take_but(&mut self, left: usize) -> Self {
        if left == 0 {
            // An idle stream keeps no room for the next burst.
            return std::mem::take(self);
        }
        // Counted from the end, since the head of the response is in front of the first frame.
        let mut behind = 0;
        let is_left = |bytes: &&usize| {
            let ends_in_front = behind >= left;
            behind += **bytes;
            !ends_in_front
        };
        let count = self.events.len() - self.bytes.iter().rev().take_while(is_left).count();
        Self { events: self.events.drain(..count).collect(), bytes: self.bytes.drain(..count).collect(), comments: 0 }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::event::EventId;
    use crate::topic::Topic;

    fn passing(bytes: &[usize]) -> Passing {
        let event = |sequence| {
            let id = EventId { epoch: 1, sequence };
            Arc::new(Event::new(id, Topic::new("t").unwrap(), "", Duration::ZERO))
        };
        Passing { events: (1..).map(event).take(bytes.len()).collect(), bytes: bytes.to_vec(), comments: 0 }
    }

    #[test]
    fn what_the_socket_has_accepted_whole_goes_and_what_it_has_accepted_in_part_stays() {
        for (left, gone) in [(100, 0), (60, 0), (59, 0), (50, 1), (49, 1), (30, 2), (29, 2), (1, 2), (0, 3)] {
            let mut all = passing(&[10, 20, 30]);
            let taken = all.take_but(left);
            let numbers = |events: &[Arc<Event>]| events.iter().map(|event| event.id().sequence).collect::<Vec<_>>();
            let split = [numbers(&taken.events), numbers(&all.events)];
            assert_eq!(split, [(1..=gone).collect::<Vec<_>>(), (gone + 1..=3).collect()], "{left} bytes left");
            assert_eq!(all.bytes.len(), all.events.len());
        }
    }

    #[test]
    fn comments_go_only_with_the_flush_of_their_write() {
        let mut greeting = Passing { comments: 2, ..Passing::default() };
        assert!(greeting.take_but(1).is_empty() && greeting.len() == 2);
        assert_eq!(greeting.take_but(0).comments, 2);
        assert!(greeting.is_empty());
    }
}
