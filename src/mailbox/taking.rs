//! The number of frames that a transport takes at a time changes nothing of what fits.

use std::num::NonZeroUsize;

use proptest::prelude::*;

use super::*;

/// A frame of so many bytes, published at that millisecond.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Frame {
    bytes: usize,
    at_ms: u64,
}

impl QueueItem for Frame {
    fn bytes(&self) -> usize {
        self.bytes
    }

    fn at(&self) -> Duration {
        Duration::from_millis(self.at_ms)
    }
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Push {
        bytes: usize,
        pause_ms: u64,
    },
    /// The socket accepts the last byte of a frame.
    Flush,
}

fn step() -> impl Strategy<Value = Step> {
    let push = (0usize..50, 0u64..20).prop_map(|(bytes, pause_ms)| Step::Push { bytes, pause_ms });
    prop_oneof![3 => push, 2 => Just(Step::Flush)]
}

/// A transport that takes up to `at_a_time` frames when the last byte of those before has been accepted.
struct Transport {
    mailbox: Mailbox<Frame>,
    at_a_time: usize,
    taken: usize,
    parked: std::collections::VecDeque<Frame>,
}

impl Transport {
    fn new(limits: Limits, overflow: Overflow, at_a_time: usize) -> Self {
        Self { mailbox: Mailbox::new(limits, overflow), at_a_time, taken: 0, parked: Default::default() }
    }

    fn push(&mut self, frame: &Frame) -> Option<PushOutcome<Frame>> {
        let outcome = self.mailbox.push(frame, |shed, reason| panic!("{shed:?} is removed: {reason}"));
        if let Some(PushOutcome::Parked { .. }) = outcome {
            self.parked.push_back(frame.clone());
        }
        self.take();
        outcome
    }

    fn flush(&mut self) -> Option<Frame> {
        let flushed = self.mailbox.flushed();
        self.taken -= usize::from(flushed.is_some());
        self.take();
        flushed
    }

    /// Takes frames if none is in flight. Parked ones come back first where no slot is taken.
    fn take(&mut self) {
        if self.taken > 0 {
            return;
        }
        while !self.mailbox.has_untaken()
            && let Some(frame) = self.parked.pop_front_if(|frame| self.mailbox.has_room_for(frame))
        {
            self.mailbox.unpark(frame);
            while let Some(frame) = self.parked.pop_front_if(|frame| self.mailbox.has_room_for(frame)) {
                self.mailbox.unpark(frame);
            }
        }
        while self.taken < self.at_a_time && self.mailbox.take().is_some() {
            self.taken += 1;
        }
    }
}

proptest! {
    #[test]
    fn the_same_frames_fit_however_many_are_taken_at_a_time(
        frames in 1usize..12,
        bytes in prop::option::of(1usize..200),
        age_ms in prop::option::of(1u64..100),
        overflow in prop::sample::select(vec![Overflow::DropNewest, Overflow::Disconnect, Overflow::Park]),
        at_a_time in 2usize..20,
        steps in prop::collection::vec(step(), 0..300),
    ) {
        let capacity = Capacity::new(frames).expect("1 to 1,048,576 frames");
        let bytes = bytes.and_then(NonZeroUsize::new);
        let limits = Limits { capacity, bytes, age: age_ms.map(Duration::from_millis) };
        let [mut one, mut several] = [1, at_a_time].map(|at_a_time| Transport::new(limits, overflow, at_a_time));
        let mut now_ms = 0;
        for step in steps {
            match step {
                Step::Push { bytes, pause_ms } => {
                    now_ms += pause_ms;
                    let frame = Frame { bytes, at_ms: now_ms };
                    prop_assert_eq!(one.push(&frame), several.push(&frame));
                }
                Step::Flush => prop_assert_eq!(one.flush(), several.flush()),
            }
            prop_assert_eq!(one.mailbox.counts(), several.mailbox.counts());
        }
    }
}

#[test]
fn a_reader_that_never_flushes_can_take_one_frame_more_than_there_are_slots() {
    let limits = Limits::frames(Capacity::new(4).expect("1 to 1,048,576 frames"));
    let mut mailbox = Mailbox::new(limits, Overflow::DropNewest);
    let frame = Frame { bytes: 1, at_ms: 0 };
    let taken = (0..100).filter(|_| mailbox.push(&frame, |_, _| {}).is_some() && mailbox.take().is_some()).count();
    assert_eq!(taken, 5);
    let counts = mailbox.counts();
    assert_eq!([counts.waiting, counts.in_flight, counts.dropped.buffer_full], [4, 1, 95]);
    // A policy that removes waiting frames finds none, and refuses.
    let mut mailbox = Mailbox::new(limits, Overflow::DropOldest);
    let taken = (0..100).filter(|_| mailbox.push(&frame, |_, _| {}).is_some() && mailbox.take().is_some()).count();
    assert_eq!((taken, mailbox.counts().dropped.buffer_full), (5, 95));
}
