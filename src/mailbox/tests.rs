use super::*;

/// A frame without size, age and key.
impl QueueItem for u32 {}

fn mailbox(frames: usize, overflow: Overflow) -> Mailbox<u32> {
    Mailbox::new(Limits::frames(Capacity::new(frames).unwrap()), overflow)
}

/// What became of a push that sheds nothing.
fn push<T: QueueItem + std::fmt::Debug>(mailbox: &mut Mailbox<T>, frame: T) -> Option<PushOutcome<T>> {
    mailbox.push(&frame, |lost, reason| panic!("{lost:?} is shed for {reason:?}"))
}

const FULL: LossReason = LossReason::BufferFull;

#[test]
fn a_full_mailbox_refuses_the_newest() {
    let mut mailbox = mailbox(2, Overflow::DropNewest);
    assert_eq!(push(&mut mailbox, 1), Some(PushOutcome::Queued { waiting: 1 }));
    assert_eq!(push(&mut mailbox, 2), Some(PushOutcome::Queued { waiting: 2 }));
    assert_eq!(push(&mut mailbox, 3), Some(PushOutcome::Refused { reason: FULL }));
    assert_eq!(mailbox.counts().dropped.buffer_full, 1);
    assert_eq!(mailbox.take(), Some(&1));
    assert_eq!(mailbox.flushed(), Some(1));
}

#[test]
fn drop_oldest_spares_the_frame_in_flight() {
    let mut mailbox = mailbox(2, Overflow::DropOldest);
    push(&mut mailbox, 1);
    assert_eq!(mailbox.take(), Some(&1));
    push(&mut mailbox, 2);
    push(&mut mailbox, 3);
    assert_eq!(push(&mut mailbox, 4), Some(PushOutcome::Displaced { lost: 2, reason: FULL }));
    assert_eq!(mailbox.flushed(), Some(1));
    assert_eq!(mailbox.take().copied(), Some(3));
    assert_eq!(mailbox.counts().high_water, 2);
}

#[test]
fn a_disconnecting_mailbox_evicts_what_it_holds_and_is_offered_nothing_more() {
    let mut mailbox = mailbox(2, Overflow::Disconnect);
    push(&mut mailbox, 1);
    mailbox.take();
    push(&mut mailbox, 2);
    push(&mut mailbox, 3);
    assert_eq!(push(&mut mailbox, 4), Some(PushOutcome::Disconnected { reason: FULL }));
    assert_eq!(push(&mut mailbox, 5), None, "a closed mailbox is offered nothing");
    let counts = mailbox.counts();
    assert_eq!(counts.dropped, LossCounts { buffer_full: 1, evicted: 3, ..LossCounts::default() });
    assert_eq!(counts.offered, 4);
    assert_eq!(mailbox.closed(), Some(CloseReason::Evicted));
    assert_eq!(mailbox.take(), None);
    assert_eq!(mailbox.flushed(), None, "an evicted frame is never delivered");
}

#[test]
fn what_a_leaving_client_had_not_got_counts_as_client_gone_and_only_once() {
    let mut mailbox = mailbox(4, Overflow::DropNewest);
    push(&mut mailbox, 1);
    push(&mut mailbox, 2);
    mailbox.take();
    mailbox.close(CloseReason::ClientGone);
    mailbox.close(CloseReason::Evicted);
    assert_eq!(mailbox.counts().dropped, LossCounts { client_gone: 2, ..LossCounts::default() });
}

#[test]
fn a_capacity_is_at_least_one_and_at_most_the_limit() {
    assert!(Capacity::new(0).is_none() && Capacity::new(MAX_CAPACITY + 1).is_none());
    assert!(Capacity::new(1).is_some() && Capacity::new(MAX_CAPACITY).is_some());
}

#[test]
fn slots_never_take_more_memory_than_the_capacity_and_what_is_in_flight() {
    for frames in [1, 3, 4, 5, 64, 100] {
        let mut mailbox = mailbox(frames, Overflow::DropNewest);
        push(&mut mailbox, 0);
        mailbox.take();
        let refused =
            (0..500).filter(|&frame| push(&mut mailbox, frame).is_some_and(|outcome| outcome.is_loss())).count();
        assert_eq!(refused, 500 - frames);
        assert!(mailbox.queue.frames.capacity() <= frames + 1, "{} for {frames}", mailbox.queue.frames.capacity());
    }
}

#[test]
fn slots_are_taken_in_ever_larger_steps_and_never_where_there_is_room() {
    let mut mailbox = Mailbox::new(Limits::frames(Capacity::UNBOUNDED), Overflow::DropNewest);
    let mut steps = 0;
    for frame in 0..10_000 {
        let slots = mailbox.queue.frames.capacity();
        push(&mut mailbox, frame);
        let has_grown = mailbox.queue.frames.capacity() > slots;
        assert!(!has_grown || mailbox.waiting() == slots + 1, "{slots} slots were enough for frame {frame}");
        steps += u32::from(has_grown);
    }
    assert!(steps <= 13, "{steps} steps");
}

#[test]
fn a_policy_has_one_name_wherever_it_is_read_or_written() {
    for (policy, name) in
        Overflow::ALL.into_iter().zip(["drop-newest", "drop-oldest", "conflate", "disconnect", "park"])
    {
        assert_eq!(policy.name(), name);
        assert_eq!(policy.to_string().as_str(), name);
        assert_eq!(name.parse(), Ok(policy));
    }
    let refused = "drop".parse::<Overflow>().unwrap_err().to_string();
    assert_eq!(
        refused,
        "\"drop\" is not an overflow policy: must be drop-newest, drop-oldest, conflate, disconnect or park"
    );
    let listed: Vec<_> = Overflow::ALL.map(Overflow::name).into();
    assert_eq!(Overflow::NAMES.replace(" or ", ", ").split(", ").collect::<Vec<_>>(), listed);
}

#[test]
fn accounts_add_up_and_the_higher_mark_stays() {
    let dropped = |n| {
        let buffer_full = n;
        let bytes = 7 * n;
        let age = 8 * n;
        let conflated = 9 * n;
        let out_of_reach = 10 * n;
        LossCounts { buffer_full, bytes, age, conflated, out_of_reach, client_gone: 2 * n, evicted: 3 * n }
    };
    let account = |n, high_water| {
        let waiting = 4 * n;
        let in_flight = 5 * n;
        Counts { offered: 55 * n, delivered: 6 * n, dropped: dropped(n), waiting, in_flight, high_water }
    };
    for (marks, high_water) in [([7, 9], 9), ([9, 7], 9)] {
        let mut sum = account(1, marks[0]);
        sum.add(&account(10, marks[1]));
        assert_eq!(sum, account(11, high_water));
    }
}

/// A frame with a size.
#[derive(Debug, Clone, PartialEq)]
struct Large(usize);

impl QueueItem for Large {
    fn bytes(&self) -> usize {
        self.0
    }
}

#[test]
fn what_was_parked_has_room_where_nothing_waits_and_else_within_frames_and_bytes() {
    let limits = Limits { bytes: std::num::NonZeroUsize::new(10), ..Limits::frames(Capacity::new(2).unwrap()) };
    let mut mailbox = Mailbox::new(limits, Overflow::Park);
    assert!(mailbox.has_room_for(&Large(100)), "it would never come otherwise");
    push(&mut mailbox, Large(4));
    assert_eq!([6, 7].map(|bytes| mailbox.has_room_for(&Large(bytes))), [true, false]);
    push(&mut mailbox, Large(4));
    assert!(!mailbox.has_room_for(&Large(0)), "two wait");
    mailbox.take();
    assert_eq!(
        [6, 7].map(|bytes| mailbox.has_room_for(&Large(bytes))),
        [true, false],
        "of what waits, not of what flies"
    );
}

/// A frame with a key.
#[derive(Debug, Clone, PartialEq)]
struct Keyed(u64);

impl QueueItem for Keyed {
    fn key(&self) -> Option<Key<'_>> {
        Some(Key { hash: self.0, scope: "", text: "" })
    }
}

#[test]
fn of_what_conflation_has_replaced_no_more_is_remembered_than_twice_what_waits_and_a_few() {
    let mut mailbox = Mailbox::new(Limits::frames(Capacity::new(8).unwrap()), Overflow::Conflate);
    for _ in 0..9 {
        push(&mut mailbox, Keyed(1));
    }
    let mut most = 0;
    for _ in 0..200 {
        mailbox.take();
        mailbox.flushed();
        push(&mut mailbox, Keyed(1));
        most = most.max(mailbox.keys.as_ref().unwrap().remembered().1);
    }
    assert_eq!(mailbox.waiting(), 8);
    assert_eq!(most, 2 * 7 + 16);
}

#[test]
fn keys_are_remembered_from_the_first_frame_that_does_not_fit_until_nothing_waits() {
    let mut mailbox = Mailbox::new(Limits::frames(Capacity::new(2).unwrap()), Overflow::Conflate);
    let mut has_keys = Vec::new();
    for key in [1, 1, 2] {
        push(&mut mailbox, Keyed(key));
        has_keys.push(mailbox.keys.is_some());
    }
    for _ in 0..2 {
        mailbox.take();
        has_keys.push(mailbox.keys.is_some());
    }
    assert_eq!(has_keys, [false, false, true, true, false]);
}

#[test]
fn a_frame_that_nothing_accounts_for_shows() {
    let counts = Counts { offered: 3, delivered: 1, waiting: 1, in_flight: 1, ..Counts::default() };
    assert!(counts.is_conserved());
    assert!(!Counts { offered: 4, ..counts }.is_conserved() && !Counts { waiting: 0, ..counts }.is_conserved());
}

#[test]
fn a_mailbox_knows_what_waits_and_why_it_is_closed() {
    let mut mailbox = mailbox(4, Overflow::DropNewest);
    push(&mut mailbox, 1);
    push(&mut mailbox, 2);
    push(&mut mailbox, 3);
    mailbox.take();
    assert_eq!(mailbox.waiting(), 2);
    assert_eq!(mailbox.counts().in_flight, 1);
    assert_eq!(mailbox.closed(), None);
    mailbox.close(CloseReason::ClientGone);
    assert_eq!(mailbox.waiting(), 0);
    assert_eq!(mailbox.counts().in_flight, 0);
    assert_eq!(mailbox.closed(), Some(CloseReason::ClientGone));
}
