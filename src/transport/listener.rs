//! Where connections come from: a TCP socket here, a simulated one in the testbed.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

/// A source of connections.
pub trait Listener {
    /// One connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Waits for the next connection.
    ///
    /// # Errors
    /// When this one could not be accepted; the next one may be.
    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>>;

    /// Bounds what may wait unsent in a connection's socket, where sockets can do that.
    fn bound_backlog(&self, _stream: &Self::Stream, _unsent_bytes: u32) {}
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, peer) = Self::accept(self).await?;
        // A frame is one write: nothing follows that would be worth waiting for. This fails only on a connection that
        // has ended already, which shows soon enough; it must not keep the next one from being accepted.
        let _ = stream.set_nodelay(true);
        Ok((stream, peer))
    }

    /// Sets `TCP_NOTSENT_LOWAT` on Linux and Android; elsewhere the system's own limits have to do.
    fn bound_backlog(&self, stream: &TcpStream, unsent_bytes: u32) {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        // As above.
        let _ = socket2::SockRef::from(stream).set_tcp_notsent_lowat(unsent_bytes);
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let _ = (stream, unsent_bytes);
    }
}
