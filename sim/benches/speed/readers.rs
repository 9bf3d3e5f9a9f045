//! The clients of the comparisons: a process that reads a thousand streams and counts, as cheaply as it can be done.
//!
//! The same for every server. It goes round all sockets and takes whatever has come, with a pause between rounds: it
//! is not woken for single frames, so that the two cores are the server's. A frame is a byte of its payload that occurs
//! nowhere else.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{ChildStdin, ChildStdout, Command};
use std::time::Duration;

use tokio::time::Instant;

use crate::process::Running;
use crate::say;

/// Argument that makes this program the readers.
pub(crate) const CHILD: &str = "read-for-bench";

/// Occurs in a payload once, and in no head, id or comment.
pub(crate) const MARK: u8 = b'~';

/// Between two rounds over a thousand sockets.
const PAUSE: Duration = Duration::from_millis(4);

/// What has not come by then has been lost.
const PATIENCE: Duration = Duration::from_secs(3);

/// A payload of that many bytes: a JSON object with one mark.
pub(crate) fn payload(bytes: usize) -> String {
    format!("{{\"pad\":\"{}~\"}}", "x".repeat(bytes - 11))
}

/// The readers, from the side of who measures.
pub(crate) struct Readers {
    _process: Running,
    orders: ChildStdin,
    reports: BufReader<ChildStdout>,
}

impl Readers {
    /// Opens that many streams; returns when every one has had its first bytes.
    pub(crate) fn connect(address: SocketAddr, path: &str, streams: usize) -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut command = Command::new(program);
        command.arg(CHILD).arg(address.to_string()).arg(path).arg(streams.to_string());
        let mut process = Running::start(&mut command).expect("a child process");
        let orders = process.child().stdin.take().expect("piped");
        let reports = BufReader::new(process.child().stdout.take().expect("piped"));
        let mut readers = Self { _process: process, orders, reports };
        readers.report();
        readers
    }

    /// Tells them how many frames to count from now on.
    pub(crate) fn expect(&mut self, frames: usize) {
        writeln!(self.orders, "{frames}").expect("the readers live");
    }

    /// How many frames came, once all have or no more do.
    pub(crate) fn report(&mut self) -> usize {
        let mut line = String::new();
        self.reports.read_line(&mut line).expect("the readers live");
        line.trim().parse().expect("the readers could connect")
    }
}

/// The readers' own process.
#[expect(clippy::disallowed_methods, reason = "the pause between two rounds synchronises nothing")]
pub(crate) fn child(arguments: &[String]) {
    let [address, path, streams] = arguments else { return };
    let streams: usize = streams.parse().expect("a number of streams");
    let open = |_| {
        let mut stream = TcpStream::connect(address).expect("the server listens");
        write!(stream, "GET {path} HTTP/1.1\r\nhost: bench\r\naccept: text/event-stream\r\n\r\n").expect("a request");
        stream
    };
    let pause = PAUSE.mul_f64(streams as f64 / 1000.0);
    let mut streams: Vec<_> = (0..streams).map(open).collect();
    let mut buffer = vec![0; 64 * 1024];
    for stream in &mut streams {
        let length = stream.read(&mut buffer).expect("an answer");
        assert!(buffer[..length].starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&buffer[..length]));
        stream.set_nonblocking(true).expect("a TCP socket");
    }
    say("0");
    for order in std::io::stdin().lines() {
        let expected: usize = order.expect("a pipe").parse().expect("a number of frames");
        let (mut seen, mut last) = (0, Instant::now());
        while seen < expected && last.elapsed() < PATIENCE {
            let before = seen;
            seen += streams.iter_mut().map(|stream| take(stream, &mut buffer)).sum::<usize>();
            if seen > before {
                last = Instant::now();
            }
            if seen < expected {
                std::thread::sleep(pause);
            }
        }
        say(&seen.to_string());
    }
}

/// Frames that have come on a stream.
fn take(stream: &mut TcpStream, buffer: &mut [u8]) -> usize {
    match stream.read(buffer) {
        Ok(0) => panic!("a stream has ended"),
        Ok(length) => memchr::memchr_iter(MARK, &buffer[..length]).count(),
        Err(why) if why.kind() == ErrorKind::WouldBlock => 0,
        Err(why) => panic!("a stream: {why}"),
    }
}
