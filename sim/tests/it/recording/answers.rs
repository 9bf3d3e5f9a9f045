//! Answers that are no stream, and servers that give none.

use std::net::SocketAddr;

use super::record;
use super::scripted::{Act, HEAD, ScriptedServer, SilentServer, events};
use crate::command_line::{folder, refused};

#[test]
fn each_answer_that_is_no_stream_has_a_sentence_of_its_own_and_leaves_no_file() {
    let stream = "content-type: text/event-stream\r\n";
    let cases = [
        ("204 No Content\r\n", "answers with status 204, where 200 was expected: it has no stream"),
        ("200 OK\r\ncontent-type: text/html\r\n", "answers with text/html, where text/event-stream was expected"),
        ("302 Found\r\nlocation: ftp://a/b\r\n", "redirects to ftp://a/b with status 302, which is not the URL of a"),
        ("401 Unauthorized\r\n", "answers with status 401, where 200 was expected: it wants other credentials"),
        ("403 Forbidden\r\n", "answers with status 403, where 200 was expected: it wants other credentials"),
        ("404 Not Found\r\n", "answers with status 404, where 200 was expected: there is nothing at this path"),
        ("503 Service Unavailable\r\n", "answers with status 503, where 200 was expected: the server"),
        (&format!("200 OK\r\n{stream}content-encoding: br\r\n"), "compresses the stream (content-encoding: br)"),
    ];
    for (head, sentence) in cases {
        let server = ScriptedServer::start([[Act::send(&format!("HTTP/1.1 {head}\r\n"))].to_vec()]);
        let recorded = record("record-refused", server.address, &["--for", "10s"]);
        assert_eq!(recorded.code, Some(2), "{sentence}");
        assert!(!recorded.folder.join("t.jsonl").exists(), "{sentence}");
        assert!(
            recorded.complaint.contains(sentence) && recorded.complaint.lines().count() == 1,
            "{}",
            recorded.complaint
        );
    }
}

#[test]
fn a_204_ends_a_recording_for_good_and_what_came_before_is_kept() {
    let first = [&[Act::send(HEAD), Act::send("retry: 100\n\n")], &events(3, 10)[..]].concat();
    let server = ScriptedServer::start([first, [Act::send("HTTP/1.1 204 No Content\r\n\r\n")].to_vec()]);
    let recorded = record("record-204", server.address, &["--for", "1m"]);
    recorded.lacks(&["as the server answers with status 204", "clients must not ask again"]);
    assert_eq!(recorded.bytes.len(), 3);
}

#[test]
fn no_connection_a_refused_one_a_late_head_and_an_ended_stream_are_four_sentences() {
    let folder = folder("record-ends");
    let complaints = |address: SocketAddr| {
        let url = format!("http://{address}/stream");
        let timeout = ["--head-timeout", "300ms"];
        let load = ["load", "--scenario", "small.toml", "--url", &url, "--ingest-url", &url];
        let record = ["record", &url, "--for", "400ms", "-o", "t.jsonl"];
        [refused(&folder, &[&load[..], &timeout].concat()), refused(&folder, &[&record[..], &timeout].concat())]
    };
    let both = |complaints: [String; 2], sentence: &str| {
        assert!(complaints.iter().all(|complaint| complaint.contains(sentence)), "{complaints:?}");
    };
    let silent = SilentServer::start();
    both(complaints(silent.address), "does not answer: there is no connection after 300ms");
    let nobody = ScriptedServer::start([]).address;
    both(complaints(nobody), "cannot be reached: the connection is refused, so nothing listens there");
    let late = ScriptedServer::start([[Act::Hold].to_vec(), [Act::Hold].to_vec()]);
    both(complaints(late.address), "sends no response within 300ms: it may send its head with the first event only");
    let mute = ScriptedServer::start([Vec::new(), Vec::new()]);
    both(complaints(mute.address), "closes the connection without a response");
    let brief = ScriptedServer::start([[Act::send(HEAD)].to_vec(), [Act::send(HEAD)].to_vec()]);
    let [load, record] = complaints(brief.address);
    assert!(load.contains("ends the stream at once"), "{load}");
    assert!(record.contains(" s; the server ends the stream; nothing is written"), "{record}");
    assert!(
        refused(&folder, &["record", "http://127.0.0.1:1/", "-o", "x", "--head-timeout", "0s"]).contains("above 0")
    );
}
