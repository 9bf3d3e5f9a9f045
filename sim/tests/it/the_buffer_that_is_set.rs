//! The buffer that is set is the buffer there is: nothing but one frame waits between mailbox and socket.

use hubbub_sim::internals::plan::Reading;

use crate::plans::{at, ms, plan};

/// What a stream's response begins with; hyper's date has always 29 characters.
const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\n\
    x-accel-buffering: no\r\ntransfer-encoding: chunked\r\ndate: Tue, 24 Nov 2026 04:22:55 GMT\r\n\r\n";
const HELLO: &str = "16\r\n: hubbub\nretry: 1617\n\n\r\n";

/// Bytes on the wire of the event with that sequence in the plan's first life.
fn wire_bytes(sequence: usize, payload_bytes: usize) -> usize {
    let frame = format!("id: 1764000000003-{sequence}\ndata: \n\n").len() + payload_bytes;
    format!("{frame:X}\r\n\r\n").len() + frame
}

/// Whole frames that fit into a window, head and hello before them; `None` where not even those fit.
fn frames_in_window(window_bytes: usize, payload_bytes: usize) -> Option<u64> {
    let mut room = window_bytes.checked_sub(HEAD.len() + HELLO.len())?;
    let mut frames = 0;
    while let Some(left) = room.checked_sub(wire_bytes(frames + 1, payload_bytes)) {
        frames += 1;
        room = left;
    }
    Some(frames as u64)
}

#[test]
fn a_reader_that_never_reads_takes_k_and_one_and_what_its_window_holds_before_the_first_loss() {
    let before = (HEAD.len() + HELLO.len()) as u64;
    let just_four = before + (1..=4).map(|sequence| wire_bytes(sequence, 100) as u64).sum::<u64>();
    for frames in [1, 4, 64] {
        for window_bytes in [before, before + 1, 300, 1000, just_four - 1, just_four, 4096, 10_000] {
            let plan = plan(vec![Reading::Never], window_bytes, 400, ms(1), 100);
            let record = at(&plan, frames);
            let subscriber = &record.subscribers[0];
            let held = frames_in_window(window_bytes as usize, 100).unwrap();
            let lost_at = subscriber.first_drop_at.unwrap();
            let offered_before = (lost_at - ms(100)).as_millis() as u64;
            assert_eq!(subscriber.delivered, held, "K = {frames}, window {window_bytes}");
            assert_eq!(offered_before, frames as u64 + 1 + held, "K = {frames}, window {window_bytes}");
        }
    }
}

#[test]
fn a_window_too_small_for_the_hello_leaves_the_mailbox_alone() {
    let plan = plan(vec![Reading::Never], 1, 10, ms(1), 100);
    assert_eq!(at(&plan, 4).subscribers[0].in_flight, 4, "the hello is the one frame between mailbox and socket");
}
