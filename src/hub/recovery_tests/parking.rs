//! Subscribers that are parked, and what the history keeps for them.

use super::*;

/// A history of one event turns over while a reader is between two looks at it; there are more readers than cores, so
/// that some are kept from running just there.
#[test]
fn while_others_publish_every_parked_event_is_read_or_told_to_be_missing_and_no_reader_spins() {
    const EVENTS: u64 = 100_000;
    const READERS: usize = 8;
    let hub = hub(1, Overflow::Park, 1);
    let subscriptions: Vec<_> = (0..READERS).map(|_| hub.subscribe(&patterns("t")).open_for_client()).collect();
    std::thread::scope(|scope| {
        for subscription in &subscriptions {
            scope.spawn(|| {
                let mut settled = 0;
                let mut last = 0;
                while last < EVENTS {
                    let Poll::Ready(taken) = subscription.poll_take(&mut Context::from_waker(Waker::noop())) else {
                        std::thread::yield_now();
                        continue;
                    };
                    let Taken { event, gap } = taken.expect("it is open");
                    subscription.flushed(None);
                    settled += 1 + gap.and_then(|gap| gap.count).unwrap_or(0);
                    last = event.id().sequence;
                }
                assert_eq!(settled, EVENTS);
                assert!(subscription.counts().is_conserved());
                assert_eq!(subscription.counts().waiting, 0);
            });
        }
        publish(&hub, "t", usize::try_from(EVENTS).unwrap());
    });
}

#[test]
fn whoever_is_parked_loses_nothing_while_the_history_covers_it() {
    let hub = hub(2, Overflow::Park, 100);
    let subscription = hub.subscribe(&patterns("t")).open_for_client();
    publish(&hub, "t", 50);
    let counts = subscription.counts();
    assert_eq!(counts.waiting, 50);
    assert_eq!(counts.dropped.total(), 0);
    assert_eq!(counts.high_water, 2);
    assert_eq!(drain(&subscription), (1..=50).map(E).collect::<Vec<_>>());
    publish(&hub, "t", 2);
    assert_eq!(drain(&subscription), [E(51), E(52)]);
    assert_eq!(subscription.take_forgotten(), None);
}

#[test]
fn what_the_history_did_not_keep_for_the_parked_is_counted_told_and_named_by_the_limit() {
    let hub = hub(2, Overflow::Park, 5);
    let subscription = hub.subscribe(&patterns("t")).open_for_client();
    publish(&hub, "t", 20);
    let expected = [E(1), E(2), Hole(3, 15, Some(13)), E(16), E(17), E(18), E(19), E(20)];
    assert_eq!(drain(&subscription), expected);
    assert_eq!(subscription.take_forgotten(), Some(Forgotten { count: 13, reason: LossReason::BufferFull }));
    let counts = subscription.counts();
    assert!(counts.is_conserved() && counts.dropped.buffer_full == 13 && counts.waiting == 0, "{counts:?}");
}

#[test]
fn without_a_history_all_that_was_parked_is_told_at_the_end() {
    let hub = hub(1, Overflow::Park, 0);
    let subscription = hub.subscribe(&patterns("t")).open_for_client();
    publish(&hub, "t", 4);
    assert_eq!(drain(&subscription), [E(1)]);
    assert_eq!(subscription.take_last_gap().map(hole), Some(Hole(2, 4, Some(3))));
}

/// Two frames that were taken hold what there is: one is beyond the mailbox, one in its only slot.
#[test]
fn whoever_takes_without_flushing_waits_for_a_slot_and_is_woken_by_the_flush() {
    let hub = hub(1, Overflow::Park, 100);
    let subscription = hub.subscribe(&patterns("t")).open_for_client();
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(woken.clone());
    let take = || match subscription.poll_take(&mut Context::from_waker(&waker)) {
        Poll::Ready(taken) => Some(taken.expect("it is open").event.id().sequence),
        Poll::Pending => None,
    };
    for sequence in [1, 2] {
        publish(&hub, "t", 1);
        assert_eq!(take(), Some(sequence));
    }
    publish(&hub, "t", 1);
    assert_eq!(take(), None, "event 3 is parked, and no slot is free");
    assert!(subscription.flushed(None) && woken.times() == 1);
    assert_eq!(take(), Some(3));
}
