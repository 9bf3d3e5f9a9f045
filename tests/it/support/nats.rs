//! A real broker: Debian's `nats-server` with JetStream, at a port and with a folder of its own.
//!
//! Where there is none it says so; with `HUBBUB_NATS=required`, as CI has it, it fails instead.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use async_nats::jetstream::stream::{Config, Stream};
use async_nats::jetstream::{self, Context};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::soon;

/// Longest time in which brokers choose a leader. A slow machine needs some of it.
const ELECTED_WITHIN: Duration = Duration::from_secs(30);

/// A broker; it is killed with this.
pub(crate) struct Broker {
    child: Child,
    port: u16,
    folder: PathBuf,
    options: Vec<String>,
}

impl Broker {
    /// Starts one whose folder has this name; `None` where there is no `nats-server`.
    pub(crate) async fn start(name: &str) -> Option<Self> {
        Self::start_with(name, &[]).await
    }

    /// Starts one with further options.
    pub(crate) async fn start_with(name: &str, options: &[&str]) -> Option<Self> {
        Self::start_as(name, &[&["-js"][..], options].concat()).await
    }

    /// Starts one that keeps no streams.
    pub(crate) async fn start_without_jetstream(name: &str) -> Option<Self> {
        Self::start_as(name, &[]).await
    }

    async fn start_as(name: &str, options: &[&str]) -> Option<Self> {
        is_there().await.then_some(())?;
        Some(Self::at(free_port(), name, options).await)
    }

    async fn at(port: u16, name: &str, options: &[&str]) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("nats").join(name);
        // What an earlier run has left.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let options: Vec<_> = options.iter().map(|option| (*option).to_owned()).collect();
        let child = spawn(port, &folder, &options);
        let broker = Self { child, port, folder, options };
        broker.listens().await;
        broker
    }

    /// Starts three that are one cluster; `None` where there is no `nats-server`.
    pub(crate) async fn start_three(name: &str) -> Option<[Self; 3]> {
        is_there().await.then_some(())?;
        let routes = [free_port(), free_port(), free_port()].map(|port| format!("nats://127.0.0.1:{port}"));
        let all = routes.join(",");
        let start = async |number: usize| {
            let member = format!("{name}-{number}");
            let options =
                ["-js", "-n", &member, "--cluster_name", name, "--cluster", &routes[number], "--routes", &all];
            Self::at(free_port(), &member, &options).await
        };
        Some([start(0).await, start(1).await, start(2).await])
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Kills its process, as a crash does.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Starts it again, on the same folder.
    pub(crate) async fn restart(&mut self) {
        self.child = spawn(self.port, &self.folder, &self.options);
        self.listens().await;
    }

    /// Its process gets no time until [`resume`](Self::resume).
    pub(crate) async fn pause(&self) {
        send(&self.child, "-STOP").await;
        // Its threads do not stop at the instant of the signal.
        while self.greets().await {}
    }

    /// Whether it answers a new connection. It speaks first.
    async fn greets(&self) -> bool {
        let mut stream = soon("a connection", TcpStream::connect(("127.0.0.1", self.port))).await.unwrap();
        timeout(Duration::from_millis(200), stream.read_u8()).await.is_ok()
    }

    pub(crate) async fn resume(&self) {
        send(&self.child, "-CONT").await;
    }

    /// What another program sees of its JetStream.
    pub(crate) async fn jetstream(&self) -> Context {
        jetstream::new(soon("a broker", async_nats::connect(self.url())).await.unwrap())
    }

    /// The stream of the cluster, once the brokers have a leader for it.
    pub(crate) async fn stream(&self) -> Stream {
        let jetstream = self.jetstream().await;
        let found = async {
            loop {
                if let Ok(stream) = jetstream.get_stream("hubbub").await {
                    return stream;
                }
                sleep(Duration::from_millis(100)).await;
            }
        };
        timeout(ELECTED_WITHIN, found).await.expect("a leader of the stream")
    }

    /// Waits until so many brokers keep what is given to them.
    pub(crate) async fn keeps(&self, replicas: usize) {
        let jetstream = self.jetstream().await;
        let config = Config { name: "try".to_owned(), num_replicas: replicas, ..Config::default() };
        let kept = async {
            while jetstream.create_stream(config.clone()).await.is_err() {
                sleep(Duration::from_millis(100)).await;
            }
            jetstream.delete_stream("try").await.unwrap();
        };
        timeout(ELECTED_WITHIN, kept).await.expect("brokers that keep a stream");
    }

    async fn listens(&self) {
        let listens = async {
            while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        soon("a broker that listens", listens).await;
    }
}

/// Whether there is a `nats-server`.
async fn is_there() -> bool {
    if Command::new("nats-server").arg("--version").stdout(Stdio::null()).status().await.is_ok() {
        return true;
    }
    let is_required = std::env::var_os("HUBBUB_NATS").is_some_and(|value| value == "required");
    assert!(!is_required, "nats-server cannot be started, and CI requires it");
    eprintln!("skipped: no nats-server (Debian: apt-get install nats-server)");
    false
}

/// A port that the system chooses. A broker that is started again needs the same one.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn spawn(port: u16, folder: &std::path::Path, options: &[String]) -> Child {
    let mut command = Command::new("nats-server");
    command.args(["-a", "127.0.0.1", "-p", &port.to_string(), "-sd"]).arg(folder).args(options);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    command.spawn().unwrap()
}

/// Sends a signal to a process.
pub(crate) async fn send(child: &Child, signal: &str) {
    let pid = child.id().unwrap().to_string();
    let script = ["-c", "kill \"$0\" \"$1\"", signal, &pid];
    assert!(Command::new("sh").args(script).status().await.unwrap().success());
}
