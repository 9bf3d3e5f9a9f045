//! A server whose clock differs from the broker's, and a client whose cursor is of a time to come.

use std::path::PathBuf;
use std::process::Command;

use super::node::Node;
use crate::support::nats::Broker;
use crate::support::soon;

/// A library that shifts the date of the process which loads it, and leaves all other clocks alone.
const SHIFT: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec *now) {
    int (*of_the_system)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = of_the_system(id, now);
    if (!failed && id == CLOCK_REALTIME) now->tv_sec += SHIFT;
    return failed;
}
"#;

/// The library for so many seconds. The compiler is the one that links Rust's programs.
fn shifted_by(seconds: i64) -> String {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (source, library) = (folder.join(format!("shift{seconds}.c")), folder.join(format!("shift{seconds}.so")));
    std::fs::write(&source, SHIFT).unwrap();
    let options = ["-shared", "-fPIC", &format!("-DSHIFT=({seconds})")];
    let built = Command::new("cc").args(options).arg(&source).arg("-o").arg(&library).arg("-ldl").status();
    assert!(built.expect("a C compiler").success());
    library.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_server_whose_clock_is_behind_that_of_the_broker_is_told_of_a_stream_from_the_future() {
    let Some(broker) = Broker::start("clock-behind").await else { return };
    let right = Node::start(&broker).await;
    right.publish(0).await;
    let mut behind = Node::start_with(&broker, &[("LD_PRELOAD", &shifted_by(-7200))]).await;
    let line = soon("a line", behind.says("from the future")).await;
    assert!(line.contains(" WARN stream \"hubbub\" is from the future: it was created at "), "{line}");
    assert!(line.contains(" GMT, and here it is ") && line.contains("tokens expire too early or too late"), "{line}");
    // The next event says that it is the clock of now.
    let mut client = behind.watch(None).await.begun().await;
    right.publish(1).await;
    let line = soon("a line", behind.says("the broker's clock is ")).await;
    assert!(
        line.contains(" s ahead of this server's: the newest message of stream \"hubbub\" was stored at "),
        "{line}"
    );
    let differs = behind.sample("hubbub_log_clock_difference_seconds").await;
    assert!((7190.0..=7200.0).contains(&differs), "{differs}");
    assert_eq!(right.sample("hubbub_log_clock_difference_seconds").await, 0.0);
    // No delivery depends on it, and no id.
    behind.publish(2).await;
    let numbers: Vec<_> = client.events(2).await.into_iter().map(|(_, number)| number).collect();
    assert_eq!(numbers, [1, 2]);
}

#[tokio::test]
async fn a_server_whose_clock_is_ahead_of_that_of_the_broker_is_told_once_an_event_comes() {
    let Some(broker) = Broker::start("clock-ahead").await else { return };
    let mut ahead = Node::start_with(&broker, &[("LD_PRELOAD", &shifted_by(7200))]).await;
    ahead.until_ready_is(200).await;
    ahead.publish(0).await;
    let line = soon("a line", ahead.says("the broker's clock is ")).await;
    assert!(line.contains(" s behind this server's: the newest message of stream \"hubbub\" was stored at "), "{line}");
    let differs = ahead.sample("hubbub_log_clock_difference_seconds").await;
    assert!((-7200.0..=-7190.0).contains(&differs), "{differs}");
}

#[tokio::test]
async fn a_cursor_of_a_stream_that_is_created_in_a_time_to_come_is_of_another_life() {
    let Some(broker) = Broker::start("later-epoch").await else { return };
    let node = Node::start(&broker).await;
    let ids = node.publish_all(0..3).await;
    let (epoch, _) = ids[2].split_once('-').unwrap();
    let later = format!("{}-2", epoch.parse::<u64>().unwrap() + 31_536_000_000);
    let mut client = node.watch(Some(&later)).await;
    assert_eq!(client.gap().await["reason"], "restarted");
}
