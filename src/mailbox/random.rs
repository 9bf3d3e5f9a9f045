//! Any steps in any order: the account, the order, and what conflation and parking promise.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use proptest::prelude::*;

use super::*;

/// A frame of a size and an age, about something or about nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Frame {
    number: u64,
    bytes: usize,
    at_ms: u64,
    key: Option<&'static str>,
}

impl QueueItem for Frame {
    fn bytes(&self) -> usize {
        self.bytes
    }

    fn at(&self) -> Duration {
        Duration::from_millis(self.at_ms)
    }

    fn key(&self) -> Option<Key<'_>> {
        // Hashes that collide: it is the text that counts.
        self.key.map(|text| Key { hash: text.len() as u64, scope: "", text })
    }
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Push {
        bytes: usize,
        pause_ms: u64,
        key: Option<&'static str>,
    },
    Take,
    Flushed,
    Receive,
    /// `lost` of the parked frames are lost, and at most `most` come back.
    Return {
        lost: u64,
        most: usize,
    },
    Close(CloseReason),
}

fn step() -> impl Strategy<Value = Step> {
    let key = prop::option::weighted(0.9, prop::sample::select(vec!["a", "b", "c", "dd", "ee", "f"]));
    let push = (0usize..50, prop_oneof![3 => 0u64..5, 1 => 5u64..80], key);
    prop_oneof![
        24 => push.prop_map(|(bytes, pause_ms, key)| Step::Push { bytes, pause_ms, key }),
        8 => Just(Step::Take),
        8 => Just(Step::Flushed),
        4 => Just(Step::Receive),
        4 => (0u64..3, 0usize..9).prop_map(|(lost, most)| Step::Return { lost, most }),
        1 => prop::sample::select(vec![CloseReason::ClientGone, CloseReason::Evicted]).prop_map(Step::Close),
    ]
}

fn limits() -> impl Strategy<Value = Limits> {
    let bytes = prop::option::of(1usize..200).prop_map(|bytes| bytes.and_then(NonZeroUsize::new));
    let age = prop::option::of((1u64..100).prop_map(Duration::from_millis));
    let capacity = (1usize..12).prop_map(|frames| Capacity::new(frames).unwrap());
    (capacity, bytes, age).prop_map(|(capacity, bytes, age)| Limits { capacity, bytes, age })
}

/// The mailbox, and what is known of it from outside.
struct Run {
    mailbox: Mailbox<Frame>,
    limits: Limits,
    overflow: Overflow,
    next: u64,
    now_ms: u64,
    delivered: Vec<u64>,
    lost: BTreeMap<u64, LossReason>,
    parked: std::collections::VecDeque<Frame>,
    frames: Vec<Frame>,
}

impl Run {
    fn new(limits: Limits, overflow: Overflow) -> Self {
        let mailbox = Mailbox::new(limits, overflow);
        let (delivered, lost, parked, frames) = Default::default();
        Self { mailbox, limits, overflow, next: 0, now_ms: 0, delivered, lost, parked, frames }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Push { bytes, pause_ms, key } => {
                self.now_ms += pause_ms;
                let frame = Frame { number: self.next, bytes, at_ms: self.now_ms, key };
                self.next += 1;
                self.frames.push(frame.clone());
                let lost = &mut self.lost;
                let mut lose = |frame: &Frame, reason| {
                    assert!(lost.insert(frame.number, reason).is_none(), "lost once");
                };
                match self.mailbox.push(&frame, |shed, reason| lose(&shed, reason)) {
                    Some(PushOutcome::Displaced { lost: displaced, reason }) => lose(&displaced, reason),
                    Some(PushOutcome::Refused { reason } | PushOutcome::Disconnected { reason }) => {
                        lose(&frame, reason)
                    }
                    Some(PushOutcome::Parked { .. }) => self.parked.push_back(frame),
                    Some(PushOutcome::Queued { .. }) | None => {}
                    Some(shed @ PushOutcome::Shed { .. }) => panic!("{shed:?} is not the outcome of the frame itself"),
                }
            }
            Step::Take => drop(self.mailbox.take()),
            Step::Flushed => self.delivered.extend(self.mailbox.flushed().map(|frame| frame.number)),
            // Only a reader that has nothing in flight receives.
            Step::Receive if self.mailbox.queue.in_flight > 0 => {}
            Step::Receive => {
                let oldest = self.mailbox.oldest().map(|frame| frame.number);
                assert_eq!(self.mailbox.receive().map(|frame| frame.number), oldest);
                self.delivered.extend(oldest);
            }
            Step::Return { lost, most } => {
                let lost = lost.min(self.mailbox.parked());
                self.mailbox.lose_parked(lost);
                self.parked.drain(..usize::try_from(lost).unwrap());
                for _ in 0..most {
                    let Some(frame) = self.parked.pop_front_if(|frame| self.mailbox.has_room_for(frame)) else { break };
                    self.mailbox.unpark(frame);
                }
            }
            Step::Close(why) => {
                self.mailbox.close(why);
                self.parked.clear();
            }
        }
    }

    fn check(&self) {
        let mailbox = &self.mailbox;
        let counts = self.mailbox.counts();
        assert!(counts.is_conserved(), "{counts:?}");
        assert_eq!(counts.delivered, self.delivered.len() as u64);
        let of = |reason: LossReason| self.lost.values().filter(|lost| **lost == reason).count() as u64;
        assert_eq!(counts.dropped.conflated, of(LossReason::Conflated));
        // Of those in flight only the first holds no slot.
        let beyond = mailbox.queue.in_flight.min(1);
        let waiting: Vec<_> = mailbox.queue.frames.iter().skip(beyond).flatten().collect();
        let untaken: Vec<_> = mailbox.queue.frames.iter().skip(mailbox.queue.in_flight).flatten().collect();
        assert_eq!(counts.in_flight, beyond as u64);
        assert_eq!(waiting.len(), mailbox.waiting());
        assert!(waiting.len() <= self.limits.capacity.frames());
        assert!(counts.high_water <= self.limits.capacity.frames() as u64);
        let bytes: usize = waiting.iter().map(|frame| frame.bytes).sum();
        assert_eq!(bytes, mailbox.bytes);
        assert!(waiting.len() <= 1 || self.limits.bytes.is_none_or(|most| bytes <= most.get()), "{bytes}");
        assert!(waiting.is_sorted_by_key(|frame| frame.number) && self.delivered.is_sorted_by(|a, b| a < b));
        let slots = mailbox.queue.frames.len() - beyond;
        let vacant = if self.overflow == Overflow::Conflate { waiting.len() / 2 + VACANT_SLACK } else { 0 };
        assert!(slots <= waiting.len() + vacant, "{slots} for {}", waiting.len());
        if let Some(keys) = &mailbox.keys {
            let distinct: BTreeSet<_> = untaken.iter().filter_map(|frame| frame.key).collect();
            assert_eq!(
                keys.remembered().0,
                distinct.len(),
                "one for each key that can still be removed, and nothing of what has left"
            );
        }
        if mailbox.closed().is_none() && self.overflow == Overflow::Conflate {
            self.no_last_event_is_lost();
        }
    }

    /// The last offered event of every key is delivered, in flight, waiting or parked.
    fn no_last_event_is_lost(&self) {
        let mut seen = BTreeSet::new();
        for frame in self.frames.iter().rev() {
            let is_last = frame.key.is_none_or(|key| seen.insert(key));
            let lost = self.lost.get(&frame.number);
            assert!(!is_last || lost.is_none(), "{frame:?} is lost to {lost:?}");
        }
    }
}

proptest! {
    #[test]
    fn no_frame_is_ever_unaccounted_for_order_is_kept_and_limits_hold(
        limits in limits(),
        overflow in prop::sample::select(Overflow::ALL.to_vec()),
        steps in prop::collection::vec(step(), 0..300),
    ) {
        let mut run = Run::new(limits, overflow);
        for step in steps {
            run.step(step);
            run.check();
        }
    }
}

proptest! {
    #[test]
    fn to_receive_a_frame_is_to_take_it_and_to_have_it_flushed(
        limits in limits(),
        overflow in prop::sample::select(Overflow::ALL.to_vec()),
        steps in prop::collection::vec(step(), 0..300),
    ) {
        let [mut one, mut other] = [(); 2].map(|()| Run::new(limits, overflow));
        let steps = steps.into_iter().filter(|step| !matches!(step, Step::Take | Step::Flushed));
        for step in steps {
            one.step(step);
            match step {
                Step::Receive => [Step::Take, Step::Flushed].into_iter().for_each(|step| other.step(step)),
                step => other.step(step),
            }
            prop_assert_eq!(one.mailbox.counts(), other.mailbox.counts());
        }
        prop_assert_eq!((one.delivered, one.lost), (other.delivered, other.lost));
    }
}

/// A value that nothing replaces stands in front, so that the places of old ones open behind it.
#[test]
fn places_of_old_values_are_given_up_from_time_to_time_and_what_waits_is_as_before() {
    const KEYS: [&str; 7] = ["b", "c", "dd", "ee", "f", "ggg", "h"];
    let limits = Limits::frames(Capacity::new(40).unwrap());
    let mut run = Run::new(limits, Overflow::Conflate);
    let push = |run: &mut Run, key| run.step(Step::Push { bytes: 3, pause_ms: 1, key: Some(key) });
    push(&mut run, "a");
    let mut expected = std::collections::VecDeque::from([0]);
    let mut most_slots = 0;
    let mut given_up = 0;
    for number in 1..=400_u64 {
        let slots = run.mailbox.queue.frames.len();
        push(&mut run, KEYS[number as usize % KEYS.len()]);
        run.check();
        expected.push_back(number);
        if expected.len() > 40 {
            // The keys come round, so the oldest but the first is the next to have been replaced.
            let old = expected.remove(1).unwrap();
            assert_eq!(run.lost.get(&old), Some(&LossReason::Conflated));
        }
        let queue = &run.mailbox.queue;
        assert_eq!(
            queue.frames.iter().flatten().map(|frame| frame.number).collect::<std::collections::VecDeque<_>>(),
            expected
        );
        let superseded = run.mailbox.keys.as_ref().map_or(0, |keys| keys.remembered().1);
        assert!(superseded <= 2 * queue.frames.len() + 16, "{superseded} for {}", queue.frames.len());
        most_slots = most_slots.max(queue.frames.len());
        given_up += usize::from(queue.frames.len() < slots);
    }
    // 40 wait, 20 and 8 and the one of the last push may be vacant; room is made for the worst that there can be.
    assert_eq!(most_slots, 69);
    assert_eq!(run.mailbox.queue.frames.capacity(), 40 + 20 + VACANT_SLACK);
    assert!(given_up >= 10, "{given_up}");
    for _ in 0..40 {
        run.step(Step::Take);
        run.step(Step::Flushed);
    }
    run.check();
    assert_eq!(run.delivered, Vec::from(expected));
}

#[test]
fn with_more_keys_than_room_a_conflating_mailbox_cuts_off() {
    let mut mailbox = Mailbox::new(Limits::frames(Capacity::new(2).unwrap()), Overflow::Conflate);
    let mut push = |number, key| {
        let frame = Frame { number, bytes: 1, at_ms: 0, key: Some(key) };
        let outcome = mailbox.push(&frame, |shed, _| panic!("{shed:?} is shed"))?;
        Some(outcome.map(|lost| lost.number))
    };
    assert_eq!(push(1, "a"), Some(PushOutcome::Queued { waiting: 1 }));
    assert_eq!(push(2, "a"), Some(PushOutcome::Queued { waiting: 2 }), "while there is room everything is kept");
    assert_eq!(push(3, "b"), Some(PushOutcome::Displaced { lost: 1, reason: LossReason::Conflated }));
    assert_eq!(push(4, "b"), Some(PushOutcome::Displaced { lost: 3, reason: LossReason::Conflated }));
    assert_eq!(push(5, "c"), Some(PushOutcome::Disconnected { reason: LossReason::BufferFull }));
}

#[test]
fn each_limit_binds_first_where_it_is_the_tightest_and_is_named() {
    let limits = |frames, bytes, age_ms| Limits {
        capacity: Capacity::new(frames).unwrap(),
        bytes: NonZeroUsize::new(bytes),
        age: Some(Duration::from_millis(age_ms)),
    };
    for (limits, reason, lost) in [
        (limits(2, 1000, 1000), LossReason::BufferFull, vec![0]),
        (limits(9, 25, 1000), LossReason::Bytes, vec![0]),
        (limits(9, 1000, 15), LossReason::Age, vec![0]),
        (limits(3, 30, 20), LossReason::Bytes, vec![]),
        (limits(9, 15, 1000), LossReason::Bytes, vec![0, 1]),
        (limits(9, 1000, 5), LossReason::Age, vec![0, 1]),
    ] {
        let mut mailbox = Mailbox::new(limits, Overflow::DropOldest);
        let mut all = Vec::new();
        for number in 0..3 {
            let frame = Frame { number, bytes: 10, at_ms: 10 * number, key: None };
            let outcome = mailbox.push(&frame, |shed, reason| all.push((shed.number, reason)));
            if let Some(PushOutcome::Displaced { lost, reason }) = outcome {
                all.push((lost.number, reason));
            }
        }
        assert_eq!(all, lost.into_iter().map(|number| (number, reason)).collect::<Vec<_>>(), "{limits:?}");
    }
    let mut mailbox = Mailbox::new(limits(9, 5, 1000), Overflow::DropNewest);
    let frame = |number| Frame { number, bytes: 10, at_ms: 0, key: None };
    let alone = mailbox.push(&frame(0), |_, _| {});
    assert_eq!(alone, Some(PushOutcome::Queued { waiting: 1 }), "alone, a frame may be larger than the limit");
    assert_eq!(mailbox.push(&frame(1), |_, _| {}), Some(PushOutcome::Refused { reason: LossReason::Bytes }));
}
