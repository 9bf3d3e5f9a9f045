//! A connection to a server: TCP, and TLS on it where the URL says so.
//!
//! TLS is below the parser of responses and above the socket. A client decides how many bytes it takes from the socket,
//! and TLS makes of them what it can: it holds at most one record that is not whole, of 16 KiB and its frame.

use std::io::{self, Read, Write};

use rustls::ClientConnection;
use rustls::pki_types::ServerName;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::client_error::ClientError;
use super::route::Route;
use super::trust::complaint;

/// Plain bytes that are taken out of TLS at a time.
const PLAIN_BYTES: usize = 1 << 14;

/// A connection on which a request can be sent.
pub(crate) struct Connection {
    socket: TcpStream,
    tls: Option<Tls>,
}

struct Tls {
    session: Box<ClientConnection>,
    /// What the last bytes from the socket said.
    plain: Vec<u8>,
}

/// What was taken from a socket.
#[derive(Debug)]
pub(crate) struct Took<'a> {
    /// Bytes off the socket.
    pub(crate) bytes: usize,
    /// What they say, decrypted.
    pub(crate) said: &'a [u8],
    /// Whether nothing follows.
    pub(crate) is_last: bool,
}

impl Connection {
    /// Begins to speak on a socket that is connected.
    ///
    /// # Errors
    /// When the server's certificate is not believed, and when the connection ends.
    pub(crate) async fn begin(socket: TcpStream, route: &Route) -> Result<Self, ClientError> {
        if !route.url().is_https() {
            return Ok(Self { socket, tls: None });
        }
        // Its records are ciphertext of whole messages, so a handshake takes nothing of the response.
        let (socket, session) = handshake(socket, route).await?.into_inner();
        Ok(Self { socket, tls: Some(Tls { session: Box::new(session), plain: Vec::new() }) })
    }

    /// Sends all of it.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(tls) = &mut self.tls else { return self.socket.write_all(bytes).await };
        tls.session.writer().write_all(bytes)?;
        let records = tls.records()?;
        self.socket.write_all(&records).await
    }

    /// Waits until there are bytes to take, or an end.
    pub(crate) async fn readable(&self) -> io::Result<()> {
        self.socket.readable().await
    }

    /// Takes what the socket has, at most as many bytes as `room` has; none, and not the last, where it has nothing.
    pub(crate) fn take<'a>(&'a mut self, room: &'a mut [u8]) -> io::Result<Took<'a>> {
        let bytes = match self.socket.try_read(room) {
            Ok(0) if !room.is_empty() => return Ok(Took { bytes: 0, said: &[], is_last: true }),
            Ok(bytes) => bytes,
            Err(why) if why.kind() == io::ErrorKind::WouldBlock => 0,
            Err(why) => return Err(why),
        };
        let Some(tls) = &mut self.tls else { return Ok(Took { bytes, said: &room[..bytes], is_last: false }) };
        let is_last = tls.decrypt(&room[..bytes])?;
        // The answer to a change of keys. Where the socket has no room for it, the next bytes are the server's error.
        let answer = tls.records()?;
        if !answer.is_empty() {
            let _ = self.socket.try_write(&answer);
        }
        Ok(Took { bytes, said: &tls.plain, is_last })
    }
}

impl Tls {
    /// Records that are to be sent.
    fn records(&mut self) -> io::Result<Vec<u8>> {
        let mut records = Vec::new();
        while self.session.wants_write() {
            self.session.write_tls(&mut records)?;
        }
        Ok(records)
    }

    /// Takes bytes of records, and makes `plain` what those say that are whole. Returns `true` when the server says that
    /// nothing follows.
    fn decrypt(&mut self, mut bytes: &[u8]) -> io::Result<bool> {
        self.plain.clear();
        let mut is_last = false;
        while !bytes.is_empty() {
            // Nothing is taken behind the server's last word.
            if self.session.read_tls(&mut bytes)? == 0 {
                break;
            }
            let state = self.session.process_new_packets().map_err(|why| io::Error::other(complaint(&why)))?;
            is_last |= state.peer_has_closed();
            let mut left = state.plaintext_bytes_to_read();
            while left > 0 {
                let from = self.plain.len();
                self.plain.resize(from + left.min(PLAIN_BYTES), 0);
                let got = self.session.reader().read(&mut self.plain[from..])?;
                self.plain.truncate(from + got);
                left -= got.min(left);
            }
        }
        Ok(is_last)
    }
}

/// TLS on a socket that is connected.
///
/// # Errors
/// When the server's certificate is not believed, and when the connection ends.
pub(super) async fn handshake(socket: TcpStream, route: &Route) -> Result<TlsStream<TcpStream>, ClientError> {
    let url = route.url();
    let name = ServerName::try_from(url.bare_host().to_owned())
        .map_err(|_| ClientError::Tls("has a host that no certificate can name".to_owned()))?;
    let connector = TlsConnector::from(route.access().tls()?);
    connector.connect(name, socket).await.map_err(|why| {
        let of_tls = why.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).map(complaint);
        of_tls.map_or(ClientError::Unreachable(why), ClientError::Tls)
    })
}
