//! `sim record` against servers that do everything a server should not: what was received is kept, and what is missing
//! is said.

mod answers;
pub(crate) mod scripted;

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::command_line::{folder, sim};
use scripted::{Act, HEAD, ScriptedServer, event, events};

/// What came of a recording.
struct Recorded {
    folder: PathBuf,
    code: Option<i32>,
    out: String,
    complaint: String,
    /// The first line's text, where it is a mark.
    partial: Option<String>,
    /// Bytes of each event in the file.
    bytes: Vec<u64>,
}

fn record(name: &str, address: SocketAddr, options: &[&str]) -> Recorded {
    let folder = folder(name);
    let url = format!("http://{address}/stream");
    let arguments = [&["record", &url, "-o", "t.jsonl"], options].concat();
    let output = sim(&folder, &arguments);
    recorded(folder, &output)
}

fn recorded(folder: PathBuf, output: &Output) -> Recorded {
    let text = fs::read_to_string(folder.join("t.jsonl")).unwrap_or_default();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    Recorded {
        code: output.status.code(),
        out: String::from_utf8(output.stdout.clone()).unwrap(),
        complaint: String::from_utf8(output.stderr.clone()).unwrap(),
        partial: lines.first().and_then(|line| line["partial"].as_str()).map(str::to_owned),
        bytes: lines.iter().filter_map(|line| line["bytes"].as_u64()).collect(),
        folder,
    }
}

impl Recorded {
    /// It is partial, and both the file and one line say why.
    fn lacks(&self, what: &[&str]) {
        let partial = self.partial.as_deref().unwrap_or_default();
        assert_eq!(self.code, Some(1), "{}{}", self.out, self.complaint);
        assert_eq!(self.complaint.lines().next().unwrap(), format!("sim: t.jsonl is partial: {partial}"));
        assert!(what.iter().all(|what| partial.contains(what)), "{partial:?} lacks one of {what:?}");
    }

    fn is_whole(&self) {
        assert_eq!(self.code, Some(0), "{}", self.out);
        assert_eq!(self.partial, None, "{}", self.out);
        assert_eq!(self.complaint.as_str(), "", "{}", self.out);
    }

    fn sweep(&self) -> Output {
        let sweep = ["sweep", "--scenario", "small.toml", "--trace", "t.jsonl", "--buffers", "8", "--seeds", "1"];
        sim(&self.folder, &[&sweep[..], &["--json", "-"]].concat())
    }
}

#[test]
fn a_server_that_stops_half_way_leaves_a_partial_trace_that_a_sweep_takes_with_a_warning() {
    let server =
        ScriptedServer::start([[&[Act::send(HEAD), Act::send("retry: 100\n\n")], &events(5, 10)[..]].concat()]);
    let recorded = record("record-stops", server.address, &["--for", "1500ms"]);
    recorded.lacks(&["heard 0.", " s of 1.5 s, as the server cannot be reached: the connection is refused"]);
    assert_eq!(recorded.bytes, [10; 5]);
    assert!(
        recorded.out.starts_with("5 events, 50 bytes of data: cargo sim sweep --trace t.jsonl --scenario YOURS\n"),
        "{}",
        recorded.out
    );
    let output = recorded.sweep();
    let warning = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{warning}");
    assert!(warning.contains("warning: the trace t.jsonl is partial (heard 0."), "{warning}");
}

#[test]
fn a_connection_that_is_reset_loses_nothing_that_came_before() {
    let server = ScriptedServer::start([[&[Act::send(HEAD)], &events(8, 10)[..], &[Act::Reset]].concat()]);
    let recorded = record("record-reset", server.address, &["--for", "1m", "--no-reconnect"]);
    recorded.lacks(&["heard 0.", " of 60 s, as the server breaks the connection: Connection reset by peer"]);
    assert_eq!(recorded.bytes, [10; 8]);
    assert_eq!(recorded.sweep().status.code(), Some(0));
}

#[test]
fn who_comes_back_says_where_it_was_and_waits_as_long_as_the_server_asks() {
    let first = [Act::send(HEAD), Act::send("retry: 200\n\nid: 7-1\ndata: a\n\n"), Act::wait(50), event("id: 7-2")];
    let unfinished = [Act::send("id: 7-3\ndata: half")];
    let second = [Act::send(HEAD), event("id: 7-3"), Act::wait(30), event("id: 7-4"), Act::Hold];
    let server = ScriptedServer::start([[&first[..], &unfinished[..]].concat(), second.to_vec()]);
    let recorded = record("record-resumes", server.address, &["--for", "1s"]);
    recorded.lacks(&["of 1 s, reconnected once after a hole of 0.", ", as the server ends the stream"]);
    assert!(!recorded.partial.as_ref().unwrap().contains("skipped"), "{:?}", recorded.partial);
    assert_eq!(recorded.bytes.len(), 4, "the unfinished block came again");
    let requests = server.requests();
    assert!(
        !requests[0].contains("last-event-id") && requests[1].contains("\r\nlast-event-id: 7-2\r\n"),
        "{requests:?}"
    );
}

#[test]
fn a_gap_notice_is_no_event_and_says_how_many_are_missing() {
    let notice = |count: &str, last: u64| {
        let ids = format!("\"first\":\"7-3\",\"last\":\"7-{last}\"");
        Act::send(&format!("event: gap\ndata: {{{ids},\"count\":{count},\"reason\":\"buffer_full\"}}\n\n"))
    };
    let script = [Act::send(HEAD), event("id: 7-2"), Act::wait(20), notice("12", 14), event("id: 7-15"), Act::Hold];
    let recorded = record("record-gap", ScriptedServer::start([script.to_vec()]).address, &["--for", "300ms"]);
    recorded.lacks(&["12 events missing by 1 gap notice (buffer_full)"]);
    assert_eq!(recorded.partial.as_deref().map(str::len), Some(47), "and of nothing else");
    assert_eq!(recorded.bytes.len(), 2);
    let script = [Act::send(HEAD), event("id: 7-2"), Act::wait(20), notice("null", 6), event("id: 7-7"), Act::Hold];
    let recorded = record("record-gap", ScriptedServer::start([script.to_vec()]).address, &["--for", "300ms"]);
    recorded.lacks(&["at most 4 events missing by 1 gap notice (buffer_full)"]);
}

#[test]
fn skipped_ids_are_missing_unless_ids_need_not_follow_each_other() {
    let script = || [Act::send(HEAD), event("id: 41"), Act::wait(20), event("id: 45"), Act::Hold].to_vec();
    let server = ScriptedServer::start([script(), script()]);
    record("record-ids", server.address, &["--for", "300ms"]).lacks(&["3 ids skipped", "--sparse-ids"]);
    record("record-sparse", server.address, &["--for", "300ms", "--sparse-ids"]).is_whole();
}

#[test]
fn what_a_sweep_would_refuse_is_kept_and_refused_at_once() {
    let huge = format!("data: {}\n\n", "x".repeat(30 << 20));
    let cases: [(&str, Vec<Act>, &str); 3] = [
        ("one", vec![event("id: 1")], "t.jsonl: only 1 event"),
        ("equal", vec![Act::send("data: a\n\ndata: b\n\n")], "t.jsonl: all events at one time"),
        ("huge", vec![event("id: 1"), Act::wait(20), Act::send(&huge)], "t.jsonl:2: bytes = 31457280: must be 1 ..="),
    ];
    for (name, acts, why) in cases {
        let script = [&[Act::send(HEAD)], &acts[..], &[Act::Hold]].concat();
        let server = ScriptedServer::start([script]);
        let recorded = record(&format!("record-{name}"), server.address, &["--for", "700ms"]);
        assert_eq!(recorded.code, Some(1), "{}{}", recorded.out, recorded.complaint);
        assert!(
            recorded.complaint.starts_with(&format!("sim: cargo sim sweep does not take it: {why}")),
            "{}",
            recorded.complaint
        );
        assert!(recorded.out.ends_with(": kept in t.jsonl\n"), "{}", recorded.out);
        let output = recorded.sweep();
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains(why), "the same words");
    }
}

#[test]
fn the_first_event_behind_a_byte_order_mark_counts() {
    let script = [Act::send(HEAD), Act::send("\u{feff}data: abc\n\n"), Act::wait(20), event("id: 1"), Act::Hold];
    let recorded = record("record-bom", ScriptedServer::start([script.to_vec()]).address, &["--for", "300ms"]);
    recorded.is_whole();
    assert_eq!(recorded.bytes, [3, 10]);
}

#[test]
fn only_events_of_the_names_that_were_asked_for_are_taken_down() {
    let named = |name: &str, data: &str| Act::send(&format!("event: {name}\ndata: {data}\n\n"));
    let script = || {
        let acts = [Act::send(HEAD), named("order", "ab"), Act::wait(20), named("tick", ""), event(": no name")];
        [&acts[..], &[Act::wait(20), named("order", "abcd"), Act::Hold]].concat()
    };
    let server = ScriptedServer::start([script(), script(), script()]);
    let recorded = record("record-names", server.address, &["--for", "300ms", "--event", "order"]);
    recorded.is_whole();
    assert_eq!(recorded.bytes, [2, 4]);
    assert!(recorded.out.contains("2 of other names left out"), "{}", recorded.out);
    let recorded = record("record-names", server.address, &["--for", "300ms", "--event", "tick,message"]);
    assert_eq!(recorded.bytes, [1, 10]);
    assert!(recorded.out.contains("1 without data kept as 1 byte"), "{}", recorded.out);
    let recorded = record("record-names", server.address, &["--for", "300ms", "--event", "trade"]);
    assert_eq!(recorded.code, Some(2));
    assert!(!recorded.folder.join("t.jsonl").exists());
    assert!(
        recorded.complaint.contains("of these names; 4 of others did (message, order, tick)"),
        "{}",
        recorded.complaint
    );
}

#[test]
fn a_head_that_comes_with_the_first_event_only_is_waited_for() {
    let late =
        || [Act::wait(1300), Act::send(&format!("{HEAD}data: first\n\n")), Act::wait(50), event("id: 2"), Act::Hold];
    let server = ScriptedServer::start([late().to_vec()]);
    let recorded = record("record-late", server.address, &["--for", "1200ms"]);
    recorded.is_whole();
    assert_eq!(recorded.bytes, [5, 10]);
}

#[test]
fn a_disk_that_is_full_keeps_what_found_room() {
    let script = [&[Act::send(HEAD)], &events(60, 5)[..], &[Act::Hold]].concat();
    let server = ScriptedServer::start([script]);
    let folder = folder("record-full");
    let url = format!("http://{}/stream", server.address);
    let program = env!("CARGO_BIN_EXE_sim");
    // Ignored, the signal becomes an error of the write; blocks are of 512 bytes here.
    let limited = format!("trap '' XFSZ; ulimit -f 9; exec {program} record {url} --for 10s -o t.jsonl");
    let output = Command::new("sh").args(["-c", &limited]).current_dir(&folder).output().unwrap();
    let recorded = recorded(folder, &output);
    recorded.lacks(&["heard ", "no more could be written (File too large", "lost"]);
    let kept = recorded.bytes.len();
    assert!((5..40).contains(&kept), "{kept}");
    assert!(recorded.out.starts_with(&format!("{kept} events, ")), "{}", recorded.out);
    assert_eq!(recorded.sweep().status.code(), Some(0));
}

#[test]
fn ctrl_c_keeps_what_came_and_says_how_much_of_the_time_that_is() {
    let script = [&[Act::send(HEAD)], &events(10, 10)[..], &[Act::wait(300), Act::Hold]].concat();
    let server = ScriptedServer::start([script]);
    let folder = folder("record-interrupted");
    let url = format!("http://{}/stream", server.address);
    let mut command = Command::new(env!("CARGO_BIN_EXE_sim"));
    command.args(["record", &url, "--for", "1m", "-o", "t.jsonl"]).current_dir(&folder);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let id = rustix::process::Pid::from_child(&child);
    assert!(server.has_sent_all(Duration::from_secs(20)), "it listens");
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    let recorded = recorded(folder, &child.wait_with_output().unwrap());
    assert_eq!(recorded.code, Some(130), "{}", recorded.complaint);
    assert_eq!(recorded.bytes.len(), 10, "{}", recorded.complaint);
    assert!(
        recorded.partial.as_deref().is_some_and(|partial| partial.ends_with(" of 60 s, interrupted")),
        "{:?}",
        recorded.partial
    );
}
