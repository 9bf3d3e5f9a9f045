//! Server-sent events out of a body's bytes, as the WHATWG HTML standard parses them: lines end in CRLF, LF or CR, a
//! byte-order mark may begin the stream, and a block that is not finished at the end counts for nothing.
//!
//! Of a payload it keeps the first line's beginning and no more: there are thousands of streams in a load test, and
//! the crates that parse them hold every event as text.

use std::time::Duration;

use memchr::{memchr, memchr2};

use super::notice::Notice;
use super::payload;

/// How much of a line of data is kept: envelopes put names before the object that was published, and a gap notice is
/// shorter.
const DATA_LINE_BYTES: usize = 512;

/// How much of any other line is kept: longer than an id that a server takes back in a request's head.
const LINE_BYTES: usize = 8 * 1024;

/// Longest `retry:`, in ms: 49 days, which a sum of times has room for.
const MOST_RETRY_MS: u64 = u32::MAX as u64;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The name of an event that has none.
const UNNAMED: &str = "message";

/// An event that has come whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Received {
    /// The number in its payload, if that has one.
    pub(crate) number: Option<u64>,
    /// Bytes of its data, line ends between its lines counted.
    pub(crate) bytes: u64,
}

/// What a whole block of a stream says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard<'a> {
    /// An event, its name (`message` where it has none), and the id that its own block gives.
    Event { received: Received, name: &'a str, id: Option<&'a str> },
    /// Events are missing.
    Gap(Notice),
    /// An id without an event: the place that the stream is at.
    Place(&'a str),
}

impl Heard<'_> {
    /// The event, if it is one.
    pub(crate) fn event(&self) -> Option<Received> {
        match self {
            Self::Event { received, .. } => Some(*received),
            Self::Gap(_) | Self::Place(_) => None,
        }
    }
}

/// The parser of one stream.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    /// The beginning of a line that is not whole yet.
    line: Vec<u8>,
    line_bytes: u64,
    /// The last byte was a CR: an LF that follows belongs to it.
    after_cr: bool,
    /// The first line, which a byte-order mark may begin, is over.
    has_begun: bool,
    block: Block,
    last_id: Option<String>,
    retry: Option<Duration>,
}

/// The block that is being read.
#[derive(Debug, Default)]
struct Block {
    name: String,
    id: String,
    has_id: bool,
    data_lines: u64,
    data_bytes: u64,
    number: Option<u64>,
    /// Its first line of data, up to [`DATA_LINE_BYTES`] with the field's name.
    data: Vec<u8>,
}

impl Blocks {
    /// Of a stream that goes on after that block.
    pub(crate) fn after(last_id: Option<String>) -> Self {
        Self { last_id, ..Self::default() }
    }

    /// The id of the last block that gave one; `None` where none did, or the last one took it back by an empty `id:`.
    pub(crate) fn last_id(&self) -> Option<&str> {
        self.last_id.as_deref()
    }

    /// How long the server wants a client to wait before it comes back, if it has said so.
    pub(crate) fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// Takes the next bytes of the body; `heard` is told of every block that is whole with them and says something.
    pub(crate) fn feed(&mut self, mut body: &[u8], heard: &mut impl FnMut(Heard<'_>)) {
        while !body.is_empty() {
            if std::mem::take(&mut self.after_cr) && body[0] == b'\n' {
                body = &body[1..];
                continue;
            }
            let end = memchr2(b'\n', b'\r', body);
            self.extend(&body[..end.unwrap_or(body.len())]);
            let Some(end) = end else { return };
            self.after_cr = body[end] == b'\r';
            self.end_line(heard);
            body = &body[end + 1..];
        }
    }

    fn extend(&mut self, part: &[u8]) {
        let beginning = if self.line.is_empty() { part } else { &self.line };
        let most = if beginning.starts_with(b"data") { DATA_LINE_BYTES } else { LINE_BYTES };
        let room = most.saturating_sub(self.line.len());
        self.line.extend_from_slice(&part[..part.len().min(room)]);
        self.line_bytes += part.len() as u64;
    }

    fn end_line(&mut self, heard: &mut impl FnMut(Heard<'_>)) {
        let mut bytes = std::mem::take(&mut self.line_bytes);
        let mut line = std::mem::take(&mut self.line);
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        let marked = if is_first { line.strip_prefix(BYTE_ORDER_MARK) } else { None };
        bytes -= (line.len() - marked.unwrap_or(&line).len()) as u64;
        if bytes == 0 {
            self.end_block(heard);
        } else {
            self.field(marked.unwrap_or(&line), bytes);
        }
        line.clear();
        self.line = line;
    }

    /// A line of so many bytes, of which the beginning is kept. A comment is a field without a name.
    fn field(&mut self, line: &[u8], bytes: u64) {
        let colon = memchr(b':', line);
        let value = colon.map_or(&[][..], |colon| &line[colon + 1..]);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        let is_whole = bytes == line.len() as u64;
        match &line[..colon.unwrap_or(line.len())] {
            b"data" => self.block.data(value, bytes - (line.len() - value.len()) as u64),
            b"event" => overwrite(&mut self.block.name, value),
            // One that is too long to be sent back counts as none.
            b"id" if is_whole && !value.contains(&0) => {
                self.block.has_id = true;
                overwrite(&mut self.block.id, value);
            }
            b"retry" if is_whole => self.retry = milliseconds(value).or(self.retry),
            _ => {}
        }
    }

    fn end_block(&mut self, heard: &mut impl FnMut(Heard<'_>)) {
        let block = &mut self.block;
        let id = block.has_id.then_some(block.id.as_str());
        if let Some(id) = id {
            self.last_id = (!id.is_empty()).then(|| id.to_owned());
        }
        if block.data_lines > 0 {
            let may_be_notice = block.name == "gap" && block.data_lines == 1;
            let notice = if may_be_notice { Notice::read(&block.data) } else { None };
            let name = if block.name.is_empty() { UNNAMED } else { &block.name };
            let received = Received { number: block.number, bytes: block.data_bytes + block.data_lines - 1 };
            heard(notice.map_or(Heard::Event { received, name, id }, Heard::Gap));
        } else if let Some(id) = id {
            heard(Heard::Place(id));
        }
        block.clear();
    }
}

impl Block {
    fn data(&mut self, value: &[u8], bytes: u64) {
        if self.data_lines == 0 {
            self.data.extend_from_slice(value);
        }
        self.data_lines += 1;
        self.data_bytes += bytes;
        self.number = self.number.or_else(|| payload::number(value));
    }

    fn clear(&mut self) {
        self.name.clear();
        self.data.clear();
        (self.data_lines, self.data_bytes) = (0, 0);
        self.has_id = false;
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
    let number = std::str::from_utf8(value).ok().filter(|_| is_number)?.parse().unwrap_or(u64::MAX);
    Some(Duration::from_millis(number.min(MOST_RETRY_MS)))
}

#[cfg(test)]
mod tests;
