//! Answers to requests that were sent one behind the other on one connection: their statuses, in order.

/// Longest head of an answer, and longest line of a chunked body.
const MAX_HEAD_BYTES: usize = 64 * 1024;
const MAX_HEADERS: usize = 100;

/// Takes the bytes of a connection that answers requests. Bodies are passed over.
#[derive(Debug, Default)]
pub struct Answers {
    /// What has come of a head or of a line.
    text: Vec<u8>,
    part: Part,
    refusal: Option<u16>,
}

#[derive(Debug, Default, Clone, Copy)]
enum Part {
    #[default]
    Head,
    Body(usize),
    ChunkSize,
    Chunk(usize),
    /// The lines behind the last chunk, up to an empty one.
    Trailer,
}

impl Answers {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// When they are not answers in HTTP/1.1.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<(), String> {
        while let Some(&byte) = bytes.first() {
            let taken = match self.part {
                Part::Body(left) | Part::Chunk(left) => left.min(bytes.len()),
                Part::Head | Part::ChunkSize | Part::Trailer => 1,
            };
            self.part = match self.part {
                Part::Body(left) if left == taken => Part::Head,
                Part::Body(left) => Part::Body(left - taken),
                Part::Chunk(left) if left == taken => Part::ChunkSize,
                Part::Chunk(left) => Part::Chunk(left - taken),
                part @ (Part::Head | Part::ChunkSize | Part::Trailer) => {
                    self.text.push(byte);
                    self.after_line(part)?
                }
            };
            bytes = &bytes[taken..];
        }
        Ok(())
    }

    /// The first status so far that is not a success.
    pub fn refusal(&self) -> Option<u16> {
        self.refusal
    }

    fn after_line(&mut self, part: Part) -> Result<Part, String> {
        let end: &[u8] = if matches!(part, Part::Head) { b"\r\n\r\n" } else { b"\r\n" };
        if !self.text.ends_with(end) {
            let is_long = self.text.len() > MAX_HEAD_BYTES;
            return if is_long { Err("an answer with an endless head".to_owned()) } else { Ok(part) };
        }
        let text = std::mem::take(&mut self.text);
        match part {
            Part::Head => self.after_head(&text),
            Part::ChunkSize => chunk(&text),
            Part::Trailer if text == b"\r\n" => Ok(Part::Head),
            Part::Trailer | Part::Body(_) | Part::Chunk(_) => Ok(part),
        }
    }

    fn after_head(&mut self, head: &[u8]) -> Result<Part, String> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        response.parse(head).map_err(|_| "an answer that is not one of HTTP/1.1".to_owned())?;
        let status = response.code.unwrap_or_default();
        if (100..200).contains(&status) {
            return Ok(Part::Head);
        }
        if !(200..300).contains(&status) {
            self.refusal.get_or_insert(status);
        }
        let value = |name: &str| {
            let header = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
            std::str::from_utf8(header.value).ok().map(str::trim)
        };
        if status == 204 || status == 304 {
            return Ok(Part::Head);
        }
        if value("transfer-encoding").is_some_and(|encoding| encoding.eq_ignore_ascii_case("chunked")) {
            return Ok(Part::ChunkSize);
        }
        match value("content-length").map(str::parse) {
            Some(Ok(0)) => Ok(Part::Head),
            Some(Ok(bytes)) => Ok(Part::Body(bytes)),
            Some(Err(_)) | None => Err("an answer without a length".to_owned()),
        }
    }
}

/// What follows the line of a chunk's size.
fn chunk(line: &[u8]) -> Result<Part, String> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let size = std::str::from_utf8(&line[..digits]).ok().and_then(|digits| usize::from_str_radix(digits, 16).ok());
    match size {
        Some(0) => Ok(Part::Trailer),
        // With the line end behind it.
        Some(bytes) => Ok(Part::Chunk(bytes.saturating_add(2))),
        None => Err("an answer with a garbled chunk".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart_however_they_are_cut_and_the_first_refusal_is_kept() {
        let bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello\
            HTTP/1.1 202 Accepted\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n\
            HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\nHTTP/1.1 500 No\r\n";
        for piece in 1..bytes.len() {
            let mut answers = Answers::default();
            bytes.chunks(piece).for_each(|part| answers.feed(part).unwrap());
            assert_eq!(answers.refusal(), Some(503), "in pieces of {piece}");
        }
    }

    #[test]
    fn what_is_no_answer_says_what_it_is_instead() {
        let refused = |bytes: &[u8]| Answers::default().feed(bytes).unwrap_err();
        assert_eq!(refused(b"SSH-2.0-OpenSSH\r\n\r\n"), "an answer that is not one of HTTP/1.1");
        assert_eq!(refused(b"HTTP/1.1 200 OK\r\n\r\n"), "an answer without a length");
    }
}
