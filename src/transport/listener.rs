//! Sources of connections: a TCP socket here, a simulated one in the testbed.
//!
//! A program that has another source of streams serves them as well, here those of a Unix socket behind a proxy:
//!
//! ```
//! # #[cfg(unix)] {
//! use std::io;
//! use std::net::{Ipv4Addr, SocketAddr};
//! use std::time::Duration;
//!
//! use hubbub::transport::Listener;
//! use tokio::net::{UnixListener, UnixStream};
//!
//! struct Local(UnixListener);
//!
//! impl Listener for Local {
//!     type Stream = UnixStream;
//!
//!     async fn accept(&mut self) -> io::Result<(UnixStream, SocketAddr)> {
//!         let (stream, _) = self.0.accept().await?;
//!         // Such a client has no address: the proxy in front of it has.
//!         Ok((stream, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))))
//!     }
//!
//!     fn bound(&self, _: &UnixStream, _unsent_bytes: u32, _user_timeout: Duration) {}
//! }
//! # fn is_a_listener<L: Listener>() {}
//! # is_a_listener::<Local>();
//! # }
//! ```

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

/// A source of connections.
pub trait Listener {
    /// The stream of one connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Waits for the next connection.
    ///
    /// # Errors
    /// When a connection could not be accepted. The server tries again after a pause.
    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>>;

    /// Limits the unsent bytes in a connection's socket, and the time for which sent bytes may stay unacknowledged, if
    /// the sockets support it. It has no default body, so that a listener around another cannot forget to pass it on.
    fn bound(&self, stream: &Self::Stream, unsent_bytes: u32, user_timeout: Duration);
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, peer) = Self::accept(self).await?;
        // A frame is one write, so waiting for more bytes would only delay it. This fails only on a connection that has
        // already ended. Its first read says so; returning the error here would keep the next one from being accepted.
        let _ = stream.set_nodelay(true);
        Ok((stream, peer))
    }

    /// Sets `TCP_NOTSENT_LOWAT` and `TCP_USER_TIMEOUT` on Linux and Android. On other systems nothing is set.
    fn bound(&self, stream: &TcpStream, unsent_bytes: u32, user_timeout: Duration) {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            let socket = socket2::SockRef::from(stream);
            // These fail only on a connection that has already ended; its first read says so.
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
