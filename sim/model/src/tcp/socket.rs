//! The unsent part of a sender's socket, filled as Linux fills it (`tcp_sendmsg_locked`).
//!
//! The kernel keeps unsent bytes in a list of buffers, and cuts segments out of one buffer at a time. So the list decides
//! how many segments a backlog becomes, and how much a socket takes before it is full. The rules, in their order:
//!
//! 1. A write goes on in the last buffer while that is shorter than the size goal: half the largest window that the
//!    receiver has offered, in whole segments, and 45 segments at most (`tcp_send_mss`, `tcp_bound_to_half_wnd`).
//! 2. A buffer has 17 pieces at most (`MAX_SKB_FRAGS`). A write is a piece of its own, unless its bytes lie right behind
//!    those of the write before: the writes of a backlog do, as long as the thread writes nothing else in between.
//! 3. A new buffer begins only while fewer bytes are unsent than `TCP_NOTSENT_LOWAT`, and while the memory of all buffers,
//!    sent or not, is below that of the send buffer (`sk_stream_memory_free`, `memory.rs`). So both bounds are thresholds:
//!    what is unsent may exceed them by a buffer.
//! 4. A buffer from which less than two segments can be sent is filled from the next one first (`tcp_grow_skb`), so there
//!    are no small segments where buffers meet.
//! 5. Who found no room is woken when fewer bytes are unsent than half of the bound, and a third of the memory is free
//!    (`sk_stream_write_space`).

mod buffer;
mod memory;

use std::collections::VecDeque;

use super::units::MSS;
use buffer::Buffer;
use memory::{BUFFER_OVERHEAD, SendMemory};

/// The most bytes that the kernel puts into one buffer: 64 KiB in whole segments.
const LARGEST_BUFFER: u64 = 45 * MSS;

/// Where in the kernel's memory the bytes of a write lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// Apart from those of the write before: other sockets have been written to since.
    Own,
    /// Right behind those of the write before.
    Joined,
}

/// The limit of what waits in a socket: when it takes bytes, and when it says that it takes more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// A threshold on unsent bytes.
    Unsent(u64),
    /// What the receiver's window has room for, to the byte.
    Window,
}

/// What the rest of a socket looks like to a write, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surroundings {
    /// What the receiver's window has room for beyond all unsent bytes.
    pub(super) window_room: u64,
    /// The largest window that the receiver has offered.
    pub(super) largest_window: u64,
    /// Bytes that have been sent and are not acknowledged, and in how many buffers they are.
    pub(super) in_flight: (u64, u64),
}

impl Surroundings {
    /// The memory of the buffers that have been sent.
    fn memory_in_flight(&self) -> u64 {
        let (bytes, buffers) = self.in_flight;
        bytes + buffers * BUFFER_OVERHEAD
    }
}

/// The bytes that the application has written and that have not been sent.
#[derive(Debug, Clone)]
pub(super) struct SendQueue {
    bound: Bound,
    buffers: VecDeque<Buffer>,
    bytes: u64,
    /// The last bytes that must not be sent yet.
    held: u64,
    memory: SendMemory,
    /// Whether the application has found no room and waits.
    is_awaited: bool,
}

impl SendQueue {
    pub(super) fn new(bound: Bound) -> Self {
        Self { bound, buffers: VecDeque::new(), bytes: 0, held: 0, memory: SendMemory::new(), is_awaited: false }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// The bytes of the first buffer, of which the next segments are cut; none where all bytes are held.
    pub(super) fn first_buffer(&self) -> Option<u64> {
        let free = self.bytes - self.held;
        self.buffers.front().map(|buffer| buffer.bytes().min(free)).filter(|bytes| *bytes > 0)
    }

    /// Fills the first buffer up to `wanted` bytes from the second, and returns the bytes of which segments are cut.
    pub(super) fn fill_first(&mut self, wanted: u64) -> u64 {
        let is_short = self.first_buffer().is_some_and(|first| first < wanted);
        if is_short && self.buffers.len() > 1 && self.held == 0 {
            let missing = wanted - self.buffers[0].bytes();
            if let Some(mut next) = self.buffers.remove(1) {
                self.buffers[0].take_from(&mut next, missing);
                if next.bytes() > 0 {
                    self.buffers.insert(1, next);
                }
            }
        }
        self.first_buffer().unwrap_or(0)
    }

    /// Holds bytes back that were written last.
    pub(super) fn hold(&mut self, bytes: u64) {
        self.held += bytes;
    }

    /// Nothing is held any more.
    pub(super) fn let_go(&mut self) {
        self.held = 0;
    }

    /// Forgets the bytes that are held.
    pub(super) fn drop_held(&mut self) {
        let mut left = std::mem::take(&mut self.held);
        self.bytes -= left;
        while let Some(last) = self.buffers.back_mut().filter(|_| left > 0) {
            left -= last.drop_last(left);
            if last.bytes() == 0 {
                self.buffers.pop_back();
            }
        }
    }

    pub(super) fn is_awaited(&self) -> bool {
        self.is_awaited
    }

    /// Takes what it has room for and returns how much that is.
    pub(super) fn write(&mut self, bytes: u64, piece: Piece, around: Surroundings) -> u64 {
        let size_goal = size_goal(around.largest_window);
        let wanted = match self.bound {
            Bound::Unsent(_) => bytes,
            Bound::Window => bytes.min(around.window_room),
        };
        let mut left = wanted;
        let mut is_placed = false;
        while left > 0 {
            let begins_piece = piece == Piece::Own && !is_placed;
            if !self.last_has_room(size_goal, begins_piece) {
                if self.is_over_the_bound(around) {
                    break;
                }
                self.buffers.push_back(Buffer::default());
            }
            let Some(last) = self.buffers.back_mut() else { break };
            let taken = left.min(size_goal - last.bytes());
            last.add(taken, begins_piece);
            self.bytes += taken;
            left -= taken;
            is_placed = true;
        }
        let accepted = wanted - left;
        self.is_awaited = accepted < bytes;
        accepted
    }

    fn last_has_room(&self, size_goal: u64, begins_piece: bool) -> bool {
        self.buffers.back().is_some_and(|last| last.bytes() < size_goal && !(begins_piece && last.is_in_most_pieces()))
    }

    fn is_over_the_bound(&self, around: Surroundings) -> bool {
        match self.bound {
            Bound::Unsent(low_water) => self.bytes >= low_water || !self.memory.has_room(self.memory_used(around)),
            Bound::Window => false,
        }
    }

    /// The memory of all buffers, sent or not (`sk_wmem_queued`).
    fn memory_used(&self, around: Surroundings) -> u64 {
        around.memory_in_flight() + self.bytes + self.buffers.len() as u64 * BUFFER_OVERHEAD
    }

    /// Lets the send buffer grow to what a congestion window of `cwnd` segments needs.
    pub(super) fn expand_memory(&mut self, cwnd: u64) {
        self.memory.expand(cwnd);
    }

    /// Adds the FIN, which takes one offset: to the last buffer if there is one (`tcp_send_fin`).
    pub(super) fn push_fin(&mut self) {
        if self.buffers.is_empty() {
            self.buffers.push_back(Buffer::default());
        }
        if let Some(last) = self.buffers.back_mut() {
            last.add(1, false);
            self.bytes += 1;
        }
    }

    /// Takes bytes off the first buffer to be sent.
    pub(super) fn take(&mut self, bytes: u64) {
        let Some(first) = self.buffers.front_mut() else { return };
        debug_assert!(bytes <= first.bytes());
        self.bytes -= bytes;
        first.take_first(bytes);
        if first.bytes() == 0 {
            self.buffers.pop_front();
        }
    }

    /// Whether the application that waits is to be told now that there is room; it is told once.
    pub(super) fn wake(&mut self, around: Surroundings) -> bool {
        let has_room = match self.bound {
            Bound::Unsent(low_water) => {
                self.bytes.saturating_mul(2) < low_water && self.memory.is_worth_waking(self.memory_used(around))
            }
            Bound::Window => around.window_room > 0,
        };
        has_room && std::mem::take(&mut self.is_awaited)
    }
}

/// The bytes up to which a buffer is filled.
fn size_goal(largest_window: u64) -> u64 {
    (largest_window / 2).clamp(MSS, LARGEST_BUFFER) / MSS * MSS
}

#[cfg(test)]
mod tests;
