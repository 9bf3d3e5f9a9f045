//! Streams over TLS, and compressed ones.

use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{TlsFront, ca, stream};
use crate::command_line::{folder, refused, sim};
use crate::real_world::{load, serve, with_plan};
use crate::recording::scripted::{Act, ScriptedServer, events};

/// Records from a URL for a moment.
fn record(folder: &PathBuf, url: &str, options: &[&str]) -> (Option<i32>, String, String) {
    let arguments = [&["record", url, "--for", "1s", "-o", "t.jsonl"], options].concat();
    let output = sim(folder, &arguments);
    let [out, complaint] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    (output.status.code(), out, complaint)
}

#[test]
fn a_stream_over_https_is_recorded_with_the_ca_of_a_file() {
    let server = ScriptedServer::start([stream(), stream()]);
    let front = TlsFront::of(server.address);
    let folder = folder("access-https");
    let (code, out, complaint) = record(&folder, &format!("https://{}/stream", front.address), &["--ca", &ca()]);
    assert_eq!((code, complaint.as_str()), (Some(0), ""), "{out}");
    assert!(out.starts_with("4 events, 40 bytes of data"), "{out}");
    let host = format!("host: {}\r\n", front.address);
    assert!(server.requests()[0].contains(&host), "{:?}", server.requests());
    let by_name = format!("https://localhost:{}/stream", front.address.port());
    std::fs::remove_file(folder.join("t.jsonl")).unwrap();
    assert_eq!(record(&folder, &by_name, &["--ca", &ca()]).0, Some(0));
}

#[test]
fn a_certificate_that_nobody_signed_is_refused_unless_any_is_believed_and_that_is_said_every_time() {
    let server = ScriptedServer::start([stream(), stream()]);
    let front = TlsFront::of(server.address);
    let folder = folder("access-untrusted");
    let url = format!("https://{}/stream", front.address);
    let why = refused(&folder, &["record", &url, "-o", "t.jsonl"]);
    // A machine without any CA trusts this one no more.
    assert!(why.contains("no trusted CA has signed") || why.contains("this system has no CA certificates"), "{why}");
    for _ in 0..2 {
        let (code, _, complaint) = record(&folder, &url, &["--insecure"]);
        assert_eq!(code, Some(0), "{complaint}");
        assert!(complaint.starts_with("sim: warning: --insecure: no certificate is checked"), "{complaint}");
        std::fs::remove_file(folder.join("t.jsonl")).unwrap();
    }
}

#[test]
fn what_is_wrong_with_tls_is_said_in_one_line() {
    let server = ScriptedServer::start([stream(), stream()]);
    let front = TlsFront::of(server.address);
    let folder = folder("access-tls-wrong");
    let why = |url: &str, options: &[&str]| refused(&folder, &[&["record", url, "-o", "t.jsonl"], options].concat());
    let plain = why(&format!("https://{}/stream", server.address), &["--ca", &ca()]);
    assert!(plain.contains("does not speak TLS at this port: is it http://?"), "{plain}");
    let other = why(&format!("https://127.0.0.2:{}/", front.address.port()), &["--ca", &ca()]);
    assert!(other.contains("cannot be reached") || other.contains("for another name"), "{other}");
    let missing = why(&format!("https://{}/", front.address), &["--ca", "nowhere.pem"]);
    assert!(missing.contains("--ca nowhere.pem: cannot be read"), "{missing}");
    let no_pem = why(&format!("https://{}/", front.address), &["--ca", "small.toml"]);
    assert!(no_pem.contains("--ca small.toml: has no certificate: must be PEM"), "{no_pem}");
    for option in [&["--ca", "nowhere.pem"][..], &["--insecure"]] {
        let unused = why(&format!("http://{}/", server.address), option);
        assert!(unused.contains("no URL begins with https://, so nothing is encrypted"), "{unused}");
    }
}

#[test]
fn a_load_over_https_brings_everything_to_one_who_keeps_up_and_leaves_one_who_is_stuck_behind() {
    let (runtime, address, hub) = serve(16);
    let front = TlsFront::of(address);
    let [stream, ingest] =
        ["stream/sse?table=t", "ingest/t"].map(|path| format!("https://{}/v1/{path}", front.address));
    let document = load(&with_plan("access-load"), &["--url", &stream, "--ingest-url", &ingest, "--ca", &ca()]);
    let cell = &document["cells"][0];
    assert_eq!(cell["by_class"]["fast"]["drop_rate"].as_f64(), Some(0.0), "{cell}");
    assert!(cell["received"].as_u64() > Some(500), "{cell}");
    // Of 1,200 to two clients, without those before they had connected.
    assert!(hub.counts().offered > 1000, "the stuck one is a subscriber too: {:?}", hub.counts());
    let command = document["command"].as_str().unwrap();
    assert!(command.ends_with(&format!(" --ca {}", ca())), "{command}");
    drop(runtime);
}

/// A stream that is compressed with gzip and flushed behind every event, in chunks.
fn compressed(count: u64) -> Vec<Act> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: gzip\r\n\
                transfer-encoding: chunked\r\n\r\n";
    let mut acts = vec![Act::send(head)];
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    for act in events(count, 10) {
        let Act::Send(bytes) = act else {
            acts.push(act);
            continue;
        };
        encoder.write_all(&bytes).unwrap();
        encoder.flush().unwrap();
        let sent = std::mem::take(encoder.get_mut());
        acts.push(Act::Send([format!("{:x}\r\n", sent.len()).as_bytes(), &sent, b"\r\n"].concat()));
    }
    acts.push(Act::Hold);
    acts
}

#[test]
fn a_compressed_stream_is_recorded_and_said_to_be_one() {
    let server = ScriptedServer::start([compressed(5)]);
    let folder = folder("access-gzip");
    let url = format!("http://{}/stream", server.address);
    let (code, out, complaint) = record(&folder, &url, &["--header", "Accept-Encoding: gzip"]);
    assert_eq!((code, complaint.as_str()), (Some(0), ""), "{out}");
    assert!(out.starts_with("5 events, 50 bytes of data (compressed, so"), "{out}");
    assert!(server.requests()[0].contains("\r\naccept-encoding: gzip\r\n"), "{:?}", server.requests());
}
