//! A stream's task: what it writes, when it is flushed, and what it does when it is woken.
//!
//! A write is one frame, or as many as wait and may share it. HTTP puts each of them into a chunk of its own, and begins
//! to write when it has gathered sixteen or 8192 bytes. Nothing is taken from the mailbox until the socket has
//! accepted all of a write and the CPU has done its work: the write is *flushed* then. Of several frames that share a
//! write, those are let go earlier that end before what is left of it when the socket has accepted a part.

use hubbub::CloseReason;

use super::connection::{Part, Passing};
use super::marks::Mark;
use super::memory::Event;
use super::run::Run;
use super::socket::{Loss, Turn};
use super::time::{at, ticks};
use crate::time::nanos;
use crate::transport::Transport;

/// The bytes that HTTP gathers before it flushes. A write of which as many are left, or more, is flushed at once.
// hyper allows no smaller limit. The transport has the same one where it writes a stream itself.
const WRITE_BUFFER_BYTES: u64 = 8192;

/// The chunks that HTTP gathers before it flushes.
const WRITE_BUFFER_CHUNKS: usize = 16;

impl Run<'_> {
    /// A connection's task is to run, behind all that were woken before.
    pub(super) fn wake(&mut self, index: usize) {
        // Once, as tokio has it: a task that waits for its turn is not queued a second time.
        if !std::mem::replace(&mut self.connections[index].is_woken, true) {
            self.woken.push_back(index);
        }
    }

    /// Every task that was woken runs, in that order, until none is.
    pub(super) fn be_quiet(&mut self) {
        while let Some(index) = self.woken.pop_front() {
            let connection = &mut self.connections[index];
            connection.is_woken = false;
            if connection.is_closed {
                continue;
            }
            let is_alive = self.is_up && connection.process == self.process;
            // Asked first, as by the connection's future: a subscriber that was cut off counts as evicted in any case.
            if connection.mailbox.closed().is_some() {
                self.end(index, CloseReason::Evicted);
            } else if !is_alive || connection.socket.loss == Loss::TimedOut {
                self.end(index, CloseReason::ClientGone);
            } else {
                self.take_turn_of(index);
            }
        }
    }

    /// One turn of a task. A WebSocket's task goes on for as long as there is something to write and it is flushed at
    /// once.
    fn take_turn_of(&mut self, index: usize) {
        match self.plan.server.transport {
            Transport::Sse => self.pass_twice(index),
            Transport::Ws => while self.flush(index) && self.begin_write(index) {},
        }
    }

    /// Two passes, each of which ends with the flush of what is under way. After that the task gives way to others: it
    /// has woken itself where more waits.
    fn pass_twice(&mut self, index: usize) {
        // As hyper does, a stream asks its body a second time after a flush, flushes what that gave, and returns.
        for is_last in [false, true] {
            if !self.fill(index) || !self.is_written(index) {
                return;
            }
            let has_more = self.let_go(index, 0);
            if is_last {
                self.marks.add_if(has_more, Mark::TurnEndsWithMore);
                self.connections[index].on_frame = !has_more;
            }
            // After the first pass, too, though the second follows at once: the flush wakes the body if more waits.
            if has_more {
                self.wake(index);
            }
        }
    }

    /// Begins a write, unless one is under way. One that fills the buffer is flushed at once, without a wake-up, and the
    /// next one is begun. Returns whether a write is under way that leaves room in the buffer.
    fn fill(&mut self, index: usize) -> bool {
        loop {
            let connection = &self.connections[index];
            if connection.unsent >= WRITE_BUFFER_BYTES || connection.has_parts_left(WRITE_BUFFER_CHUNKS) {
                if !self.flush(index) {
                    return false;
                }
            } else if !connection.passing.is_empty() {
                // The gate is closed: the body is polled once more, and gets nothing before the flush.
                return true;
            }
            if !self.begin_write(index) {
                return false;
            }
        }
    }

    /// Flushes what is under way, if anything is; `false` where that has to wait.
    fn flush(&mut self, index: usize) -> bool {
        let is_written = self.connections[index].passing.is_empty() || self.is_written(index);
        if is_written {
            self.let_go(index, 0);
        }
        is_written
    }

    /// Whether the socket has accepted all of the write under way, and the CPU has done its work; what it accepts now is
    /// on its way.
    fn is_written(&mut self, index: usize) -> bool {
        while self.connections[index].unsent > 0 {
            // Before the next bytes, as in the transport: the CPU may have done the work for those accepted earlier.
            self.settle(index);
            let has_cpu = self.cpu.is_some();
            let connection = &mut self.connections[index];
            // Granted until the next flush: what the socket accepts by then goes out without a second turn of the CPU.
            let is_held = has_cpu && !matches!(connection.socket.turn, Turn::Granted(_));
            let accepted = if connection.socket.is_over_path {
                self.accept_over_path(index, is_held)
            } else {
                connection.socket.accept(connection.unsent, self.clock, is_held)
            };
            let connection = &mut self.connections[index];
            if accepted == 0 {
                connection.socket.writer_waits = true;
                self.block(index);
                return false;
            }
            connection.blocked_since = None;
            connection.unsent -= accepted;
            let unsent = connection.unsent;
            self.marks.add_if(unsent == 0 && connection.socket.is_full(), Mark::WindowFullAtAWrite);
            self.marks.add_if((1..=self.frames.chunk_end()).contains(&unsent), Mark::AllButTheLineEnd);
            let is_shared = connection.passing.len() > 1;
            let asks = is_held && connection.socket.turn == Turn::NotAsked;
            let is_outgoing = !is_held && !std::mem::replace(&mut connection.socket.is_outgoing, true);
            if asks {
                connection.socket.turn = Turn::Waiting;
                self.ask_to_deliver(index);
                self.tell_driver();
            }
            if is_outgoing {
                self.outgoing.push(index);
                self.tell_driver();
            }
            // A single frame that was accepted in part is still in flight, so only a shared write is looked at.
            if unsent > 0 && is_shared {
                self.connections[index].left = Some(unsent);
                self.settle(index);
            }
        }
        let is_flushed = self.is_flushed(index);
        if is_flushed {
            // The flush lets all frames go, also those of a part that was accepted earlier.
            self.connections[index].left = None;
        }
        is_flushed
    }

    /// Lets those frames of a shared write go that the socket has accepted, once the CPU has done its work.
    fn settle(&mut self, index: usize) {
        if self.connections[index].left.is_some()
            && self.is_flushed(index)
            && let Some(left) = self.connections[index].left.take()
        {
            self.let_go(index, left);
        }
    }

    /// Whether the CPU does not hold the write back. A write goes on at the exact time at which it was granted.
    fn is_flushed(&mut self, index: usize) -> bool {
        let socket = &mut self.connections[index].socket;
        match socket.turn {
            Turn::NotAsked => true,
            Turn::Waiting => {
                // Not blocked: a wait for the server's own CPU must not look like a client that reads nothing.
                socket.writer_waits = true;
                false
            }
            Turn::Granted(at) => {
                socket.turn = Turn::NotAsked;
                // Never back: a write that had to wait for room goes on now, however long ago the CPU was done.
                self.clock = self.clock.max(at);
                true
            }
        }
    }

    /// The socket accepts nothing. The timer of the write deadline is set, unless it is set already for an earlier time.
    fn block(&mut self, index: usize) {
        let connection = &mut self.connections[index];
        if connection.blocked_since.is_some() {
            return;
        }
        // In ticks: the transport asks tokio's clock, which stands still while the driver works through a tick.
        connection.blocked_since = Some(self.tick);
        // A timer that is still to fire stays, as in the transport: to set it anew at every blockage would cost more.
        if connection.deadline <= self.tick {
            connection.deadline = self.tick + ticks(nanos(self.plan.server.write_deadline));
            self.deadlines.entry(connection.deadline).or_default().push(index);
        }
    }

    /// Lets the frames go that end before the last `left` bytes of the write; the last one only with all of it. Whether
    /// the stream has more to write, where the last one has gone.
    fn let_go(&mut self, index: usize, left: u64) -> bool {
        let mut has_more = false;
        let now = at(self.clock);
        let connection = &mut self.connections[index];
        while let Some(Passing { event, .. }) = connection.passing.front().copied() {
            let behind = || connection.passing.iter().skip(1).map(|passing| passing.bytes).sum::<u64>();
            // Counted from the end, because the head of the response is in front of the first part.
            if left > 0 && left > behind() {
                break;
            }
            connection.passing.pop_front();
            self.marks.add_if(left > 0, Mark::PartOfASharedWrite);
            connection.last_flush = self.tick;
            // For what no mailbox counts, the gate wakes the body in any case: it cannot say whether more waits.
            has_more = true;
            if let Some(event) = event {
                if connection.mailbox.flushed().is_some() {
                    let sequence = self.memory.get(event).id.sequence;
                    self.recorder.flushed_to(now, connection.subscriber, connection.process, sequence);
                    has_more = !connection.mailbox.is_empty();
                }
                self.memory.release(event);
            }
        }
        has_more
    }

    /// Begins the next write: a greeting that is still to be said, what waits, or what breaks a silence; `false` where there
    /// is nothing to write.
    fn begin_write(&mut self, index: usize) -> bool {
        let connection = &mut self.connections[index];
        if !connection.greeting.is_empty() {
            let greeting = std::mem::take(&mut connection.greeting);
            connection.say(self.frames, greeting);
            return true;
        }
        // Only for the first frame of a write: those that share it come from slots alone, as in the Hub.
        if connection.mailbox.is_behind_and_empty() {
            self.catch_up(index);
        }
        // At once: after every flush, a task looks for a next frame, and mostly in vain.
        let connection = &mut self.connections[index];
        if connection.mailbox.waiting.is_empty() {
            connection.on_frame = true;
            return self.break_silence(index);
        }
        let frames = self.frames;
        let form = self.selections.of_class(connection.class).form;
        let most = connection.mailbox.frames_per_write(self.plan.server.frames_per_write);
        let is_http = !frames.has_messages();
        let (mut count, mut notices, mut gathered) = (0, 0, 0);
        while count < most
            && !(is_http && (gathered >= WRITE_BUFFER_BYTES || count >= WRITE_BUFFER_CHUNKS))
            && let Some((event, gap)) = connection.mailbox.take(&self.memory)
        {
            count += 1;
            notices += usize::from(gap.is_some());
            let frame_bytes = self.memory.encode(event, form);
            let encoded = self.memory.get(event);
            self.marks.add_if(encoded.has_two_forms(), Mark::OneEventInTwoForms);
            let &Event { id, table_bytes, .. } = encoded;
            gathered += connection.add(frames, &Part { event, id, gap, frame_bytes, table_bytes });
        }
        self.marks.add_if(notices > 1, Mark::TwoNoticesInAWrite);
        self.marks.add_if(connection.commented_in == self.tick, Mark::CommentAndFrameInATick);
        self.marks.add_if(connection.told_in_a_comment && notices > 0, Mark::NoticeAfterAComment);
        true
    }
}
