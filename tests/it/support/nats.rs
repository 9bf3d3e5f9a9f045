//! A real broker: Debian's `nats-server` with JetStream, at a port and with a folder of its own.
//!
//! Where there is none it says so; with `HUBBUB_NATS=required`, as CI has it, it fails instead.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use async_nats::jetstream::stream::Stream;
use async_nats::jetstream::{self, Context};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::soon;

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
        if Command::new("nats-server").arg("--version").stdout(Stdio::null()).status().await.is_err() {
            let is_required = std::env::var_os("HUBBUB_NATS").is_some_and(|value| value == "required");
            assert!(!is_required, "nats-server cannot be started, and CI requires it");
            eprintln!("skipped: no nats-server (Debian: apt-get install nats-server)");
            return None;
        }
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("nats").join(name);
        // What an earlier run has left.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        // A broker that is started again needs the same port, so the system's choice is asked for once.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let options: Vec<_> = options.iter().map(|option| (*option).to_owned()).collect();
        let child = spawn(port, &folder, &options);
        let broker = Self { child, port, folder, options };
        broker.listens().await;
        Some(broker)
    }

    /// The first two numbers of the version of `nats-server`.
    pub(crate) async fn version() -> (u64, u64) {
        let output = Command::new("nats-server").arg("--version").output().await.unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let mut numbers = text.trim().rsplit('v').next().unwrap().split('.').map(|number| number.parse().unwrap_or(0));
        (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
    }

    /// Its process.
    pub(crate) fn child(&self) -> &Child {
        &self.child
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://{}", self.address())
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
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

    /// The stream of the cluster.
    pub(crate) async fn stream(&self) -> Stream {
        soon("the stream", self.jetstream().await.get_stream("hubbub")).await.unwrap()
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
