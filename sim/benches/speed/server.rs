//! What the real server's CPU costs: a publish and a delivery over real TCP on loopback.
//!
//! The server is a process of its own, so that its CPU time can be told from the clients'. These are the constants of
//! `sim/scenarios/*.toml`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use hubbub::transport::Tokio;
use hubbub::{Capacity, Hub, HubSettings, Overflow, ServerSettings};
use tokio::io::AsyncReadExt;

use crate::{median, say};

/// Argument that makes this program the server.
pub(crate) const CHILD: &str = "serve-for-bench";

const PAYLOAD_BYTES: usize = 700;
const ROUNDS: usize = 5;

/// Measures and prints.
pub(crate) fn bench() {
    say(&format!("server over real TCP on loopback, CPU time (median of {ROUNDS}; events of {PAYLOAD_BYTES} B, 50/s)"));
    let publish = (0..ROUNDS).map(|_| cpu_of(0, 2000, Duration::ZERO) / 2000.0);
    let publish = median(publish.collect());
    say(&format!("  a publish (an HTTP request, nobody subscribed): {publish:.1} µs"));
    for subscribers in [100, 1000] {
        let events = 100;
        let delivery = (0..ROUNDS).map(|_| {
            let cpu = cpu_of(subscribers, events, Duration::from_millis(20));
            (cpu - publish * events as f64) / (events * subscribers) as f64
        });
        say(&format!("  a delivery at N = {subscribers}: {:.1} µs", median(delivery.collect())));
    }
}

/// Microseconds of CPU that the server takes for so many events, everything delivered.
fn cpu_of(subscribers: usize, events: usize, pause: Duration) -> f64 {
    let mut server = Server::start();
    let address = server.address;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let readers: Vec<_> = (0..subscribers).map(|_| tokio::spawn(read(address, events))).collect();
        while server.subscribers() < subscribers {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let before = server.cpu_us();
        let mut publisher = TcpStream::connect(address).expect("the server listens");
        publisher.set_nodelay(true).expect("a TCP socket");
        for _ in 0..events {
            publish(&mut publisher);
            tokio::time::sleep(pause).await;
        }
        for reader in readers {
            reader.await.expect("a reader");
        }
        server.cpu_us() - before
    })
}

async fn read(address: SocketAddr, events: usize) {
    use tokio::io::AsyncWriteExt;
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("the server listens");
    stream.write_all(b"GET /v1/stream/sse?table=t HTTP/1.1\r\nhost: bench\r\n\r\n").await.expect("a request");
    let (mut buffer, mut seen) = (vec![0; 16 * 1024], 0);
    while seen < events {
        let length = stream.read(&mut buffer).await.expect("a stream");
        assert!(length > 0, "the stream ended after {seen} events");
        seen += memchr::memmem::find_iter(&buffer[..length], b"\ndata: ").count();
    }
}

fn publish(publisher: &mut TcpStream) {
    let body = format!("{{\"pad\":\"{}\"}}", "x".repeat(PAYLOAD_BYTES - 10));
    let length = body.len();
    write!(publisher, "POST /v1/ingest/t HTTP/1.1\r\nhost: bench\r\ncontent-length: {length}\r\n\r\n{body}")
        .expect("a request");
    let mut answer = [0; 1024];
    let length = publisher.read(&mut answer).expect("an answer");
    assert!(answer[..length].starts_with(b"HTTP/1.1 202"), "{}", String::from_utf8_lossy(&answer[..length]));
}

/// The server, in a process of its own.
struct Server {
    process: Child,
    address: SocketAddr,
    lines: BufReader<std::process::ChildStdout>,
    questions: std::process::ChildStdin,
}

impl Server {
    fn start() -> Self {
        let program = std::env::current_exe().expect("this program");
        let piped = Command::new(program).arg(CHILD).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut process = piped.expect("a child process");
        let mut lines = BufReader::new(process.stdout.take().expect("piped"));
        let questions = process.stdin.take().expect("piped");
        let mut line = String::new();
        lines.read_line(&mut line).expect("the address");
        Self { process, address: line.trim().parse().expect("the address"), lines, questions }
    }

    fn subscribers(&mut self) -> usize {
        writeln!(self.questions).expect("the server lives");
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("the server lives");
        line.trim().parse().expect("a count")
    }

    /// CPU time of all its threads: the first number of their schedstat, in nanoseconds.
    fn cpu_us(&self) -> f64 {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.process.id())).expect("Linux");
        let of_task = |task: std::io::Result<std::fs::DirEntry>| {
            let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse::<f64>().ok()
        };
        tasks.filter_map(of_task).sum::<f64>() / 1000.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Serves until killed; answers each line with the number of subscribers.
pub(crate) fn child() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let capacity = Capacity::new(256).expect("within limits");
    let hub = Hub::new(HubSettings { epoch: 1, capacity, overflow: Overflow::DropNewest });
    let counted = hub.clone();
    runtime.spawn(async move {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        say(&listener.local_addr().expect("bound").to_string());
        hubbub::serve(listener, hub, ServerSettings::default(), Tokio::start(), std::future::pending()).await
    });
    for _ in std::io::stdin().lines() {
        say(&counted.subscribers().to_string());
    }
}
