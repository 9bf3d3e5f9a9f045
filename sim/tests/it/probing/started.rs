//! Proxies, started with the files of `deploy/`.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What has the files of `deploy/` to be changed into, so that tests can run beside each other and beside a server.
const LISTENS: &str = "127.0.0.1:8000";
const SERVER: &str = "127.0.0.1:8080";

/// A proxy from Debian's packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Nginx,
    HaProxy,
    Caddy,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::HaProxy => "haproxy",
            Self::Caddy => "caddy",
        }
    }

    /// Its name and version, for a table.
    pub(super) fn version(self) -> String {
        let argument = if self == Self::Caddy { "version" } else { "-v" };
        let output = Command::new(self.name()).arg(argument).output().unwrap();
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let is_number = |word: &&str| word.trim_start_matches("nginx/").starts_with(|c: char| c.is_ascii_digit());
        let number = text.split_whitespace().find(is_number).unwrap_or_default().trim_start_matches("nginx/");
        // Debian's own revision says nothing of the program.
        format!("{} {}", self.name(), number.split('-').next().unwrap_or_default())
    }

    /// Its file in `deploy/`.
    fn file(self) -> &'static str {
        match self {
            Self::Nginx => "nginx.conf",
            Self::HaProxy => "haproxy.cfg",
            Self::Caddy => "Caddyfile",
        }
    }

    /// The text of its file in `deploy/`.
    pub(super) fn configuration(self) -> String {
        fs::read_to_string(format!("{}/../deploy/{}", env!("CARGO_MANIFEST_DIR"), self.file())).unwrap()
    }

    fn command(self, folder: &Path) -> Command {
        let file = folder.join(self.file());
        let mut command = Command::new(self.name());
        match self {
            Self::Nginx => {
                let here = format!("daemon off; error_log stderr; pid {}/nginx.pid;", folder.display());
                command.args(["-p", &folder.display().to_string(), "-g", &here]).arg("-c").arg(&file);
            }
            Self::HaProxy => {
                command.arg("-f").arg(&file);
            }
            Self::Caddy => {
                command.args(["run", "--adapter", "caddyfile", "--config"]).arg(&file);
                // It keeps what it remembers there.
                command.env("HOME", folder).env("XDG_CONFIG_HOME", folder).env("XDG_DATA_HOME", folder);
            }
        }
        command
    }
}

/// A proxy that runs; it ends with this.
pub(super) struct Proxy {
    pub(super) address: SocketAddr,
    process: Child,
}

impl Proxy {
    /// Starts a proxy in front of a server. `None`, with a message, where it is not installed and need not be.
    pub(super) fn start(kind: Kind, configuration: &str, server: SocketAddr, folder: &Path) -> Option<Self> {
        let name = kind.name();
        if Command::new(name).arg("-h").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
            let is_required = std::env::var_os("HUBBUB_PROXIES").is_some_and(|value| value == "required");
            assert!(!is_required, "HUBBUB_PROXIES=required, and there is no {name}");
            eprintln!("skipped: there is no {name} here (Debian: apt-get install {name})");
            return None;
        }
        // Free a moment ago: the proxies cannot be handed a socket.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert!(configuration.contains(LISTENS) && configuration.contains(SERVER), "{configuration}");
        let text = configuration.replace(LISTENS, &address.to_string()).replace(SERVER, &server.to_string());
        fs::write(folder.join(kind.file()), text).unwrap();
        let log = fs::File::create(folder.join(format!("{name}.log"))).unwrap();
        let errors = log.try_clone().unwrap();
        let process = kind.command(folder).stdin(Stdio::null()).stdout(log).stderr(errors).spawn().unwrap();
        let mut proxy = Self { address, process };
        let mut looks = 0;
        while TcpStream::connect(address).is_err() {
            let has_ended = proxy.process.try_wait().unwrap();
            let log = fs::read_to_string(folder.join(format!("{name}.log"))).unwrap();
            assert!(has_ended.is_none() && looks < 1000, "{name}: {log}");
            looks += 1;
            pause();
        }
        Some(proxy)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // Asked first, so that the master ends its workers: killed, it would leave them behind.
        let id = rustix::process::Pid::from_child(&self.process);
        let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        for _ in 0..150 {
            if self.process.try_wait().is_ok_and(|ended| ended.is_some()) {
                return;
            }
            pause();
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "a proxy gives no sign when it listens, or has ended")]
fn pause() {
    std::thread::sleep(Duration::from_millis(20));
}
