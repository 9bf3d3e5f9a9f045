//! Events that come in front of those that are there.

use std::sync::Arc;

use super::{CHUNK_EVENTS, Chunk, Events, Log};
use crate::event::Event;

impl Log {
    /// Adds an event that is older than all others.
    pub(in crate::hub) fn push_front(&mut self, event: Arc<Event>) {
        let sequence = event.id().sequence;
        let before = match self.0.front_mut() {
            Some(chunk) if chunk.events.len() < CHUNK_EVENTS => {
                // This copies the chunk only if a reader holds it.
                Arc::make_mut(&mut chunk.events).push_front(event);
                chunk.first = sequence;
                chunk.before = chunk.before.wrapping_sub(1);
                return;
            }
            Some(chunk) => chunk.before.wrapping_sub(1),
            None => 0,
        };
        let events = Arc::new(Events::from([event]));
        self.0.push_front(Chunk { first: sequence, last: sequence, before, events });
    }
}
