//! No secret is in anything that the program writes: a test for each place.

use std::fs;

use super::{ca, redirect, stream, written};
use crate::command_line::{folder, refused, sim};
use crate::real_world::{serve, urls, with_plan};
use crate::recording::scripted::{Act, HEAD, ScriptedServer, events};

/// In all that these tests send. It must be in nothing that comes out.
const SECRET: &str = "hunter2";

#[test]
fn a_documents_command_line_and_its_page_name_what_was_sent_and_no_value() {
    let (runtime, address, _) = serve(16);
    let folder = with_plan("access-document");
    let [_, stream, _, ingest] = urls(address);
    let [stream, ingest] = [format!("{stream}&access_token={SECRET}"), format!("{ingest}?access_token={SECRET}")];
    fs::write(folder.join("more.headers"), format!("# of the test\n\nCookie: id={SECRET}\n")).unwrap();
    let header = format!("Authorization: Bearer {SECRET}");
    let arguments = ["load", "--scenario", "./two.toml", "--url", &stream, "--ingest-url", &ingest, "--out", "out"];
    let output = sim(&folder, &[&arguments[..], &["--header", &header, "--header-file", "more.headers"]].concat());
    let all = written(&folder, &output);
    // A server without tokens takes no such parameter where events are published, and says so.
    assert!(all.contains("REDACTED") && !all.contains(SECRET), "{all}");
    let output =
        sim(&folder, &[&arguments[..6], &[&urls(address)[3]], &arguments[7..], &["--header", &header]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let all = written(&folder, &output);
    assert!(all.contains("access_token=REDACTED' --ingest-url") && all.contains("--header 'authorization: REDACTED'"));
    assert!(!all.contains(SECRET), "{all}");
    drop(runtime);
}

#[test]
fn a_recording_its_mark_and_its_summary_have_no_secret() {
    let first = [&[Act::send(HEAD), Act::send("retry: 100\n\n")], &events(3, 10)[..]].concat();
    let ends = redirect(302, &format!("ftp://h/?key={SECRET}"));
    let server = ScriptedServer::start([first, ends]);
    let folder = folder("access-recording");
    let url = format!("http://{}/stream?key={SECRET}", server.address);
    let header = format!("Authorization: Bearer {SECRET}");
    let output = sim(&folder, &["record", &url, "--for", "10s", "-o", "t.jsonl", "--header", &header]);
    assert_eq!(output.status.code(), Some(1));
    let all = written(&folder, &output);
    assert!(all.contains("redirects to ftp://h/?key=REDACTED with status 302") && !all.contains(SECRET), "{all}");
    assert!(server.requests().iter().all(|request| request.contains(SECRET)), "they were sent");
}

#[test]
fn a_complaint_about_a_server_has_no_secret() {
    let folder = folder("access-complaints");
    let nobody = ScriptedServer::start([]).address;
    let plain = ScriptedServer::start([stream()]);
    let silent = plain.address;
    for (url, what) in [
        (format!("http://{nobody}/a?key={SECRET}"), "cannot be reached"),
        (format!("https://{silent}/a?key={SECRET}"), "does not speak TLS"),
    ] {
        let trust = if url.starts_with("https") { vec!["--insecure".to_owned()] } else { Vec::new() };
        let mut arguments = vec!["record", url.as_str(), "-o", "t.jsonl"];
        arguments.extend(trust.iter().map(String::as_str));
        let why = refused(&folder, &arguments);
        assert!(why.contains(what) && why.contains("key=REDACTED") && !why.contains(SECRET), "{why}");
    }
}

#[test]
fn what_is_typed_wrong_is_refused_in_one_line_that_does_not_repeat_a_secret() {
    let folder = folder("access-typed");
    let bad = format!("ftp://me:{SECRET}@h/?access_token={SECRET}#{SECRET}");
    let good = format!("http://127.0.0.1:1/?access_token={SECRET}");
    fs::write(folder.join("bad.headers"), format!("X-A: b\nBearer {SECRET}\n")).unwrap();
    fs::write(folder.join("none.headers"), "# nothing\n").unwrap();
    let record = |more: &[&str]| refused(&folder, &[&["record", &good, "-o", "t.jsonl"], more].concat());
    let header = |field: &str| record(&["--header", field]);
    for (told, why) in [
        (
            refused(&folder, &["record", &bad, "-o", "t.jsonl"]),
            "ftp://REDACTED@h/?access_token=REDACTED\" is not the URL",
        ),
        (refused(&folder, &["load", "--url", &bad, "--ingest-url", &good]), "--url: \"ftp://REDACTED@h/"),
        (record(&[&good]), "unexpected argument 'http://127.0.0.1:1/?access_token=REDACTED'"),
        (header(SECRET), "--header: has no colon: must be 'Name: value'"),
        (header(&format!("a b: {SECRET}")), "--header: its name must be of letters"),
        (header(&format!("a: {SECRET}\nb")), "--header: the value of a must be 1 to 8192 printable"),
        (header(&format!("Host: {SECRET}")), "--header: host is set by this program"),
        (record(&["--header", "a: b", "--header", SECRET]), "--header (number 2): has no colon"),
        (record(&["--header-file", "bad.headers"]), "--header-file bad.headers:2: has no colon"),
        (record(&["--header-file", "none.headers"]), "--header-file none.headers: has no header field"),
        (record(&["--header-file", "/dev/zero"]), "--header-file /dev/zero: cannot be read: it has more than 1 MiB"),
        (
            refused(&folder, &["record", "https://h/", "-o", "t.jsonl", "--ca", "/dev/zero"]),
            "--ca /dev/zero: cannot be read: it has more than 1 MiB",
        ),
        (record(&[&format!("me:{SECRET}@h/x")]), "unexpected argument 'REDACTED@h/x'"),
        (
            record(&["--header", "Authorization:", SECRET]),
            "unexpected argument, which is not shown because it may be of --header: put a header field in quotes",
        ),
        (record(&["--header", "a: b", "--typo"]), "unexpected argument '--typo'"),
        (
            refused(&folder, &["record", "-o", "t.jsonl", "--header", "Authorization:", SECRET]),
            "--header: authorization has no value: put the field in quotes, as 'Name: value'",
        ),
        (
            refused(&folder, &["record", &format!("http:me:{SECRET}@h/"), "-o", "t.jsonl"]),
            "\"http:REDACTED@h/\" is not",
        ),
        (record(&["--header-file", "nowhere"]), "--header-file nowhere: cannot be read"),
        (record(&["--ca", &ca(), "--insecure"]), "cannot be used with"),
        (refused(&folder, &["load", "--header", &format!("a: {SECRET}")]), "--header: it is for the server of --url"),
    ] {
        assert!(told.contains(why) && !told.contains(SECRET), "{told:?} lacks {why:?}");
    }
    assert!(!folder.join("t.jsonl").exists());
}
