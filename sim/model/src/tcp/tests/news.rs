//! A world that looks at a connection only when there may be news sees what one sees that looks at every event.

use super::super::units::{MILLISECOND, SECOND};
use super::super::*;
use super::{Case, cases, established};
use proptest::prelude::*;

/// What the world of a server sees of a connection: when that changed, bytes at the client, its end, room, a failure.
type Seen = (u64, u64, bool, bool, Option<Failure>);

/// How a world finds the time at which it looks next.
type NextLook = fn(&Connection) -> Option<u64>;

/// Looks up to a time, and notes what has changed.
fn look_until(connection: &mut Connection, until: u64, next_look: NextLook, seen: &mut Vec<Seen>) {
    while let Some(at) = next_look(connection).filter(|at| *at <= until) {
        connection.advance(at);
        let has_room = connection.take_wake(End::Server);
        let (received, has_ended) = (connection.received(End::Client), connection.has_ended(End::Client));
        let now = (at, received, has_ended, has_room, connection.failure(End::Server));
        let before = seen.last().map_or((0, false, None), |last| (last.1, last.2, last.4));
        let is_new = before != (now.1, now.2, now.4);
        if has_room || is_new {
            seen.push(now);
        }
    }
}

/// Runs a case to its end. In the middle the client may die, so that the server gives up after a while.
fn run(case: &Case, dies_after: Option<usize>, next_look: NextLook) -> (Connection, Vec<Seen>, Vec<u64>) {
    let settings = Settings { user_timeout: Some(5 * SECOND), ..case.settings };
    let mut connection = established(case.down.clone(), case.up.clone(), &settings);
    let mut seen = Vec::new();
    let mut at = connection.now();
    for (nth, (gap, bytes)) in case.writes.iter().enumerate() {
        at += gap;
        look_until(&mut connection, at, next_look, &mut seen);
        connection.write(End::Server, *bytes, Piece::Own, at);
        if dies_after == Some(nth) {
            connection.vanish(End::Client, at);
        }
        connection.read(End::Client, u64::MAX, at);
    }
    for _ in 0..600 {
        at += 50 * MILLISECOND;
        look_until(&mut connection, at, next_look, &mut seen);
        connection.read(End::Client, u64::MAX, at);
    }
    connection.close(End::Server, at);
    look_until(&mut connection, at + 100 * SECOND, next_look, &mut seen);
    connection.advance(at + 100 * SECOND);
    let sent_again = connection.take_sent_again(End::Server);
    (connection, seen, sent_again)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_missed_by_looking_only_when_there_may_be_news(
        case in cases(),
        dies_after in proptest::option::of(0..60_usize),
    ) {
        let (every, seen_at_every, sent_again) = run(&case, dies_after, Connection::next_event);
        let (lazy, seen_at_news, sent_again_lazily) = run(&case, dies_after, Connection::next_news);
        prop_assert_eq!(seen_at_every, seen_at_news);
        prop_assert_eq!(sent_again, sent_again_lazily);
        prop_assert_eq!(every.counts(End::Server), lazy.counts(End::Server));
        for (every, lazy) in [(&every.path().down, &lazy.path().down), (&every.path().up, &lazy.path().up)] {
            prop_assert_eq!(every.counts(), lazy.counts());
        }
    }
}
