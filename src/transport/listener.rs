//! Where connections come from: a TCP socket here, a simulated one in the testbed.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

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

    /// Bounds what may wait unsent in a connection's socket, and how long what was sent may stay unacknowledged, where
    /// sockets can do that. It has no default body, so that a listener around another cannot forget to pass it on.
    fn bound(&self, stream: &Self::Stream, unsent_bytes: u32, user_timeout: Duration);
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

    /// Sets `TCP_NOTSENT_LOWAT` and `TCP_USER_TIMEOUT` on Linux and Android; elsewhere the system's own limits have to
    /// do.
    fn bound(&self, stream: &TcpStream, unsent_bytes: u32, user_timeout: Duration) {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            let socket = socket2::SockRef::from(stream);
            // This fails only on a connection that has ended already, which shows soon enough.
            let _ = socket.set_tcp_notsent_lowat(unsent_bytes);
            let _ = socket.set_tcp_user_timeout(Some(user_timeout));
        }
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let _ = (stream, unsent_bytes, user_timeout);
    }
}

#[cfg(all(test, any(target_os = "linux", target_os = "android")))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_is_bound_as_it_is_asked_for() {
        let mut listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = Listener::accept(&mut listener).await.unwrap();
        listener.bound(&stream, 4096, Duration::from_secs(7));
        let socket = socket2::SockRef::from(&stream);
        assert_eq!(socket.tcp_notsent_lowat().unwrap(), 4096);
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(Duration::from_secs(7)));
        assert!(stream.nodelay().unwrap());
    }
}
