//! Writing frames to a stream, for WebSockets. hyper writes those of a body by itself.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use tokio::io::AsyncWrite;

use super::Batch;

/// Most pieces that one call writes: 32 frames, each with a gap in front of it.
const MOST_PARTS: usize = 64;

impl Batch {
    /// Writes to a stream; ready when the stream has taken everything.
    pub(in crate::transport) fn poll_write_to(
        &mut self,
        stream: &mut (impl AsyncWrite + Unpin),
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while self.has_remaining() {
            let mut parts = [IoSlice::new(&[]); MOST_PARTS];
            let filled = self.chunks_vectored(&mut parts);
            let written = ready!(Pin::new(&mut *stream).poll_write_vectored(cx, &parts[..filled]))?;
            // A stream that is ready and takes nothing would make this loop spin.
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.advance(written);
        }
        Poll::Ready(Ok(()))
    }
}
