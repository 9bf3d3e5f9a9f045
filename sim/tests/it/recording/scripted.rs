//! Servers that send given bytes at given moments.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

/// The head of an event stream that ends with its connection.
pub(crate) const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";

/// What a server does next.
#[derive(Clone)]
pub(crate) enum Act {
    Send(Vec<u8>),
    Wait(Duration),
    /// Ends the connection with an RST.
    Reset,
    /// Keeps the connection open until the test is over.
    Hold,
}

impl Act {
    pub(crate) fn send(text: &str) -> Self {
        Self::Send(text.as_bytes().to_vec())
    }

    pub(crate) fn wait(ms: u64) -> Self {
        Self::Wait(Duration::from_millis(ms))
    }
}

/// An event of 10 bytes, with another line of that block before its data.
pub(crate) fn event(line: &str) -> Act {
    Act::send(&format!("{line}\ndata: 0123456789\n\n"))
}

/// So many events of 10 bytes, with a pause of so many ms after each.
pub(crate) fn events(count: u64, pause_ms: u64) -> Vec<Act> {
    (1..=count).flat_map(|id| [event(&format!("id: {id}")), Act::wait(pause_ms)]).collect()
}

/// A server with a script for each connection; when the last is taken, it listens no more.
pub(crate) struct ScriptedServer {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    /// Has a permit for each script that is done up to its end, or up to where it holds the connection.
    done: Arc<Semaphore>,
    runtime: Runtime,
}

impl ScriptedServer {
    pub(crate) fn start(scripts: impl IntoIterator<Item = Vec<Act>>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let done = Arc::new(Semaphore::new(0));
        let heard = requests.clone();
        let played = done.clone();
        let scripts: Vec<_> = scripts.into_iter().collect();
        let serving = async move {
            for script in scripts {
                let (mut connection, _) = listener.accept().await.unwrap();
                let mut request = vec![0; 4096];
                let got = connection.read(&mut request).await.unwrap();
                heard.lock().unwrap().push(String::from_utf8_lossy(&request[..got]).into_owned());
                tokio::spawn(play(connection, script, played.clone()));
            }
        };
        drop(runtime.spawn(serving));
        Self { address, requests, done, runtime }
    }

    /// The heads of the requests that came, in order.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// Waits until a script has sent all it has.
    pub(crate) fn has_sent_all(&self, most: Duration) -> bool {
        self.runtime.block_on(async { timeout(most, self.done.acquire()).await.is_ok() })
    }
}

async fn play(mut connection: TcpStream, script: Vec<Act>, done: Arc<Semaphore>) {
    for act in script {
        match act {
            // A client that is gone needs nothing more.
            Act::Send(bytes) => {
                if connection.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Act::Wait(pause) => sleep(pause).await,
            Act::Reset => SockRef::from(&connection).set_linger(Some(Duration::ZERO)).unwrap(),
            Act::Hold => {
                done.add_permits(1);
                return std::future::pending().await;
            }
        }
    }
}

/// A host that answers nothing: its queue of connections is full, and it accepts none.
pub(crate) struct SilentServer {
    pub(crate) address: SocketAddr,
    _listener: Socket,
    _queued: Vec<std::net::TcpStream>,
}

impl SilentServer {
    pub(crate) fn start() -> Self {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap().as_socket().unwrap();
        let connect = || std::net::TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok();
        let queued: Vec<_> = std::iter::from_fn(connect).take(10).collect();
        assert!(queued.len() < 10, "it goes on accepting");
        Self { address, _listener: listener, _queued: queued }
    }
}
