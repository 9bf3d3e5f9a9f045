//! A port in front of a server that looks at the first request of each connection, and may answer it itself.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

pub(super) struct Front {
    pub(super) address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    _runtime: Runtime,
}

impl Front {
    /// In front of `behind`, to which everything goes that `answer` has no answer to.
    pub(super) fn of(behind: SocketAddr, answer: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (heads, answer) = (Arc::new(Mutex::new(Vec::new())), Arc::new(answer));
        let heard = heads.clone();
        runtime.spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                tokio::spawn(pass(client, behind, heard.clone(), answer.clone()));
            }
        });
        Self { address, heads, _runtime: runtime }
    }

    /// The heads that came, in order.
    pub(super) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

async fn pass(
    mut client: TcpStream,
    behind: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    answer: Arc<impl Fn(&str) -> Option<String>>,
) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let Ok(byte) = client.read_u8().await else { return };
        request.push(byte);
    }
    let head = String::from_utf8(request).unwrap();
    let answered = answer(&head);
    heads.lock().unwrap().push(head.clone());
    if let Some(answered) = answered {
        // A client that is gone needs no answer.
        let _ = client.write_all(answered.as_bytes()).await;
        return;
    }
    let Ok(mut server) = TcpStream::connect(behind).await else { return };
    if server.write_all(head.as_bytes()).await.is_ok() {
        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
    }
}
