//! The unsent part of a sender's socket, filled as Linux fills it (`tcp_sendmsg_locked`).
//!
//! The kernel keeps unsent bytes in a list of buffers, and cuts segments out of one buffer at a time. So the list decides
//! how many segments a backlog becomes, and how much a socket takes before it is full. The rules, in their order:
//!
//! 1. A write goes on in the last buffer while that is shorter than the size goal: half the largest window that the
//!    receiver has offered, in whole segments, and 45 segments at most (`tcp_send_mss`, `tcp_bound_to_half_wnd`).
//! 2. A buffer has 17 pieces at most (`MAX_SKB_FRAGS`). A write is a piece of its own, unless its bytes lie right behind
//!    those of the write before: the writes of a backlog do, as long as the thread writes nothing else in between.
//! 3. A new buffer begins only while fewer bytes are unsent than `TCP_NOTSENT_LOWAT` (`sk_stream_memory_free`). So the
//!    bound is a threshold: what is unsent may exceed it by a buffer.
//! 4. Who found no room is woken when fewer bytes are unsent than half of it (`sk_stream_write_space`).
//!
//! Left out: the bound on the memory of the send buffer, and its tuning. It is reached by frames of 200 B and less.

use std::collections::VecDeque;

use super::units::MSS;

/// `MAX_SKB_FRAGS`.
const MOST_PIECES: u64 = 17;

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

#[derive(Debug, Clone, Copy)]
struct Buffer {
    bytes: u64,
    pieces: u64,
}

/// The limit of what waits in a socket: when it takes bytes, and when it says that it takes more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// A threshold on unsent bytes.
    Unsent(u64),
    /// What the receiver's window has room for, to the byte.
    Window,
}

/// The bytes that the application has written and that have not been sent.
#[derive(Debug, Clone)]
pub(super) struct SendQueue {
    bound: Bound,
    buffers: VecDeque<Buffer>,
    bytes: u64,
    /// The last bytes that must not be sent yet.
    held: u64,
    /// Whether the application has found no room and waits.
    is_awaited: bool,
}

impl SendQueue {
    pub(super) fn new(bound: Bound) -> Self {
        Self { bound, buffers: VecDeque::new(), bytes: 0, held: 0, is_awaited: false }
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
        self.buffers.front().map(|buffer| buffer.bytes.min(free)).filter(|bytes| *bytes > 0)
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
            let taken = last.bytes.min(left);
            left -= taken;
            last.bytes -= taken;
            if last.bytes == 0 {
                self.buffers.pop_back();
            }
        }
    }

    pub(super) fn is_awaited(&self) -> bool {
        self.is_awaited
    }

    /// Takes what it has room for and returns how much that is. `window_room` is what the receiver's window has room for
    /// beyond all unsent bytes, and `largest_window` the largest that it has offered.
    pub(super) fn write(&mut self, bytes: u64, piece: Piece, window_room: u64, largest_window: u64) -> u64 {
        let size_goal = size_goal(largest_window);
        let wanted = match self.bound {
            Bound::Unsent(_) => bytes,
            Bound::Window => bytes.min(window_room),
        };
        let mut left = wanted;
        let mut is_placed = false;
        while left > 0 {
            let begins_piece = piece == Piece::Own && !is_placed;
            if !self.last_has_room(size_goal, begins_piece) {
                if self.is_over_the_bound() {
                    break;
                }
                self.buffers.push_back(Buffer { bytes: 0, pieces: 0 });
            }
            let Some(last) = self.buffers.back_mut() else { break };
            let taken = left.min(size_goal - last.bytes);
            // The first bytes of a buffer are a piece, whatever they follow.
            last.pieces += u64::from(begins_piece || last.bytes == 0);
            last.bytes += taken;
            self.bytes += taken;
            left -= taken;
            is_placed = true;
        }
        let accepted = wanted - left;
        self.is_awaited = accepted < bytes;
        accepted
    }

    fn last_has_room(&self, size_goal: u64, begins_piece: bool) -> bool {
        self.buffers.back().is_some_and(|last| last.bytes < size_goal && !(begins_piece && last.pieces >= MOST_PIECES))
    }

    fn is_over_the_bound(&self) -> bool {
        match self.bound {
            Bound::Unsent(low_water) => self.bytes >= low_water,
            Bound::Window => false,
        }
    }

    /// Adds the FIN, which takes one offset: to the last buffer if there is one (`tcp_send_fin`).
    pub(super) fn push_fin(&mut self) {
        if self.buffers.is_empty() {
            self.buffers.push_back(Buffer { bytes: 0, pieces: 0 });
        }
        if let Some(last) = self.buffers.back_mut() {
            last.bytes += 1;
            self.bytes += 1;
        }
    }

    /// Takes bytes off the first buffer to be sent.
    pub(super) fn take(&mut self, bytes: u64) {
        let Some(first) = self.buffers.front_mut() else { return };
        debug_assert!(bytes <= first.bytes);
        self.bytes -= bytes;
        if bytes == first.bytes {
            self.buffers.pop_front();
        } else {
            first.pieces = (first.pieces * (first.bytes - bytes)).div_ceil(first.bytes);
            first.bytes -= bytes;
        }
    }

    /// Whether the application that waits is to be told now that there is room; it is told once.
    pub(super) fn wake(&mut self, window_room: u64) -> bool {
        let has_room = match self.bound {
            Bound::Unsent(low_water) => self.bytes * 2 < low_water,
            Bound::Window => window_room > 0,
        };
        has_room && std::mem::take(&mut self.is_awaited)
    }
}

/// The bytes up to which a buffer is filled.
fn size_goal(largest_window: u64) -> u64 {
    (largest_window / 2).clamp(MSS, LARGEST_BUFFER) / MSS * MSS
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOW_WATER: u64 = 16_384;
    const WINDOW: u64 = 64_512;

    fn queue() -> SendQueue {
        SendQueue::new(Bound::Unsent(LOW_WATER))
    }

    fn write(queue: &mut SendQueue, bytes: u64, piece: Piece) -> u64 {
        queue.write(bytes, piece, u64::MAX, WINDOW)
    }

    #[test]
    fn a_buffer_takes_seventeen_writes_of_their_own() {
        let mut queue = queue();
        (0..18).for_each(|_| assert_eq!(write(&mut queue, 685, Piece::Own), 685));
        assert_eq!(queue.first_buffer(), Some(17 * 685));
    }

    #[test]
    fn writes_that_lie_behind_each_other_fill_a_buffer_up_to_half_the_window() {
        let mut queue = queue();
        let taken: u64 = (0..60).map(|_| write(&mut queue, 685, Piece::Joined)).sum();
        // The bound is looked at where a second buffer would begin.
        assert_eq!(taken, 32_256 / MSS * MSS);
        assert_eq!(queue.first_buffer(), Some(taken));
    }

    #[test]
    fn no_buffer_begins_at_the_bound_and_who_waits_is_woken_below_half_of_it() {
        let mut queue = queue();
        let taken: u64 = (0..60).map(|_| write(&mut queue, 685, Piece::Own)).sum();
        // Two buffers of 17 writes: the second began while fewer than 16 KiB were unsent.
        assert_eq!(taken, 2 * 17 * 685);
        assert!(queue.is_awaited());
        queue.take(17 * 685);
        assert!(!queue.wake(0), "11,645 B are more than half of the bound");
        queue.take(3_454);
        assert!(queue.wake(0), "8,191 B are less");
        assert!(!queue.wake(0), "it is told once");
    }

    #[test]
    fn a_write_is_taken_in_part_where_its_buffer_ends() {
        let mut queue = queue();
        assert_eq!(write(&mut queue, 100_000, Piece::Own), 32_256 / MSS * MSS);
    }

    #[test]
    fn a_window_takes_what_it_has_room_for() {
        let mut queue = SendQueue::new(Bound::Window);
        assert_eq!(queue.write(5_000, Piece::Own, 4_096, 4_096), 4_096);
        assert!(!queue.wake(0) && queue.wake(1));
    }

    #[test]
    fn a_buffer_of_which_a_part_is_sent_has_fewer_pieces() {
        let mut queue = queue();
        (0..17).for_each(|_| {
            write(&mut queue, 685, Piece::Own);
        });
        queue.take(8 * 685);
        (0..8).for_each(|_| {
            write(&mut queue, 685, Piece::Own);
        });
        assert_eq!(queue.first_buffer(), Some(17 * 685));
    }
}
