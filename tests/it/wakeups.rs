//! No order of publishes, writes and timers strands a frame, or leaves a connection that should end.

use std::time::Duration;

use hubbub::Overflow;
use hubbub::server::MAX_FRAMES_PER_WRITE;
use proptest::prelude::*;

use crate::support::driven::{Driven, KEEPALIVE, WRITE_DEADLINE};

#[derive(Debug, Clone)]
enum Step {
    Publish(usize),
    Grant(usize),
    Wait(u64),
    Run,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => prop_oneof![8usize..40, 100usize..600, 8_000usize..9_000].prop_map(Step::Publish),
        3 => prop_oneof![1usize..50, 100usize..1_000, 8_000usize..20_000].prop_map(Step::Grant),
        2 => (0u64..150).prop_map(Step::Wait),
        3 => Just(Step::Run),
    ]
}

fn paused(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(test);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_order_every_accepted_frame_comes(
        capacity in prop_oneof![Just(1usize), Just(2), Just(64)],
        frames_per_write in prop_oneof![Just(1usize), 2usize..=MAX_FRAMES_PER_WRITE],
        steps in prop::collection::vec(step(), 1..60),
    ) {
        paused(async {
            let mut driven = Driven::start_with(capacity, Overflow::DropNewest, frames_per_write);
            for step in steps {
                match step {
                    Step::Publish(bytes) => driven.publish(bytes),
                    Step::Grant(bytes) => driven.grant(bytes),
                    Step::Wait(milliseconds) => tokio::time::advance(Duration::from_millis(milliseconds)).await,
                    Step::Run => assert!(driven.run().is_pending()),
                }
            }
            driven.finish().await;
        });
    }
}

/// A task that was woken in its own poll comes behind all that are ready: behind a fan-out these are all streams.
#[test]
fn a_publish_is_answered_in_one_poll_and_leaves_its_task_asleep() {
    paused(async {
        for path in ["/v1/ingest/t", "/v1/publish/ingest.t"] {
            let request = format!("POST {path} HTTP/1.1\r\nhost: hub\r\ncontent-length: 7\r\n\r\n{{\"n\":1}}");
            let mut driven = Driven::start_publisher(&request);
            driven.grant(1 << 20);
            assert!(!driven.run_once(), "it was woken in its own poll");
            assert!(driven.text().starts_with("HTTP/1.1 202 Accepted\r\n"), "{}", driven.text());
            assert_eq!(driven.hub.last_id().sequence, 1);
        }
    });
}

#[test]
fn a_comment_that_falls_due_behind_two_events_does_not_end_all_comments() {
    paused(async {
        let mut driven = Driven::start(64, Overflow::DropNewest);
        driven.grant(1 << 20);
        assert!(driven.run().is_pending());
        tokio::time::advance(KEEPALIVE).await;
        driven.publish(100);
        driven.publish(100);
        assert!(driven.run().is_pending());
        driven.finish().await;
    });
}

#[test]
fn a_subscriber_cut_off_behind_a_blocked_pipe_ends_its_connection() {
    paused(async {
        let mut driven = Driven::start(2, Overflow::Disconnect);
        driven.grant(1);
        for _ in 0..2 {
            driven.publish(100);
            assert!(driven.run().is_pending());
        }
        driven.publish(100);
        assert!(driven.run().is_ready(), "nothing woke it");
        let counts = driven.hub.counts();
        assert_eq!(counts.dropped.buffer_full, 1);
        assert_eq!(counts.dropped.evicted, 2);
        assert_eq!(counts.offered, 3);
    });
}

#[test]
fn a_subscriber_cut_off_in_the_midst_of_a_write_ends_its_connection() {
    paused(async {
        let mut driven = Driven::start(2, Overflow::Disconnect);
        driven.grant(1 << 20);
        driven.evict_in_the_next_write();
        driven.publish(100);
        assert!(driven.run().is_ready(), "its body has ended, and the connection waits for another request");
    });
}

#[test]
fn the_write_deadline_counts_from_the_last_byte_that_was_taken() {
    paused(async {
        let second = Duration::from_secs(1);
        let mut driven = Driven::start(2, Overflow::DropNewest);
        driven.publish(100);
        for _ in 0..3 {
            tokio::time::advance(WRITE_DEADLINE - second).await;
            assert!(driven.run().is_pending(), "it made progress a moment ago");
            driven.grant(1);
            assert!(driven.run().is_pending());
        }
        tokio::time::advance(WRITE_DEADLINE - second).await;
        assert!(driven.run().is_pending());
        tokio::time::advance(second).await;
        assert!(driven.run().is_ready(), "nothing woke it");
        assert_eq!(driven.hub.counts().dropped.evicted, 1);
        assert_eq!(driven.hub.subscribers(), 0);
    });
}
