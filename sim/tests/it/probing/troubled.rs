//! Probes of paths on which something goes wrong: the probe ends in time, and what it has found so far counts.

use std::process::{Command, Stdio};
use std::time::Duration;

use hubbub::{Overflow, ServerSettings};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::time::Instant;

use super::front::Front;
use super::{Probed, probe};
use crate::command_line::{folder, refused};
use crate::recording::scripted::{Act, ScriptedServer};

/// Keeps the count of hidden frames short.
const SHORT: [&str; 4] = ["--most-frames", "16", "--receive-buffer", "8192"];

fn takes_gzip(head: &str) -> bool {
    head.contains("\r\naccept-encoding: gzip\r\n")
}

/// A short probe through `front`, with more options.
fn probed(probed: &Probed, front: &Front, name: &str, more: &[&str]) -> Value {
    let more = SHORT.iter().chain(more).map(|option| (*option).to_owned()).collect::<Vec<_>>();
    probe(&folder(name), &[probed.urls(&format!("http://{}", front.address)), more].concat())
}

#[test]
fn a_stream_that_refuses_clients_with_gzip_is_probed_and_said_to_refuse_them() {
    let server = Probed::start(Overflow::DropNewest);
    let answer = |head: &str| takes_gzip(head).then(|| "HTTP/1.1 406 No\r\ncontent-length: 0\r\n\r\n".to_owned());
    let front = Front::of(server.address, answer);
    let found = probed(&server, &front, "probe-no-gzip", &[]);
    assert_eq!(found["resumes"].as_bool(), Some(true), "{found}");
    let compression = &found["compression"];
    assert!(compression["failed"].as_str().is_some_and(|why| why.contains("status 406")), "{found}");
    assert!(compression["coding"].is_null() && compression["event_ms"].is_null(), "{found}");
}

#[test]
fn a_stream_that_ends_for_clients_with_gzip_is_said_to_end() {
    let server = Probed::start(Overflow::DropNewest);
    let ends = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
    let front = Front::of(server.address, move |head| takes_gzip(head).then(|| ends.to_owned()));
    let found = probed(&server, &front, "probe-gzip-ends", &[]);
    assert_eq!(found["compression"]["failed"].as_str(), Some("ends the stream"), "{found}");
}

#[test]
fn a_client_that_is_redirected_late_is_followed_and_asks_for_gzip_alone_whatever_else_was_asked_for() {
    let server = Probed::start(Overflow::DropNewest);
    let there = server.plain();
    let front = Front::of(server.address, move |head| {
        let target = head.split(' ').nth(1).unwrap();
        takes_gzip(head).then(|| format!("HTTP/1.1 307 There\r\nlocation: {there}{target}\r\n\r\n"))
    });
    // As many as can be sent.
    let fields: Vec<String> = (1..64).map(|index| format!("x-{index}: y")).collect();
    let fields = fields.iter().flat_map(|field| ["--header", field]);
    let options: Vec<_> = fields.chain(["--header", "Accept-Encoding: br"]).collect();
    let found = probed(&server, &front, "probe-redirected", &options);
    assert!(found["compression"]["failed"].is_null() && found["compression"]["event_ms"].is_f64(), "{found}");
    let heads = front.heads();
    let (last, others) = heads.split_last().unwrap();
    assert!(others.iter().all(|head| head.contains("\r\naccept-encoding: br\r\n")), "{heads:?}");
    assert_eq!(last.matches("accept-encoding").count(), 1, "{last}");
    assert!(takes_gzip(last) && last.contains("\r\nx-63: y\r\n"), "{last}");
}

#[test]
fn what_a_client_had_that_the_server_cuts_off_is_a_lower_bound() {
    let deadline = Duration::from_millis(100);
    let settings = ServerSettings { write_deadline: deadline, user_timeout: deadline, ..ServerSettings::default() };
    let server = Probed::with(Overflow::DropNewest, settings);
    let small = ["--receive-buffer".to_owned(), "8192".to_owned()];
    let found =
        probe(&folder("probe-cut-off"), &[server.urls(&server.plain()), server.debug(), small.to_vec()].concat());
    assert_eq!(found["is_lower_bound"].as_bool(), Some(true), "{found}");
    assert!(found["hidden_frames"].as_u64().is_some_and(|frames| frames > 0), "{found}");
}

#[test]
fn a_server_that_is_silent_or_has_no_end_ends_the_probe_in_one_line() {
    let server = Probed::start(Overflow::DropNewest);
    let folder = folder("probe-silent");
    let [_, stream, _, ingest] = <[String; 4]>::try_from(server.urls(&server.plain())).unwrap();
    let probe = |ingest: &str, debug: &str| {
        let urls = ["probe", "--url", &stream, "--ingest-url", ingest, "--debug-url", debug];
        refused(&folder, &[&urls[..], &["--head-timeout", "1s"]].concat())
    };
    let silent = ScriptedServer::start([vec![Act::Hold]]);
    let why = probe(&format!("http://{}/", silent.address), &server.debug()[1]);
    assert!(why.contains("/: does not answer within 1s"), "{why}");
    let why = probe(&ingest, &stream);
    assert!(why.contains("/v1/stream/sse?table=t: does not answer within 1s"), "{why}");
    let endless = vec![Act::send("HTTP/1.1 200 OK\r\n\r\n"), Act::Send(vec![b' '; 9 << 20])];
    let endless = ScriptedServer::start([endless]);
    let why = refused(
        &folder,
        &["probe", "--url", &stream, "--ingest-url", &ingest, "--debug-url", &format!("http://{}/", endless.address)],
    );
    assert!(why.contains("/: answers with more than 8 MiB"), "{why}");
}

#[test]
fn one_interrupt_ends_a_probe_that_waits() {
    let silent = ScriptedServer::start([vec![Act::Hold], vec![Act::Hold]]);
    let url = format!("http://{}/", silent.address);
    let mut process = Command::new(env!("CARGO_BIN_EXE_sim"))
        .args(["probe", "--url", &url, "--ingest-url", &url])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    assert!(silent.has_sent_all(Duration::from_secs(20)), "it has asked");
    let interrupted = Instant::now();
    kill_process(Pid::from_child(&process), Signal::INT).unwrap();
    assert_eq!(process.wait().unwrap().code(), Some(130));
    assert!(interrupted.elapsed() < Duration::from_secs(15), "it would wait for 30 s: {:?}", interrupted.elapsed());
}
