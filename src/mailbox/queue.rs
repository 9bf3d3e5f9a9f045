//! The frames of a mailbox in order: those in flight, and then those that have not been taken.

use std::collections::VecDeque;

/// Frames in flight, and then places of frames that have not been taken, of which the first is never vacant. A place is vacant when its
/// frame was let go from the middle: removing it at once would move all frames behind it.
#[derive(Debug)]
pub(super) struct Queue<T> {
    pub(super) frames: VecDeque<Option<T>>,
    pub(super) in_flight: usize,
    /// How many places are vacant.
    pub(super) vacant: usize,
    /// Position of the first frame, since the mailbox began.
    pub(super) first: u64,
}

impl<T> Queue<T> {
    pub(super) fn new() -> Self {
        Self { frames: VecDeque::new(), in_flight: 0, vacant: 0, first: 0 }
    }

    /// Returns the number of frames that have not been taken.
    #[inline]
    pub(super) fn untaken(&self) -> usize {
        self.frames.len() - self.in_flight - self.vacant
    }

    /// Returns the number of frames in flight without a slot: 1 if any is in flight, for the first one.
    #[inline]
    pub(super) fn beyond(&self) -> usize {
        self.in_flight.min(1)
    }

    /// Returns the number of frames in slots: those that have not been taken, and those in flight behind the first.
    #[inline]
    pub(super) fn in_slots(&self) -> usize {
        self.frames.len() - self.beyond() - self.vacant
    }

    /// The oldest frame that holds a slot.
    #[inline]
    pub(super) fn oldest_in_slot(&self) -> Option<&T> {
        self.frames.get(self.beyond())?.as_ref()
    }

    /// Takes out a frame that has not been taken, if there is one at that index.
    #[inline]
    pub(super) fn let_go(&mut self, index: usize) -> Option<T> {
        // Only a frame in the middle leaves a vacant place: the first place must never be vacant.
        if index > self.in_flight {
            let frame = self.frames.get_mut(index)?.take()?;
            self.vacant += 1;
            return Some(frame);
        }
        let oldest = self.remove_oldest();
        self.skip_vacant();
        oldest
    }

    /// Takes out the oldest frame that has not been taken.
    #[inline]
    pub(super) fn remove_oldest(&mut self) -> Option<T> {
        // `remove` moves the shorter side, which is that of the few frames in flight.
        let oldest = if self.in_flight == 0 { self.frames.pop_front() } else { self.frames.remove(self.in_flight) };
        // The frames behind keep their positions by it. Those in flight do not, and nothing asks for theirs.
        self.first += u64::from(oldest.is_some());
        oldest.flatten()
    }

    /// Removes the vacant places in front of the oldest frame that has not been taken.
    #[inline]
    pub(super) fn skip_vacant(&mut self) {
        while self.vacant > 0 && self.frames.get(self.in_flight).is_some_and(Option::is_none) {
            self.remove_oldest();
            self.vacant -= 1;
        }
    }

    /// The index of a position; `None` if its frame has left or is in flight.
    #[inline]
    pub(super) fn index(&self, position: u64) -> Option<usize> {
        let index = usize::try_from(position.checked_sub(self.first)?).ok()?;
        (index >= self.in_flight).then_some(index)
    }

    /// The frame that waits at a position; `None` if it has left, is in flight, or was let go.
    #[inline]
    pub(super) fn waiting_at(&self, position: u64) -> Option<&T> {
        self.frames.get(self.index(position)?)?.as_ref()
    }
}
