//! The servers that are compared, and how each is started, subscribed to and published to.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use crate::process::Running;
use crate::server;

/// Frames that a subscriber's queue holds, at every peer: nothing is to be lost here.
pub(crate) const QUEUE_FRAMES: usize = 4096;

/// Where Debian's package puts nchan.
const NCHAN: &str = "/usr/lib/nginx/modules/ngx_nchan_module.so";

/// A server that runs.
pub(crate) struct Server {
    pub(crate) running: Running,
    pub(crate) address: SocketAddr,
    pub(crate) stream_path: &'static str,
    publish_path: &'static str,
    bursts: Bursts,
}

/// How the server is told to publish by itself.
enum Bursts {
    Never,
    /// By a line on its standard input.
    Line,
    /// By a request.
    Request,
}

impl Server {
    /// A connection to publish on.
    pub(crate) fn publisher(&self) -> Publisher {
        let stream = TcpStream::connect(self.address).expect("the server listens");
        stream.set_nodelay(true).expect("a TCP socket");
        Publisher { stream, path: self.publish_path }
    }

    /// Has it publish a payload that often by itself.
    pub(crate) fn burst(&mut self, events: usize, payload: &str) {
        match self.bursts {
            Bursts::Never => unreachable!("not asked of this one"),
            Bursts::Line => {
                let orders = self.running.child().stdin.as_mut().expect("piped");
                writeln!(orders, "burst {events} {payload}").expect("the server lives");
            }
            Bursts::Request => {
                let stream = TcpStream::connect(self.address).expect("the server listens");
                Publisher { stream, path: "" }.post(&format!("/burst?events={events}"), payload);
            }
        }
    }
}

/// One publish after the other, on a connection that is kept.
pub(crate) struct Publisher {
    stream: TcpStream,
    path: &'static str,
}

impl Publisher {
    pub(crate) fn publish(&mut self, payload: &str) {
        self.post(self.path, payload);
    }

    fn post(&mut self, path: &str, body: &str) {
        let length = body.len();
        let head = format!("POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-length: {length}\r\n\r\n");
        self.stream.write_all(format!("{head}{body}").as_bytes()).expect("a request");
        let (mut answer, mut length) = ([0; 4096], 0);
        while !is_whole(&answer[..length]) {
            let more = self.stream.read(&mut answer[length..]).expect("an answer");
            assert!(more > 0, "the publisher was cut off");
            length += more;
        }
        assert!(answer.starts_with(b"HTTP/1.1 20"), "{}", String::from_utf8_lossy(&answer[..length]));
    }
}

/// Whether an answer has all its content-length says.
fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    body.len() >= length.unwrap_or(0)
}

/// The built server with its defaults, as it is served to operators. Only its buffers are those of all peers.
pub(crate) fn hubbub() -> Result<Server, String> {
    hubbub_with(&[])
}

/// The built server, every frame in a write of its own.
pub(crate) fn hubbub_one_frame_a_write() -> Result<Server, String> {
    hubbub_with(&[("WH_FRAMES_PER_WRITE", "1")])
}

fn hubbub_with(settings: &[(&str, &str)]) -> Result<Server, String> {
    let mut command = Command::new(hubbub_binary().as_ref()?);
    command.args(["serve", "--listen", "127.0.0.1:0"]).stderr(Stdio::piped());
    command.env("WH_SSE_CHANNEL_BUFFER", QUEUE_FRAMES.to_string()).envs(settings.iter().copied());
    let mut running = Running::start(&mut command).map_err(|why| format!("hubbub: {why}"))?;
    let mut lines = BufReader::new(running.child().stderr.take().expect("piped"));
    let mut line = String::new();
    lines.read_line(&mut line).expect("the server says where it listens");
    let address = line.split("http://").nth(1).and_then(|rest| rest.split(',').next()?.parse().ok());
    let address = address.ok_or_else(|| format!("hubbub: {line}"))?;
    // Its log must not fill the pipe.
    std::thread::spawn(move || lines.bytes().take_while(Result::is_ok).count());
    let (stream_path, publish_path) = ("/v1/stream/sse?table=t", "/v1/ingest/t");
    Ok(Server { running, address, stream_path, publish_path, bursts: Bursts::Never })
}

/// This project's server in a process that can be told to publish by itself, with so many frames in a write, or the
/// default.
pub(crate) fn hubbub_inside(frames_per_write: Option<&str>) -> Result<Server, String> {
    let queue = QUEUE_FRAMES.to_string();
    let arguments: Vec<_> = std::iter::once(queue.as_str()).chain(frames_per_write).collect();
    let (running, address) = server::start(&arguments);
    let (stream_path, publish_path) = ("/v1/stream/sse?table=t", "/v1/ingest/t");
    Ok(Server { running, address, stream_path, publish_path, bursts: Bursts::Line })
}

/// nginx with nchan as Debian has it, two workers.
pub(crate) fn nchan() -> Result<Server, String> {
    if !Path::new(NCHAN).exists() {
        return Err("nchan: not installed (Debian's nginx and libnginx-mod-nchan): left out".to_owned());
    }
    let root = folder();
    let address = free_address();
    let user = if rustix::process::getuid().is_root() { "user root;" } else { "" };
    let config = format!(
        "load_module {NCHAN};\n{user}\nworker_processes 2;\nworker_rlimit_nofile 20000;\ndaemon off;\npid nginx.pid;\n\
         error_log error.log;\nevents {{ worker_connections 10000; }}\nhttp {{\naccess_log off;\n\
         client_body_temp_path body;\nproxy_temp_path proxy;\nfastcgi_temp_path fastcgi;\nuwsgi_temp_path uwsgi;\n\
         scgi_temp_path scgi;\nkeepalive_requests 1000000;\nnchan_shared_memory_size 256M;\n\
         server {{\nlisten {address} backlog=4096;\n\
         location = /sub {{ nchan_subscriber eventsource; nchan_channel_id t; nchan_subscriber_first_message newest; }}\n\
         location = /pub {{ nchan_publisher; nchan_channel_id t; nchan_message_buffer_length {QUEUE_FRAMES}; }}\n\
         }}\n}}\n"
    );
    fs::write(root.join("nginx.conf"), config).map_err(|why| format!("nchan: {why}"))?;
    let mut command = Command::new("/usr/sbin/nginx");
    command.arg("-p").arg(root).args(["-c", "nginx.conf", "-e", "error.log"]);
    let running = Running::start(&mut command).map_err(|why| format!("nchan: {why}"))?;
    await_listener(address).map_err(|why| format!("nchan: {why}"))?;
    Ok(Server { running, address, stream_path: "/sub", publish_path: "/pub", bursts: Bursts::Never })
}

/// The hub in Go beside this file.
pub(crate) fn go(batch: &str) -> Result<Server, String> {
    let mut command = Command::new(go_binary().as_ref()?);
    let mut running = Running::start(command.env("BATCH", batch)).map_err(|why| format!("Go: {why}"))?;
    let mut line = String::new();
    BufReader::new(running.child().stdout.take().expect("piped")).read_line(&mut line).expect("the hub's address");
    let address = line.trim().parse().map_err(|why| format!("Go: {line}: {why}"))?;
    Ok(Server { running, address, stream_path: "/sub", publish_path: "/pub", bursts: Bursts::Request })
}

fn go_binary() -> &'static Result<PathBuf, String> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BUILT.get_or_init(|| {
        let (source, binary) = (folder().join("hub.go"), folder().join("hub"));
        fs::write(&source, include_str!("peers/hub.go")).map_err(|why| format!("Go: {why}"))?;
        let mut build = Command::new("go");
        build.arg("build").arg("-o").arg(&binary).arg(&source).env("GO111MODULE", "off");
        match build.status() {
            Ok(status) if status.success() => Ok(binary),
            Ok(status) => Err(format!("Go: the hub could not be built ({status}): left out")),
            Err(_) => Err("Go: not installed: left out".to_owned()),
        }
    })
}

/// Built by the profile of the released programs, by whoever runs this.
pub(crate) fn hubbub_binary() -> &'static Result<PathBuf, String> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BUILT.get_or_init(|| {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let built = Command::new(cargo).args(["build", "--profile", "dist", "--quiet", "--package", "hubbub"]).status();
        let program = std::env::current_exe().map_err(|why| format!("hubbub: {why}"))?;
        let binary = program.ancestors().nth(3).map(|target| target.join("dist/hubbub")).filter(|path| path.exists());
        match (built, binary) {
            (Ok(status), Some(binary)) if status.success() => Ok(binary),
            _ => Err("hubbub: the server could not be built: left out".to_owned()),
        }
    })
}

/// Where the peers' files are.
fn folder() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("hubbub-bench-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a temporary folder");
        folder
    })
}

/// Removes what the peers have left behind.
pub(crate) fn clean_up() {
    let _ = fs::remove_dir_all(folder());
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("bound")
}

#[expect(clippy::disallowed_methods, reason = "nginx does not tell when it listens")]
fn await_listener(address: SocketAddr) -> Result<(), String> {
    for _ in 0..100 {
        if TcpStream::connect(address).is_ok() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Err("does not listen".to_owned())
}
