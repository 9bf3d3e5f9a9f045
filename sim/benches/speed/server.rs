//! What the real server's CPU costs: a publish, a delivery and a new stream over real TCP on loopback.
//!
//! The server is a process of its own, so that its CPU time can be told from the clients'. These are the constants of
//! `sim/model/scenarios/*.toml`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{ChildStdin, ChildStdout, Command};
use std::time::Duration;

use bytes::Bytes;
use hubbub::metrics::Measured;
use hubbub::transport::{Observer, Runtime, Tokio};
use hubbub::{Capacity, Hub, HubSettings, Overflow, ServerSettings, Topic};
use tokio::io::AsyncReadExt;

use crate::peers::QUEUE_FRAMES;
use crate::process::{Running, Usage};
use crate::rows::{Line, Row, Rows};
use crate::{median, say};

/// Argument that makes this program the server.
pub(crate) const CHILD: &str = "serve-for-bench";

const PAYLOAD_BYTES: usize = 700;
const ROUNDS: usize = 5;

/// Measures and prints.
pub(crate) fn bench(rows: &mut Rows) {
    say(&format!("server over real TCP on loopback, CPU time (median of {ROUNDS}; events of {PAYLOAD_BYTES} B, 50/s)"));
    let one_by_one = Pace::Requests { pause: Duration::ZERO };
    let publish = (0..ROUNDS).map(|_| usage_of(0, 2000, one_by_one).cpu_us / 2000.0);
    let publish = median(publish.collect());
    let line = Line::new("  a publish (an HTTP request, nobody subscribed): ");
    rows.print(line.value(0, 1, Row::new("CPU of a publish, nobody subscribed", publish, "µs")).text(" µs"));
    let mut delivery = 0.0;
    for subscribers in [100, 1000] {
        let events = 100;
        let deliveries = (0..ROUNDS).map(|_| {
            let pause = Duration::from_millis(20);
            let cpu = usage_of(subscribers, events, Pace::Requests { pause }).cpu_us;
            (cpu - publish * events as f64) / (events * subscribers) as f64
        });
        delivery = median(deliveries.collect());
        let row = Row::new(format!("CPU of a delivery at N = {subscribers}"), delivery, "µs");
        rows.print(Line::new(&format!("  a delivery at N = {subscribers}: ")).value(0, 1, row).text(" µs"));
    }
    let write = parts_of_a_delivery(rows, delivery);
    new_streams(rows, write);
}

/// Of a delivery that has a write to itself: what the write costs, and what each frame adds to it. In a burst a delivery
/// has a part of a write, and the number of writes says how large. Returns the price of a write.
fn parts_of_a_delivery(rows: &mut Rows, alone: f64) -> f64 {
    const SUBSCRIBERS: usize = 1000;
    const EVENTS: usize = 300;
    let deliveries = (SUBSCRIBERS * EVENTS) as f64;
    let bursts: Vec<_> = (0..ROUNDS).map(|_| usage_of(SUBSCRIBERS, EVENTS, Pace::Burst)).collect();
    let shared = median(bursts.iter().map(|burst| burst.cpu_us / deliveries).collect());
    let writes = median(bursts.iter().map(|burst| burst.writes / deliveries).collect());
    let write = (alone - shared) / (1.0 - writes);
    let line = Line::new("  a delivery in a burst of 300 at N = 1000: ")
        .value(0, 1, Row::new("CPU of a delivery in a burst", shared, "µs"))
        .text(" µs, with ")
        .value(0, 2, Row::new("writes of a delivery in a burst", writes, "writes"))
        .text(" writes");
    rows.print(line);
    let line = Line::new("  so a write costs ")
        .value(0, 1, Row::new("CPU of a write", write, "µs"))
        .text(" µs, and each frame in it ")
        .value(0, 1, Row::new("CPU of a frame in a write", alone - write, "µs"));
    rows.print(line.text(" µs"));
    write
}

/// What a new stream costs, of a thousand that come at once: to accept it, its request, and the head and the greeting that it
/// is sent in one write.
fn new_streams(rows: &mut Rows, write: f64) {
    const STREAMS: usize = 1000;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let round = || {
        let server = Server::start();
        let address = server.address;
        runtime.block_on(async {
            let before = server.running.usage();
            let opening: Vec<_> = (0..STREAMS).map(|_| tokio::spawn(open(address))).collect();
            // Kept open: the end of a stream is no part of its beginning.
            let mut streams = Vec::new();
            for stream in opening {
                streams.push(stream.await.expect("a stream"));
            }
            server.running.usage().since(before).cpu_us / STREAMS as f64
        })
    };
    let stream = median((0..ROUNDS).map(|_| round()).collect());
    let line = Line::new("  a new stream, of 1000 at once: ")
        .value(0, 1, Row::new("CPU of a new stream", stream, "µs"))
        .text(" µs, so beside its first write ")
        .value(0, 1, Row::new("CPU of a connection beside its first write", stream - write, "µs"));
    rows.print(line.text(" µs"));
}

/// A stream whose greeting has come.
async fn open(address: SocketAddr) -> tokio::net::TcpStream {
    use tokio::io::AsyncWriteExt;
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("the server listens");
    stream.write_all(REQUEST).await.expect("a request");
    let mut seen = Vec::new();
    while memchr::memmem::find(&seen, b": hubbub").is_none() {
        assert!(stream.read_buf(&mut seen).await.expect("a stream") > 0, "the stream ended before its greeting");
    }
    stream
}

/// What a subscriber asks.
const REQUEST: &[u8] = b"GET /v1/stream/sse?table=t HTTP/1.1\r\nhost: bench\r\n\r\n";

/// How events are published.
#[derive(Clone, Copy)]
enum Pace {
    /// By one HTTP request after the other, with pauses.
    Requests { pause: Duration },
    /// All at once, by the server itself.
    Burst,
}

/// What the server uses for so many events, everything delivered.
fn usage_of(subscribers: usize, events: usize, pace: Pace) -> Usage {
    let mut server = Server::start();
    let address = server.address;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let readers: Vec<_> = (0..subscribers).map(|_| tokio::spawn(read(address, events))).collect();
        while server.subscribers() < subscribers {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let before = server.running.usage();
        match pace {
            Pace::Requests { pause } => {
                let mut publisher = TcpStream::connect(address).expect("the server listens");
                publisher.set_nodelay(true).expect("a TCP socket");
                for _ in 0..events {
                    publish(&mut publisher);
                    tokio::time::sleep(pause).await;
                }
            }
            Pace::Burst => writeln!(server.questions, "burst {events} {}", payload()).expect("the server lives"),
        }
        for reader in readers {
            reader.await.expect("a reader");
        }
        server.running.usage().since(before)
    })
}

async fn read(address: SocketAddr, events: usize) {
    use tokio::io::AsyncWriteExt;
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("the server listens");
    stream.write_all(REQUEST).await.expect("a request");
    const MARK: &[u8] = b"\ndata: ";
    let (mut buffer, mut kept, mut seen) = (vec![0; 16 * 1024], 0, 0);
    while seen < events {
        let length = stream.read(&mut buffer[kept..]).await.expect("a stream");
        assert!(length > 0, "the stream ended after {seen} events");
        let end = kept + length;
        seen += memchr::memmem::find_iter(&buffer[..end], MARK).count();
        // The beginning of a mark may be the end of what was read.
        kept = end.min(MARK.len() - 1);
        buffer.copy_within(end - kept..end, 0);
    }
}

fn publish(publisher: &mut TcpStream) {
    let body = payload();
    let length = body.len();
    write!(publisher, "POST /v1/ingest/t HTTP/1.1\r\nhost: bench\r\ncontent-length: {length}\r\n\r\n{body}")
        .expect("a request");
    let mut answer = [0; 1024];
    let length = publisher.read(&mut answer).expect("an answer");
    assert!(answer[..length].starts_with(b"HTTP/1.1 202"), "{}", String::from_utf8_lossy(&answer[..length]));
}

fn payload() -> String {
    format!("{{\"pad\":\"{}\"}}", "x".repeat(PAYLOAD_BYTES - 10))
}

/// The server, in a process of its own.
struct Server {
    running: Running,
    address: SocketAddr,
    lines: BufReader<ChildStdout>,
    questions: ChildStdin,
}

impl Server {
    fn start() -> Self {
        let (mut running, address) = start(&[&QUEUE_FRAMES.to_string()]);
        let lines = BufReader::new(running.child().stdout.take().expect("piped"));
        let questions = running.child().stdin.take().expect("piped");
        Self { running, address, lines, questions }
    }

    fn subscribers(&mut self) -> usize {
        writeln!(self.questions).expect("the server lives");
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("the server lives");
        line.trim().parse().expect("a count")
    }
}

/// Starts [`child`] in a process of its own, with a buffer of so many frames, and so many in a write or the default.
pub(crate) fn start(arguments: &[&str]) -> (Running, SocketAddr) {
    let program = std::env::current_exe().expect("this program");
    let mut running = Running::start(Command::new(program).arg(CHILD).args(arguments)).expect("a child process");
    let mut line = String::new();
    // It says nothing else unless it is asked.
    BufReader::new(running.child().stdout.as_mut().expect("piped")).read_line(&mut line).expect("the address");
    (running, line.trim().parse().expect("the address"))
}

/// Serves until killed. A line `burst EVENTS PAYLOAD` publishes; any other is answered with the number of subscribers.
pub(crate) fn child(arguments: &[String]) {
    let frames: Vec<_> = arguments.iter().map(|frames| frames.parse().expect("a number of frames")).collect();
    let capacity = Capacity::new(frames[0]).expect("within limits");
    let default = ServerSettings::default();
    let frames_per_write = frames.get(1).copied().unwrap_or(default.frames_per_write);
    let settings = ServerSettings { frames_per_write, ..default };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let hub = Hub::new(HubSettings { epoch: 1, capacity, overflow: Overflow::DropNewest });
    let environment = runtime.block_on(async { Measured::new(Tokio::start()) });
    let (published, listened) = (hub.clone(), environment.clone());
    runtime.spawn(async move {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        say(&listener.local_addr().expect("bound").to_string());
        hubbub::serve(listener, hub, settings, environment, std::future::pending()).await
    });
    for line in std::io::stdin().lines() {
        let line = line.expect("a pipe");
        let mut words = line.split_whitespace();
        if words.next() != Some("burst") {
            say(&published.subscribers().to_string());
            continue;
        }
        let events: usize = words.next().and_then(|events| events.parse().ok()).expect("a number of events");
        let payload = Bytes::from(words.next().expect("a payload").to_owned());
        let topic = Topic::of_table("t").expect("a table");
        for _ in 0..events {
            published.publish_each(listened.now(), &topic, payload.clone(), |subscriber, outcome| {
                listened.offered(subscriber, outcome);
            });
        }
    }
}
