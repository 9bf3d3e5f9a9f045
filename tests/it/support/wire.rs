//! The bytes of a stream as they come: head, chunks, and the frames in them. Knows no server.

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::soon;

/// One chunk of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// Where it ends in the stream, framing included.
    pub(crate) end: usize,
    pub(crate) text: String,
}

impl Chunk {
    /// The gap notice in it, if there is one: its data.
    pub(crate) fn gap(&self) -> Option<&str> {
        let notice = self.text.split_once("event: gap\ndata: ")?.1;
        notice.split_once("\n\n").map(|(data, _)| data)
    }

    /// The events in it, which are whole: the sequence number of each, and where it ends in the stream. The last ends
    /// with the chunk.
    pub(crate) fn events(&self) -> Vec<(u64, usize)> {
        assert!(self.text.ends_with("\n\n"), "a frame is not split: {:?}", self.text);
        let mut end = self.end - 2 - self.text.len();
        let mut events = Vec::new();
        for frame in self.text.split_inclusive("\n\n") {
            end += frame.len();
            let id = frame.strip_prefix("id: ").and_then(|frame| frame.split_once('\n')).map(|(id, _)| id);
            events.extend(id.and_then(|id| id.split_once('-')?.1.parse().ok()).map(|sequence| (sequence, end)));
        }
        if let Some((_, last)) = events.last_mut().filter(|(_, last)| *last == end) {
            *last = self.end;
        }
        events
    }

    /// The sequence number of the last event in it, if there is one.
    pub(crate) fn sequence(&self) -> Option<u64> {
        self.events().last().map(|(sequence, _)| *sequence)
    }
}

/// The head, and all chunks that are complete.
pub(crate) fn parse(bytes: &[u8]) -> Option<(String, Vec<Chunk>)> {
    let head = position(bytes, b"\r\n\r\n")? + 4;
    let mut at = head;
    let mut chunks = Vec::new();
    while let Some(line) = position(&bytes[at..], b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&bytes[at..at + line]).unwrap(), 16).unwrap();
        let start = at + line + 2;
        let Some(data) = bytes.get(start..start + length + 2) else { break };
        at = start + length + 2;
        chunks.push(Chunk { end: at, text: String::from_utf8(data[..length].to_vec()).unwrap() });
    }
    Some((String::from_utf8_lossy(&bytes[..head]).into_owned(), chunks))
}

fn position(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

/// Reads from the beginning until the chunks are as wanted, and returns them.
pub(crate) async fn read_until(stream: &mut TcpStream, wanted: impl Fn(&[Chunk]) -> bool) -> Vec<Chunk> {
    read_on_until(stream, &mut Vec::new(), wanted).await
}

/// Reads on, after the bytes read so far, until all chunks together are as wanted, and returns them.
pub(crate) async fn read_on_until(
    stream: &mut TcpStream,
    bytes: &mut Vec<u8>,
    wanted: impl Fn(&[Chunk]) -> bool,
) -> Vec<Chunk> {
    loop {
        if let Some((_, chunks)) = parse(bytes)
            && wanted(&chunks)
        {
            return chunks;
        }
        let read = soon("bytes to read", stream.read_buf(bytes)).await.unwrap();
        assert!(read > 0, "the stream ended after {} bytes", bytes.len());
    }
}

/// The sequence numbers of the events among chunks.
pub(crate) fn sequences(chunks: &[Chunk]) -> Vec<u64> {
    chunks.iter().flat_map(Chunk::events).map(|(sequence, _)| sequence).collect()
}

/// Reads to the end, whether it is an orderly one or not, and returns what came before it.
pub(crate) async fn read_to_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    while soon("the end", stream.read_buf(&mut bytes)).await.is_ok_and(|read| read > 0) {}
    bytes
}

/// As [`read_to_end`], for what is text.
pub(crate) async fn text_to_end(stream: &mut TcpStream) -> String {
    String::from_utf8(read_to_end(stream).await).unwrap()
}
