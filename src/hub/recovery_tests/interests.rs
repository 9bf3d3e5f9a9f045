//! Patterns that change while a subscriber is there.

use super::*;

#[test]
fn what_is_wanted_changes_while_it_is_there_and_what_was_parked_still_comes() {
    let hub = hub(1, Overflow::Park, 100);
    let subscription =
        hub.subscribe(&patterns("a")).capacity(Capacity::new(2).unwrap()).label("pages").open_raw().unwrap();
    let a = &patterns("a")[0];
    let b = &patterns("b")[0];
    publish(&hub, "a", 4);
    publish(&hub, "b", 1);
    assert!(subscription.want(b) && !subscription.want(b));
    publish(&hub, "b", 1);
    assert!(subscription.give_up(a) && !subscription.give_up(a));
    publish(&hub, "a", 1);
    publish(&hub, "b", 1);
    assert_eq!(subscription.patterns_kept(), 2);
    assert_eq!(subscription.counts().offered, 6);
    assert_eq!(drain(&subscription), [E(1), E(2), E(3), E(4), E(6), E(8)]);
    assert!(subscription.want(a));
    assert_eq!(subscription.patterns_kept(), 2, "nothing of what was given up is to come any more");
    publish(&hub, "a", 1);
    publish(&hub, "b", 1);
    assert_eq!(drain(&subscription), [E(9), E(10)]);
    assert_eq!(subscription.counts().high_water, 2, "a mailbox of the size that was asked for");
    assert_eq!(hub.subscribers_of("pages"), 1);
    assert_eq!(hub.subscribers_of(UNLABELLED), 0);
    assert!(hub.counts_of("pages").delivered == 8 && hub.counts_of(UNLABELLED).offered == 0);
    subscription.leave();
    assert!(!subscription.want(a) && !subscription.give_up(b));
    assert_eq!(hub.counts_of("pages").delivered, 8);
    publish(&hub, "a", 1);
    assert!(hub.counts().is_conserved());
}

#[test]
fn whoever_is_behind_and_changes_its_mind_over_and_over_keeps_nothing_of_it() {
    let hub = hub(1, Overflow::DropNewest, 100);
    publish(&hub, "a", 10);
    let subscription = hub.subscribe(&patterns("a")).after(after(0)).open_raw().unwrap();
    let b = &patterns("b")[0];
    for _ in 0..1000 {
        assert!(subscription.want(b) && subscription.wants(b) && subscription.give_up(b));
        assert!(subscription.patterns_kept() == 1, "no event came meanwhile");
    }
    for changes in 1..5 {
        subscription.want(b);
        publish(&hub, "b", 1);
        subscription.give_up(b);
        assert_eq!(subscription.patterns_kept(), 1 + changes, "each is still to come");
    }
    assert_eq!(drain(&subscription), (1..=14).map(E).collect::<Vec<_>>());
    assert_eq!(subscription.patterns_kept(), 1);
}
