//! The server's sockets in the simulated network: the one that listens, and its end of each connection.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hubbub::transport::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use turmoil::net::tcp::OwnedReadHalf;

use super::network::Network;
use super::wire::{Path, Wire, Written};

/// The listening socket of a server under test.
pub struct ServerListener {
    pub(super) socket: turmoil::net::TcpListener,
    pub(super) network: Arc<Network>,
}

impl Listener for ServerListener {
    type Stream = ServerStream;

    async fn accept(&mut self) -> io::Result<(ServerStream, SocketAddr)> {
        let (stream, peer) = self.socket.accept().await?;
        let (reading, writing) = stream.into_split();
        let wire = self.network.accept(peer, writing);
        Ok((ServerStream { reading, peer, wire, network: self.network.clone() }, peer))
    }

    /// The plan's windows and its user timeout are the bounds here.
    fn bound(&self, _stream: &ServerStream, _unsent_bytes: u32, _user_timeout: Duration) {}
}

/// The server's end of a connection.
pub struct ServerStream {
    reading: OwnedReadHalf,
    peer: SocketAddr,
    wire: Arc<Wire>,
    network: Arc<Network>,
}

impl std::fmt::Debug for ServerListener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ServerListener")
    }
}

impl std::fmt::Debug for ServerStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerStream").field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl AsyncRead for ServerStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        // Without faults and paths no connection times out, and the client's side of turmoil wakes this task.
        if self.network.has_faults() || self.network.over_paths.is_some() {
            self.wire.wait_for_client(cx)?;
        }
        Pin::new(&mut self.reading).poll_read(cx, buf)
    }
}

impl AsyncWrite for ServerStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Self { wire, network, .. } = &*self;
        let over_path = |path: &Path, bytes, is_held| network.write_over_path(path.subscriber, wire, bytes, is_held);
        let written = ready!(wire.poll_write(cx, parts, network.has_cpu(), over_path, || network.now()))?;
        let Written { taken, kept, wants_cpu, has_outgoing } = written;
        network.accepted(kept as u64);
        if wants_cpu {
            network.wants_cpu(wire.clone());
        }
        if has_outgoing {
            network.has_outgoing(wire.clone());
        }
        Poll::Ready(Ok(taken))
    }

    // As tokio's TCP stream says. hyper gathers frames by another rule where a stream does not write vectored.
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(at) = ready!(self.wire.poll_flush(cx)) {
            self.network.goes_on_at(at);
        }
        Poll::Ready(Ok(()))
    }

    // The end of the stream takes the way of its bytes, behind them. It sets out when the stream is dropped.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Drop for ServerStream {
    fn drop(&mut self) {
        let unread = self.wire.close();
        self.network.has_closed(self.peer, self.wire.clone(), unread);
    }
}
