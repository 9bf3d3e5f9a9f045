//! `hubbub healthcheck`: asks the server of the same settings whether it lives. An image without a shell has nothing
//! else that could ask.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// Longest time for the connection, and then for the answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Longest answer that is read, in bytes: only its first line counts.
const MAX_ANSWER_BYTES: u64 = 4096;

const REQUEST: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

/// Asks the server that listens on this address.
///
/// # Errors
/// A line that says why it is not healthy.
pub(super) fn ask(listen: SocketAddr) -> Result<(), String> {
    let address = reachable(listen);
    match answer(address) {
        Ok(line) if line.starts_with("HTTP/1.1 200 ") => Ok(()),
        Ok(line) => Err(format!("{address} answers {line:?}")),
        Err(why) => Err(format!("{address} does not answer: {why}")),
    }
}

/// The address of this machine for one that stands for all of them.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// The first line of the answer.
fn answer(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(REQUEST)?;
    let mut bytes = Vec::new();
    stream.take(MAX_ANSWER_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).lines().next().unwrap_or_default().to_owned())
}
