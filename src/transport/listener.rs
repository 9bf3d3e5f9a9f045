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
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, peer) = Self::accept(self).await?;
        // A frame is one write: nothing follows that would be worth waiting for. Both options fail only on a connection
        // that has ended already, which shows soon enough; it must not keep the next one from being accepted.
        let _ = stream.set_nodelay(true).and_then(|()| bound_backlog(&stream));
        Ok((stream, peer))
    }
}

/// Most bytes that may wait unsent in the kernel, beyond those on their way to the client.
///
/// Left alone a send buffer grows to megabytes. Thousands of frames then hide behind the mailbox, where no overflow
/// policy reaches them; and as a full one says that it has room only when a third of it is free, a slow client looks
/// for many seconds as if it took nothing, and the write deadline cuts it off. Not smaller, so that a fast client
/// always has something to be sent; not larger, since what waits here is late and out of the policy's reach.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNSENT_BYTES: u32 = 16 * 1024;

#[cfg(any(target_os = "linux", target_os = "android"))]
fn bound_backlog(stream: &TcpStream) -> io::Result<()> {
    socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT_BYTES)
}

/// Elsewhere the system's own limits have to do.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn bound_backlog(_: &TcpStream) -> io::Result<()> {
    Ok(())
}
