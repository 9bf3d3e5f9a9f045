//! A second stage: a bounded channel between a connection and its socket. Servers have one whose handler takes frames from
//! the Hub's channel and puts them into another channel. It takes every write at once, so that the socket never seems
//! blocked. It drops what does not fit, and counts nothing.
//!
//! hubbub's server has none. This one exists so that what it costs can be measured.

use std::collections::VecDeque;

pub(super) struct MergedChannel {
    frames: usize,
    waiting: VecDeque<Vec<u8>>,
    /// What its writer is at, and how much of that the socket has accepted.
    writing: Vec<u8>,
    written: usize,
}

impl MergedChannel {
    pub(super) fn new(frames: usize) -> Self {
        Self { frames, waiting: VecDeque::new(), writing: Vec::new(), written: 0 }
    }

    /// Takes what one write holds; `false` where it is thrown away.
    pub(super) fn push(&mut self, frame: Vec<u8>) -> bool {
        if self.written == self.writing.len() {
            // Its writer is idle and takes the frame at once. The frame uses none of the channel's slots.
            self.writing = frame;
            self.written = 0;
        } else if self.waiting.len() < self.frames {
            self.waiting.push_back(frame);
        } else {
            return false;
        }
        true
    }

    /// Hands on what the socket has room for; returns how many bytes.
    pub(super) fn write(&mut self, room: usize, socket: &mut Vec<u8>) -> usize {
        let mut accepted = 0;
        while accepted < room && self.written < self.writing.len() {
            let part = (self.writing.len() - self.written).min(room - accepted);
            socket.extend_from_slice(&self.writing[self.written..self.written + part]);
            self.written += part;
            accepted += part;
            if self.written == self.writing.len()
                && let Some(next) = self.waiting.pop_front()
            {
                self.writing = next;
                self.written = 0;
            }
        }
        accepted
    }

    /// Bytes in it.
    pub(super) fn bytes(&self) -> usize {
        self.writing.len() - self.written + self.waiting.iter().map(Vec::len).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::MergedChannel;

    #[test]
    fn it_holds_as_many_as_it_has_slots_and_the_one_being_written_and_throws_the_rest_away() {
        let mut channel = MergedChannel::new(2);
        let kept: Vec<bool> = (0..5).map(|n| channel.push(vec![n; 3])).collect();
        assert_eq!(kept, [true, true, true, false, false]);
        assert_eq!(channel.bytes(), 9);
        let mut socket = Vec::new();
        assert_eq!(channel.write(4, &mut socket), 4);
        assert!(channel.push(vec![5; 3]), "the second is being written, and its slot is free");
        assert!(!channel.push(vec![6; 3]));
        assert_eq!(channel.write(usize::MAX, &mut socket), 8);
        assert_eq!(socket, vec![0, 0, 0, 1, 1, 1, 2, 2, 2, 5, 5, 5]);
        assert_eq!(channel.bytes(), 0);
    }
}
