//! A response as it comes off a socket, from any server: its head, and the body out of its chunks. Keeps no byte of the
//! body, so that nothing waits in the client that the plan has waiting in the network.

mod expected;
mod gzip;

use std::fmt;

use super::redacted;
use expected::{Expected, NO_TYPE};
use gzip::Gzip;

/// Longest head of a response.
const MAX_HEAD_BYTES: usize = 64 * 1024;
const MAX_HEADERS: usize = 100;
/// Longest address that a redirection may name.
const MAX_LOCATION: usize = 4096;

/// Why a response is not an event stream. An `EventSource` does not ask again after any of these.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAStream {
    /// Another status than the one asked for.
    #[error("answers with status {0}, where {1} was expected{hint}", hint = hint(*.0))]
    Status(u16, u16),
    /// A redirection, with the place it names.
    #[error("redirects to {1} with status {0}")]
    Redirect(u16, Location),
    /// Another type of content than the one asked for, which comes second.
    #[error("answers with {0}, where {1} was expected")]
    Type(String, &'static str),
    /// A compressed body, with the name of its encoding.
    #[error("compresses the stream (content-encoding: {0}), and only gzip is read: switch that off for this path")]
    Encoded(String),
    /// Not HTTP/1.1, or not as this client reads it.
    #[error("answers with something that is not an HTTP/1.1 response ({0})")]
    Malformed(&'static str),
}

/// The place that a redirection names, as the server wrote it. Shown, it has no value that may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Location {
    text: String,
    /// Whether the server wrote more than that.
    is_cut: bool,
}

impl Location {
    /// What a header says.
    pub fn of(value: &str) -> Self {
        let text = value.chars().take(MAX_LOCATION).filter(|c| !c.is_control()).collect();
        Self { text, is_cut: value.chars().nth(MAX_LOCATION).is_some() }
    }

    /// The place with all that it has; `None` if it is too long to be asked for.
    pub fn with_secrets(&self) -> Option<&str> {
        (!self.is_cut).then_some(&self.text)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = redacted::unchecked_url(&self.text);
        // It stands in one line with what is wrong with it.
        if self.is_cut { write!(f, "{}…", shown.chars().take(200).collect::<String>()) } else { f.write_str(&shown) }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Location({self})")
    }
}

/// What a status that is not the one expected means for a stream.
fn hint(status: u16) -> &'static str {
    match status {
        204 => ": it has no stream, and clients must not ask again",
        401 | 403 | 407 => ": it wants other credentials than it was sent (--header, --header-file)",
        404 | 410 => ": there is nothing at this path",
        429 => ": it was asked too often",
        500..=599 => ": the server, or one in front of it, is in trouble",
        _ => "",
    }
}

/// Takes the bytes of one response.
#[derive(Debug)]
pub(super) struct Response {
    part: Part,
    /// Bytes taken.
    offset: u64,
    head: Vec<u8>,
    expected: Expected,
    /// Unpacks the body, where it is compressed.
    gzip: Option<Box<Gzip>>,
}

#[derive(Debug, Clone, Copy)]
enum Part {
    Head,
    /// A body that ends with the connection.
    Whole,
    /// A body of a known length, with the bytes that are still to come.
    Sized(u64),
    ChunkSize(u64),
    /// What follows the digits of a size, up to the line's end.
    ChunkExtension(u64),
    Chunk(u64),
    /// The line end after a chunk.
    ChunkEnd,
    End,
}

impl Response {
    /// A response that begins an event stream.
    pub(super) fn of_sse() -> Self {
        Self { part: Part::Head, offset: 0, head: Vec::new(), expected: Expected::EventStream, gzip: None }
    }

    /// A response that begins a WebSocket; everything after its head is the body.
    pub(super) fn of_websocket() -> Self {
        Self { expected: Expected::WebSocket, ..Self::of_sse() }
    }

    /// A response that begins newline-delimited JSON.
    pub(super) fn of_ndjson() -> Self {
        Self { expected: Expected::Ndjson, ..Self::of_sse() }
    }

    /// Whether the head has come, and is that of an event stream.
    pub(super) fn is_open(&self) -> bool {
        !matches!(self.part, Part::Head)
    }

    /// Whether the server has said that nothing follows.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self.part, Part::End)
    }

    /// Whether the body is compressed.
    pub(super) fn is_compressed(&self) -> bool {
        self.gzip.is_some()
    }

    /// Takes the next bytes, and hands those of the body to `body`, with the offset in the response of the first. Of a
    /// body that is compressed the offsets are those in the unpacked body.
    pub(super) fn feed(&mut self, mut bytes: &[u8], mut body: impl FnMut(u64, &[u8])) -> Result<(), NotAStream> {
        while let Some(&byte) = bytes.first() {
            let taken = match self.part {
                Part::Whole => bytes.len(),
                Part::Chunk(left) | Part::Sized(left) => bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX)),
                Part::End => return Ok(()),
                // One byte at a time: these parts are short, and a segment may end anywhere in them.
                Part::Head | Part::ChunkSize(_) | Part::ChunkExtension(_) | Part::ChunkEnd => 1,
            };
            self.part = match self.part {
                Part::Head => {
                    self.head.push(byte);
                    self.after_head()?
                }
                part @ (Part::Whole | Part::Chunk(_) | Part::Sized(_)) => {
                    match &mut self.gzip {
                        None => body(self.offset, &bytes[..taken]),
                        Some(gzip) => gzip.feed(&bytes[..taken], &mut body)?,
                    }
                    part.after(taken as u64)
                }
                part => part.framing(byte)?,
            };
            self.offset += taken as u64;
            bytes = &bytes[taken..];
        }
        Ok(())
    }

    fn after_head(&mut self) -> Result<Part, NotAStream> {
        if !self.head.ends_with(b"\r\n\r\n") {
            let is_long = self.head.len() > MAX_HEAD_BYTES;
            return if is_long { Err(NotAStream::Malformed("an endless head")) } else { Ok(Part::Head) };
        }
        let head = std::mem::take(&mut self.head);
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        response.parse(&head).map_err(|_| NotAStream::Malformed("its head"))?;
        let value = |name: &str| {
            let header = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
            std::str::from_utf8(header.value).ok().map(str::trim)
        };
        match response.code.unwrap_or_default() {
            101 if self.expected == Expected::WebSocket => return Ok(Part::Whole),
            // An interim one: the response is still to come.
            100 | 102..200 => return Ok(Part::Head),
            status @ (301..=303 | 307 | 308) => {
                return Err(NotAStream::Redirect(status, Location::of(value("location").unwrap_or_default())));
            }
            status if status != self.expected.status() => {
                return Err(NotAStream::Status(status, self.expected.status()));
            }
            _ => {}
        }
        self.expected.check_type(value("content-type").unwrap_or(NO_TYPE))?;
        let encoding = value("content-encoding").unwrap_or("identity");
        if encoding.eq_ignore_ascii_case("gzip") || encoding.eq_ignore_ascii_case("x-gzip") {
            self.gzip = Some(Box::new(Gzip::new()));
        } else if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
            // Read as it is, a compressed body has no events, and the server would seem to have lost everything.
            return Err(NotAStream::Encoded(brief(encoding)));
        }
        let length = || match value("content-length").map(str::parse) {
            None => Ok(Part::Whole),
            // Ended here already: no byte will come that could end an empty body.
            Some(Ok(0)) => Ok(Part::End),
            Some(Ok(bytes)) => Ok(Part::Sized(bytes)),
            Some(Err(_)) => Err(NotAStream::Malformed("its content length")),
        };
        // Looked at first, because it overrides a content length (RFC 9112, section 6.3).
        match value("transfer-encoding").map(str::to_ascii_lowercase).as_deref() {
            None | Some("identity") => length(),
            Some("chunked") => Ok(Part::ChunkSize(0)),
            Some(_) => Err(NotAStream::Malformed("its transfer encoding")),
        }
    }
}

/// A header's value in a line of its own.
fn brief(value: &str) -> String {
    // It comes from a foreign server and is printed: neither its length nor a control character may spoil the terminal.
    value.chars().take(200).filter(|c| !c.is_control()).collect()
}

impl Part {
    /// The part after `bytes` bytes of a chunk, or of a body of a known length.
    fn after(self, bytes: u64) -> Self {
        match self {
            Self::Chunk(left) if left == bytes => Self::ChunkEnd,
            Self::Chunk(left) => Self::Chunk(left - bytes),
            Self::Sized(left) if left == bytes => Self::End,
            Self::Sized(left) => Self::Sized(left - bytes),
            Self::Head | Self::Whole | Self::ChunkSize(_) | Self::ChunkExtension(_) | Self::ChunkEnd | Self::End => {
                self
            }
        }
    }

    fn framing(self, byte: u8) -> Result<Self, NotAStream> {
        let malformed = NotAStream::Malformed("a chunk");
        match (self, byte) {
            (Self::ChunkSize(size) | Self::ChunkExtension(size), b'\n') => {
                // Trailer fields are not waited for. Nothing in them belongs to the stream.
                Ok(if size == 0 { Self::End } else { Self::Chunk(size) })
            }
            (Self::ChunkSize(size), _) => match char::from(byte).to_digit(16) {
                Some(digit) => {
                    // Checked: a size that wrapped around would make the parser take a payload for framing.
                    size.checked_mul(16).map(|size| Self::ChunkSize(size + u64::from(digit))).ok_or(malformed)
                }
                None => Ok(Self::ChunkExtension(size)),
            },
            (Self::ChunkEnd, b'\n') => Ok(Self::ChunkSize(0)),
            (Self::ChunkEnd, b'\r') | (Self::ChunkExtension(_), _) => Ok(self),
            (Self::ChunkEnd | Self::Head | Self::Whole | Self::Sized(_) | Self::Chunk(_) | Self::End, _) => {
                Err(malformed)
            }
        }
    }
}

#[cfg(test)]
mod tests;
