//! Writing all of a buffer of several pieces to a stream. hyper does the same for the bodies that it writes.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use tokio::io::AsyncWrite;

/// Most pieces that one call writes: a head and 16 chunks of three pieces, or 32 messages with a gap in front of each.
const MOST_PARTS: usize = 64;

/// Writes to a stream; ready when the stream has taken everything.
pub(super) fn poll_write_all(
    bytes: &mut impl Buf,
    stream: &mut (impl AsyncWrite + Unpin),
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    while bytes.has_remaining() {
        let mut parts = [IoSlice::new(&[]); MOST_PARTS];
        let filled = bytes.chunks_vectored(&mut parts);
        let written = ready!(Pin::new(&mut *stream).poll_write_vectored(cx, &parts[..filled]))?;
        // A stream that is ready and takes nothing would make this loop spin.
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        bytes.advance(written);
    }
    Poll::Ready(Ok(()))
}
