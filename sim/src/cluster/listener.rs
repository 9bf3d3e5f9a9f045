//! A server's listening socket in turmoil's network.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use hubbub::transport::Listener;
use turmoil::net::{TcpListener, TcpStream};

/// The port of every node.
pub(super) const PORT: u16 = 80;

/// The listening socket of a node.
pub(super) struct NodeListener(TcpListener);

impl NodeListener {
    pub(super) async fn bind() -> io::Result<Self> {
        Ok(Self(TcpListener::bind(("0.0.0.0", PORT)).await?))
    }
}

impl Listener for NodeListener {
    type Stream = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        self.0.accept().await
    }

    /// turmoil's sockets have no such bounds.
    fn bound(&self, _stream: &TcpStream, _unsent_bytes: u32, _user_timeout: Duration) {}
}
