//! Over a WebSocket an event is lost if and only if it is lost over server-sent events, where both clients take as many
//! frames at the same times.

use hubbub::{Capacity, Overflow, ServerSettings};
use proptest::prelude::*;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::support::driven::{Driven, Over};
use crate::support::{Served, Setup, soon};
use crate::websocket::{Socket, next, open};

#[derive(Debug, Clone)]
enum Step {
    /// So many events of so many bytes are published.
    Publish(usize, usize),
    /// The socket takes so many frames more.
    Take(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let publish = (1usize..6, 8usize..250);
    let step =
        prop_oneof![publish.prop_map(|(times, bytes)| Step::Publish(times, bytes)), (0usize..5).prop_map(Step::Take)];
    prop::collection::vec(step, 1..40)
}

/// The fate of every event, step by step: delivered so far, waiting, in flight, lost ids.
fn fates(over: Over, capacity: usize, overflow: Overflow, frames_per_write: usize, steps: &[Step]) -> Vec<String> {
    let mut driven = Driven::start_over(over, capacity, overflow, frames_per_write);
    driven.take_head();
    let mut fates = Vec::new();
    for step in steps {
        match *step {
            Step::Publish(times, bytes) => (0..times).for_each(|_| driven.publish(bytes)),
            Step::Take(frames) => driven.take_frames(frames),
        }
        let is_over = driven.run().is_ready();
        let counts = driven.hub.counts();
        assert!(counts.is_conserved());
        fates.push(format!("{is_over} {counts:?} {:?}", driven.lost()));
        if is_over {
            break;
        }
    }
    fates
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn both_lose_the_same_ids_at_the_same_steps(
        steps in steps(),
        capacity in 1usize..9,
        overflow in prop::sample::select(vec![Overflow::DropNewest, Overflow::DropOldest, Overflow::Disconnect]),
        frames_per_write in 1usize..4,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let _context = runtime.enter();
        let [sse, websocket] =
            [Over::Sse, Over::WebSocket].map(|over| fates(over, capacity, overflow, frames_per_write, &steps));
        prop_assert_eq!(sse, websocket);
    }
}

/// More than a socket with the least buffers takes: the first frame of every burst is half in it, whatever the kernel
/// does, and what becomes of the others is the mailbox's alone.
const BYTES: usize = 300_000;
/// How many events are published at once, each time after the client has read all that there was.
const BURSTS: [usize; 7] = [3, 9, 1, 12, 5, 20, 1];

/// On real sockets: the ids and gaps that a client reads, in order, and how many events were lost.
async fn read_in_bursts(over: Over, capacity: usize, overflow: Overflow) -> (Vec<Value>, u64) {
    let ws_channel_buffer = Capacity::new(capacity).unwrap();
    let settings = ServerSettings { ws_channel_buffer, ..ServerSettings::default() };
    let mut served = Served::start(Setup { capacity, overflow, history: 100, settings, ..Setup::default() });
    let (tell, mut told) = mpsc::channel(100);
    match over {
        Over::Sse => {
            let stream = served.watch().await;
            tokio::spawn(async move { read_sse(stream, &tell).await });
        }
        Over::WebSocket => {
            let socket = open(&served, "?table=t").await;
            served.subscribed().await;
            tokio::spawn(async move { read_websocket(socket, &tell).await });
        }
    }
    for burst in BURSTS {
        served.publish_at_once(burst, BYTES).await;
        soon("a client that has read everything", served.drained()).await;
    }
    let lost = served.hub.counts().dropped.total();
    let last = served.hub.counts().offered;
    let mut seen = Vec::new();
    while seen.last() != Some(&Value::from(format!("7-{last}"))) {
        seen.push(soon("what was published", told.recv()).await.expect("a client"));
    }
    (seen, lost)
}

async fn read_sse(stream: TcpStream, tell: &mpsc::Sender<Value>) {
    let mut lines = BufReader::new(stream).lines();
    let mut id = Value::Null;
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(given) = line.strip_prefix("id: ") {
            id = given.into();
        } else if let Some(data) = line.strip_prefix("data: ") {
            let is_gap = data.starts_with("{\"first\"");
            let seen = if is_gap { serde_json::from_str(data).unwrap() } else { id.clone() };
            tell.send(seen).await.expect("somebody listens");
        }
    }
}

async fn read_websocket(mut socket: Socket, tell: &mpsc::Sender<Value>) {
    loop {
        let mut message = next(&mut socket).await;
        for what in ["gap", "id"] {
            if let Some(seen) = message.get_mut(what) {
                tell.send(seen.take()).await.expect("somebody listens");
            }
        }
    }
}

#[tokio::test]
async fn over_real_tcp_both_read_the_same_ids_and_are_told_of_the_same_holes() {
    for overflow in [Overflow::DropNewest, Overflow::DropOldest, Overflow::Park] {
        for capacity in [1, 4, 8] {
            let (sse, lost) = read_in_bursts(Over::Sse, capacity, overflow).await;
            // One of each burst is under way and the mailbox holds K; a parked one gets the rest from the history.
            let beyond = BURSTS.map(|burst| burst.saturating_sub(capacity + 1) as u64).iter().sum();
            assert_eq!(lost, if overflow == Overflow::Park { 0 } else { beyond }, "{overflow}, K = {capacity}");
            let (websocket, lost_too) = read_in_bursts(Over::WebSocket, capacity, overflow).await;
            assert_eq!(sse, websocket, "{overflow}, K = {capacity}");
            assert_eq!(lost, lost_too, "{overflow}, K = {capacity}");
        }
    }
}
