//! What a stream writes where no frame waits: a comment or a ping that breaks a silence.

use super::connection::{Read, Said};
use super::marks::Mark;
use super::run::Run;
use super::time::ticks;
use crate::time::nanos;

impl Run<'_> {
    /// A comment or a ping, where nothing has been flushed for as long as a silence may last. In front of it is the notice
    /// of what has been lost behind the last event.
    pub(super) fn break_silence(&mut self, index: usize) -> bool {
        let connection = &mut self.connections[index];
        if self.tick < connection.silence {
            return false;
        }
        let keepalive = ticks(nanos(self.plan.server.keepalive));
        let due = connection.last_flush + keepalive;
        let is_due = due <= self.tick;
        // Moved when it fires and not at every flush, as the transport's timer is.
        connection.silence = if is_due { self.tick + keepalive } else { due };
        self.silences.entry(connection.silence).or_default().push(index);
        if !is_due {
            return false;
        }
        let frames = self.frames;
        let epoch = self.plan.first_epoch().wrapping_add(connection.process as u64);
        let gap = connection.mailbox.holes().and_then(|holes| holes.at_the_end(epoch));
        connection.commented_in = self.tick;
        self.marks.add_if(connection.told_in_a_comment && gap.is_some(), Mark::NoticeAfterAComment);
        connection.told_in_a_comment |= gap.is_some();
        self.marks.add_if(gap.is_some(), Mark::NoticeInAComment);
        let notice = gap.map(|gap| Said { bytes: frames.gap(&gap), read: Some(Read::of(&gap)) });
        let keepalive = Said { bytes: frames.keepalive(), read: None };
        connection.say(frames, notice.into_iter().chain([keepalive]).collect());
        true
    }
}
