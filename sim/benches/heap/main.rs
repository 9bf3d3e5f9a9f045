//! `just heap`: what an idle SSE connection keeps on the server's heap, allocation by allocation.
//!
//! The server runs in this process under a profiler that knows the call of every live allocation, and the clients in
//! another. What a thousand connections hold a thousand times is theirs.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use hubbub::metrics::Measured;
use hubbub::transport::Tokio;
use hubbub::{Capacity, Hub, HubSettings, Overflow, ServerSettings};
use serde::Deserialize;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

const CONNECTIONS: u64 = 1000;

/// Argument that makes this program the clients.
const CHILD: &str = "idle-clients";

/// Whose an allocation is: the first that a file on its call's way has, from the innermost on.
const OWNERS: [(&str, &str); 13] = [
    ("bytes_mut.rs", "hyper: the buffer it reads into"),
    ("proto/h1/io.rs", "hyper: the buffer of heads, and its queue of writes"),
    ("header/map.rs", "hyper: headers"),
    ("proto/h1/dispatch.rs", "server: room for a request's work"),
    ("transport/connection.rs", "hyper: the connection's state"),
    ("transport/sse.rs", "transport: the stream's body and its timer"),
    ("transport/gate.rs", "transport: the flush gate"),
    ("transport/connection_set.rs", "transport: the connection's place among all"),
    ("/hub", "hub: the subscriber's slot, and its places in the lists"),
    ("/topic.rs", "hub: the subscriber's slot, and its places in the lists"),
    ("metrics/", "metrics: who it is, and since when it is behind"),
    ("net/tcp", "tokio: the socket's registration"),
    ("src/server.rs", "server: the task, and what its parts share"),
];

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if let [child, address] = arguments.as_slice()
        && child == CHILD
    {
        return clients(address);
    }
    let file = std::env::temp_dir().join(format!("hubbub-heap-{}.json", std::process::id()));
    profile(&file);
    let text = std::fs::read_to_string(&file).expect("the profile");
    let _ = std::fs::remove_file(&file);
    report(&serde_json::from_str(&text).expect("a profile"));
}

/// Serves the clients under the profiler until all are idle.
#[expect(clippy::disallowed_methods, reason = "a time in which nothing happens is what is wanted")]
fn profile(file: &Path) {
    let profiler = dhat::Profiler::builder().file_name(file).trim_backtraces(Some(64)).build();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let hub =
        Hub::new(HubSettings { epoch: 1, capacity: Capacity::new(256).expect("one"), overflow: Overflow::DropNewest });
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
    let address = listener.local_addr().expect("bound").to_string();
    let environment = runtime.block_on(async { Measured::new(Tokio::start()) });
    runtime.spawn(hubbub::serve(listener, hub, ServerSettings::default(), environment, std::future::pending()));
    let program = std::env::current_exe().expect("this program");
    let mut command = Command::new(program);
    command.args([CHILD, &address]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut clients = command.spawn().expect("a child process");
    eprintln!("opening {CONNECTIONS} streams under the profiler");
    let mut line = String::new();
    BufReader::new(clients.stdout.take().expect("piped")).read_line(&mut line).expect("the clients");
    std::thread::sleep(Duration::from_millis(500));
    eprintln!("all are idle; writing down whose each block is");
    drop(profiler);
    eprintln!("adding up");
    drop(clients.stdin.take());
    let _ = clients.wait();
}

/// Connects, waits for the first bytes of every stream, says so, and stays until nobody listens.
fn clients(address: &str) {
    let open = |_| {
        let mut stream = TcpStream::connect(address).expect("the server listens");
        write!(stream, "GET /v1/stream/sse?table=t HTTP/1.1\r\nhost: bench\r\n\r\n").expect("a request");
        stream
    };
    let mut streams: Vec<_> = (0..CONNECTIONS).map(open).collect();
    for stream in &mut streams {
        assert!(stream.read(&mut [0; 4096]).expect("an answer") > 0, "cut off");
    }
    say("idle");
    let _ = std::io::stdin().read(&mut [0]);
}

/// What the profiler writes, as far as it is of use here.
#[derive(Deserialize)]
struct Profile {
    pps: Vec<Point>,
    ftbl: Vec<String>,
}

/// A place that allocates.
#[derive(Deserialize)]
struct Point {
    /// Bytes and blocks alive at the end.
    eb: u64,
    ebk: u64,
    /// Its call, from the innermost frame on, as places in the table of frames.
    fs: Vec<usize>,
}

fn report(profile: &Profile) {
    // By owner: bytes in all, and blocks by their size.
    let mut parts = BTreeMap::<&str, (u64, BTreeMap<u64, u64>)>::new();
    for Point { eb, ebk, fs } in profile.pps.iter().filter(|point| point.ebk > 0) {
        let files = fs.iter().filter_map(|frame| profile.ftbl[*frame].rsplit('(').next());
        let owner = files.filter_map(|file| OWNERS.iter().find(|(word, _)| file.contains(word))).next();
        let Some((_, owner)) = owner else { continue };
        let (bytes, blocks) = parts.entry(owner).or_default();
        *bytes += eb;
        *blocks.entry(eb / ebk).or_default() += ebk;
    }
    say("");
    say(&format!("heap that an idle SSE stream has asked for, over {CONNECTIONS} streams"));
    let sum: u64 = parts.values().map(|(bytes, _)| bytes).sum();
    let mut parts: Vec<_> = parts.into_iter().collect();
    parts.sort_by_key(|(_, (bytes, _))| std::cmp::Reverse(*bytes));
    for (owner, (bytes, blocks)) in parts {
        let whole = blocks.iter().filter(|(_, count)| **count >= CONNECTIONS / 2).map(|(size, _)| size.to_string());
        let sizes = whole.collect::<Vec<_>>().join(" + ");
        say(&format!("  {:>6} B  {owner}: {sizes}", bytes / CONNECTIONS));
    }
    say(&format!("  {:>6} B  together", sum / CONNECTIONS));
    say("  What is resident is less, as buffers are not touched whole (just bench memory).");
    say("  hyper's two buffers are 8 KiB each and cannot be set smaller: a stream that took");
    say("  its socket back from hyper after the head would be without them, and take less");
    say("  than nchan, whose streams have 10 KiB");
}

/// A line of results.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}
