//! Server-sent events out of a body's bytes, as the WHATWG HTML standard parses them: lines end in CRLF, LF or CR, a
//! byte-order mark may begin the stream, and a block that is not finished at the end counts for nothing.
//!
//! Of a payload it keeps the first line's beginning and no more: there are thousands of streams in a load test, and
//! the crates that parse them hold every event as text.

use std::time::Duration;

use memchr::{memchr, memchr2};

use super::item::{StreamEvent, StreamItem, UNNAMED};
use super::notice::Notice;
use super::payload;
use super::stream_id::StreamId;

/// How much of a line of data is kept: envelopes put names before the object that was published, and a gap notice is
/// shorter.
const DATA_LINE_BYTES: usize = 512;

/// How much of any other line is kept: longer than an id that a server takes back in a request's head.
const LINE_BYTES: usize = 8 * 1024;

/// Longest `retry:`, in ms: 49 days, which a sum of times has room for.
const MOST_RETRY_MS: u64 = u32::MAX as u64;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The parser of one stream.
#[derive(Debug, Default)]
pub(super) struct SseBlocks {
    /// The beginning of a line that is not whole yet.
    line: Vec<u8>,
    line_bytes: u64,
    /// Offset of its first byte in the response.
    line_start: u64,
    /// The last byte was a CR: an LF that follows belongs to it.
    after_cr: bool,
    /// The first line, which a byte-order mark may begin, is over.
    has_begun: bool,
    block: Block,
    /// The id of the last block that gave one; empty where none did, or the last one took it back.
    last_id: String,
    retry: Option<Duration>,
}

/// The block that is being read.
#[derive(Debug, Default)]
struct Block {
    name: String,
    id: String,
    /// Set while the block has an id, which `id` is the text of.
    parsed_id: Option<StreamId>,
    data_lines: u64,
    data_bytes: u64,
    number: Option<u64>,
    /// Its first line of data, up to [`DATA_LINE_BYTES`] with the field's name.
    data: Vec<u8>,
}

impl SseBlocks {
    /// A parser for a stream that continues after the block with this id.
    pub(super) fn after(last_id: Option<String>) -> Self {
        Self { last_id: last_id.unwrap_or_default(), ..Self::default() }
    }

    /// The id of the last block that gave one; `None` where none did, or the last one took it back by an empty `id:`.
    pub(super) fn last_id(&self) -> Option<&str> {
        Some(self.last_id.as_str()).filter(|id| !id.is_empty())
    }

    /// How long the server wants a client to wait before it comes back, if it has said so.
    pub(super) fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// Takes the next bytes of the body and tells `item` what they say. The first byte is at offset `start`.
    pub(super) fn feed(&mut self, start: u64, mut body: &[u8], item: &mut impl FnMut(StreamItem<'_>)) {
        let mut offset = start;
        while !body.is_empty() {
            // Kept from one call to the next, since a segment may end between CR and LF.
            if std::mem::take(&mut self.after_cr) && body[0] == b'\n' {
                body = &body[1..];
                offset += 1;
                continue;
            }
            let end = memchr2(b'\n', b'\r', body);
            self.extend(offset, &body[..end.unwrap_or(body.len())]);
            let Some(end) = end else { return };
            self.after_cr = body[end] == b'\r';
            body = &body[end + 1..];
            offset += end as u64 + 1;
            self.end_line(offset, item);
        }
    }

    fn extend(&mut self, offset: u64, part: &[u8]) {
        if self.line_bytes == 0 {
            self.line_start = offset;
        }
        let beginning = if self.line.is_empty() { part } else { &self.line };
        let most = if beginning.starts_with(b"data") { DATA_LINE_BYTES } else { LINE_BYTES };
        // The rest of the line is only counted: its length goes into a figure, and its text is not needed.
        let room = most.saturating_sub(self.line.len());
        self.line.extend_from_slice(&part[..part.len().min(room)]);
        self.line_bytes += part.len() as u64;
    }

    /// Ends a line. `end` is the offset after its line end.
    fn end_line(&mut self, end: u64, item: &mut impl FnMut(StreamItem<'_>)) {
        let mut bytes = std::mem::take(&mut self.line_bytes);
        // Taken out while it is looked at, and put back for its memory.
        let mut line = std::mem::take(&mut self.line);
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        let marked = if is_first { line.strip_prefix(BYTE_ORDER_MARK) } else { None };
        bytes -= (line.len() - marked.unwrap_or(&line).len()) as u64;
        if bytes == 0 {
            self.end_block(end, item);
        } else {
            self.field(marked.unwrap_or(&line), bytes, item);
        }
        line.clear();
        self.line = line;
    }

    /// Takes a line of `bytes` bytes that begins with `line`. A comment is a field without a name.
    fn field(&mut self, line: &[u8], bytes: u64, item: &mut impl FnMut(StreamItem<'_>)) {
        let colon = memchr(b':', line);
        let value = colon.map_or(&[][..], |colon| &line[colon + 1..]);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        let is_whole = bytes == line.len() as u64;
        match &line[..colon.unwrap_or(line.len())] {
            b"data" => self.block.data(value, bytes - (line.len() - value.len()) as u64),
            b"event" => overwrite(&mut self.block.name, value),
            // One that is too long to be sent back counts as none.
            b"id" if is_whole && !value.contains(&0) => {
                overwrite(&mut self.block.id, value);
                let id = StreamId::parse(&self.block.id);
                self.block.parsed_id = Some(id);
                if let Some(id) = id.event() {
                    item(StreamItem::Begins { start: self.line_start, id });
                }
            }
            b"retry" if is_whole => self.retry = milliseconds(value).or(self.retry),
            _ => {}
        }
    }

    /// Ends a block. `end` is the offset after its empty line.
    fn end_block(&mut self, end: u64, item: &mut impl FnMut(StreamItem<'_>)) {
        let block = &mut self.block;
        if block.parsed_id.is_some() {
            // Copied into memory that is there already: this runs once for every event of a simulation.
            self.last_id.clone_from(&block.id);
        }
        if block.data_lines > 0 {
            // Any server may name its events `gap`. Only one whose data is a notice is taken for one.
            let may_be_notice = block.name == "gap" && block.data_lines == 1;
            let notice = if may_be_notice { Notice::read(&block.data) } else { None };
            item(match notice {
                Some(notice) => StreamItem::Gap { end, notice },
                None => StreamItem::Event { end, event: block.event() },
            });
        } else if let Some(id) = block.parsed_id {
            item(StreamItem::Place { end, id });
        }
        block.clear();
    }
}

impl Block {
    fn event(&self) -> StreamEvent<'_> {
        let name = if self.name.is_empty() { UNNAMED } else { &self.name };
        let line_ends = self.data_lines - 1;
        StreamEvent { number: self.number, bytes: self.data_bytes + line_ends, name, id: self.parsed_id }
    }

    fn data(&mut self, value: &[u8], bytes: u64) {
        if self.data_lines == 0 {
            self.data.extend_from_slice(value);
        }
        self.data_lines += 1;
        self.data_bytes += bytes;
        // From the first line that has one: a server may send a payload in several lines of data.
        self.number = self.number.or_else(|| payload::number(value));
    }

    fn clear(&mut self) {
        self.name.clear();
        self.data.clear();
        self.data_lines = 0;
        self.data_bytes = 0;
        // The text of the id stays, for its memory: without a parsed one it counts for nothing.
        self.parsed_id = None;
        self.number = None;
    }
}

fn overwrite(text: &mut String, value: &[u8]) {
    text.clear();
    text.push_str(&String::from_utf8_lossy(value));
}

/// Only of digits, as the standard has it.
fn milliseconds(value: &[u8]) -> Option<Duration> {
    let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    // Digits that do not fit into a number mean a very long time.
    let number = std::str::from_utf8(value).ok().filter(|_| is_number)?.parse().unwrap_or(u64::MAX);
    Some(Duration::from_millis(number.min(MOST_RETRY_MS)))
}

#[cfg(test)]
mod tests;
