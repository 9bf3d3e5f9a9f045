//! A link that can fail: it carries bytes between its own address and another one.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What the link does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It carries everything.
    Carries,
    /// It carries nothing, and takes nothing: what is sent waits at its sender.
    Holds,
    /// Connections are cut, and new ones end at once.
    IsCut,
}

/// The link; it ends with this.
pub(crate) struct Link {
    port: u16,
    state: watch::Sender<State>,
    accepts: JoinHandle<()>,
}

impl Link {
    /// A link to an address. It carries everything at first.
    pub(crate) async fn to(address: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (state, changes) = watch::channel(State::Carries);
        let accepts = tokio::spawn(accept(listener, address.to_owned(), changes));
        Self { port, state, accepts }
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Cuts all connections, and refuses new ones.
    pub(crate) fn cut(&self) {
        self.state.send_replace(State::IsCut);
    }

    /// Carries nothing from now on, and ends no connection.
    pub(crate) fn hold(&self) {
        self.state.send_replace(State::Holds);
    }

    /// Carries everything again.
    pub(crate) fn mend(&self) {
        self.state.send_replace(State::Carries);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.accepts.abort();
    }
}

async fn accept(listener: TcpListener, address: String, state: watch::Receiver<State>) {
    while let Ok((near, _)) = listener.accept().await {
        if *state.borrow() == State::IsCut {
            continue;
        }
        let (address, mut until, state) = (address.clone(), state.clone(), state.clone());
        drop(tokio::spawn(async move {
            let Ok(far) = TcpStream::connect(address).await else { return };
            let ((near_reads, near_writes), (far_reads, far_writes)) = (near.into_split(), far.into_split());
            tokio::select! {
                () = carry(near_reads, far_writes, state.clone()) => {}
                () = carry(far_reads, near_writes, state) => {}
                _ = until.wait_for(|state| *state == State::IsCut) => {}
            }
        }));
    }
}

async fn carry(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut state: watch::Receiver<State>,
) {
    let mut bytes = [0; 4096];
    loop {
        let Ok(read @ 1..) = from.read(&mut bytes).await else { return };
        let goes_on = state.wait_for(|state| *state != State::Holds).await.is_ok();
        if !goes_on || to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}
